"""What must stand before the system can run: a virtual environment, its packages, system libraries.

Standard library only, since nothing else is there yet. Every step is skipped when it was done
before, so that a second start costs nothing.
"""

import ctypes.util
import hashlib
import importlib.util
import platform
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy import apt

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements.txt"


class NotPrepared(Exception):
    """Something is missing that this program may not fetch; the message says what to type."""


@dataclass(frozen=True)
class SystemLibrary:
    """A library that pip cannot bring. None of them may stop the start."""

    names: tuple[str, ...]  # as the linker knows it, one per version
    packages: tuple[str, ...]  # Debian's name for it, one per release
    without_it: str


LIBRARIES = (
    SystemLibrary(
        names=("MagickWand-7.Q16", "MagickWand-6.Q16"),
        packages=("libmagickwand-7.q16-10", "libmagickwand-6.q16-7t64", "libmagickwand-6.q16-6"),
        without_it="no pictures of models on the cards",
    ),
    SystemLibrary(
        names=("OSMesa",),
        packages=("libosmesa6",),
        without_it="no pictures of models on the cards",
    ),
)


def say(text: str) -> None:
    """Tell the person at the terminal how far the work is."""
    print(text, file=sys.stderr, flush=True)


def prepare(*more_requirements: Path) -> Path:
    """The Python of a virtual environment that has all packages; made where it is missing.

    Raises: NotPrepared with what to type.
    """
    if not (PYTHON.exists() and PYTHON.with_name("pip").exists()):
        _make_venv()  # also after a set-up cut short, or a new Python, which leaves a dangling link
    for requirements in (REQUIREMENTS, *more_requirements):
        _install(requirements)
    _fetch_system_libraries()
    return PYTHON


def _make_venv() -> None:
    if not _has_ensurepip():
        say("this Python cannot make a virtual environment; fetching python3-venv")
        if not apt.install("python3-venv") or not _has_ensurepip():
            raise NotPrepared(
                f"{sys.executable} lacks the modules venv and ensurepip.\n"
                "Type this, then start again:\n"
                "    sudo apt-get update && sudo apt-get install -y python3-venv"
            )
    say(f"making the virtual environment {VENV}")
    _run([sys.executable, "-m", "venv", "--clear", str(VENV)], what="the virtual environment")


def _has_ensurepip() -> bool:
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


def _install(requirements: Path) -> None:
    stamp = VENV / f"{'-'.join(requirements.relative_to(ROOT).parts)}.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    shown = requirements.relative_to(ROOT)
    say(f"installing the packages of {shown}; the first time this takes a minute or two")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--progress-bar=off"]
    _run([*pip, "-r", str(requirements)], what=f"the packages of {shown}")
    stamp.write_text(wanted, encoding="ascii")


def _run(command: list[str], *, what: str) -> None:
    """Run to the end; of what it says, errors are shown and which package it is at."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            for line in running.stdout or ():
                if line.startswith("Collecting "):
                    say(f"  {line.split()[1]}")
        except BaseException:  # told to stop meanwhile
            running.kill()
            raise
    if running.returncode != 0:
        raise NotPrepared(f"{what} could not be set up; the lines above say why")


def _fetch_system_libraries() -> None:
    """Once per machine: what is missing is fetched where that is allowed, else named."""
    stamp = VENV / "system-libraries.host"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == platform.node():
        return
    for library in LIBRARIES:
        if not _is_there(library.names):
            _fetch(library)
    stamp.write_text(platform.node(), encoding="utf-8")


def _is_there(names: Iterable[str]) -> bool:
    return any(ctypes.util.find_library(name) for name in names)


def _fetch(library: SystemLibrary) -> None:
    say(f"fetching the system library {library.names[-1]}")
    if any(apt.install(package) for package in library.packages):
        return
    say(
        f"  it is missing: {library.without_it}, everything else works. To have it, type:\n"
        f"    sudo apt-get update && sudo apt-get install -y {library.packages[-1]}\n"
        f"    (or, depending on the release: {', '.join(library.packages[:-1]) or 'the same'})"
    )
