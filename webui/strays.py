"""Foreign files as the trouble list shows them: why each is one, and which job may be meant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from daemon import regather, troubles
from daemon.look import signature
from daemon.share import Share
from daemon.snapshot import Sig, name_of
from daemon.whole import structure_fault
from schemas.naming import JobNumber, Role, parse, role_of, suffix_of

_OF_USE = (Role.MODEL, Role.SLICED, Role.COPY)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it lies on the share."""

    name: str
    size: int
    at: datetime

    @property
    def rest(self) -> str:
        """What follows the job's stem in its name."""
        name = parse(self.name)
        return name.rest if name is not None else self.name


@dataclass(frozen=True, slots=True)
class Stray:
    """A foreign file: why it is one, and the job that it may belong to, if any seems likely."""

    path: str
    file: File
    why: str
    mark: str  # size and mtime as they were seen
    can_join: bool
    job: int | None = None
    hint: str = ""


def a_file(path: str, sig: Sig) -> File:
    """A file of this size and mtime."""
    return File(name_of(path), sig[0], datetime.fromtimestamp(sig[1] / 1e9, UTC))


def mark_of(sig: Sig) -> str:
    """Size and mtime in one word, for a form to carry."""
    return f"{sig[0]}-{sig[1]}"


def strays(
    share: Share, sigs: Mapping[str, Sig], connection: Connection | None = None
) -> list[Stray]:
    """The foreign files at these paths."""
    likely: Mapping[str, Mapping[str, Any]] = {}
    if connection is not None:
        likely = troubles.handed_in_as(connection, [_plain(path) for path in sigs])
    return [_stray(share, path, sig, likely.get(_plain(path))) for path, sig in sigs.items()]


def foreign_by_name(share: Share, ignored: Mapping[str, Sig]) -> dict[str, Sig]:
    """What is foreign by its name alone, for want of an index. Raises: ShareUnavailable."""
    found = {path: signature(share.root / path) for path in regather.foreign_files(share)}
    return {path: sig for path, sig in sorted(found.items()) if sig and ignored.get(path) != sig}


def _plain(path: str) -> str:
    """The name without its ending, as a student may have called the model."""
    name = name_of(path)
    return name[: len(name) - len(suffix_of(name))].lower()


def _stray(share: Share, path: str, sig: Sig, likely: Mapping[str, Any] | None) -> Stray:
    name, fault = parse(name_of(path)), _fault(share, path)
    return Stray(
        path=path,
        file=a_file(path, sig),
        why=fault or _foreign(name.number if name is not None else None),
        mark=mark_of(sig),
        can_join=not fault,
        job=likely["number"] if likely else name.number if name is not None else None,
        hint=f"{likely['student_name'] or 'Somebody'} handed in a model of this name."
        if likely
        else "",
    )


def _foreign(number: JobNumber | None) -> str:
    if number is None:
        return "It belongs to no job by its name."
    return f"It is named like a file of job {number}, but no job {number} goes by that name."


def _fault(share: Share, path: str) -> str:
    """Why a file that could be of use to a job is taken for foreign: it is not whole."""
    if role_of(name_of(path)) not in _OF_USE:
        return ""
    try:
        fault = structure_fault(share.root / path)
    except OSError:
        return ""
    return f"It is not whole: {fault}. Copy or save it there once more." if fault else ""
