"""Brakes, in memory: so many submissions and fresh price links; a growing wait after wrong
passwords, for each address, and a pace that all strangers' guesses share.
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from math import ceil

SUBMISSIONS = 30
HOUR_S = 3600.0
FREE_TRIES = 5
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
GUESSES = 30  # wrong passwords at once, from wherever; then one more every so often
GUESS_EVERY_S = 2.0
LINK_EVERY_S = 600.0
LINKS_A_DAY = 3
LINKS_AN_HOUR = 20  # from one address: many students share that of their campus
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


class FreshLinks:
    """Price links made anew: for a job one in ten minutes and three a day; some from an address."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart = Quota(1, LINK_EVERY_S, clock=clock)
        self._a_day = Quota(LINKS_A_DAY, 24 * HOUR_S, clock=clock)
        self._from = Quota(LINKS_AN_HOUR, HOUR_S, clock=clock)

    def take(self, job: int, address: str) -> float:
        """0 when it is granted; otherwise the seconds until one is to be had."""
        return self._apart.take(f"{job}") or self._a_day.take(f"{job}") or self._from.take(address)


def in_words(wait_s: float) -> str:
    """A wait for a person: "in 9 minutes", rounded up."""
    if wait_s <= 50:
        return f"in {max(2, ceil(wait_s))} seconds"
    minutes = max(1, ceil(wait_s / 60))
    if minutes < 90:
        return f"in {minutes} minutes" if minutes > 1 else "in a minute"
    return f"in {ceil(minutes / 60)} hours"


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


class Pace:
    """`burst` at once, then one every `every_s`, whoever asks."""

    def __init__(
        self, burst: int, every_s: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._every_s = every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._left = float(burst)
        self._counted_s = clock()

    def take(self) -> float:
        """0 when it is granted; otherwise the seconds until one is to be had."""
        with self._lock:
            now_s = self._clock()
            grown = (now_s - self._counted_s) / self._every_s
            self._left = min(self._burst, self._left + grown)
            self._counted_s = now_s
            if self._left < 1:
                return (1 - self._left) * self._every_s
            self._left -= 1
        return 0.0

    def give_back(self) -> None:
        """What was taken last was not needed."""
        with self._lock:
            self._left += 1


class LogIns:
    """Who may try a password now.

    Addresses alone stop nobody who has many of them, so all guesses of strangers share one pace.
    A browser that has logged in before (`browser`, its id; empty: a stranger) is counted by itself:
    whatever others try, from its own address too, it is not kept waiting.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lockout = Lockout(clock=clock)
        self._guesses = Pace(GUESSES, GUESS_EVERY_S, clock=clock)

    def wait_s(self, address: str, browser: str = "") -> float:
        """Seconds to wait; 0: try, and say afterwards whether it was `wrong` or `right`."""
        wait_s = self._lockout.wait_s(_who(address, browser))
        if wait_s or browser:
            return wait_s
        return self._guesses.take()

    def wrong(self, address: str, browser: str = "") -> None:
        """It was not the password."""
        self._lockout.wrong(_who(address, browser))

    def right(self, address: str, browser: str = "") -> None:
        """It was the password: all is forgiven."""
        self._lockout.right(_who(address, browser))
        if not browser:
            self._guesses.give_back()


def _who(address: str, browser: str) -> str:
    """Whose wrong passwords count together. With IPv6 each household has 2^64 addresses."""
    if browser:
        return f"browser {browser}"
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped:
        return address
    return str(ipaddress.ip_network((int(found), 64), strict=False))


def _wait_after(wrong: int) -> float:
    if wrong < FREE_TRIES:
        return 0.0
    doublings = min(wrong - FREE_TRIES, 20)
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**doublings))
