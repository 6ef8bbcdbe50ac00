"""Retention: of a job long finished the files and the personal data go, the numbers stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from daemon.index import database_faults, lock_job
from daemon.mail import kept
from daemon.world import World
from schemas.errors import StaleState
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.sidecar import Confirmation, Student
from schemas.status import FINAL, Status
from schemas.tables import events, files, jobs

_THE_OPERATOR = "whoever runs the machine"


@dataclass(frozen=True, slots=True)
class Due:
    """A job past its retention time."""

    number: JobNumber
    status: Status
    since: datetime


def due(world: World, retention_days: int) -> Sequence[Due]:
    """Jobs in a final status for longer than that, and not purged yet, oldest first."""
    before = world.now() - timedelta(days=retention_days)
    purged = select(events.c.job).where(events.c.type == EventType.PURGED)
    query = (
        select(jobs.c.number, jobs.c.status, jobs.c.since)
        .where(jobs.c.status.in_(FINAL), jobs.c.since < before, jobs.c.number.not_in(purged))
        .order_by(jobs.c.since)
    )
    with database_faults(), world.engine.connect() as connection:
        return [
            Due(JobNumber(n), Status(status), since)
            for n, status, since in connection.execute(query)
        ]


def purge(job: Due, world: World) -> None:
    """Remove a job's files, its kept mails, and its student from the sidecar.

    The daemon brings the index in step.

    The sidecar is written first, so that a crash leaves files without a name, never a name without
    the word that it is to go. Raises: StaleState when the job has moved on since it was listed.
    """
    share = world.share
    share.check()
    with database_faults(), world.engine.begin() as connection:
        lock_job(connection, job.number)
        query = select(files.c.path, files.c.role).where(
            files.c.job == job.number, ~files.c.missing
        )
        paths = {path: role for path, role in connection.execute(query)}
        sidecar = next((path for path, role in paths.items() if role == "sidecar"), None)
        if sidecar is None or any(not path.startswith(f"{job.status}/") for path in paths):
            raise StaleState(f"job {job.number} is not all in {job.status}", possible="look again")
        read = share.read_sidecar(sidecar)
        doc = read.doc
        data: dict[str, Any] = {"files": [entry.name for entry in doc.files]}
        doc.student = Student(discipline=doc.student.discipline)
        doc.confirmation, doc.notes, doc.files = Confirmation(), [], []
        doc.record(EventType.PURGED, by=_THE_OPERATOR, via=Via.SYSTEM, at=world.now(), data=data)
        share.write_sidecar(sidecar, doc, expected=read.sig)
        for path in paths.keys() - {sidecar}:
            (share.root / path).unlink(missing_ok=True)
        kept.forget(share, job.number)
