"""The index, written: one function brings PostgreSQL in step with a job's sidecar and files.

Only the daemon writes here. Whatever is written follows from the sidecar and the place of the
files, so writing it again changes nothing: events and mails have unique keys, jobs and files are
replaced.
"""

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from psycopg2.errors import UndefinedTable
from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from daemon.rows import Record, event_rows, file_rows_of, job_row, mail_rows_of
from daemon.snapshot import Known, KnownJob, Sig, name_key
from schemas.errors import DatabaseUnavailable, NotLeader
from schemas.events import EventType
from schemas.flags import Flag
from schemas.naming import JobNumber, Role
from schemas.status import Status
from schemas.tables import control, emails, events, files, jobs

CHANNEL = "printsystem_changes"
_LOCK_CLASS = 3107  # advisory locks (3107, job number): whoever writes a job's sidecar holds it


@contextmanager
def database_faults() -> Iterator[None]:
    """Turn what the driver says of a lost connection into an error a person can act on."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, UndefinedTable):
            raise DatabaseUnavailable(
                "the database has no tables of this system", possible="python -m daemon init"
            ) from error
        if not isinstance(error, OperationalError | InterfaceError):
            raise
        raise DatabaseUnavailable(
            f"PostgreSQL cannot serve ({str(error.orig).strip().splitlines()[0]})",
            possible="nothing is lost; what happens in the folders is caught up with later",
        ) from error


@contextmanager
def writing(
    engine: Engine, epoch: int, numbers: Iterable[JobNumber] = (), *, long: bool = False
) -> Iterator[Connection]:
    """A transaction of the daemon that holds the lease of `epoch` and the locks of some jobs.

    It is committed at the end. The lease row is locked, so that nobody takes over before that; a
    `long` transaction locks it only at its end, or the lease could not be renewed meanwhile.
    Raises: NotLeader when another daemon has taken over; DatabaseUnavailable.
    """
    with database_faults(), engine.begin() as connection:
        if not long:
            _hold_lease(connection, epoch, numbers)
        yield connection
        if long:
            _hold_lease(connection, epoch)


def _hold_lease(connection: Connection, epoch: int, numbers: Iterable[JobNumber] = ()) -> None:
    values = {"epoch": epoch, "class": _LOCK_CLASS, "jobs": sorted(set(numbers))}
    if connection.execute(_HOLD, values).first() is None:
        raise NotLeader("another daemon has taken over", possible="this one stands by")


# FOR KEY SHARE: whoever takes the lease over waits for this transaction, a renewal does not. Jobs
# are locked in the order of their numbers, so that no two transactions wait for each other.
_HOLD = text(
    """
    SELECT (SELECT count(pg_advisory_xact_lock(:class, n)) FROM unnest(CAST(:jobs AS int[])) AS n)
    FROM lease WHERE epoch = :epoch FOR KEY SHARE OF lease
    """
)
_LOCK = text("SELECT pg_advisory_xact_lock(:class, :job)")


def lock_job(connection: Connection, job: JobNumber) -> None:
    """Hold the job's lock until the transaction ends, waiting for whoever has it."""
    connection.execute(_LOCK, {"class": _LOCK_CLASS, "job": job})


# One statement a table, all sent at once: each trip to the server costs more than the work there.
# The rows of a table travel as one JSON array, which PostgreSQL itself turns into its types.
_MAIL_NEWS = ("state", "not_before", "hold", "released", "sent_at", "error")


def _insert(table: Table, columns: Sequence[str], on_conflict: str) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM "
        f"json_populate_recordset(NULL::{table.name}, %({table.name})s) {on_conflict};\n"
    )


def _replacing(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}" = excluded."{name}"' for name in columns)


_JOB_COLUMNS = [column.name for column in jobs.c]
_FILE_COLUMNS = [column.name for column in files.c]
_EVENT_COLUMNS = [column.name for column in events.c]
_MAIL_COLUMNS = ["job", "seq", "template", "via", "arrived_at", *_MAIL_NEWS]
_WRITE_FILES = _insert(
    files, _FILE_COLUMNS, f"ON CONFLICT (path) DO UPDATE SET {_replacing(_FILE_COLUMNS)}"
)
_WRITE = (
    _insert(jobs, _JOB_COLUMNS, f"ON CONFLICT (number) DO UPDATE SET {_replacing(_JOB_COLUMNS)}")
    + "DELETE FROM files WHERE job = ANY(%(numbers)s) AND path <> ALL(%(paths)s);\n"
    + _WRITE_FILES
    + _insert(events, _EVENT_COLUMNS, "ON CONFLICT DO NOTHING")
    # A new time to go, as "send now" gives it, counts more than the wait after a failure. A mail
    # that is to go once more after it was sent starts anew.
    + _insert(
        emails,
        _MAIL_COLUMNS,
        f"ON CONFLICT (job, seq, template) DO UPDATE SET {_replacing(_MAIL_NEWS)}, retry_at = CASE "
        "WHEN emails.not_before = excluded.not_before THEN emails.retry_at END, "
        "attempts = CASE WHEN emails.state = 'sent' AND excluded.state <> 'sent' THEN 0 "
        "ELSE emails.attempts END, "
        "uncertain = emails.uncertain AND (emails.state <> 'sent' OR excluded.state = 'sent') "
        "WHERE emails.state <> 'sending' OR excluded.state = 'sent'",
    )
    + f"SELECT pg_notify('{CHANNEL}', %(changed)s)"
)


def write(connection: Connection, records: Sequence[Record]) -> None:
    """Bring the index in step with these jobs. Safe to repeat."""
    if not records:
        return
    # Two actions of one plan may concern one job: the later one read what the first had written.
    records = list({record.doc.job: record for record in records}.values())
    numbers = [record.doc.job for record in records]
    file_rows = [row for record in records for row in file_rows_of(record)]
    values = {
        "jobs": as_json([job_row(record) for record in records]),
        "numbers": numbers,
        "paths": [row["path"] for row in file_rows],
        "files": as_json(file_rows),
        "events": as_json([row for r in records for row in event_rows(r.doc, after=r.known_seq)]),
        "emails": as_json([row for record in records for row in mail_rows_of(record.doc)]),
        "changed": ",".join(map(str, numbers)),
    }
    connection.exec_driver_sql(_WRITE, values)


def as_json(rows: Any) -> str:
    """JSON without NUL characters, which PostgreSQL cannot hold."""
    return _NUL.sub(r"\1", orjson.dumps(rows, default=str).decode())


_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


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
        connection.exec_driver_sql(_WRITE_FILES, {"files": as_json(rows)})


_reclaim = text(
    "UPDATE emails SET state = 'queued', uncertain = true WHERE state = 'sending' RETURNING job"
)


def reclaim_mails(connection: Connection) -> None:
    """Mails a dead process was handing over are queued again, marked as perhaps sent already."""
    connection.execute(_reclaim)


def load(engine: Engine) -> Known:
    """The whole index as a value, as a daemon needs it that has just become the leader.

    It stays as long as the daemon leads, so the garbage collector is told to pass it over.
    """
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
    gc.collect()
    gc.freeze()
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


def confirm_loss(connection: Connection) -> dict[str, int] | None:
    """A person says that what vanished is gone indeed: how much; None while the brake is off."""
    brake: dict[str, int] | None = said(connection, "brake")
    if brake:
        say(connection, "loss_confirmed", True)
    return brake or None


def events_of(connection: Connection, job: JobNumber) -> list[dict[str, Any]]:
    """All events of a job in the index, in order, with the columns of the table."""
    rows = connection.execute(select(events).where(events.c.job == job).order_by(events.c.seq))
    return [{**row, "type": EventType(row["type"])} for row in map(dict, rows.mappings())]
