"""Set up and run all checks and tests: `python3 deploy/test.py [--quick] [what pytest takes]`.

The same set-up as a start, plus the tools of tests/requirements.txt, a Samba server to drag files
with and a browser to open the pages in. pytest comes last: its closing line is the last one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy import apt
from deploy.prepare import ROOT, NotPrepared, prepare, say

SYSTEM_PROGRAMS = {"smbd": "samba", "smbclient": "smbclient"}
# The first is Chromium without windows of its own, a third of the work; some systems lack it.
BROWSERS = ("chromium-headless-shell", "chromium")
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "lint-imports": ("lint-imports",),
}


def main() -> int:
    """0 when all steps passed."""
    parser = argparse.ArgumentParser(
        prog="deploy/test.py",
        description="Set up and run all checks and tests.",
        epilog="Everything else is passed on to pytest.",
    )
    parser.add_argument(
        "--quick", action="store_true", help="skip the static checks and the tests marked slow"
    )
    options, for_pytest = parser.parse_known_args()
    try:
        python = prepare(ROOT / "tests" / "requirements.txt")
    except NotPrepared as missing:
        say(f"error: {missing}")
        return 1
    _fetch_system_programs()
    passed = options.quick or _all_pass(python)
    if options.quick:
        for_pytest = ["-m", "not slow", *for_pytest]
    tested = _run([str(python), "-m", "pytest", "-n", "4", "-rs", *for_pytest])
    return tested or int(not passed)


def _fetch_system_programs() -> None:
    for program, package in SYSTEM_PROGRAMS.items():
        if not _is_had(program, package):
            _say_missing(program, package)
    if not any(_is_had(browser, browser) for browser in BROWSERS):
        _say_missing("Chromium", BROWSERS[-1])


def _is_had(program: str, package: str) -> bool:
    """Whether the program is there now, fetched if need be."""
    where = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
    if shutil.which(program, path=where) is not None:
        return True
    say(f"fetching {package} for the tests")
    return apt.install(package)


def _say_missing(program: str, package: str) -> None:
    say(f"{program} is missing, so the tests with it are skipped: apt-get install {package}")


def _all_pass(python: Path) -> bool:
    """Run the static checks and show each with its result and its time."""
    summary: list[str] = []
    failures = 0
    for name, (program, *arguments) in CHECKS.items():
        say(f"== {name}")
        begun = time.monotonic()
        failed = _run([str(python.with_name(program)), *arguments]) != 0
        failures += failed
        result = "FAILED" if failed else "passed"
        summary.append(f"{name:<14} {result}  {time.monotonic() - begun:5.1f} s")
    print("\n== checks", *summary, "== pytest", sep="\n", flush=True)
    return not failures


def _run(command: Sequence[str]) -> int:
    """The exit code, run with no settings but the project's own defaults."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PRINTSYSTEM_")}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
