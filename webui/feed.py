"""What the open pages have still to hear: one number that grows, however many are listening.

A change is told to all listeners by one Condition, and each remembers how far it has been told.
There is no queue that a slow listener could let grow: a job that changed five times is kept once,
and who has fallen too far behind hears that anything may have changed.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

KEPT = 1000  # jobs whose last change is remembered


@dataclass(frozen=True, slots=True)
class Health:
    """How the system is. `hears`: whether changes are announced; if not, a page has to ask."""

    banners: tuple[str, ...]
    hears: bool


@dataclass(frozen=True, slots=True)
class News:
    """What a listener does not know yet. `jobs`: None: no change; empty: look at everything."""

    upto: int
    jobs: tuple[int, ...] | None
    health: Health | None


class Feed:
    """Changes and health, told from one thread to many."""

    def __init__(self) -> None:
        self._told = threading.Condition()
        self._upto = 0
        self._changed_at: dict[int, int] = {}  # the job that changed last is last
        self._forgotten = 0  # which jobs changed up to here is not known any more
        self._health: Health | None = None
        self._closed = False

    @property
    def upto(self) -> int:
        """How far somebody has been told who has just looked at everything."""
        return self._upto

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will be told."""
        return self._closed

    def change(self, jobs: Iterable[int]) -> None:
        """These jobs have changed; none: anything may have."""
        with self._told:
            self._change(jobs)
            self._told.notify_all()

    def say(self, health: Health) -> None:
        """How the system is. While the index is away a page shows other things than with it."""
        with self._told:
            if health == self._health:
                return
            if self._health is not None:
                self._change(())
            self._health = health
            self._told.notify_all()

    def close(self) -> None:
        """Send everybody away."""
        with self._told:
            self._closed = True
            self._told.notify_all()

    def wait(self, upto: int, health: Health | None, *, timeout_s: float) -> News | None:
        """What is new to somebody told so far; None when nothing is by then, or it is closed."""
        with self._told:
            self._told.wait_for(lambda: self._has_news(upto, health), timeout_s)
            if self._closed or not self._has_news(upto, health):
                return None
            return News(self._upto, self._jobs_since(upto), self._news_of(health))

    def _change(self, jobs: Iterable[int]) -> None:
        self._upto += 1
        numbers = set(jobs)
        if not numbers:
            self._changed_at.clear()
            self._forgotten = self._upto
        for number in numbers:
            self._changed_at.pop(number, None)
            self._changed_at[number] = self._upto
        while len(self._changed_at) > KEPT:
            self._forgotten = self._changed_at.pop(next(iter(self._changed_at)))

    def _has_news(self, upto: int, health: Health | None) -> bool:
        return self._closed or self._upto > upto or self._news_of(health) is not None

    def _news_of(self, health: Health | None) -> Health | None:
        return self._health if self._health != health else None

    def _jobs_since(self, upto: int) -> tuple[int, ...] | None:
        if self._upto == upto:
            return None
        if self._forgotten > upto:
            return ()
        return tuple(sorted(job for job, at in self._changed_at.items() if at > upto))
