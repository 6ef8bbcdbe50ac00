"""Two brakes, in memory: so many submissions an hour, a growing wait after wrong passwords."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

SUBMISSIONS = 30
HOUR_S = 3600.0
FREE_TRIES = 5
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
_ADDRESSES = 10_000  # as many are remembered at most; the longest unheard is forgotten first


class Quota:
    """At most `limit` in any `window_s` for each address."""

    def __init__(
        self, limit: int, window_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, address: str) -> float:
        """0 when it is granted; otherwise the seconds until the next one is."""
        now_s = self._clock()
        with self._lock:
            taken = self._taken.setdefault(address, deque())
            self._taken.move_to_end(address)
            while taken and taken[0] <= now_s - self._window_s:
                taken.popleft()
            if len(taken) >= self._limit:
                return taken[0] + self._window_s - now_s
            taken.append(now_s)
            if len(self._taken) > _ADDRESSES:
                self._taken.popitem(last=False)
        return 0.0


class Lockout:
    """A wait for each address that doubles with every wrong try after the first few."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds until the address may try again; 0 for now."""
        with self._lock:
            _, until_s = self._wrong.get(address, (0, 0.0))
        return max(0.0, until_s - self._clock())

    def wrong(self, address: str) -> None:
        """A wrong password came from there."""
        with self._lock:
            count = self._wrong.get(address, (0, 0.0))[0] + 1
            self._wrong[address] = (count, self._clock() + _wait_after(count))
            self._wrong.move_to_end(address)
            if len(self._wrong) > _ADDRESSES:
                self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """The right one came: all is forgiven."""
        with self._lock:
            self._wrong.pop(address, None)


def _wait_after(wrong: int) -> float:
    if wrong < FREE_TRIES:
        return 0.0
    doublings = min(wrong - FREE_TRIES, 20)
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**doublings))
