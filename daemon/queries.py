"""The index, read: what the pages, the JSON and the command line ask of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select

from schemas.naming import JobNumber
from schemas.status import Status
from schemas.tables import control, emails, events, files, jobs

SILENT_S = 30.0  # a daemon that has said nothing for so long is down
PAGE = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list: everything that is None or empty is not asked for."""

    status: Status | None = None
    q: str = ""
    printer: str = ""
    method: str = ""
    color: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Health:
    """How the system is. `faults` names each part that is not well and says why."""

    faults: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def list_jobs(connection: Connection, wanted: Filter) -> tuple[list[RowMapping], int]:
    """A page of jobs, newest in their status first, and how many there are in all."""
    conditions = _conditions(wanted)
    total = connection.execute(
        select(func.count()).select_from(jobs).where(*conditions)
    ).scalar_one()
    page: Select[Any] = (
        select(jobs)
        .where(*conditions)
        .order_by(jobs.c.since.desc(), jobs.c.number.desc())
        .limit(PAGE)
        .offset((max(1, wanted.page) - 1) * PAGE)
    )
    return list(connection.execute(page).mappings()), total


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(jobs.c.status == wanted.status)
    for column, value in (
        (jobs.c.printer, wanted.printer),
        (jobs.c.print_method, wanted.method),
        (jobs.c.color, wanted.color),
    ):
        if value:
            conditions.append(column == value)
    if wanted.q:
        columns = (jobs.c.student_name, jobs.c.student_email, jobs.c.class_number, jobs.c.stem)
        found = [column.icontains(wanted.q, autoescape=True) for column in columns]
        if wanted.q.isdigit() and len(wanted.q) < 10:
            found.append(jobs.c.number == int(wanted.q))
        conditions.append(or_(*found))
    return conditions


def counts(connection: Connection) -> dict[Status, int]:
    """How many jobs there are in each status, in the order of the statuses."""
    rows = connection.execute(select(jobs.c.status, func.count()).group_by(jobs.c.status))
    found = {Status(status): number for status, number in rows}
    return {status: found.get(status, 0) for status in Status}


def files_of(connection: Connection, number: JobNumber) -> list[RowMapping]:
    """The files of a job, where they lie, and those that are missed."""
    rows = connection.execute(select(files).where(files.c.job == number).order_by(files.c.path))
    return list(rows.mappings())


def strays(connection: Connection) -> list[str]:
    """Paths of files that are no job's."""
    found = select(files.c.path).where(files.c.job.is_(None)).order_by(files.c.path)
    return list(connection.execute(found).scalars())


def emails_of(connection: Connection, number: JobNumber) -> list[RowMapping]:
    """The mails of a job, oldest first."""
    rows = connection.execute(select(emails).where(emails.c.job == number).order_by(emails.c.seq))
    return list(rows.mappings())


def events_of(connection: Connection, number: JobNumber) -> list[RowMapping]:
    """The events of a job, oldest first."""
    rows = connection.execute(select(events).where(events.c.job == number).order_by(events.c.seq))
    return list(rows.mappings())


def health(connection: Connection) -> Health:
    """What the daemon says of itself, judged by the database's own clock."""
    rows = connection.execute(select(control.c.name, control.c.value, control.c.at, func.now()))
    told = {name: (value, now - at) for name, value, at, now in rows}
    faults: dict[str, str] = {}
    facts, silence = told.get("health", ({}, timedelta.max))
    if silence.total_seconds() > SILENT_S:
        faults["daemon"] = "no daemon has been heard of for a while"
    for part in ("share", "watcher", "mail", "catalog"):
        if (facts or {}).get(part):
            faults[part] = str(facts[part])
    last_look_s = float((facts or {}).get("last_look") or 0)
    if facts and datetime.now(UTC).timestamp() - last_look_s > 60 and "share" not in faults:
        faults["look"] = "nothing has been looked at for a minute"
    brake = told.get("brake", (None, None))[0]
    if brake:
        faults["brake"] = (
            f"{brake['missing']} of {brake['known']} jobs vanished at once; nothing was recorded. "
            "Bring the share back, or run: python -m daemon confirm-loss"
        )
    return Health(faults, facts or {})
