"""Work on a stranger's file, done by a child process that can hurt nobody.

The child is `python -m daemon.sandboxed MODULE`: it limits itself before it imports anything that
parses. It has no secrets in its environment, no place to write to but its answer, and dies with
everything it started when its time is over. Whatever becomes of it is an answer or `CouldNot`.
"""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daemon.sandboxed import OUT_OF_MEMORY, REFUSED, TOO_LONG
from schemas.errors import StaleState

log = logging.getLogger(__name__)

_ROOT = Path(__file__).resolve().parent.parent
_GRACE_S = 0.5  # for the interpreter to start and end
_WORDS = 300  # characters of what a child says that are worth keeping
# What a child needs of our environment; the address of the database is not among it.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


_running: set["subprocess.Popen[bytes]"] = set()
_is_over = threading.Event()


class CouldNot(Exception):
    """The child gave no answer; the text says why, for a person to read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take: memory in MB, time in seconds, and bytes of answer."""

    memory_mb: int
    time_s: float
    output_bytes: int


def end_all() -> None:
    """This program is stopping: what runs is ended, and nothing more is started."""
    _is_over.set()
    for child in list(_running):
        _end(child)


def run(module: str, arguments: Sequence[str], limits: Limits, *, given: bytes = b"") -> bytes:
    """What `main(arguments)` of a module writes to its standard output, run in a child.

    `given` is what it can read from its standard input. Raises: CouldNot; StaleState when this
    program is told to stop meanwhile.
    """
    with (
        tempfile.TemporaryDirectory(prefix="printsystem-") as folder,
        tempfile.TemporaryFile() as given_file,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as remarks,
    ):
        given_file.write(given)
        given_file.seek(0)
        code = _run_child(_command(module, arguments, limits), folder, limits.time_s,
                          (given_file, answer, remarks))  # fmt: skip
        if _is_over.is_set():
            raise StaleState("this program is stopping", possible="start it again")
        if code != 0:
            reason = _reason(code, _last_line(remarks), limits)
            log.info("a child could not: %s", reason, extra={"child": module})
            raise CouldNot(reason)
        return _read(answer, limits.output_bytes)


def _command(module: str, arguments: Sequence[str], limits: Limits) -> list[str]:
    numbers = (str(limits.memory_mb), str(limits.time_s), str(limits.output_bytes))
    return [sys.executable, "-B", "-m", "daemon.sandboxed", *numbers, module, *arguments]


def _run_child(
    command: Sequence[str], folder: str, time_s: float, files: tuple[BinaryIO, BinaryIO, BinaryIO]
) -> int | None:
    """The child's exit code, negative for a signal; None when its time was over."""
    given, answer, remarks = files
    try:
        child = subprocess.Popen(
            command,
            stdin=given,
            stdout=answer,
            stderr=remarks,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
    except OSError as error:
        raise CouldNot(f"no child could be started ({error.strerror})") from None
    with child:
        _running.add(child)
        try:
            return child.wait(0 if _is_over.is_set() else time_s + _GRACE_S)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(child)
            _running.discard(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Nothing of the child's is left running, whatever it has started."""
    if sys.platform == "win32":  # its job ends with its last handle
        child.kill()
        return
    with suppress(ProcessLookupError, PermissionError):  # gone by itself, as it should be
        os.killpg(child.pid, signal.SIGKILL)


def _environment(folder: str) -> dict[str, str]:
    ours = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**ours, **one, "PYTHONPATH": str(_ROOT), "HOME": folder, "TMPDIR": folder}


def _reason(code: int | None, remark: str, limits: Limits) -> str:
    """Why there is no answer, in words."""
    if code is None or (code < 0 and -code == getattr(signal, "SIGXCPU", None)):
        return f"it took more than {limits.time_s:g} s"
    if code == OUT_OF_MEMORY:
        return f"it needed more than {limits.memory_mb} MB of memory"
    if code == REFUSED and remark:
        return remark
    if code == TOO_LONG:
        return "its answer was too long"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
    return f"the program that reads it crashed ({name})"


def _last_line(remarks: BinaryIO) -> str:
    size = remarks.seek(0, os.SEEK_END)
    remarks.seek(max(0, size - 4 * _WORDS))
    lines = remarks.read().decode("utf-8", "replace").strip().splitlines()
    return "".join(sign for sign in lines[-1] if sign.isprintable())[:_WORDS] if lines else ""


def _read(answer: BinaryIO, output_bytes: int) -> bytes:
    if answer.seek(0, os.SEEK_END) > output_bytes:
        raise CouldNot("its answer was too long")
    answer.seek(0)
    return answer.read()
