"""What to do about a look: one pure function from what is seen and known to a list of actions.

The folder is always right; the index follows. Nothing here reads a clock or a disk, and nothing
depends on the order of events: file events only say when to look. Read `plan`, then `_plan_job`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from daemon.actions import (
    Action,
    AddFiles,
    AdoptJob,
    AdoptWalkIn,
    Brake,
    FlagConflict,
    Gather,
    NoteStrays,
    RebuildSidecar,
    RecordMissing,
    RecordMove,
    Refresh,
    ResolveConflict,
    RestoreName,
    Wait,
)
from daemon.settle import GONE_S, QUIET_S, Memory, gone_s, quiet_s, rest_s
from daemon.snapshot import (
    Changes,
    Known,
    KnownJob,
    Seen,
    Sig,
    compare,
    covers,
    job_of,
    name_key,
    name_of,
    status_of,
)
from schemas.naming import JobNumber, Role, is_ignored, role_of, suffix_of
from schemas.status import Status, is_expected

BRAKE_JOBS = 3
BRAKE_SHARE = 0.1


@dataclass(slots=True)
class _Part:
    """The part of the changes that concerns one job."""

    arrived: dict[str, Sig] = field(default_factory=dict)
    gone: dict[str, Sig] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Time:
    memory: Memory
    now: float
    complete: bool

    def unrest(self, paths: list[str]) -> float:
        """Seconds until all of the paths have rested long enough; 0 when they have."""
        return max((QUIET_S - rest_s(self.memory, path, self.now) for path in paths), default=0.0)

    def noise(self, job: JobNumber) -> float:
        return QUIET_S - quiet_s(self.memory, job, self.now)


def plan(seen: Seen, known: Known, memory: Memory, now: float) -> list[Action]:
    """What this look calls for, in the order of job numbers. Equal sides give an empty list.

    `memory` already includes this look (`settle.remember`); `now` is of the same monotonic clock.
    """
    changes = compare(seen, known)
    parts, loose = _by_job(changes, known)
    time = _Time(memory, now, seen.complete)
    actions: list[Action] = list(_restored_names(parts, loose, time))
    restored = {action.job for action in actions if isinstance(action, RestoreName)}
    for job in _restless(seen, known):
        parts.setdefault(job, _Part())
    for job in sorted(parts.keys() - restored):
        job_known = known.jobs.get(job)
        if job_known is None:
            actions += _plan_unknown(job, parts[job], time)
        else:
            actions += _plan_job(job_known, parts[job], time)
    actions += _plan_loose(loose, time)
    return _braked(actions, known)


def _by_job(changes: Changes, known: Known) -> tuple[dict[JobNumber, _Part], _Part]:
    parts: dict[JobNumber, _Part] = {}
    loose = _Part()
    for path, sig in changes.arrived.items():
        if not is_litter(path):
            _part(path, known, parts, loose).arrived[path] = sig
    for path, sig in changes.gone.items():
        _part(path, known, parts, loose).gone[path] = sig
    return parts, loose


def is_litter(path: str) -> bool:
    """Whether the file, or a folder it lies in, is the litter of some program."""
    return any(is_ignored(part) for part in path.split("/")[1:]) or not _is_text(path)


def _is_text(path: str) -> bool:
    """Whether the name can be written down at all; some systems allow bytes that are no text."""
    return path.isascii() or not any("\ud800" <= char <= "\udfff" for char in path)


def _part(path: str, known: Known, parts: dict[JobNumber, _Part], loose: _Part) -> _Part:
    job = job_of(path, known)
    return loose if job is None else parts.setdefault(job, _Part())


def _restless(seen: Seen, known: Known) -> list[JobNumber]:
    """Jobs to think about though nothing of them changed, as far as this look can tell."""
    return [
        job
        for job in known.restless
        if seen.complete or any(covers(seen, path) for path in known.jobs[job].paths)
    ]


def _plan_job(job: KnownJob, part: _Part, time: _Time) -> Iterator[Action]:
    """The heart: what became of one known job."""
    strays = sorted(part.gone.keys() - job.paths)
    if strays:
        yield NoteStrays((), tuple(strays))
        part = _Part(part.arrived, {p: sig for p, sig in part.gone.items() if p in job.paths})
    present = (job.paths - part.gone.keys()) | part.arrived.keys()
    if not any(role_of(name_of(path)) is Role.SIDECAR for path in present):
        yield from _plan_missing(job, part, sorted(part.gone), time)
        return
    moved = _moved(job, part)
    fresh = sorted(part.arrived.keys() - moved.keys() - job.paths)
    places = {status_of(path) for path in present}
    if job.conflict:
        yield from _plan_conflict(job, part, places, time)
        return
    targets = {status_of(path) for path in moved}
    if _is_torn(job, moved, fresh, present):
        yield from _after(
            time.noise(job.number), job, FlagConflict(job.number, tuple(sorted(present)))
        )
        return
    restless_moves = [path for path, same in moved.items() if not same]
    if restless_moves and time.unrest(restless_moves) > 0:
        yield _wait(job, "a copy is still coming in", time.unrest(restless_moves))
        return
    if targets and targets != {job.status}:
        (target,) = targets
        expected = is_expected(job.status, target)
        yield RecordMove(job.number, job.status, target, tuple(sorted(moved)), expected)
        return
    yield from _plan_resting(job, part, moved, fresh, time)


def _plan_resting(
    job: KnownJob, part: _Part, moved: dict[str, bool], fresh: list[str], time: _Time
) -> Iterator[Action]:
    """A job that stays in its status: what came, changed, was left behind or went."""
    changed = sorted(path for path in part.arrived.keys() & job.paths if not _is_sidecar(path))
    joining = [
        path for path in [*changed, *fresh] if rest_s(time.memory, path, time.now) >= QUIET_S
    ]
    if joining:
        yield AddFiles(job.number, tuple(sorted(joining)))
    elif changed or fresh:
        yield _wait(job, "a file is still coming in", time.unrest([*changed, *fresh]))
    if moved or any(_is_sidecar(path) for path in part.arrived) or (job.restless and time.complete):
        yield Refresh(job.number, tuple(sorted(moved)))
    here = sorted(path for path in moved if status_of(path) is job.status)
    left = sorted(p for p in job.paths - part.gone.keys() if status_of(p) is not job.status)
    if left:
        settled = [path for path in job.paths if status_of(path) is job.status]
        beside = min([*here, *settled], key=len, default=f"{job.status}/")
        folder = beside.rpartition("/")[0]
        yield from _after(time.noise(job.number), job, Gather(job.number, tuple(left), folder))
    names_here = {name_key(path) for path in part.arrived}
    lost = sorted(path for path in part.gone if name_key(path) not in names_here)
    yield from _plan_missing(job, part, lost, time)


def _plan_missing(job: KnownJob, part: _Part, lost: list[str], time: _Time) -> Iterator[Action]:
    if not lost:
        return
    gone_for = [gone_s(time.memory, path, time.now) for path in lost]
    if any(gone is None for gone in gone_for):  # no complete look has missed it yet
        yield Wait(f"job {job.number}", f"{len(lost)} gone", QUIET_S, whole=True)
        return
    left_s = GONE_S - min(gone for gone in gone_for if gone is not None)
    if time.complete and left_s <= 0:
        yield RecordMissing(job.number, tuple(lost))
    else:  # a look that could not read everything decides nothing, however often it is repeated
        yield Wait(f"job {job.number}", f"{len(lost)} gone", max(left_s, QUIET_S), whole=True)


def _plan_conflict(
    job: KnownJob, part: _Part, places: set[Status], time: _Time
) -> Iterator[Action]:
    """Nothing of a job in conflict is moved by us; once it lies together that is its status."""
    if len(places) == 1:
        (target,) = places
        paths = tuple(sorted(job.paths - part.gone.keys() | part.arrived.keys()))
        yield from _after(time.noise(job.number), job, ResolveConflict(job.number, target, paths))
    elif part.arrived or (part.gone and time.complete):
        again = FlagConflict(
            job.number, tuple(sorted(job.paths - part.gone.keys() | part.arrived.keys()))
        )
        yield from _after(time.noise(job.number), job, again)
    elif part.gone:
        yield Wait(f"job {job.number}", "part of a conflict is gone", QUIET_S, whole=True)


def _moved(job: KnownJob, part: _Part) -> dict[str, bool]:
    """Paths at which a file of the job arrived that was known elsewhere or missed.

    True where it is the same by size and mtime; a sidecar always is, being never half written.
    """
    was: dict[str, list[Sig]] = {name: [sig] for name, sig in job.missing.items()}
    for path, sig in part.gone.items():
        was.setdefault(name_key(path), []).append(sig)
    still = {name_key(path) for path in job.paths - part.gone.keys()}
    return {
        path: _is_sidecar(path) or sig in was[name_key(path)]
        for path, sig in part.arrived.items()
        if path not in job.paths
        and (name_key(path) in was or _is_sidecar(path))
        and name_key(path) not in still
    }


def _is_torn(
    job: KnownJob, moved: dict[str, bool], fresh: list[str], present: frozenset[str]
) -> bool:
    """Whether nobody can tell where the job is meant to be."""
    targets = {status_of(path) for path in moved}
    if len(targets) > 1 or _has_twins(present):
        return True
    meant = targets or {job.status}
    if any(status_of(path) not in meant | {job.status} for path in fresh):
        return True
    # One that had been left behind by a move goes a third way, while the others stay.
    left_behind = {name_key(path) for path in job.paths if status_of(path) is not job.status}
    strayed = [path for path in moved if name_key(path) in left_behind]
    stays = any(status_of(path) is job.status for path in present)
    return bool(strayed) and stays and targets != {job.status}


def _has_twins(paths: frozenset[str]) -> bool:
    """Whether a file lies in two statuses under one name."""
    first: dict[str, Status] = {}
    return any(
        first.setdefault(name_key(path), status_of(path)) is not status_of(path) for path in paths
    )


def _plan_unknown(job: JobNumber, part: _Part, time: _Time) -> Iterator[Action]:
    """Files that bear a job's number that the index does not know."""
    sidecars = sorted(path for path in part.arrived if _is_sidecar(path))
    models = sorted(p for p in part.arrived if role_of(name_of(p)) in (Role.MODEL, Role.COPY))
    if sidecars:
        yield AdoptJob(job, tuple(sidecars), tuple(sorted(part.arrived)))
    elif models and time.unrest(models[:1]) <= 0:
        yield RebuildSidecar(job, models[0])
    elif models:
        yield Wait(models[0], "a model is still coming in", time.unrest(models[:1]))
    else:
        yield from _plan_strays(part, time)


def _plan_loose(loose: _Part, time: _Time) -> Iterator[Action]:
    """Files whose names say nothing of a job: walk-ins and strays."""
    others = _Part(gone=loose.gone)
    for path, sig in sorted(loose.arrived.items()):
        if role_of(name_of(path)) is not Role.MODEL:
            others.arrived[path] = sig
        elif time.unrest([path]) > 0:
            yield Wait(path, "a model is still coming in", time.unrest([path]))
        else:
            yield AdoptWalkIn(path, status_of(path))
    yield from _plan_strays(others, time)


def _plan_strays(part: _Part, time: _Time) -> Iterator[Action]:
    rested = [path for path in part.arrived if time.unrest([path]) <= 0]
    if rested or part.gone:
        yield NoteStrays(tuple(sorted(rested)), tuple(sorted(part.gone)))
    moving = sorted(part.arrived.keys() - set(rested))
    if moving:
        yield Wait(moving[0], "a file is still coming in", time.unrest(moving))


def _restored_names(
    parts: dict[JobNumber, _Part], loose: _Part, time: _Time
) -> Iterator[RestoreName | Wait]:
    """Files of jobs that somebody renamed: the same size, mtime and ending under a foreign name."""
    by_sig: dict[tuple[Sig, str], list[str]] = {}
    for path, sig in loose.arrived.items():
        by_sig.setdefault((sig, suffix_of(name_of(path))), []).append(path)
    if not by_sig:
        return
    for job, part in sorted(parts.items()):
        for path, sig in sorted(part.gone.items()):
            found = by_sig.pop((sig, suffix_of(name_of(path))), [])
            if len(found) != 1:
                continue
            del loose.arrived[found[0]]
            if time.unrest(found) <= 0:
                yield RestoreName(job, found[0], name_of(path))
            else:
                yield Wait(found[0], f"a file of job {job} has a new name", time.unrest(found))


def _braked(actions: list[Action], known: Known) -> list[Action]:
    """Replace a great loss by the brake, unless a person has confirmed it."""
    lost = sum(isinstance(a, RecordMissing) or (isinstance(a, Wait) and a.whole) for a in actions)
    if known.loss_confirmed or lost <= max(BRAKE_JOBS, BRAKE_SHARE * len(known.jobs)):
        return actions
    kept: list[Action] = [action for action in actions if not isinstance(action, RecordMissing)]
    if len(kept) < len(actions):
        kept.append(Brake(missing=lost, known=len(known.jobs)))
    return kept


def _after(seconds: float, job: KnownJob, action: Action) -> Iterator[Action]:
    """The action once its time has come, until then a wait."""
    if seconds <= 0:
        yield action
    else:
        yield _wait(job, type(action).__name__, seconds)


def _wait(job: KnownJob, why: str, seconds: float) -> Wait:
    return Wait(f"job {job.number}", why, seconds)


def _is_sidecar(path: str) -> bool:
    return role_of(name_of(path)) is Role.SIDECAR
