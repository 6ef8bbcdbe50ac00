"""Carry out what was planned: move companions, write the sidecar, bring the index in step.

Each step can be repeated. The sidecar comes first and the database second, so that what a crash or
an outage keeps from the database is read again from the history at the next look. Before each touch
of the share the lease is checked, and each job is handled under its own lock, looked at anew.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from sqlalchemy import Connection

from daemon import adopt, editing
from daemon.actions import (
    Action,
    AddFiles,
    AdoptJob,
    AdoptWalkIn,
    Brake,
    FlagConflict,
    Gather,
    JobAction,
    NoteStrays,
    RebuildSidecar,
    RecordMissing,
    RecordMove,
    Refresh,
    ResolveConflict,
    RestoreName,
    Wait,
)
from daemon.index import say, write, write_strays, writing
from daemon.look import signature
from daemon.rows import Record, known_job
from daemon.snapshot import Sig, status_of
from daemon.whole import structure_fault
from daemon.world import World
from schemas.errors import (
    BadSidecar,
    FileBusy,
    FileInTheWay,
    NoSuchJob,
    PrintSystemError,
    StaleState,
)

log = logging.getLogger(__name__)

BATCH = 50  # jobs a transaction; one commit for a single drag, few for a mass of them


@dataclass(slots=True)
class Outcome:
    """What one action adds to the transaction."""

    records: list[Record] = field(default_factory=list)
    strays: dict[str, Sig] = field(default_factory=dict)
    strays_gone: tuple[str, ...] = ()


def perform_all(actions: Iterable[Action], world: World) -> list[PrintSystemError]:
    """Carry out the actions, a batch to a transaction; what one job refuses stops no other.

    Returns the refusals, to be tried again at the next look. Raises: ShareUnavailable,
    DatabaseUnavailable, NotLeader: nothing more can be done now, and nothing is lost.
    """
    todo = [action for action in actions if not isinstance(action, Wait)]
    refused: list[PrintSystemError] = []
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        try:
            refused += _perform_batch(batch, world)
        except PrintSystemError:
            raise
        except Exception:  # a bug shows in one job: the others go on without it
            log.exception("a batch failed; its jobs are tried one by one")
            refused += [error for action in batch for error in _perform_alone(action, world)]
    return refused


def _perform_alone(action: Action, world: World) -> list[PrintSystemError]:
    try:
        return _perform_batch([action], world)
    except PrintSystemError:
        raise
    except Exception as error:
        log.exception("a bug: %s cannot be carried out", action)
        return [PrintSystemError(f"{action}: {error}", possible="report this with the log")]


def _perform_batch(actions: Sequence[Action], world: World) -> list[PrintSystemError]:
    refused: list[PrintSystemError] = []
    outcomes: list[Outcome] = []
    numbers = [action.job for action in actions if isinstance(action, JobAction)]
    with writing(world.engine, world.epoch, numbers) as connection:
        for action in actions:
            try:
                outcomes.append(perform(action, world, connection))
            except (StaleState, FileBusy, FileInTheWay, BadSidecar, NoSuchJob) as error:
                refused.append(error)
                log.info("put off: %s", error, extra={"action": type(action).__name__})
            except FileNotFoundError as error:
                refused.append(StaleState(f"{error.filename} moved on", possible="look again"))
        write(connection, [record for outcome in outcomes for record in outcome.records])
        for outcome in outcomes:
            write_strays(connection, outcome.strays, outcome.strays_gone)
    for outcome in outcomes:
        _remember(outcome, world)
    return refused


def _remember(outcome: Outcome, world: World) -> None:
    """After the commit: what the index now holds is what we know."""
    for path in outcome.strays_gone:
        world.known.drop(path)
    for record in outcome.records:
        world.known.replace(known_job(record), record.files)
    for path, sig in outcome.strays.items():
        world.known.put(path, sig)


def perform(action: Action, world: World, connection: Connection) -> Outcome:
    """Carry out one action within an open transaction. Safe to repeat."""
    world.guard()
    match action:
        case RecordMove() | Refresh() | ResolveConflict() | FlagConflict():
            return _edit(action, world, connection)
        case Gather():
            return _gather(action, world, connection)
        case AddFiles():
            return _add_files(action, world, connection)
        case RecordMissing():
            return _record_missing(action, world, connection)
        case AdoptJob():
            return Outcome(adopt.adopt_job(action, world))
        case RebuildSidecar():
            return Outcome(adopt.rebuild_sidecar(action, world))
        case AdoptWalkIn():
            return _walk_in(action, world)
        case RestoreName():
            return _restore_name(action, world)
        case NoteStrays():
            return Outcome(strays=_signatures(action.found, world), strays_gone=action.gone)
        case Brake():
            say(connection, "brake", {"missing": action.missing, "known": action.known})
            return Outcome()
        case Wait():
            return Outcome()
        case _:
            assert_never(action)


def _edit(
    action: RecordMove | Refresh | ResolveConflict | FlagConflict,
    world: World,
    connection: Connection,
) -> Outcome:
    """The actions that only write down what a person did."""
    target = action.target if isinstance(action, RecordMove | ResolveConflict) else None
    job = editing.open_job(action.job, action.paths, world, connection, target=target)
    match action:
        case RecordMove():
            editing.record_move(job, action.target, world.now())
        case ResolveConflict():
            editing.resolve_conflict(job, action.target, world)
        case FlagConflict():
            editing.flag_conflict(job, world.now())
        case Refresh():
            editing.drop_stale_claim(job, world.now())
    editing.restore_missing(job, world.now())
    return Outcome([editing.close_job(job, world)])


def _gather(action: Gather, world: World, connection: Connection) -> Outcome:
    job = editing.open_job(action.job, action.paths, world, connection)
    if status_of(f"{action.folder}/x") is not job.doc.status:
        raise StaleState(f"job {action.job} moved on", possible="look again")
    for path in action.paths:
        if path not in job.files:
            continue
        world.guard()
        target = f"{action.folder}/{path.rpartition('/')[2]}"
        world.share.move_file(path, target)
        job.relocate(path, target)
    return Outcome([editing.close_job(job, world)])


def _add_files(action: AddFiles, world: World, connection: Connection) -> Outcome:
    job = editing.open_job(action.job, action.paths, world, connection)
    outcome = Outcome()
    for path in action.paths:
        sig = signature(world.share.root / path)
        if sig is None:
            continue
        fault = structure_fault(world.share.root / path)
        if fault:
            log.info("not whole: %s", fault, extra={"job": action.job})
            outcome.strays[path] = sig
            job.files.pop(path, None)
            continue
        editing.join(job, path, sig, world)
    outcome.records.append(editing.close_job(job, world))
    return outcome


def _record_missing(action: RecordMissing, world: World, connection: Connection) -> Outcome:
    """The last look before a loss is written down: the marker, and all seven folders once more."""
    world.share.check()
    job = editing.open_job(action.job, action.paths, world, connection, make_anew=True)
    editing.record_missing(job, action.paths, world.now())
    return Outcome([editing.close_job(job, world)])


def _restore_name(action: RestoreName, world: World) -> Outcome:
    folder = action.path.rpartition("/")[0]
    try:
        world.share.move_file(action.path, f"{folder}/{action.name}")
    except FileNotFoundError:
        raise StaleState(f"{action.path} moved on", possible="look again") from None
    return Outcome()


def _walk_in(action: AdoptWalkIn, world: World) -> Outcome:
    path = world.share.root / action.path
    fault = _fault(path)
    if fault:
        log.info("not whole: %s", fault)
        return Outcome(strays=_signatures((action.path,), world))
    return Outcome([adopt.walk_in(action.path, action.status, world)])


def _fault(path: Any) -> str:
    try:
        return structure_fault(path)
    except FileNotFoundError:
        raise StaleState(f"{path.name} moved on", possible="look again") from None


def _signatures(paths: Iterable[str], world: World) -> dict[str, Sig]:
    found = {path: signature(world.share.root / path) for path in paths}
    return {path: sig for path, sig in found.items() if sig is not None}
