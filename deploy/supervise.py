"""Keep a few programs running: start them in order, start again what dies, stop them in order."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from daemon import processes
from deploy.owned import Notes
from schemas.errors import PrintSystemError

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # one that ran this long is forgiven its earlier deaths
STOP_S = 3.0  # a program's time to end by itself; three parts and PostgreSQL stay under 10 s


class Part(Protocol):
    """Something that runs and may die; `stop` is safe to call whether it runs or not."""

    @property
    def name(self) -> str: ...
    def start(self) -> object: ...
    def is_running(self) -> bool: ...
    def stop(self) -> None: ...


class Program:
    """A child process, in a group of its own, whose output goes to our terminal."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        notes: Notes,
    ) -> None:
        self.name = name
        self.starts = 0
        self._command = list(command)
        self._environment = dict(environment)
        self._folder = folder
        self._notes = notes
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. Ctrl-C at the terminal reaches us alone, who then stop all in order."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.starts += 1
        self._notes.add(self.name, self._process.pid, self._command)

    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ask it to end, then end by force what is left of it and of what it started."""
        if self._process is None or self._process.poll() is not None:
            return
        family = processes.with_descendants(psutil.Process(self._process.pid))
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        processes.kill(family)
        self._process.wait()


@dataclass
class _Watched:
    part: Part
    started_at: float = 0.0
    deaths: int = 0
    again_at: float | None = None  # None: it is thought to run


class Supervisor:
    """Runs parts that depend on those before them."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = [_Watched(part) for part in parts]
        self._say = say
        self._clock = clock

    def look(self) -> None:
        """Start what does not run and is due: new parts at once, dead ones after a pause."""
        for watched in self._watched:
            if watched.part.is_running():
                self._forgive(watched)
            elif watched.again_at is None and watched.started_at:
                self._plan_restart(watched, why="ended")
            elif watched.again_at is None or self._clock() >= watched.again_at:
                self._start(watched)

    def stop(self) -> None:
        """Stop all, the last first; each waits for no longer than its own limit."""
        for watched in reversed(self._watched):
            watched.part.stop()

    def _forgive(self, watched: _Watched) -> None:
        watched.started_at = watched.started_at or self._clock()  # it was started by somebody else
        if watched.deaths and self._clock() - watched.started_at > STEADY_S:
            watched.deaths = 0

    def _start(self, watched: _Watched) -> None:
        watched.started_at = self._clock()
        watched.again_at = None
        try:
            watched.part.start()
        except (PrintSystemError, OSError) as error:
            self._plan_restart(watched, why=f"could not be started ({error})")

    def _plan_restart(self, watched: _Watched, *, why: str) -> None:
        pause_s = min(FIRST_PAUSE_S * 2**watched.deaths, LONGEST_PAUSE_S)
        watched.deaths += 1
        watched.again_at = self._clock() + pause_s
        self._say(f"{watched.part.name} {why}; starting it again in {pause_s:g} s")
