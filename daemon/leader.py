"""Who acts when two computers run the system on one share: a lease row with an epoch.

The database's clock says when a lease has run out, so the computers' clocks need not agree. The
holder trusts its lease only until a point on its own clock that was fixed *before* it asked, on the
clock that goes on while the machine sleeps; so a process that was stopped and goes on finds its
lease over before it touches anything. What still slips through is refused by the epoch, which every
write checks. Correctness never hangs on the lease: the keys of events and mails are unique.
"""

import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from daemon.index import database_faults
from schemas.errors import DatabaseUnavailable, NotLeader

LEASE_S = 9.0
RENEW_S = 2.0
_MARGIN_S = 1.5  # the holder stops this long before the database would give the lease away

# A writer that was stopped within its transaction would hold up its heir for as long as the network
# believes in it; once the lease has run out, what it has open is rolled back.
_EVICT = text(
    """
    SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = 'lease'::regclass AND mode = 'RowShareLock' AND pid <> pg_backend_pid()
      AND datname = current_database() AND usename = current_user
      AND EXISTS (SELECT FROM lease WHERE expires_at < clock_timestamp())
    """
)
# Waits for the writers, who hold the row FOR KEY SHARE (`index.writing`); a renewal does not.
_LOCK = text(
    """
    SELECT FROM lease
    WHERE expires_at < clock_timestamp() OR holder = :holder OR :force FOR UPDATE
    """
)
_ANY = text("SELECT FROM lease")
_TAKE = text(
    """
    INSERT INTO lease (single, holder, epoch, expires_at)
    VALUES (true, :holder, 1, clock_timestamp() + make_interval(secs => :lease_s))
    ON CONFLICT (single) DO UPDATE
    SET holder = excluded.holder, epoch = lease.epoch + 1, expires_at = excluded.expires_at
    WHERE lease.expires_at < clock_timestamp() OR lease.holder = excluded.holder OR :force
    RETURNING epoch
    """
)
_RENEW = text(
    """
    UPDATE lease SET expires_at = clock_timestamp() + make_interval(secs => :lease_s)
    WHERE epoch = :epoch AND holder = :holder
    """
)
_RELEASE = text(
    "UPDATE lease SET expires_at = clock_timestamp() WHERE epoch = :epoch AND holder = :holder"
)


def boot_clock_s() -> float:
    """Seconds on a clock that never goes back, and that counts a machine's sleep where it can."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(slots=True)
class Lease:
    """The right to act, taken from the database and renewed by a thread of its own."""

    engine: Engine
    holder: str
    lease_s: float = LEASE_S
    epoch: int = 0
    _good_until_s: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def is_held(self) -> bool:
        """Whether this process may act at this moment."""
        return self.epoch > 0 and boot_clock_s() < self._good_until_s

    def guard(self) -> None:
        """Raises: NotLeader unless the lease is held at this moment."""
        if not self.is_held():
            raise NotLeader(
                "the lease has run out", possible="this daemon stands by and tries again"
            )

    def take(self, *, force: bool = False) -> bool:
        """Take the lease if nobody else holds it, or all the same. Raises: DatabaseUnavailable."""
        self.step_down()
        asked_s = boot_clock_s()
        values = {"holder": self.holder, "lease_s": self.lease_s, "force": force}
        with database_faults(), self.engine.begin() as connection:
            connection.execute(_EVICT)
            free = connection.execute(_LOCK, values).first() is not None
            if not free and connection.execute(_ANY).first() is not None:
                return False
            row = connection.execute(_TAKE, values).first()
        if row is None:
            return False
        self.epoch = int(row[0])
        self._good_until_s = asked_s + self.lease_s - _MARGIN_S
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._keep, args=(self._stop, self.epoch), name="lease", daemon=True
        )
        self._thread.start()
        return True

    def step_down(self) -> None:
        """Act no more; the row is left to run out. Safe to repeat."""
        self.epoch = 0
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=1)

    def release(self) -> None:
        """Give the lease back, so that no other daemon has to wait. Raises: DatabaseUnavailable."""
        epoch = self.epoch
        self.step_down()
        if epoch:
            with database_faults(), self.engine.begin() as connection:
                connection.execute(_RELEASE, {"epoch": epoch, "holder": self.holder})

    def _keep(self, stop: threading.Event, epoch: int) -> None:
        while not stop.wait(RENEW_S):
            if not self._renew(epoch):
                return

    def _renew(self, epoch: int) -> bool:
        """Renew once; a failure is tried again until the lease has run out, a refusal ends it."""
        asked_s = boot_clock_s()
        values = {"epoch": epoch, "holder": self.holder, "lease_s": self.lease_s}
        try:
            with database_faults(), self.engine.begin() as connection:
                renewed = connection.execute(_RENEW, values).rowcount == 1
        except DatabaseUnavailable:
            return self.is_held()
        if self.epoch != epoch:  # taken anew while the database was slow to answer
            return False
        if not renewed or not self.is_held():
            self._good_until_s = 0.0
            return False
        self._good_until_s = asked_s + self.lease_s - _MARGIN_S
        return True
