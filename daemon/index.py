"""The index, written: one function brings PostgreSQL in step with a job's sidecar and files.

Only the daemon writes here. Whatever is written follows from the sidecar and the place of the
files, so writing it again changes nothing: events and mails have unique keys, jobs and files are
replaced.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, case, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from daemon.snapshot import Known, KnownJob, Sig, name_key, name_of
from schemas.errors import DatabaseUnavailable, NotLeader
from schemas.events import EventType
from schemas.flags import Flag, flags
from schemas.mails import ARRIVALS, mails
from schemas.naming import JobNumber, Role, role_of
from schemas.sidecar import Sidecar
from schemas.status import Status
from schemas.tables import control, emails, events, files, jobs

CHANNEL = "printsystem_changes"
_LOCK_CLASS = 3107  # advisory locks (3107, job number): whoever writes a job's sidecar holds it


@dataclass(frozen=True, slots=True)
class Record:
    """A job as it is to stand in the index."""

    doc: Sidecar
    stem: str
    files: dict[str, Sig]  # every file present, the sidecar included
    known_seq: int = 0  # events up to here are in the index already
    restless: bool = False


def known_job(record: Record) -> KnownJob:
    """A record as the plan knows it once it is written; the same that `load` reads back.

    A file of the sidecar that was found nowhere yet counts as missed, flagged or not, so that it is
    recognised where it turns up.
    """
    here = {name_key(path) for path in record.files}
    return KnownJob(
        record.doc.job,
        record.stem,
        record.doc.status,
        last_seq=record.doc.last_seq,
        missing={k: (e.size, 0) for e in record.doc.files if (k := name_key(e.name)) not in here},
        conflict=Flag.CONFLICT in flags(record.doc),
        restless=record.restless,
    )


@contextmanager
def database_faults() -> Iterator[None]:
    """Turn what the driver says of a lost connection into an error a person can act on."""
    try:
        yield
    except DBAPIError as error:
        if not isinstance(error, OperationalError | InterfaceError):
            raise
        raise DatabaseUnavailable(
            f"PostgreSQL cannot serve ({str(error.orig).strip().splitlines()[0]})",
            possible="nothing is lost; what happens in the folders is caught up with later",
        ) from error


@contextmanager
def writing(engine: Engine, epoch: int, *, long: bool = False) -> Iterator[Connection]:
    """A transaction of the daemon that holds the lease of `epoch`; committed at the end.

    The lease row is locked, so that nobody takes over before the commit. A `long` transaction locks
    it only at its end, or the lease could not be renewed meanwhile.
    Raises: NotLeader when another daemon has taken over; DatabaseUnavailable.
    """
    with database_faults(), engine.begin() as connection:
        if not long:
            _hold_lease(connection, epoch)
        yield connection
        if long:
            _hold_lease(connection, epoch)


def _hold_lease(connection: Connection, epoch: int) -> None:
    if connection.execute(_HELD, {"epoch": epoch}).first() is None:
        raise NotLeader("another daemon has taken over", possible="this one stands by")


_HELD = text("SELECT 1 FROM lease WHERE epoch = :epoch FOR SHARE")
_LOCK = text("SELECT pg_advisory_xact_lock(:class, :job)")


def lock_job(connection: Connection, job: JobNumber) -> None:
    """Hold the job's lock until the transaction ends, waiting for whoever has it."""
    connection.execute(_LOCK, {"class": _LOCK_CLASS, "job": job})


# Statements are built once; SQLAlchemy then finds their compiled form in its cache.
_upsert_job = insert(jobs)
_upsert_job = _upsert_job.on_conflict_do_update(
    index_elements=[jobs.c.number],
    set_={c.name: _upsert_job.excluded[c.name] for c in jobs.c if c.name != "number"},
)
_upsert_file = insert(files)
_upsert_file = _upsert_file.on_conflict_do_update(
    index_elements=[files.c.path],
    set_={c.name: _upsert_file.excluded[c.name] for c in files.c if c.name != "path"},
)
_forget_files = text("DELETE FROM files WHERE job = ANY(:jobs) AND path <> ALL(:paths)")
_add_event = insert(events).on_conflict_do_nothing()
_upsert_mail = insert(emails)
_upsert_mail = _upsert_mail.on_conflict_do_update(
    index_elements=[emails.c.job, emails.c.seq, emails.c.template],
    set_={
        **{
            name: _upsert_mail.excluded[name]
            for name in ("state", "not_before", "hold", "released", "sent_at", "error")
        },
        # A new time to go, as "send now" gives it, counts more than the wait after a failure.
        "retry_at": case(
            (emails.c.not_before == _upsert_mail.excluded.not_before, emails.c.retry_at), else_=None
        ),
    },
    where=(emails.c.state != "sending") | (_upsert_mail.excluded.state == "sent"),
)
_notify = text(f"SELECT pg_notify('{CHANNEL}', :jobs)")


def write(connection: Connection, records: Sequence[Record]) -> None:
    """Bring the index in step with these jobs. Safe to repeat."""
    if not records:
        return
    connection.execute(_upsert_job, [job_row(record) for record in records])
    file_rows = [row for record in records for row in file_rows_of(record)]
    numbers = [record.doc.job for record in records]
    paths = [row["path"] for row in file_rows]
    connection.execute(_forget_files, {"jobs": numbers, "paths": paths})
    if file_rows:
        connection.execute(_upsert_file, file_rows)
    new = [row for record in records for row in event_rows(record.doc, after=record.known_seq)]
    if new:
        connection.execute(_add_event, new)
    mail_rows = [row for record in records for row in mail_rows_of(record.doc)]
    if mail_rows:
        connection.execute(_upsert_mail, mail_rows)
    connection.execute(_notify, {"jobs": ",".join(map(str, numbers[:1000]))})


def job_row(record: Record) -> dict[str, Any]:
    """The columns of `jobs` for a sidecar."""
    doc = record.doc
    arrived = [event for event in doc.history if event.type in ARRIVALS]
    started = doc.history[0].at if doc.history else datetime.fromtimestamp(0, UTC)
    return {
        "number": doc.job,
        "stem": record.stem,
        "status": doc.status,
        "since": arrived[-1].at if arrived else started,
        "created_at": started,
        "updated_at": doc.history[-1].at if doc.history else started,
        "revision": doc.revision,
        "last_seq": doc.last_seq,
        "student_name": doc.student.name,
        "student_email": doc.student.email,
        "discipline": doc.student.discipline,
        "class_number": doc.student.class_number,
        "print_method": doc.request.print_method,
        "color": doc.request.color,
        "printer": doc.request.printer,
        "minimum_charge": doc.request.minimum_charge,
        "weight_g": doc.print.weight_g,
        "weight_source": doc.print.weight_source,
        "time_h": doc.print.time_h,
        "time_source": doc.print.time_source,
        "material": doc.print.material,
        "price_usd": doc.print.price_usd,
        "reviewed": doc.review.reviewed,
        "nonce": doc.confirmation.nonce,
        "expires_at": doc.confirmation.expires_at,
        "confirmed_at": doc.confirmation.confirmed_at,
        "paid_usd": doc.payment.amount_usd,
        "flags": [flag.value for flag in flags(doc)],
        "restless": record.restless,
    }


def file_rows_of(record: Record) -> list[dict[str, Any]]:
    """The rows of `files` for a job: those present, and those that are missed."""
    entries = {name_key(entry.name): entry for entry in record.doc.files}
    rows = []
    for path, sig in record.files.items():
        entry = entries.get(name_key(path))
        rows.append(
            {
                "path": path,
                "job": record.doc.job,
                "role": entry.role if entry else role_of(name_of(path)),
                "size": sig[0],
                "mtime_ns": sig[1],
                "sha256": entry.sha256 if entry else None,
                "original_name": entry.original_name if entry else None,
                "authoritative": entry.authoritative if entry else False,
                "missing": False,
            }
        )
    here = {name_key(path) for path in record.files}
    for entry in record.doc.files:
        if name_key(entry.name) not in here:
            rows.append(
                {
                    "path": f"{entry.folder or record.doc.status}/{entry.name}",
                    "job": record.doc.job,
                    "role": entry.role,
                    "size": entry.size,
                    "mtime_ns": 0,
                    "sha256": entry.sha256,
                    "original_name": entry.original_name,
                    "authoritative": entry.authoritative,
                    "missing": True,
                }
            )
    return rows


def event_rows(doc: Sidecar, *, after: int = 0) -> list[dict[str, Any]]:
    """The rows of `events` for what the history holds beyond `after`."""
    return [
        {
            "job": doc.job,
            "seq": event.seq,
            "at": event.at,
            "type": event.type,
            "by": event.by,
            "via": event.via,
            "data": event.data,
            "prev": event.prev,
        }
        for event in doc.history
        if event.seq > after
    ]


def mail_rows_of(doc: Sidecar) -> list[dict[str, Any]]:
    """The rows of `emails` that follow from a history."""
    return [
        {
            "job": doc.job,
            "seq": mail.for_seq,
            "template": mail.template,
            "state": mail.state,
            "via": mail.via,
            "arrived_at": mail.arrived_at,
            "not_before": mail.not_before,
            "hold": mail.hold,
            "released": mail.released,
            "sent_at": mail.sent_at,
            "error": mail.remark,
        }
        for mail in mails(doc.history)
    ]


def write_strays(connection: Connection, found: dict[str, Sig], gone: Iterable[str]) -> None:
    """List files that are no job's, and stop listing those that are there no more."""
    lost = list(gone)
    if lost:
        connection.execute(delete(files).where(files.c.path.in_(lost), files.c.job.is_(None)))
    rows = [
        {
            "path": path,
            "job": None,
            "role": Role.OTHER,
            "size": sig[0],
            "mtime_ns": sig[1],
            "sha256": None,
            "original_name": None,
            "authoritative": False,
            "missing": False,
        }
        for path, sig in found.items()
    ]
    if rows:
        connection.execute(_upsert_file, rows)


_reclaim = text(
    "UPDATE emails SET state = 'queued', uncertain = true WHERE state = 'sending' RETURNING job"
)


def reclaim_mails(connection: Connection) -> None:
    """Mails a dead process was handing over are queued again, marked as perhaps sent already."""
    connection.execute(_reclaim)


def load(engine: Engine) -> Known:
    """The whole index as a value, as a daemon needs it that has just become the leader."""
    known = Known()
    by_job: dict[int, dict[str, Sig]] = {}
    missing: dict[int, dict[str, Sig]] = {}
    with database_faults(), engine.connect() as connection:
        rows = connection.execution_options(yield_per=10_000).execute(
            select(files.c.path, files.c.job, files.c.size, files.c.mtime_ns, files.c.missing)
        )
        for path, job, size, mtime_ns, is_missing in rows:
            if job is None:
                known.put(path, (size, mtime_ns))
            elif is_missing:
                missing.setdefault(job, {})[name_key(path)] = (size, mtime_ns)
            else:
                by_job.setdefault(job, {})[path] = (size, mtime_ns)
        columns = (
            jobs.c.number,
            jobs.c.stem,
            jobs.c.status,
            jobs.c.last_seq,
            jobs.c.flags,
            jobs.c.restless,
        )
        for number, stem, status, last_seq, raised, restless in connection.execute(
            select(*columns)
        ):
            job_known = KnownJob(
                JobNumber(number),
                stem,
                Status(status),
                last_seq=last_seq,
                missing=missing.get(number, {}),
                conflict=Flag.CONFLICT in raised,
                restless=restless,
            )
            known.replace(job_known, by_job.get(number, {}))
    return known


def say(connection: Connection, name: str, value: Any) -> None:
    """Set an entry of `control`: what the daemon says of itself, or what a person told it."""
    statement = insert(control).values(name=name, value=value)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[control.c.name], set_={"value": value, "at": func.now()}
        )
    )


def said(connection: Connection, name: str) -> Any | None:
    """The value of an entry of `control`; None when nobody has said anything."""
    return connection.execute(
        select(control.c.value).where(control.c.name == bindparam("name")), {"name": name}
    ).scalar()


def events_of(connection: Connection, job: JobNumber) -> list[dict[str, Any]]:
    """All events of a job in the index, in order, with the columns of the table."""
    rows = connection.execute(select(events).where(events.c.job == job).order_by(events.c.seq))
    return [{**row, "type": EventType(row["type"])} for row in map(dict, rows.mappings())]
