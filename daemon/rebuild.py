"""The index made anew from the folders: every sidecar read, every row copied, no mail sent.

Reading and parsing run in processes of their own where there are many jobs, and rows go in by COPY;
one insert a row would take ten times as long. What a sidecar does not know yet (a drag while the
daemon was down) is left to the next look, where it is an ordinary move.
"""

import io
import logging
import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Table, func, select, text

from daemon.adopt import in_place
from daemon.consequences import Policy, bring_up_to_date
from daemon.index import database_faults, writing
from daemon.look import look_at_all
from daemon.rows import Record, file_rows_of, job_row, mail_rows_of
from daemon.share import Share
from daemon.snapshot import Seen, Sig
from daemon.world import World
from schemas import sidecar as documents
from schemas.errors import BadSidecar
from schemas.events import EventType, Via
from schemas.mails import Hold, MailState
from schemas.naming import SIDECAR_SUFFIX, JobNumber, Role, parse
from schemas.sidecar import Sidecar
from schemas.status import Status
from schemas.tables import emails, events, files, jobs

log = logging.getLogger(__name__)

_CHUNK = 2000  # jobs read and copied at a time; bounds memory
_WORKERS = 2
_TABLES = (jobs, files, events, emails)


@dataclass(frozen=True, slots=True)
class Source:
    """One job as the listing shows it: its sidecar and every file of its stem."""

    number: JobNumber
    stem: str
    sidecar: str
    present: dict[str, Sig]


@dataclass(slots=True)
class Copied:
    """Rows of a chunk in PostgreSQL's COPY text form, by table name."""

    jobs: int = 0
    rows: dict[str, bytes] = field(default_factory=dict)


def rebuild(
    world: World, *, only_if_empty: bool = False, progress: Callable[[int, int], None] | None = None
) -> int:
    """Replace jobs, files, events and mails of the index by what the folders say; the jobs copied.

    One transaction: readers see the old index until the new one is complete. The lease is held.
    Raises: ShareUnavailable when a folder could not be read; NotLeader; DatabaseUnavailable.
    """
    share = world.share
    seen = look_at_all(share.root, share.check)
    sources = list(_sources(seen, share))
    if not seen.complete or (only_if_empty and not sources):
        return 0
    done = 0
    with writing(world.engine, world.epoch, long=True) as connection:
        if only_if_empty and connection.execute(select(func.count()).select_from(jobs)).scalar():
            return 0
        connection.execute(text("SET LOCAL printsystem.rebuild = 'on'"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("TRUNCATE jobs, files, events, emails"))
        connection.execute(text("ALTER TABLE events DROP CONSTRAINT pk_events"))
        for copied in _read_all(sources, world):
            for table in _TABLES:
                _copy(connection, table, copied.rows[table.name])
            done += copied.jobs
            if progress is not None:
                progress(done, len(sources))
        connection.execute(
            text("ALTER TABLE events ADD CONSTRAINT pk_events PRIMARY KEY (job, seq)")
        )
        # Without it the planner takes the tables for empty and reads them from end to end.
        connection.execute(text("ANALYZE jobs, files, events, emails"))
        world.guard()
    _vacuum(world.engine)
    log.info("index rebuilt", extra={"jobs": done})
    return done


def _vacuum(engine: Engine) -> None:
    """Have PostgreSQL note that all rows are visible: only then does it count in an index alone."""
    at_once = engine.execution_options(isolation_level="AUTOCOMMIT")
    with database_faults(), at_once.connect() as connection:
        connection.execute(text("VACUUM jobs"))


def _sources(seen: Seen, share: Share) -> Iterator[Source]:
    """The jobs in a listing that have a sidecar, by number."""
    found: dict[JobNumber, dict[str, Sig]] = {}
    sidecars: dict[JobNumber, dict[str, str]] = {}  # path -> stem
    for folder, names in seen.folders.items():
        for file_name, sig in names.items():
            name = parse(file_name)
            if name is None:
                continue
            path = f"{folder}/{file_name}"
            found.setdefault(name.number, {})[path] = sig
            if name.rest.casefold() == SIDECAR_SUFFIX:
                sidecars.setdefault(name.number, {})[path] = name.stem
    for number, stems in sorted(sidecars.items()):
        leading = share.leading_sidecar(sorted(stems))
        yield Source(number, stems[leading], leading, found[number])


def _read_all(sources: Sequence[Source], world: World) -> Iterator[Copied]:
    """The rows of all jobs, chunk by chunk; at most four chunks are under way at once."""
    chunks = [sources[start : start + _CHUNK] for start in range(0, len(sources), _CHUNK)]
    root, uuid, policy = world.share.root, world.share.uuid, world.policy()
    if len(chunks) < 2:
        yield from (_read_chunk(chunk, root, uuid, policy) for chunk in chunks)
        return
    context = multiprocessing.get_context("spawn")  # this process has threads: never fork it
    with ProcessPoolExecutor(_WORKERS, mp_context=context) as pool:
        waiting: deque[Future[Copied]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_read_chunk, chunk, root, uuid, policy))
            if len(waiting) > 2 * _WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _read_chunk(chunk: Sequence[Source], root: Path, uuid: str, policy: Policy) -> Copied:
    """Read the sidecars of a chunk and turn them into rows. Runs in a worker process."""
    copied = Copied()
    lines: dict[str, list[str]] = {table.name: [] for table in _TABLES}
    for source in chunk:
        with suppress(FileNotFoundError, BadSidecar):  # left to the next look, which says why
            record = read_record(source, root, uuid)
            if record is None:
                continue
            job = job_row(record)
            lines["files"] += [_line(files, row) for row in file_rows_of(record)]
            lines["events"] += _event_lines(record.doc)
            lines["emails"] += [_line(emails, row) for row in mail_rows_of(record.doc)]
            job["restless"] = job["restless"] or _lacks_something(record.doc, policy)
            lines["jobs"].append(_line(jobs, job))
            copied.jobs += 1
    copied.rows = {name: "".join(rows).encode() for name, rows in lines.items()}
    return copied


def read_record(source: Source, root: Path, uuid: str) -> Record | None:
    """A job as its sidecar tells; None when the sidecar is of another share or job.

    Raises: FileNotFoundError; BadSidecar.
    """
    with (root / source.sidecar).open("rb", buffering=0) as file:
        doc = documents.loads(file.read(), name=source.sidecar)
    if doc.share != uuid or doc.job != source.number:
        return None
    placed = in_place(doc, source.sidecar, source.present)
    return Record(doc, source.stem, placed, restless=doc.claim is not None)


def _lacks_something(doc: Sidecar, policy: Policy) -> bool:
    """Whether something follows from the sidecar that is not in it; spoils the document."""
    return bring_up_to_date(doc, policy, now=datetime.now(UTC), new_nonce=lambda: "")


def _copy(connection: Connection, table: Table, rows: bytes) -> None:
    names = ", ".join(f'"{name}"' for name in _COLUMNS[table])
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY {table.name} ({names}) FROM STDIN", io.BytesIO(rows))
    finally:
        cursor.close()


_EMAIL_COLUMNS = (
    "job", "seq", "template", "state", "via", "arrived_at", "not_before", "hold", "released",
    "sent_at", "error",
)  # fmt: skip
# The columns that follow from the folders, in the order in which they are copied.
_COLUMNS = {table: tuple(column.name for column in table.c) for table in _TABLES}
_COLUMNS[emails] = _EMAIL_COLUMNS

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": ""})
_is_special = re.compile(r"[\\\t\n\r\0]").search


def _line(table: Table, row: dict[str, Any]) -> str:
    """A row in COPY's text form."""
    return "\t".join([_FORMS[type(row[name])](row[name]) for name in _COLUMNS[table]]) + "\n"


def _event_lines(doc: Sidecar) -> list[str]:
    """The rows of `events` at once, since there are more of them than of all else together."""
    return [
        f"{doc.job}\t{event.seq}\t{event.at}\t{event.type.value}\t{_text(event.by)}"
        f"\t{event.via.value}\t{_json(event.data)}\t{_text(event.prev)}\n"
        for event in doc.history
    ]


def _text(value: str) -> str:
    """NUL, which PostgreSQL cannot hold, is left out."""
    return value.translate(_ESCAPES) if _is_special(value) else value


def _json(value: dict[str, Any]) -> str:
    return _text(orjson.dumps(value).decode().replace("\\u0000", ""))


_FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    str: _text,
    bool: lambda value: "t" if value else "f",
    int: str,
    Decimal: str,
    datetime: str,
    dict: _json,
    list: lambda value: "{" + ",".join(map(str, value)) + "}",
    **{kind: _text for kind in (Status, EventType, Via, MailState, Role, Hold)},
}
