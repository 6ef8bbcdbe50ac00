"""The index, read: what the pages, the JSON and the command line ask of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select

from schemas.mails import OPEN, Hold, MailState
from schemas.naming import JobNumber, suffix_of
from schemas.status import FINAL, Status
from schemas.tables import control, emails, events, files, jobs

SILENT_S = 30.0  # a daemon that has said nothing for so long is down
PAGE = 50
ON_THE_WAY = frozenset({Status.UPLOADED, Status.PENDING, Status.READY_TO_PRINT, Status.PRINTING})


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list: everything that is None or empty is not asked for."""

    status: Status | None = None
    q: str = ""
    printer: str = ""
    method: str = ""
    color: str = ""
    flag: str = ""
    age: str = ""  # in its status for 1: under a day, 2: under two, 3: under three, 4: longer
    sort: str = ""  # one of SORTS; empty: the first of them
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for more than a status."""
        return bool(self.q or self.printer or self.method or self.color or self.flag or self.age)


@dataclass(frozen=True, slots=True)
class Health:
    """How the system is. `faults` names each part that is not well and says why."""

    faults: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "newest": (jobs.c.since.desc(), jobs.c.number.desc()),
    "oldest": (jobs.c.since, jobs.c.number),
    "name": (func.lower(jobs.c.student_name), jobs.c.number),
    "number": (jobs.c.number.desc(),),
    "printer": (jobs.c.printer, jobs.c.color, jobs.c.since),
}


def list_jobs(connection: Connection, wanted: Filter) -> list[RowMapping]:
    """A page of jobs in the order asked for; newest in their status first by default.

    Where more than a status is asked for, `total` says how many there are on all pages: counting
    them on the way costs nothing, since all of them have to be looked at.
    """
    total = [func.count().over().label("total")] if wanted.is_narrowed else []
    page: Select[Any] = (
        select(jobs, *total)
        .where(*_conditions(wanted))
        .order_by(*SORTS.get(wanted.sort, SORTS["newest"]))
        .limit(PAGE)
        .offset((max(1, wanted.page) - 1) * PAGE)
    )
    return list(connection.execute(page).mappings())


def how_many(connection: Connection, wanted: Filter) -> int:
    """How many jobs there are on all pages."""
    count = select(func.count()).select_from(jobs).where(*_conditions(wanted))
    return connection.execute(count).scalar_one()


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(jobs.c.status == wanted.status)
    if wanted.flag:
        conditions.append(jobs.c.flags.contains([wanted.flag]))
    if wanted.age in _AGES:
        conditions += _of_age(*_AGES[wanted.age])
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
        given = wanted.q[: len(wanted.q) - len(suffix_of(wanted.q))]  # NAME.stl, as in the folder
        found.append(jobs.c.stem.icontains(given, autoescape=True))
        named = files.c.original_name.icontains(wanted.q, autoescape=True)
        found.append(jobs.c.number.in_(select(files.c.job).where(named)))
        if wanted.q.isdigit() and len(wanted.q) < 10:
            found.append(jobs.c.number == int(wanted.q))
        conditions.append(or_(*found))
    return conditions


_AGES: dict[str, tuple[int, int | None]] = {"1": (0, 1), "2": (1, 2), "3": (2, 3), "4": (3, None)}


def _of_age(from_days: int, to_days: int | None) -> list[ColumnElement[bool]]:
    """In its status for so many days."""
    conditions: list[ColumnElement[bool]] = [jobs.c.since <= func.now() - timedelta(days=from_days)]
    if to_days is not None:
        conditions.append(jobs.c.since > func.now() - timedelta(days=to_days))
    return conditions


def counts(connection: Connection) -> dict[Status, int]:
    """How many jobs there are in each status, in the order of the statuses.

    Asked one by one they are counted in the index on the status, in half the time of a GROUP BY,
    for which PostgreSQL reads the whole table.
    """
    number = select(func.count()).select_from(jobs)
    each = [
        number.where(jobs.c.status == status).scalar_subquery().label(status) for status in Status
    ]
    row = connection.execute(select(*each)).one()
    return dict(zip(Status, row, strict=True))


def to_inspect(connection: Connection, limit: int) -> list[JobNumber]:
    """The newest jobs with a file that nobody has looked into yet."""
    found = select(jobs.c.number).where(jobs.c.to_inspect).order_by(jobs.c.number.desc())
    return [JobNumber(number) for number in connection.execute(found.limit(limit)).scalars()]


def pictured(connection: Connection) -> dict[JobNumber, str]:
    """The digests under which the pictures of active jobs are to be found."""
    found = select(jobs.c.number, jobs.c.picture).where(
        jobs.c.status.not_in(FINAL), jobs.c.picture.is_not(None)
    )
    return {JobNumber(number): sha256 for number, sha256 in connection.execute(found)}


def numbers_in(connection: Connection, status: Status) -> list[JobNumber]:
    """The jobs in a status, newest first."""
    found = select(jobs.c.number).where(jobs.c.status == status).order_by(jobs.c.number.desc())
    return [JobNumber(number) for number in connection.execute(found).scalars()]


def newest(connection: Connection) -> int:
    """The highest number that a job has; 0 without any."""
    return connection.execute(select(func.max(jobs.c.number))).scalar() or 0


def files_of(connection: Connection, number: JobNumber) -> list[RowMapping]:
    """The files of a job, where they lie, and those that are missed."""
    rows = connection.execute(select(files).where(files.c.job == number).order_by(files.c.path))
    return list(rows.mappings())


def jobs_with(connection: Connection, email: str, sha256: str) -> list[JobNumber]:
    """Jobs on their way of the student with this address, with a file of these bytes; oldest first.

    Narrowed by status and then by job, for both of which there is an index.
    """
    found = (
        select(jobs.c.number)
        .join(files, files.c.job == jobs.c.number)
        .where(jobs.c.status.in_(ON_THE_WAY), func.lower(jobs.c.student_email) == email.lower())
        .where(files.c.sha256 == sha256, ~files.c.missing)
        .order_by(jobs.c.number)
        .distinct()
    )
    return [JobNumber(number) for number in connection.execute(found).scalars()]


def strays(connection: Connection) -> list[str]:
    """Paths of files that are no job's."""
    found = select(files.c.path).where(files.c.job.is_(None)).order_by(files.c.path)
    return list(connection.execute(found).scalars())


def emails_of(connection: Connection, number: JobNumber) -> list[RowMapping]:
    """The mails of a job, oldest first."""
    rows = connection.execute(select(emails).where(emails.c.job == number).order_by(emails.c.seq))
    return list(rows.mappings())


def open_mails(connection: Connection, numbers: list[int]) -> dict[int, RowMapping]:
    """The mail of each of these jobs that has not gone yet, if there is one: the newest."""
    rows = connection.execute(
        select(emails.c.job, emails.c.template, emails.c.state, emails.c.hold, emails.c.not_before)
        .where(emails.c.job.in_(numbers), emails.c.state.in_(OPEN))
        .order_by(emails.c.job, emails.c.seq)
    )
    return {row["job"]: row for row in rows.mappings()}


def jobs_held(connection: Connection) -> list[JobNumber]:
    """The jobs whose mail waits for staff to release it, since many moved at once."""
    held = (emails.c.state == MailState.HELD, emails.c.hold == Hold.MASS_CHANGE)
    found = select(emails.c.job).where(*held).distinct().order_by(emails.c.job)
    return [JobNumber(number) for number in connection.execute(found).scalars()]


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
