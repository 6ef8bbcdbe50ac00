"""Other processes: whether they live, what they started, and waiting for their end."""

import contextlib
import time
from collections.abc import Iterable

import psutil


def lives(process: psutil.Process) -> bool:
    """Whether it still runs; a dead one that nobody reaps, as in some containers, does not."""
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def with_descendants(process: psutil.Process) -> list[psutil.Process]:
    """The process, then all that it and its children started."""
    with contextlib.suppress(psutil.Error):
        return [process, *process.children(recursive=True)]
    return [process]


def kill(processes: Iterable[psutil.Process]) -> None:
    """End them by force; one that is gone already, or whose number is another's now, is spared."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def ended_within(processes: Iterable[psutil.Process], limit_s: float) -> bool:
    """Wait until all have ended; whether they did in time."""
    left = list(processes)
    deadline = time.monotonic() + limit_s
    while left := [process for process in left if lives(process)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
