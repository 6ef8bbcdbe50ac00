"""Packages from Debian's package manager, where this user may install them without a question."""

import functools
import os
import shutil
import subprocess
import sys

APT = ("apt-get", "-y", "-qq", "-o", "DPkg::Lock::Timeout=60")


def install(package: str) -> bool:
    """Whether the package is there now. Asks for no password and needs no terminal."""
    if not _may_install() or not _is_offered(package):
        return False
    return _run("install", "--no-install-recommends", package)


@functools.cache
def _may_install() -> bool:
    """Whether we may, as root or by sudo without a password; the lists are fresh afterwards."""
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() != 0 and not _succeeds("sudo", "-n", "true"):
        return False
    _run("update")  # one source that fails is no reason not to try the others
    return True


def _is_offered(package: str) -> bool:
    """Whether apt knows a version to install; a bare name may be known and yet have none."""
    shown = subprocess.run(
        ["apt-cache", "policy", package],
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return "Candidate:" in shown.stdout and "Candidate: (none)" not in shown.stdout


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _run(*arguments: str) -> bool:
    """Whether apt-get did it; what it said is shown only when it did not."""
    as_root = () if os.geteuid() == 0 else ("sudo", "-n")
    done = subprocess.run(
        [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", *APT, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout.decode(errors="replace"), file=sys.stderr, flush=True)
    return done.returncode == 0
