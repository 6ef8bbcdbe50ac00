"""Jobs the index does not know yet: submissions, walk-ins, files that outlived their sidecar."""

from pathlib import PurePosixPath

from daemon import restore
from daemon.actions import AdoptJob, RebuildSidecar
from daemon.editing import close_job, lay_open, record_move
from daemon.look import signature
from daemon.rows import Record
from daemon.snapshot import Sig, job_of, name_key, name_of, status_of
from daemon.whole import sha256_of, structure_fault
from daemon.world import World
from schemas.errors import BadSidecar, NewerSidecar, StaleState
from schemas.events import AT_THE_FOLDER, THE_SYSTEM, EventType, Via
from schemas.naming import SIDECAR_SUFFIX, Role, format_stem, key, parse, role_of, suffix_of
from schemas.sidecar import FileEntry, Request, Sidecar, Student
from schemas.status import Status


def adopt_job(action: AdoptJob, world: World) -> list[Record]:
    """A job that arrives with its sidecar; what that does not know yet is left to the next look."""
    sidecar = world.share.leading_sidecar(action.sidecars)
    name = parse(name_of(sidecar))
    if name is None or job_of(sidecar, world.known) != action.job:
        raise StaleState(f"job {action.job} is known by now", possible="look again")
    try:
        read = world.share.read_sidecar(sidecar)
    except FileNotFoundError:
        raise StaleState(f"{sidecar} moved on", possible="look again") from None
    except NewerSidecar:
        raise
    except BadSidecar:
        return _adopt_unreadable(action, sidecar, world)
    doc = read.doc
    beside = {f"{sidecar.rpartition('/')[0]}/{entry.name}" for entry in doc.files}
    paths = beside | set(action.paths)  # the other files may have come since the look
    present = {path: sig for path in paths if (sig := signature(world.share.root / path))}
    present = {p: s for p, s in present.items() if name_key(p).startswith(key(name.stem))}
    if doc.share != world.share.uuid or doc.job != action.job:
        _naturalise(doc, action, world)
    together = {status_of(path) for path in present}
    placed = present if len(together) == 1 else in_place(doc, sidecar, present)
    job = lay_open(doc, name.stem, sidecar, read.sig, placed, known_seq=0)
    if len(together) == 1:
        record_move(job, together.pop(), world.now())
    if sidecar not in job.files:  # it was dragged away from its files: the next look sees it
        return [Record(doc, name.stem, job.files)]
    return [close_job(job, world)]


def in_place(doc: Sidecar, sidecar: str, present: dict[str, Sig]) -> dict[str, Sig]:
    """The files that lie where the sidecar says they do; the others were moved since.

    A sidecar that was moved itself is named where it was, as a file that is there no more.
    """
    homes = {name_key(entry.name): entry.folder or doc.status for entry in doc.files}
    homes[name_key(sidecar)] = home = doc.folder or doc.status
    placed = {p: s for p, s in present.items() if homes.get(name_key(p)) == status_of(p)}
    if sidecar not in placed:
        placed[f"{home}/{name_of(sidecar)}"] = (0, 0)
    return placed


def _naturalise(doc: Sidecar, action: AdoptJob, world: World) -> None:
    """A sidecar of another share, or with another number in it, becomes one of this share."""
    data = {"from_share": doc.share, "from_job": doc.job}
    doc.share, doc.job = world.share.uuid, action.job
    world.share.claim_number(action.job)
    doc.record(EventType.ADOPTED, by=THE_SYSTEM, via=Via.SYSTEM, at=world.now(), data=data)


def _adopt_unreadable(action: AdoptJob, sidecar: str, world: World) -> list[Record]:
    """A sidecar nobody can read and the index does not know: kept aside; the model stays a job."""
    sig = signature(world.share.root / sidecar)
    if sig is None or world.share.clock_ns() - sig[1] < 2_000_000_000:
        raise StaleState(f"{sidecar} may still be saved", possible="look again")
    world.share.quarantine(sidecar)
    models = [path for path in action.paths if role_of(name_of(path)) is Role.MODEL]
    return rebuild_sidecar(RebuildSidecar(action.job, models[0]), world) if models else []


def rebuild_sidecar(action: RebuildSidecar, world: World) -> list[Record]:
    """A model with a job's name but no sidecar anywhere and nothing in the index."""
    name = parse(name_of(action.path))
    if name is None:
        return []
    if not world.share.is_taken(name.number):  # it only looks like one of ours
        return [walk_in(action.path, status_of(action.path), world)]
    if world.share.find_sidecar(name.stem) is not None:
        raise StaleState(f"job {name.number} has a sidecar after all", possible="look again")
    doc = restore.from_name(name, world.share.uuid, status_of(action.path))
    data = {"name": name_of(action.path)}
    doc.record(EventType.ADOPTED, by=THE_SYSTEM, via=Via.SYSTEM, at=world.now(), data=data)
    return [_write_new(doc, name.stem, action.path, name_of(action.path), world)]


def walk_in(path: str, status: Status, world: World) -> Record:
    """A model that staff dropped into a folder: it gets a number, a name of ours and a sidecar."""
    original = name_of(path)
    if signature(world.share.root / path) is None:
        raise StaleState(f"{original} moved on", possible="look again")
    number = world.share.take_number()
    suffix = suffix_of(original)
    stem = format_stem(PurePosixPath(original).name[: -len(suffix)], "", "", number)
    target = f"{path.rpartition('/')[0]}/{stem}{suffix}"
    world.share.move_file(path, target)
    doc = Sidecar(
        job=number,
        share=world.share.uuid,
        status=status,
        student=Student(),
        request=Request(),
        details_missing=True,
    )
    data = {"to": status.value, "original_name": original}
    doc.record(EventType.JOB_CREATED, by=AT_THE_FOLDER, via=Via.FOLDER, at=world.now(), data=data)
    return _write_new(doc, stem, target, original, world)


def _write_new(doc: Sidecar, stem: str, model: str, original: str, world: World) -> Record:
    file = world.share.root / model
    sig = signature(file)
    if sig is None or structure_fault(file):
        raise StaleState(f"{name_of(model)} moved on or is not whole", possible="look again")
    doc.files.append(
        FileEntry(
            name=name_of(model),
            role=role_of(name_of(model)),
            size=sig[0],
            sha256=sha256_of(file),
            original_name=original,
            authoritative=True,
        )
    )
    sidecar = f"{model.rpartition('/')[0]}/{stem}{SIDECAR_SUFFIX}"
    job = lay_open(doc, stem, sidecar, None, {model: sig}, known_seq=0)
    job.before = ("", 0, False)
    return close_job(job, world)
