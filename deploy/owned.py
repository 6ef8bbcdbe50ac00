"""One start per DATA_DIR: the lock that says so, and the programs that a killed start left behind.

The lock is the kernel's, so it ends with the process that holds it, however that ended. Programs
outlive a start killed by force; each is noted with its creation time and command, and the next
start ends those that are provably still the same.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import psutil

from daemon import processes
from schemas.errors import BadSetting, PrintSystemError

PATIENCE_S = 5.0
CLOCK_SLACK_S = 2.0  # creation times are counted from the boot, whose moment shifts with the clock


class AlreadyRunning(PrintSystemError):
    """Another start holds this DATA_DIR."""

    code = "already_running"


@contextlib.contextmanager
def only_start_on(data_dir: Path) -> Iterator[None]:
    """Hold DATA_DIR for this process.

    Raises: AlreadyRunning, naming the process that holds it; BadSetting when it is not writable.
    """
    with _lock_file(data_dir) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise _already_running(data_dir, pid=lock.read().strip()) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _lock_file(data_dir: Path) -> TextIO:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return (data_dir / "start.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise BadSetting(
            f"setting PRINTSYSTEM_DATA_DIR: {data_dir} cannot be written ({error.strerror})",
            possible="name a folder that this user may write, or start as its owner",
        ) from None


def _already_running(data_dir: Path, *, pid: str) -> AlreadyRunning:
    return AlreadyRunning(
        f"the system already runs on {data_dir}, as process {pid}",
        possible=f"stop that one first (kill {pid}, or Ctrl-C in its window), "
        "or give this one its own PRINTSYSTEM_DATA_DIR and PRINTSYSTEM_SHARE",
    )


class Notes:
    """The programs that this start runs, noted in DATA_DIR for the start after it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "programs.json"
        self._noted: dict[str, dict[str, object]] = {}

    def add(self, name: str, pid: int, command: Sequence[str]) -> None:
        """Note a program that was just started, in the place of an earlier one of that name.

        The command is told and not looked up: just after its start a process shows none yet.
        """
        with contextlib.suppress(psutil.NoSuchProcess):
            created = psutil.Process(pid).create_time()
            self._noted[name] = {"pid": pid, "created": created, "command": list(command)}
            self._write()

    def clear(self) -> None:
        """Forget all: they were stopped in order."""
        self._noted = {}
        self._path.unlink(missing_ok=True)

    def end_leftovers(self) -> list[str]:
        """End what an earlier start left running; the names of what was."""
        found = {name: p for name, note in self._read().items() if (p := _same_process(note))}
        family = [p for leader in found.values() for p in processes.with_descendants(leader)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        if not processes.ended_within(family, PATIENCE_S):
            processes.kill(family)
        self.clear()
        return list(found)

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            read = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return read if isinstance(read, dict) else {}

    def _write(self) -> None:
        aside = self._path.with_suffix(".new")
        aside.write_text(json.dumps(self._noted), encoding="utf-8")
        aside.replace(self._path)


def _same_process(note: dict[str, object]) -> psutil.Process | None:
    """The noted process if it still runs; a number alone may be another's by now."""
    pid, created = note.get("pid"), note.get("created")
    if not isinstance(pid, int) or not isinstance(created, float):
        return None
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        same_time = abs(process.create_time() - created) < CLOCK_SLACK_S
        if same_time and process.cmdline() == note.get("command"):
            return process
    return None
