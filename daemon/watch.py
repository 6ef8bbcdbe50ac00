"""Hear that something happened on the share: one recursive watchdog observer, and no trust in it.

Events only say when to look and where; what happened is seen by looking. Known faults and their
answers: the kernel's queue overflows silently (a logging handler hears watchdog's warning and asks
for a look at everything); an exception kills the thread that hands events out, a lost root kills
the one that reads them while the observer looks alive (both are checked, and a canary file is sent
through); a network mount says nothing of other machines (the loop rescans anyway).
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from schemas.naming import JobNumber, parse
from schemas.status import FOLDERS

log = logging.getLogger(__name__)

_HEARD_KINDS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent,
    DirCreatedEvent, DirMovedEvent, DirDeletedEvent,
]  # fmt: skip
_TOO_MANY = 5000  # jobs heard of at once; beyond that one look at everything is cheaper
CANARY_S = 5.0


@dataclass(slots=True)
class Heard:
    """Where to look: jobs with the paths heard of, other paths, or everything."""

    jobs: dict[JobNumber, set[str]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.jobs) or bool(self.paths)


class Ears(FileSystemEventHandler):
    """Collects what is heard until the loop takes it; never raises, which would kill the thread."""

    def __init__(self, root: Path, wake: Callable[[], None]) -> None:
        self._prefix = f"{root}/"
        self._wake = wake
        self._lock = threading.Lock()
        self._heard = Heard()
        self.canary_heard = threading.Event()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Note the paths of an event, whatever kind it is."""
        useful = False
        for path in (event.src_path, event.dest_path):
            if path:
                useful |= self._note(str(path).replace("\\", "/"), event.is_directory)
        if useful:
            self._wake()

    def look_everywhere(self) -> None:
        """Ask for a look at everything."""
        with self._lock:
            self._heard.everything = True
        self._wake()

    def take(self) -> Heard:
        """What was heard since the last call."""
        with self._lock:
            heard, self._heard = self._heard, Heard()
        return heard

    def _note(self, path: str, is_folder: bool) -> bool:
        relative = path.removeprefix(self._prefix)
        if relative == ".printsystem/canary":
            self.canary_heard.set()
            return False
        folder, _, name = relative.rpartition("/")
        if folder.partition("/")[0] not in FOLDERS:
            if relative not in FOLDERS and relative != path:
                return False
            is_folder = True
        parts = parse(name)
        with self._lock:
            if is_folder or len(self._heard.jobs) + len(self._heard.paths) > _TOO_MANY:
                self._heard.everything = True
            elif parts is not None:
                self._heard.jobs.setdefault(parts.number, set()).add(relative)
            else:
                self._heard.paths.add(relative)
        return True


class _Overflow(logging.Handler):
    """Hears watchdog say that the kernel dropped events, which it tells nobody else."""

    def __init__(self, ears: Ears) -> None:
        super().__init__(logging.WARNING)
        self._ears = ears

    def emit(self, record: logging.LogRecord) -> None:
        self._ears.look_everywhere()


class Watcher:
    """The observer with its health. `start` may be called again after `stop`."""

    def __init__(self, root: Path, canary: Path, wake: Callable[[], None]) -> None:
        self.ears = Ears(root, wake)
        self._root = root
        self._canary = canary
        self._observer: BaseObserver | None = None
        self._overflow = _Overflow(self.ears)
        self._loggers = [
            logging.getLogger(f"watchdog.observers.{name}") for name in ("inotify_c", "inotify")
        ]

    def start(self) -> None:
        """Begin to watch; then everything is to be looked at, since nobody watched before."""
        for logger in self._loggers:
            logger.addHandler(self._overflow)
        observer: BaseObserver | None = None
        try:
            observer = Observer()
            observer.daemon = True
            observer.schedule(self.ears, str(self._root), recursive=True, event_filter=_HEARD_KINDS)
            observer.start()
        except OSError as error:  # no such folder, or no inotify instances or watches left
            log.warning("cannot watch the share: %s", error)
            if observer is not None:  # it holds descriptors and a thread from its making on
                observer.stop()
            return
        self._observer = observer
        self.ears.look_everywhere()

    def stop(self) -> None:
        """Stop watching. Safe to repeat."""
        for logger in self._loggers:
            logger.removeHandler(self._overflow)
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            with suppress(RuntimeError):
                observer.join(timeout=5)

    def is_alive(self) -> bool:
        """Whether every thread of the observer lives; says nothing of events that do not come."""
        return (
            self._observer is not None
            and self._observer.is_alive()
            and bool(self._observer.emitters)
            and all(emitter.is_alive() for emitter in self._observer.emitters)
        )

    def send_canary(self) -> None:
        """Touch the canary; `canary_returned` says later whether its event came."""
        self.ears.canary_heard.clear()
        with suppress(OSError):
            self._canary.write_bytes(b"")

    def canary_returned(self) -> bool:
        """Whether the event of the last canary has come."""
        return self.ears.canary_heard.is_set()
