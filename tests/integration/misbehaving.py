"""A child that does what a parser might be brought to do."""

import ctypes
import os
import sys
import time

from daemon.sandboxed import Refused


def main(arguments: list[str]) -> None:
    {
        "answers": lambda: sys.stdout.write("42"),
        "echoes": lambda: sys.stdout.write(sys.stdin.read().upper()),
        "refuses": _refuse,
        "hoards": lambda: bytearray(2 << 30),
        "hangs": lambda: time.sleep(600),
        "spins": _spin,
        "crashes": lambda: ctypes.string_at(0),
        "fails": lambda: 1 / 0,
        "floods": lambda: sys.stdout.write("x" * 10_000_000),
        "tells": lambda: sys.stdout.write(" ".join(os.environ)),
        "writes": lambda: open("left-behind", "w").write("x" * 1_000_000),  # noqa: PTH123, SIM115
    }[arguments[0]]()


def _refuse() -> None:
    raise Refused("it is no model at all")


def _spin() -> None:
    while True:
        pass
