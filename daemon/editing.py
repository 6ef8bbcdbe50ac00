"""One job laid open: its sidecar read under its lock, changed, written back and made a record.

`open_job` looks where the job's files are at this moment; the functions between write down what
that means; `close_job` adds what follows from it and writes the sidecar if anything changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from daemon import restore
from daemon.consequences import bring_up_to_date
from daemon.look import look_at_jobs, signature
from daemon.rows import Record, job_row
from daemon.sliced import take_in
from daemon.snapshot import Sig, name_key, name_of, status_of
from daemon.whole import sha256_of
from daemon.world import World
from schemas.arrivals import CANCELLED_BY_STUDENT, UNDO
from schemas.errors import BadSidecar, NewerSidecar, NoSuchJob, StaleState
from schemas.events import AT_THE_FOLDER, THE_SYSTEM, EventType, Via, first_break
from schemas.flags import is_in_conflict
from schemas.naming import SIDECAR_SUFFIX, JobNumber, Role, role_of
from schemas.sidecar import FileEntry, Sidecar, is_seal_broken, seal_of
from schemas.status import Status, is_expected
from schemas.tables import jobs

CLAIM_TTL = timedelta(seconds=60)  # an announced move that has not come by then never will
_HALF_SAVED_NS = 2_000_000_000  # a sidecar younger than this may still be written by an editor


@dataclass(slots=True)
class OpenJob:
    """A job while it is changed. `files` holds every file present, the sidecar included."""

    doc: Sidecar
    stem: str
    sidecar: str
    sig: Sig | None  # of the sidecar as read; None: it is to be written anew
    files: dict[str, Sig]
    loose: dict[str, Sig]  # files with the job's stem that its sidecar does not list
    known_seq: int
    before: tuple[str, int, bool]

    def relocate(self, path: str, target: str) -> None:
        """A file was moved by us."""
        self.files[target] = self.files.pop(path)
        if path == self.sidecar:
            self.sidecar = target


def open_job(
    number: JobNumber,
    heard: Iterable[str],
    world: World,
    connection: Connection,
    *,
    target: Status | None = None,
    make_anew: bool = False,
) -> OpenJob:
    """Read the sidecar of a job whose lock is held, wherever among the seven folders it lies now.

    With `make_anew`, a sidecar that is nowhere is made anew from the index. What was heard of and
    `target` are what the plan knew of: files that turn up in yet another status were moved since.
    Raises: StaleState when it is nowhere or on the move; BadSidecar while it may be half written.
    """
    known = world.known.jobs[number]
    seen = look_at_jobs(world.share.root, world.share.check, world.known, {number: set(heard)})
    present = {path: sig for path, sig in seen.paths.items() if sig is not None}
    planned = known.paths | set(heard)
    strayed = {
        p for p in present if p not in planned and status_of(p) not in (known.status, target)
    }
    if strayed and not make_anew:
        raise StaleState(f"job {number} is on the move", possible="look again")
    present = {path: sig for path, sig in present.items() if path not in strayed}
    paths = sorted(path for path in present if role_of(name_of(path)) is Role.SIDECAR)
    edited = False
    if paths:
        sidecar = world.share.leading_sidecar(paths)
        doc, sig, edited = _read(number, sidecar, world, connection)
    elif make_anew:
        doc, sig = _from_index(number, world, connection), None
        beside = min(present, default=f"{known.status}/{known.stem}")
        sidecar = f"{beside.rpartition('/')[0]}/{known.stem}{SIDECAR_SUFFIX}"
    else:
        raise StaleState(f"the sidecar of job {number} is nowhere now", possible="look again")
    job = lay_open(doc, known.stem, sidecar, sig, present, known_seq=known.last_seq)
    if sig is None or edited:
        job.before = ("", 0, False)
    if edited:
        _record_hand_edit(job, known.status, world, connection)
    return job


def lay_open(
    doc: Sidecar,
    stem: str,
    sidecar: str,
    sig: Sig | None,
    present: dict[str, Sig],
    *,
    known_seq: int,
) -> OpenJob:
    """A job with the files that its sidecar lists, as far as they are among `present`."""
    files = listed(doc, present)
    loose = {path: s for path, s in present.items() if path not in files}
    before = (doc.seal, len(doc.history), doc.claim is None)
    return OpenJob(doc, stem, sidecar, sig, files, loose, known_seq, before)


def listed(doc: Sidecar, present: dict[str, Sig]) -> dict[str, Sig]:
    """The files among `present` that the sidecar lists, and sidecars themselves."""
    names = {name_key(entry.name) for entry in doc.files}
    return {
        path: sig
        for path, sig in present.items()
        if name_key(path) in names or role_of(name_of(path)) is Role.SIDECAR
    }


def close_job(job: OpenJob, world: World) -> Record:
    """Write the sidecar if anything changed, with all that follows from it; the record to index."""
    doc = job.doc
    _note_places(job)
    bring_up_to_date(doc, world.policy(), now=world.now(), new_nonce=world.new_nonce)
    if (seal_of(doc), len(doc.history), doc.claim is None) != job.before:
        world.guard()
        job.files[job.sidecar] = world.share.write_sidecar(job.sidecar, doc, expected=job.sig)
    return Record(doc, job.stem, job.files, job.known_seq, restless=doc.claim is not None)


def _note_places(job: OpenJob) -> None:
    """Note in the sidecar which files lie outside the job's folder, for a rebuild to know."""
    status = job.doc.status
    places = {name_key(path): status_of(path) for path in sorted(job.files, reverse=True)}
    for entry in job.doc.files:
        place = places.get(name_key(entry.name), status)
        entry.folder = None if place is status else place
    own = status_of(job.sidecar)
    job.doc.folder = None if own is status else own


# What a person did


def record_move(job: OpenJob, target: Status, at: datetime) -> None:
    """The job has a new status; a second call for the same move adds nothing."""
    doc = job.doc
    if doc.status is target:
        return
    if not any(status_of(path) is target for path in job.files):
        raise StaleState(f"job {doc.job} moved on", possible="look again")
    claim = doc.claim if doc.claim is not None and doc.claim.to is target else None
    data: dict[str, Any] = {"from": doc.status.value, "to": target.value}
    data |= claim.data if claim is not None else {}
    if not (is_expected(doc.status, target) or data.get(UNDO) or data.get(CANCELLED_BY_STUDENT)):
        data["irregular"] = True
    doc.record(
        EventType.STATUS_CHANGED,
        by=claim.by if claim else AT_THE_FOLDER,
        via=claim.via if claim else Via.FOLDER,
        at=at,
        data=data,
    )
    doc.status = target
    doc.claim = None


def flag_conflict(job: OpenJob, at: datetime) -> None:
    """The job's files lie in several folders; said once, however often it is seen."""
    job.files |= job.loose
    if is_in_conflict(job.doc):
        return
    where = sorted({status_of(path).value for path in job.files})
    _say(job.doc, EventType.CONFLICT_FOUND, at, folders=where)


def resolve_conflict(job: OpenJob, target: Status, world: World) -> None:
    """The files lie together again; a claim tells who chose the folder."""
    if {status_of(path) for path in job.files} != {target}:
        raise StaleState(f"job {job.doc.job} moved on", possible="look again")
    for path, sig in sorted((job.files | job.loose).items()):
        if role_of(name_of(path)) is not Role.SIDECAR:  # of two of one name either may be left
            join(job, path, sig, world)
    doc = job.doc
    claim = doc.claim if doc.claim is not None and doc.claim.to is target else None
    record_move(job, target, world.now())
    if is_in_conflict(doc):
        doc.record(
            EventType.CONFLICT_RESOLVED,
            by=claim.by if claim else THE_SYSTEM,
            via=claim.via if claim else Via.SYSTEM,
            at=world.now(),
            data={"folder": target.value},
        )
    if claim is not None:
        doc.claim = None


def drop_stale_claim(job: OpenJob, at: datetime) -> None:
    """Take away the note of a move that was announced on the web and never came."""
    if job.doc.claim is not None and at - job.doc.claim.at > CLAIM_TTL:
        job.doc.claim = None


def record_missing(job: OpenJob, lost: Iterable[str], at: datetime) -> None:
    """Those of the lost files that are still nowhere are missed from now on."""
    here = {name_key(path) for path in job.files}
    names = []
    for path in lost:
        entry = job.doc.file(name_of(path))
        if entry is not None and not entry.missing and name_key(path) not in here:
            entry.missing = True
            names.append(entry.name)
    if names:
        _say(job.doc, EventType.FILE_MISSING, at, names=names)


def restore_missing(job: OpenJob, at: datetime) -> None:
    """Files that were missed are here again."""
    here = {name_key(path) for path in job.files}
    back = [entry for entry in job.doc.files if entry.missing and name_key(entry.name) in here]
    for entry in back:
        entry.missing = False
    if back:
        _say(job.doc, EventType.FILE_RESTORED, at, names=[entry.name for entry in back])


def join(job: OpenJob, path: str, sig: Sig, world: World) -> None:
    """A settled file at `path` becomes the job's, or replaces what was known of it."""
    file = world.share.root / path
    name, sha256 = name_of(path), sha256_of(file)
    entry = job.doc.file(name)
    if signature(file) != sig:
        raise StaleState(f"{name} is still changing", possible="look again")
    job.files[path] = sig
    if entry is None:
        job.doc.files.append(FileEntry(name=name, role=role_of(name), size=sig[0], sha256=sha256))
        what = EventType.FILE_ADDED
    elif entry.sha256 != sha256:
        what = EventType.FILE_CHANGED
        entry.size, entry.sha256, entry.missing = sig[0], sha256, False
        entry.danger = entry.no_picture = ""
    else:
        restore_missing(job, world.now())
        return
    _say(job.doc, what, world.now(), name=name, size=sig[0], sha256=sha256)
    if role_of(name) is Role.SLICED:
        take_in(job.doc, file, world.policy())


# Reading


def _read(
    number: JobNumber, path: str, world: World, connection: Connection
) -> tuple[Sidecar, Sig | None, bool]:
    """The document at `path`, mended where the index knows more, and whether it was edited by hand.

    No Sig: it could not be read, is kept aside, and is to be written anew.
    """
    try:
        read = world.share.read_sidecar(path)
    except FileNotFoundError:
        raise StaleState(f"{path} moved on", possible="look again") from None
    except NewerSidecar:
        raise
    except BadSidecar:
        _refuse_half_saved(path, world)
        world.guard()
        kept = world.share.quarantine(path)
        doc = _from_index(number, world, connection)
        doc.history[-1].data["quarantined"] = kept.name
        return doc, None, False
    doc = read.doc
    edited = is_seal_broken(read.data)
    known = world.known.jobs[number]
    ours = any(world.known.sig(place) == read.sig for place in known.paths)  # as we left it
    is_forged = not ours and first_break(doc.history) is not None
    if is_forged or doc.last_seq < known.last_seq or doc.job != number:
        doc.job = number
        _restore_history(doc, world, connection)
        doc.seal = ""
    return doc, read.sig, edited


def _refuse_half_saved(path: str, world: World) -> None:
    sig = signature(world.share.root / path)
    if sig is None or world.share.clock_ns() - sig[1] < _HALF_SAVED_NS:
        raise StaleState(f"{path} may still be saved by an editor", possible="look again")


def _from_index(number: JobNumber, world: World, connection: Connection) -> Sidecar:
    doc = restore.from_index(connection, number, world.share.uuid)
    if doc is None:
        raise NoSuchJob(f"job {number} is not in the index", possible="python -m daemon rebuild")
    _say(doc, EventType.SIDECAR_REPAIRED, world.now(), source="index")
    return doc


def _restore_history(doc: Sidecar, world: World, connection: Connection) -> None:
    """An older copy came back, or the history was edited: what the index knows is put back in."""
    doc.history = restore.history_of(connection, doc.job)
    doc.status = world.known.jobs[doc.job].status
    _say(doc, EventType.SIDECAR_REPAIRED, world.now(), source="history in the index")


def _record_hand_edit(job: OpenJob, status: Status, world: World, connection: Connection) -> None:
    """Somebody changed the document in an editor: honoured and logged. The folder is the status."""
    doc = job.doc
    doc.status = status
    row = connection.execute(select(jobs).where(jobs.c.number == doc.job)).mappings().first()
    new = job_row(Record(doc, job.stem, job.files))
    skip = {"updated_at", "revision", "last_seq", "flags", "restless", "since", "stem"}
    skip |= {"size_mm", "picture", "to_inspect"}
    changed = {
        name: [_plain(row[name]), _plain(value)]
        for name, value in new.items()
        if row is not None and name not in skip and row[name] != value
    }
    if doc.details_missing and doc.student.name and doc.student.email:
        doc.details_missing = False
    doc.record(
        EventType.DETAILS_EDITED,
        by=AT_THE_FOLDER,
        via=Via.FOLDER,
        at=world.now(),
        data={"changed": changed},
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)


def _say(doc: Sidecar, what: EventType, at: datetime, **data: Any) -> None:
    doc.record(what, by=THE_SYSTEM, via=Via.SYSTEM, at=at, data=data)
