"""What needs a person, as the index tells it: how much of each kind, and the jobs of one kind.

Every kind is a condition on the jobs, or on the mails that have not gone, so that counting and
listing can never disagree. Jobs in a final status need nobody: whatever is missing of them is no
longer waited for. Only a conflict is shown wherever it is, since such a job has no one status.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    func,
    not_,
    or_,
    select,
    true,
    tuple_,
)

from daemon.snapshot import Sig
from schemas.events import EventType
from schemas.flags import Flag
from schemas.mails import Hold, MailState
from schemas.naming import JobNumber
from schemas.status import FINAL, Status
from schemas.tables import emails, events, files, jobs

PAGE = 50
UNCOLLECTED_DAYS = 7
FORGOTTEN_DAYS = 14
TRIES = 3  # a mail tried so often without success wants a person to look at the mail server


class Kind(StrEnum):
    """The kinds of trouble, the most pressing first."""

    CONFLICT = "conflict"
    MISSING = "missing"
    DANGER = "danger"
    NEEDS_WEIGHT = "needs_weight"
    MAIL = "mail"
    HELD = "held"
    NEW_PRICE = "new_price"
    TOO_BIG = "too_big"
    WALK_IN = "walk_in"
    EXPIRED = "expired"
    UNCOLLECTED = "uncollected"
    STRAY = "stray"
    SIDECAR = "sidecar"


@dataclass(frozen=True, slots=True)
class Troubled:
    """A job on the list: since when, its mail if that is the trouble, its files if those are."""

    job: Mapping[str, Any]  # the columns of `jobs`
    since: datetime
    mail: Mapping[str, Any] | None = None
    files: tuple[RowMapping, ...] = ()


ACTIVE = tuple(status for status in Status if status not in FINAL)
_WAITING = (MailState.FAILED, MailState.QUEUED, MailState.HELD)


def _has(flag: str) -> ColumnElement[bool]:
    return jobs.c.flags.contains([flag])


def _of_jobs(now: datetime) -> dict[Kind, ColumnElement[bool]]:
    """The kinds that show in a job's own row, all of active jobs.

    A job in two folders has no status to judge by: it is brought together first.
    """
    together = not_(_has(Flag.CONFLICT))
    quoted = and_(jobs.c.status == Status.PENDING, jobs.c.price_usd.is_not(None))
    collectable = jobs.c.since <= now - timedelta(days=UNCOLLECTED_DAYS)
    found = {
        Kind.MISSING: _has(Flag.MISSING),
        Kind.NEEDS_WEIGHT: _has(Flag.NEEDS_WEIGHT),
        Kind.DANGER: _has(Flag.DANGER),
        Kind.NEW_PRICE: _has(Flag.NEW_PRICE),
        Kind.TOO_BIG: and_(_has(Flag.TOO_BIG), jobs.c.status == Status.UPLOADED),
        Kind.WALK_IN: _has(Flag.WALK_IN),
        Kind.EXPIRED: and_(quoted, jobs.c.expires_at <= now),
        Kind.UNCOLLECTED: and_(jobs.c.status == Status.COMPLETED, collectable),
    }
    return {kind: and_(what, together) for kind, what in found.items()}


def _of_mails() -> dict[Kind, ColumnElement[bool]]:
    """The kinds that show in a mail that has not gone; a walk-in without an address is its own."""
    tried = and_(emails.c.state == MailState.QUEUED, emails.c.attempts >= TRIES)
    nowhere = and_(
        emails.c.state == MailState.HELD,
        emails.c.hold == Hold.NO_ADDRESS,
        not_(_has(Flag.WALK_IN)),
    )
    return {
        Kind.MAIL: or_(emails.c.state == MailState.FAILED, tried, nowhere),
        Kind.HELD: and_(emails.c.state == MailState.HELD, emails.c.hold == Hold.MASS_CHANGE),
    }


def _stray(ignored: Mapping[str, Sig]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [files.c.job.is_(None)]
    if ignored:
        known = [(path, size, mtime_ns) for path, (size, mtime_ns) in ignored.items()]
        conditions.append(tuple_(files.c.path, files.c.size, files.c.mtime_ns).not_in(known))
    return conditions


def counts(
    connection: Connection, now: datetime, ignored: Mapping[str, Sig] | None = None
) -> dict[Kind, int]:
    """How much there is of each kind that the index knows of, in one query; `ignored` are strays.

    It reads the jobs that are not finished, by the index of status and time, so that its cost does
    not grow with the years.
    """
    told = {kind: func.count().filter(what) for kind, what in _of_jobs(now).items()}
    active = select(*told.values()).where(jobs.c.status.in_(ACTIVE)).subquery("active")
    mailed = {kind: func.count().filter(what) for kind, what in _of_mails().items()}
    waiting = (
        select(*mailed.values())
        .select_from(emails.join(jobs, jobs.c.number == emails.c.job))
        .where(emails.c.state.in_(_WAITING))
        .subquery("waiting")
    )
    torn = select(func.count()).select_from(jobs).where(_has(Flag.CONFLICT)).scalar_subquery()
    foreign = select(func.count()).select_from(files).where(*_stray(ignored or {}))
    kinds = [*told, *mailed, Kind.CONFLICT, Kind.STRAY]
    both = active.join(waiting, true())  # one row each
    query = select(*active.c, *waiting.c, torn, foreign.scalar_subquery()).select_from(both)
    found = dict(zip(kinds, connection.execute(query).one(), strict=True))
    return {kind: found[kind] for kind in Kind if kind in found}


def count(connection: Connection, now: datetime, ignored: Mapping[str, Sig] | None = None) -> int:
    """How much there is in all that the index knows of: what lies in quarantine comes on top."""
    return sum(counts(connection, now, ignored).values())


# One kind


def troubled(connection: Connection, kind: Kind, now: datetime, page: int = 1) -> list[Troubled]:
    """A page of the jobs of one kind, those that are in their status the longest first."""
    found = [
        Troubled({name: row[name] for name in _JOB_COLUMNS}, row["since"], _mail_in(row))
        for row in connection.execute(_query(kind, now, page)).mappings()
    ]
    if kind in _TOLD_BY:
        found = _dated(connection, found, _TOLD_BY[kind])
    if kind in (Kind.MISSING, Kind.CONFLICT):
        found = _with_files(connection, found)
    if kind is Kind.EXPIRED:
        return [replace(one, since=one.job["expires_at"]) for one in found]
    return found


_JOB_COLUMNS = tuple(column.name for column in jobs.c)
_MAIL_COLUMNS = ("template", "state", "hold", "attempts", "retry_at", "error", "seq")
_TOLD_BY = {
    Kind.MISSING: EventType.FILE_MISSING,
    Kind.CONFLICT: EventType.CONFLICT_FOUND,
    Kind.MAIL: EventType.EMAIL_FAILED,
}


def _query(kind: Kind, now: datetime, page: int) -> Select[Any]:
    of_mails = _of_mails()
    if kind in of_mails:
        mail = [emails.c[name].label(f"mail_{name}") for name in _MAIL_COLUMNS]
        query = (
            select(jobs, *mail)
            .select_from(emails.join(jobs, jobs.c.number == emails.c.job))
            .where(emails.c.state.in_(_WAITING), of_mails[kind])
        )
    elif kind is Kind.CONFLICT:
        query = select(jobs).where(_has(Flag.CONFLICT))
    else:
        query = select(jobs).where(jobs.c.status.in_(ACTIVE), _of_jobs(now)[kind])
    start = (max(1, page) - 1) * PAGE
    return query.order_by(jobs.c.since, jobs.c.number).limit(PAGE).offset(start)


def _mail_in(row: RowMapping) -> Mapping[str, Any] | None:
    if "mail_state" not in row:
        return None
    return {name: row[f"mail_{name}"] for name in _MAIL_COLUMNS}


def _dated(connection: Connection, found: list[Troubled], told_by: EventType) -> list[Troubled]:
    """With the time of the last event that tells of the trouble, where there is one."""
    at = select(events.c.job, func.max(events.c.at)).where(
        events.c.job.in_(_numbers(found)), events.c.type == told_by
    )
    when = {job: moment for job, moment in connection.execute(at.group_by(events.c.job))}
    return [replace(one, since=when.get(one.job["number"], one.since)) for one in found]


def _with_files(connection: Connection, found: list[Troubled]) -> list[Troubled]:
    query = select(files).where(files.c.job.in_(_numbers(found))).order_by(files.c.path)
    by_job: dict[int, list[RowMapping]] = {}
    for row in connection.execute(query).mappings():
        by_job.setdefault(row["job"], []).append(row)
    return [replace(one, files=tuple(by_job.get(one.job["number"], ()))) for one in found]


def _numbers(found: Iterable[Troubled]) -> list[int]:
    return [one.job["number"] for one in found]


def held(connection: Connection, limit: int) -> list[tuple[JobNumber, Status]]:
    """Jobs whose mail is held because many moved at once, with the status they are in."""
    query = (
        select(jobs.c.number, jobs.c.status)
        .select_from(emails.join(jobs, jobs.c.number == emails.c.job))
        .where(emails.c.state.in_(_WAITING), _of_mails()[Kind.HELD])
        .order_by(jobs.c.number)
        .limit(limit)
    )
    return [(JobNumber(number), Status(status)) for number, status in connection.execute(query)]


# Files that are no job's


def strays(connection: Connection, ignored: Mapping[str, Sig], page: int = 1) -> list[RowMapping]:
    """A page of the foreign files in the status folders, without those that are ignored."""
    start = (max(1, page) - 1) * PAGE
    query = select(files).where(*_stray(ignored)).order_by(files.c.path)
    return list(connection.execute(query.limit(PAGE).offset(start)).mappings())


def stray_at(connection: Connection, path: str) -> bool:
    """Whether the index has a foreign file at this path."""
    query = select(files.c.path).where(files.c.path == path, files.c.job.is_(None))
    return connection.execute(query).first() is not None


def handed_in_as(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Active jobs whose model had one of these names, without the ending, in lower case."""
    if not names:
        return {}
    plain = func.lower(func.regexp_replace(files.c.original_name, r"\.[^.]*$", ""))
    query = (
        select(plain.label("name"), jobs.c.number, jobs.c.student_name)
        .select_from(jobs.join(files, files.c.job == jobs.c.number))
        .where(jobs.c.status.in_(ACTIVE), plain.in_(names))
        .order_by(jobs.c.number)
    )
    return {row["name"]: dict(row) for row in connection.execute(query).mappings()}


def repairs(connection: Connection, numbers: Sequence[JobNumber]) -> dict[str, datetime]:
    """When the sidecars in quarantine were put there, by their names, as the jobs' events tell."""
    kept = events.c.data["quarantined"].astext
    query = select(kept, events.c.at).where(
        events.c.job.in_(numbers), events.c.type == EventType.SIDECAR_REPAIRED, kept.is_not(None)
    )
    return {name: at for name, at in connection.execute(query)}
