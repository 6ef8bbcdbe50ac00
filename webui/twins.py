"""A model handed in twice: the same bytes from the same student while the first is on its way.

Duplicates come from students who saw nothing happen, and from double clicks. The index knows the
jobs of earlier days wherever they have got to; what came a moment ago it may not know yet, nor
anything while the database is down, so `Uploaded` is always read as well.
"""

from contextlib import suppress

from daemon.handover import names_below
from daemon.look import signature
from daemon.queries import ON_THE_WAY
from daemon.share import Share
from daemon.snapshot import name_of
from schemas.errors import BadSidecar, NoSuchJob, NotPossible, StaleState
from schemas.naming import SIDECAR_SUFFIX, JobNumber, Role, parse, role_of
from schemas.sidecar import Sidecar
from schemas.status import Status
from webui.arrival import Arrival
from webui.desk import Desk


def twin_on_its_way(desk: Desk, email: str, arrival: Arrival) -> JobNumber | None:
    """The job not printed yet that is this very submission, as far as the index can tell.

    What it says is checked on the share: the job may have been rejected since.
    """
    for number in desk.index.jobs_with(email, arrival.sha256):
        with suppress(NoSuchJob, StaleState, NotPossible, BadSidecar):
            found = desk.find(number)
            if found.status in ON_THE_WAY and _is_twin(found.doc, email, arrival.sha256):
                return number
    return None


def twin_in_uploaded(share: Share, email: str, arrival: Arrival) -> JobNumber | None:
    """The job in `Uploaded` that is this very submission.

    Only sidecars of models of the same size are read, so this costs little beside many jobs.
    Raises: ShareUnavailable.
    """
    for path in names_below(share, Status.UPLOADED):
        sig = signature(share.root / path) if role_of(name_of(path)) is Role.MODEL else None
        if sig is not None and sig[0] == arrival.size:
            doc = _document_beside(share, path)
            if doc is not None and _is_twin(doc, email, arrival.sha256):
                return doc.job
    return None


def _is_twin(doc: Sidecar, email: str, sha256: str) -> bool:
    same_student = doc.student.email.casefold() == email.casefold()
    return same_student and any(entry.sha256 == sha256 for entry in doc.files)


def _document_beside(share: Share, model: str) -> Sidecar | None:
    name = parse(name_of(model))
    if name is None:
        return None
    folder = model.rpartition("/")[0]
    try:
        return share.read_sidecar(f"{folder}/{name.stem}{SIDECAR_SUFFIX}").doc
    except (FileNotFoundError, BadSidecar):
        return None
