"""Which files of a job are still to be looked into: read from its sidecar, so that none is lost."""

from schemas.naming import Role
from schemas.sidecar import FileEntry, Sidecar
from schemas.status import FINAL

_LOOKED_INTO = frozenset({Role.MODEL, Role.SLICED})


def to_inspect(doc: Sidecar) -> list[FileEntry]:
    """Files of an active job that wait for their picture, and the model that is to be measured."""
    if doc.status in FINAL:
        return []
    return [
        entry
        for entry in doc.files
        if entry.role in _LOOKED_INTO
        and not entry.missing
        and (entry.pictured != entry.sha256 or is_to_be_measured(doc, entry))
    ]


def is_to_be_measured(doc: Sidecar, entry: FileEntry) -> bool:
    """Whether it is the job's model, and its size is that of other bytes, or not known."""
    return entry is doc.model_file and doc.model.sha256 != entry.sha256
