"""The desk: where what a person wants of a job is carried out on the share.

find the job, hold its lock, read it, see that it is as the person saw it, decide, write and move;
then give the daemon a moment to take note.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from daemon import handover
from daemon.handover import Found, Move
from daemon.share import Share
from schemas.errors import NotPossible, StaleState
from schemas.events import Via
from schemas.naming import JobNumber
from schemas.sidecar import Sidecar
from schemas.status import Status
from webui import asked
from webui.decisions import ACTIONS, Decision, Hand, Rules, actions_in, possible_from
from webui.index import Index

_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Done:
    """A job after an action, and whether the index knows of it yet, at `revision`."""

    job: Found
    in_step: bool
    revision: int


class NotNoted(StaleState):
    """The job was only just moved, and the daemon has not written that down yet."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where jobs are found and changed."""

    share: Share
    index: Index
    now: Callable[[], datetime]
    rules: Callable[[], Rules]

    def find(self, number: JobNumber) -> Found:
        """The job as it lies on the share. Raises: see `handover.find`."""
        return handover.find(self.share, number, self.index.paths_of(number))

    def act(
        self, name: str, number: JobNumber, given: asked.Asked, *, by: str, wait: bool = True
    ) -> Done:
        """One of staff's actions. Raises: PrintSystemError; then nothing was changed.

        Without `wait` nobody asks whether the index knows of it: see `is_in_step`.
        """
        action, hand = ACTIONS[name], Hand(by, Via.WEB, self.now())
        rules = (self.rules(),) if action.by_rules else ()

        def decide(job: Found) -> Decision:
            _refuse_stale(job, given.seen)
            if action.sources and job.status not in action.sources:
                raise NotPossible(
                    f"job {number} is in {job.status}, from where one cannot {name}",
                    possible=", ".join([*actions_in(job.status), "move"]),
                )
            if action.looks_back:
                _refuse_unnoted(job)
            return action.decide(job.doc, given, hand, *rules)

        return self.change(number, decide, hand, wait=wait)

    def is_in_step(self, done: Done) -> bool:
        """Whether the index comes to know of an action in good time."""
        return self.index.is_in_step(done.job.doc.job, done.revision, done.job.status)

    def change(
        self,
        number: JobNumber,
        decide: Callable[[Found], Decision],
        hand: Hand,
        *,
        wait: bool = True,
    ) -> Done:
        """Carry out a decision, once the daemon has noted the move before, if there was one."""
        end_s = time.monotonic() + self.index.patience_s
        while True:
            try:
                done = self._change(number, decide, hand)
                return self._noted(done) if wait and not done.in_step else done
            except NotNoted:
                if time.monotonic() > end_s:
                    raise
            time.sleep(_AGAIN_S)

    def _noted(self, done: Done) -> Done:
        """The same once the daemon has taken note: with what it wrote into the history."""
        in_step = self.is_in_step(done)
        job = handover.find(self.share, done.job.doc.job, [done.job.path])
        return replace(done, job=job, in_step=in_step)

    def _change(self, number: JobNumber, decide: Callable[[Found], Decision], hand: Hand) -> Done:
        """Decide and write under the job's lock, or without one while there is no database."""
        paths = self.index.paths_of(number)
        held = self.index.lock(number)
        try:
            job = handover.find(self.share, number, paths)
            before = _fingerprint(job.doc)
            decision = decide(job)
            if decision.to is None and _fingerprint(job.doc) == before:
                return Done(job, in_step=True, revision=job.doc.revision)
            path, revision = self._write(job, decision, hand)
        finally:
            self.index.release(held)
        return Done(handover.find(self.share, number, [path]), in_step=False, revision=revision)

    def _write(self, job: Found, decision: Decision, hand: Hand) -> tuple[str, int]:
        """The sidecar's path now, and the revision that the index will have come to know."""
        if decision.to is None:
            handover.rewrite(self.share, job)
            return job.path, job.doc.revision
        _refuse_unnoted(job)
        move = Move(decision.to, hand.by, hand.via, hand.at, decision.data)
        path = handover.hand_over(self.share, job, move)
        return path, job.doc.revision + 1  # the daemon writes the move into the history


def _fingerprint(doc: Sidecar) -> str:
    return doc.model_dump_json()


def _refuse_unnoted(job: Found) -> None:
    """Raises: NotNoted while the document does not know of the last move."""
    if job.doc.status is not job.status:
        raise NotNoted(
            f"job {job.doc.job} was moved to {job.status}, and the daemon has not noted it yet",
            possible="try again in a moment; if it stays so, see whether the daemon runs",
        )


def _refuse_stale(job: Found, seen: Status | None) -> None:
    """Raises: StaleState when the job is not as the caller saw it."""
    if seen is not None and job.status is not seen:
        raise StaleState(
            f"job {job.doc.job} is in {job.status} now, no longer in {seen}; nothing was done",
            possible=f"from {job.status}: {possible_from(job.status)}",
        )
