"""When something has come to rest: what the looks before this one remember, as a pure function.

A directory listing says nothing about a copy's progress, so a new file is believed only once it has
looked the same for `QUIET_S`; a file is gone only once it has been gone for `GONE_S` through
complete looks. Both clocks live here, and start anew with the process: to wait longer is safe.
"""

import math
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from daemon.snapshot import Changes, Known, Seen, Sig, covers, job_of
from schemas.naming import SIDECAR_SUFFIX, JobNumber

QUIET_S = 2.0
GONE_S = 10.0


@dataclass(slots=True)
class Memory:
    """What was first seen when, in seconds of a monotonic clock."""

    since: dict[str, tuple[Sig | None, float]] = field(default_factory=dict)  # path -> state, when
    stirred: dict[JobNumber, float] = field(default_factory=dict)  # the job's last movement


def remember(memory: Memory, seen: Seen, changes: Changes, known: Known, now: float) -> Memory:
    """The memory after this look.

    A path that is gone is first remembered by a complete look: no other can tell that it is.
    """
    since = {
        path: state
        for path, state in memory.since.items()
        if path in changes.arrived or path in changes.gone or not covers(seen, path)
    }
    stirred = dict(memory.stirred)
    for path, sig in _states(seen, changes):
        if since.get(path, (-1, 0.0))[0] == sig:
            continue
        since[path] = (sig, now)
        job = job_of(path, known)
        if job is not None:
            stirred[job] = now
    for job in known.restless:
        stirred.setdefault(job, now)
    live = known.restless | {job_of(path, known) for path in since}
    return Memory(since, {job: at for job, at in stirred.items() if job in live})


def forget(memory: Memory, changes: Changes, known: Known, handled: Set[JobNumber]) -> None:
    """After the plan was carried out: what of this look is known by now is waited for no longer.

    The sidecar of a job that was handled counts as known with any size and time: it was our own
    hand that wrote it since.
    """
    for path, sig in changes.arrived.items():
        now_known = known.sig(path)
        ours = path.endswith(SIDECAR_SUFFIX) and job_of(path, known) in handled
        if now_known == sig or (now_known is not None and ours):
            memory.since.pop(path, None)


def _states(seen: Seen, changes: Changes) -> Iterable[tuple[str, Sig | None]]:
    yield from changes.arrived.items()
    if seen.complete:
        for path in changes.gone:
            yield path, None


def rest_s(memory: Memory, path: str, now: float) -> float:
    """For how many seconds the path has looked as it does now; 0 when it is new to us."""
    state = memory.since.get(path)
    return now - state[1] if state else 0.0


def gone_s(memory: Memory, path: str, now: float) -> float | None:
    """For how many seconds complete looks have found nothing at the path; None before the first."""
    state = memory.since.get(path)
    return now - state[1] if state and state[0] is None else None


def quiet_s(memory: Memory, job: JobNumber, now: float) -> float:
    """For how many seconds nothing of the job has moved."""
    return now - memory.stirred.get(job, now)


def next_due_s(memory: Memory, now: float) -> float:
    """When the next thing that is waited for has come to rest; infinity when nothing is."""
    dues = [at + (GONE_S if sig is None else QUIET_S) for sig, at in memory.since.values()]
    dues += [at + QUIET_S for at in memory.stirred.values()]
    return min((due for due in dues if due > now), default=math.inf)
