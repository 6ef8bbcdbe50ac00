"""The loop: hear, look, remember, plan, perform; then wait until there is reason to look again.

This is the whole system in one place. A file event, a crash, a cold start, a database outage and a
second daemon are all one case here: look again. What is seen goes one way:

    watch -> look -> plan -> perform -> index -> outbox
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil

from daemon import index, rebuild
from daemon.actions import Action, Brake, JobAction, RecordMissing, Wait
from daemon.leader import Lease
from daemon.look import Listings, look_at_all, look_at_changed, look_at_jobs, signature
from daemon.perform import perform_all
from daemon.plan import plan
from daemon.settle import Memory, forget, next_due_s, remember
from daemon.snapshot import Seen, compare, job_of
from daemon.watch import CANARY_S, Heard, Watcher
from daemon.world import World
from schemas.errors import (
    BadCatalog,
    DatabaseUnavailable,
    NotLeader,
    PrintSystemError,
    ShareUnavailable,
)

log = logging.getLogger(__name__)

FULL_LOOK_S = 600.0  # a look that skips nothing, however healthy the watcher seems
DEAF_LOOK_S = 5.0  # rescan this often when events cannot be relied on
DEAF_S = 30.0  # a canary is sent at least this often
STAND_BY_S = 1.0
RETRY_S = 1.0
HEALTH_S = 5.0
_NETWORK = {"cifs", "smb3", "smbfs", "nfs", "nfs4", "fuse.sshfs", "9p", "afpfs", "webdav"}


@dataclass(slots=True)
class Health:
    """What the daemon says of itself; the pages show it and /healthz judges it."""

    share: str = "not looked at yet"
    watcher: str = ""
    last_look: float = 0.0  # seconds, wall clock
    jobs: int = 0
    refused: list[str] = field(default_factory=list)


class Loop:
    """The daemon of one computer. `wake` may be set from any thread."""

    def __init__(
        self,
        world: World,
        lease: Lease,
        *,
        rescan_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.world = world
        self.lease = lease
        self._clock = clock
        self.wake = threading.Event()
        self.watcher = Watcher(world.share.root, world.share.canary, self.wake.set)
        self.health = Health()
        self.on_change: Callable[[], None] = lambda: None
        self.mail_fault: Callable[[], str] = lambda: ""
        self._rescan_s = rescan_s
        self._memory = Memory()
        self._listings = Listings()
        self._due_s = 0.0  # when something waited for has come to rest
        self._rescan_at_s = 0.0
        self._full_at_s = 0.0  # when everything is looked at, whatever the folders' mtimes say
        self._canary_at_s = 0.0
        self._health_at_s = 0.0
        self._braked = False
        self._standing_by = ""  # why, as it was last logged

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set (set `wake` as well, to be heard at once)."""
        try:
            while not stop.is_set():
                pause_s = self._turn()
                self.wake.wait(pause_s)
                self.wake.clear()
        finally:
            self.watcher.stop()
            self._resign()

    def _turn(self) -> float:
        """One turn that outlives every fault a person can mend; seconds until the next one."""
        try:
            if not self.lease.is_held() and not self.lead():
                return STAND_BY_S
            self._mind_watcher()
            self.look_and_act(self.watcher.ears.take())
            self._report()
            self._standing_by = ""
        except (ShareUnavailable, BadCatalog) as error:
            return self._stand_still(error)
        except OSError as error:  # a folder that cannot be read, a disk that fails
            reason = f"the share cannot be read ({error})"
            return self._stand_still(ShareUnavailable(reason, possible="check its permissions"))
        except (DatabaseUnavailable, NotLeader) as error:
            if self._standing_by != str(error):
                log.warning("standing by: %s", error)
            self._standing_by = str(error)
            self.lease.step_down()
            return STAND_BY_S
        return self._pause_s()

    # Look, decide, act

    def look_and_act(self, heard: Heard) -> list[Action]:
        """One pass: look where something was heard or is due, plan, carry out. Returns the plan."""
        world, now_s = self.world, self._clock()
        seen = self._look(heard, now_s)
        changes = compare(seen, world.known)
        self._memory = remember(self._memory, seen, changes, world.known, now_s)
        actions = plan(seen, world.known, self._memory, now_s)
        refused = self._perform(actions, complete=seen.complete)
        handled = {action.job for action in actions if isinstance(action, JobAction)}
        forget(self._memory, changes, world.known, handled)
        self._wait_for(actions, refused, now_s, complete=seen.complete)
        if seen.folders or seen.errors:  # a narrow look knows nothing of the folders' faults
            self.health.share = "; ".join(seen.errors)
        self.health.last_look = time.time()
        self.health.refused = [str(error) for error in refused]
        return actions

    def _look(self, heard: Heard, now_s: float) -> Seen:
        """The narrowest look that answers what was heard and what was waited for."""
        world, share = self.world, self.world.share
        rescan = now_s >= self._rescan_at_s
        whole = heard.everything or now_s >= self._full_at_s
        if rescan:
            deaf = not self._can_hear()
            whole |= deaf
            wait_s = DEAF_LOOK_S if deaf else self._rescan_s * random.uniform(0.9, 1.1)
            self._rescan_at_s = now_s + wait_s
        if rescan or whole:
            share.check()
            share.sweep()  # writes, so that a share that is read-only by now is found out
        if whole:
            self._full_at_s = now_s + self._rescan_s  # unless it is complete: see `_wait_for`
            return look_at_all(share.root, share.check, self._listings)
        if now_s >= self._due_s:
            self._add_waiting(heard)
        seen = look_at_jobs(share.root, share.check, world.known, heard.jobs)
        for path in heard.paths:
            seen.paths[path] = signature(f"{share.root}/{path}")
        if rescan:
            self._add_changed(seen)
        return seen

    def _add_changed(self, seen: Seen) -> None:
        """Add the folders in which a name came or went; a change inside a file shows in none."""
        share = self.world.share
        changed = look_at_changed(share.root, share.check, self._listings, share.clock_ns())
        seen.folders, seen.errors = changed.folders, changed.errors
        for path in [path for path in seen.paths if path.rpartition("/")[0] in seen.folders]:
            del seen.paths[path]

    def _add_waiting(self, heard: Heard) -> None:
        """Whatever had not come to rest is looked at again, though nothing more was heard of it."""
        for path in self._memory.since:
            job = job_of(path, self.world.known)
            if job is None:
                heard.paths.add(path)
            else:
                heard.jobs.setdefault(job, set()).add(path)
        for job in self.world.known.restless:
            heard.jobs.setdefault(job, set())

    def _perform(self, actions: list[Action], *, complete: bool) -> list[PrintSystemError]:
        todo = [action for action in actions if not isinstance(action, Wait)]
        self._mind_brake(actions, complete=complete)
        if not todo:
            return []
        for action in todo:
            log.info("%s", action)
        refused = perform_all(todo, self.world)
        self.on_change()
        return refused

    def _wait_for(
        self,
        actions: list[Action],
        refused: list[PrintSystemError],
        looked_at_s: float,
        *,
        complete: bool,
    ) -> None:
        """Set when to look again, and whether at everything.

        What comes to rest while actions are carried out is due at once: no look saw it resting. And
        what was due already stays so until a look has answered it, however many others come first.
        """
        now_s = self._clock()
        not_answered_s = self._due_s if looked_at_s < self._due_s else math.inf
        self._due_s = min(not_answered_s, next_due_s(self._memory, looked_at_s) + 0.01)
        if refused:
            self._due_s = min(self._due_s, now_s + RETRY_S)
        whole = [a.seconds for a in actions if isinstance(a, Wait) and a.whole]
        whole += [DEAF_LOOK_S for a in actions if isinstance(a, Brake)]
        if complete:
            self._full_at_s = now_s + FULL_LOOK_S
        if whole:
            self._full_at_s = min(self._full_at_s, now_s + max(0.5, min(whole)))

    # Leading

    def lead(self) -> bool:
        """Take the lease; whoever takes it reads the index and looks at everything.

        A lease that comes with a share or an index that cannot be read is given back at once, so
        that nobody acts on half of it, and a computer that sees both may have it.
        """
        if not self.lease.take():
            return False
        try:
            self._take_over()
        except PrintSystemError:
            self._resign()
            raise
        log.info("leading", extra={"epoch": self.world.epoch, "jobs": len(self.world.known.jobs)})
        return True

    def _take_over(self) -> None:
        world = self.world
        world.epoch, world.guard = self.lease.epoch, self.lease.guard
        world.share.check()
        self._agree_on_share()
        world.known = index.load(world.engine)
        if not world.known.jobs:
            rebuild.rebuild(world, only_if_empty=True)
            world.known = index.load(world.engine)
        with index.writing(world.engine, world.epoch) as connection:
            index.reclaim_mails(connection)
        self._memory, self._listings = Memory(), Listings()
        self._full_at_s = self._due_s = 0.0

    def _agree_on_share(self) -> None:
        """The database belongs to one share for ever; another one mounted there is refused."""
        world = self.world
        with index.writing(world.engine, world.epoch) as connection:
            uuid = index.said(connection, "share")
            if uuid is None:
                index.say(connection, "share", world.share.uuid)
            else:
                world.share.uuid = str(uuid)
        world.share.check()

    def _resign(self) -> None:
        try:
            self.lease.release()
        except PrintSystemError as error:
            log.info("could not give the lease back: %s", error)

    # Health

    def _stand_still(self, error: ShareUnavailable | BadCatalog) -> float:
        """The share is not to be trusted: say so, touch nothing, try again soon."""
        if self.health.share != str(error):
            log.error("standing still: %s", error)
        self.health.share = str(error)
        self._full_at_s = 0.0
        self.watcher.stop()  # what it watched may be gone, with another folder in its place
        try:
            self._report()
        except (DatabaseUnavailable, NotLeader):
            self.lease.step_down()
        return DEAF_LOOK_S

    def _mind_watcher(self) -> None:
        """Start the watcher, anew when a thread of it died or a canary did not return."""
        now_s = self._clock()
        if self.watcher.is_alive():
            waited_s = now_s - self._canary_at_s
            if waited_s < CANARY_S:
                return
            if self._canary_at_s and not self.watcher.canary_returned():
                log.warning("the watcher went deaf; starting it anew")
                self.watcher.stop()
            elif waited_s < min(self._rescan_s, DEAF_S):
                return
        if not self.watcher.is_alive():
            self.watcher.stop()
            self.watcher.start()
        self.watcher.send_canary()
        self._canary_at_s = now_s
        self.health.watcher = "" if self.watcher.is_alive() else "the share cannot be watched"

    def _can_hear(self) -> bool:
        return self.watcher.is_alive() and not is_network_mount(str(self.world.share.root))

    def _mind_brake(self, actions: list[Action], *, complete: bool) -> None:
        """Ask whether a person has confirmed a great loss; take the banner down when it is over."""
        world = self.world
        braked = any(isinstance(action, Brake) for action in actions)
        if not (braked or (self._braked and complete)):
            return
        with index.writing(world.engine, world.epoch) as connection:
            if braked:
                world.known.loss_confirmed = bool(index.said(connection, "loss_confirmed"))
            else:
                index.say(connection, "brake", None)
                index.say(connection, "loss_confirmed", None)
                world.known.loss_confirmed = False
        self._braked = braked or any(isinstance(action, RecordMissing) for action in actions)

    def _report(self) -> None:
        now_s = self._clock()
        if now_s < self._health_at_s:
            return
        self._health_at_s = now_s + HEALTH_S
        self.health.jobs = len(self.world.known.jobs)
        with index.writing(self.world.engine, self.world.epoch) as connection:
            index.say(connection, "health", self.report())

    def report(self) -> dict[str, Any]:
        """The daemon's health as it is written to the index."""
        return {
            "holder": self.lease.holder,
            "share": self.health.share,
            "watcher": self.health.watcher,
            "mail": self.mail_fault(),
            "catalog": self.world.share.catalog_fault() if not self.health.share else "",
            "last_look": self.health.last_look,
            "jobs": self.health.jobs,
            "refused": self.health.refused[:20],
        }

    def _pause_s(self) -> float:
        now_s = self._clock()
        until_s = min(self._due_s, self._rescan_at_s, self._full_at_s, self._health_at_s)
        return max(0.0, min(until_s - now_s, HEALTH_S))


def is_network_mount(path: str) -> bool:
    """Whether the path lies on a mount where changes made by other machines are not announced."""
    mounts = [
        part
        for part in psutil.disk_partitions(all=True)
        if f"{path}/".startswith(f"{part.mountpoint.rstrip('/')}/")
    ]
    return bool(mounts) and max(mounts, key=lambda m: len(m.mountpoint)).fstype in _NETWORK
