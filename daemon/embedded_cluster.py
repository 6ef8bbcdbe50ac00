"""The files of the embedded PostgreSQL: its cluster, its log, and the note of how to reach it.

Started by root, the server runs as another user (see `embedded_user`), who owns the cluster but
may often not search the folders above it (/root, a private temporary folder). Opening those would
be wrong, and so would data outside DATA_DIR. So the child's working directory is set to the cluster
while the child is still root, and the programs are told `-D /proc/self/cwd`, which the kernel
resolves without walking the path.

What a cluster holds is an index of the folders. One that cannot be used (another major version,
its password lost) is set aside and a new one made; the daemon fills it from the folders.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from daemon.embedded_user import account_for, binaries_for, give, wheel_version
from daemon.private_file import replace_private
from schemas.errors import DatabaseUnavailable

NAME = "printsystem"  # of the role and of the database
DRIVER = "postgresql+psycopg2://"  # SQLAlchemy takes a bare postgresql:// for psycopg 3
LOG_LIMIT = 10_000_000  # bytes


def note_in(data_dir: Path) -> Path:
    """The file that holds the address of the embedded database, password included."""
    return data_dir / "database.url"


class Cluster:
    """What lies in `data_dir/postgres`, and the programs of PostgreSQL that work on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.home = self.data_dir / "postgres"
        self.folder = self.home / "data"
        self.log = self.data_dir / "logs" / "postgres.log"
        self._account: pwd.struct_passwd | None = None
        self._binaries = Path()

    @property
    def mark(self) -> str:
        """A setting without effect that tells our server from others in the list of processes.

        `-D /proc/self/cwd` would not, and to read the working directory of another user's process
        takes rights that root in a container does not have.
        """
        return f"printsystem.cluster={self.folder}"

    def prepare(self, *, sync: bool) -> None:
        """Make the cluster unless there is one that can be used; it must not be running."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(exist_ok=True)
        self._account = account_for(self.home)
        self._binaries = binaries_for(self._account)
        if self._account is not None and self.home.stat().st_uid != self._account.pw_uid:
            give(self.home, self._account)
        self.home.chmod(0o700)
        if not self._is_usable():
            self._set_aside()
            self._create(sync=sync)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))

    def run_server(
        self, options: Sequence[str], *, port: int, tied: bool
    ) -> subprocess.Popen[bytes]:
        """Start the server; `options` are settings as NAME=VALUE.

        `tied`: where the system can do that, the server stops when whoever started it dies.
        """
        settings = ("unix_socket_directories=", "log_checkpoints=off", self.mark, *options)
        command = [
            *("postgres", "-D", self._as_seen_inside(self.folder), "-h", "127.0.0.1"),
            *("-p", str(port)),
            *(argument for setting in settings for argument in ("-c", setting)),
        ]
        return self._spawn(command, cwd=self.folder, tied=tied)

    def pid_file(self) -> list[str]:
        """The lines of the running server's own note: its number first, "ready" the eighth."""
        try:
            text = (self.folder / "postmaster.pid").read_text(encoding="utf-8")
        except OSError:
            return []
        return [line.strip() for line in text.splitlines()]

    def drop_pid_file(self) -> None:
        """Take away the note of a dead server, which may keep the next one from starting."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def access(self) -> tuple[int, str] | None:
        """The port and the password noted at the last start."""
        try:
            parts = urlsplit(note_in(self.data_dir).read_text(encoding="utf-8").strip())
            return (parts.port, parts.password) if parts.port and parts.password else None
        except (FileNotFoundError, ValueError):
            return None

    def note_access(self, port: int, password: str) -> None:
        """Note how to reach the server, for every command that needs it and for the next start."""
        replace_private(note_in(self.data_dir), url(port, password) + "\n")

    def unavailable(self, what: str) -> DatabaseUnavailable:
        """The error to raise, with the end of the log in it."""
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        return DatabaseUnavailable(
            f"{what}: {' / '.join(line.strip() for line in said)}",
            possible=f"see {self.log}; or, with the system stopped, move {self.home} away: "
            "it holds an index, which is made anew from the folders",
        )

    def _is_usable(self) -> bool:
        version = self.folder / "PG_VERSION"
        if not version.exists() or self.access() is None:
            return False
        major = wheel_version().partition(".")[0]
        return version.read_text(encoding="ascii").strip() == major

    def _set_aside(self) -> None:
        if self.folder.exists():
            number = sum(1 for _ in self.home.glob("unusable-*")) + 1
            self.folder.rename(self.home / f"unusable-{number}")

    def _create(self, *, sync: bool) -> None:
        """Make the cluster aside and rename it, so that an interrupted start leaves no half one."""
        port, password = self.access() or (free_port(), secrets.token_urlsafe(24))
        self.note_access(port, password)
        fresh = self.home / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        replace_private(self.home / "password", password + "\n")
        if self._account is not None:
            give(self.home, self._account)
        try:
            self._initdb(fresh, sync=sync)
        finally:
            (self.home / "password").unlink()
        fresh.rename(self.folder)

    def _initdb(self, fresh: Path, *, sync: bool) -> None:
        inside = self._as_seen_inside(fresh)
        command = [
            *("initdb", "-D", inside, "-U", NAME, "--auth=scram-sha-256"),
            *(f"--pwfile={inside}/../password", "--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *(() if sync else ("--no-sync",)),
        ]
        if self._spawn(command, cwd=fresh).wait() != 0:
            raise self.unavailable("the embedded PostgreSQL cannot be set up")

    def _as_seen_inside(self, folder: Path) -> str:
        through_kernel = self._account is not None and sys.platform == "linux"
        return "/proc/self/cwd" if through_kernel else str(folder)

    def _spawn(
        self, command: Sequence[str], *, cwd: Path, tied: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start a program of PostgreSQL as the fitting user; what it says goes to the log."""
        user = self._account
        setpriv = shutil.which("setpriv") if tied else None
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [
                    *((setpriv, "--pdeathsig", "INT") if setpriv else ()),
                    *(str(self._binaries / command[0]), *command[1:]),
                ],
                cwd=cwd,
                env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the owner alone, who stops it in order
                user=None if user is None else user.pw_uid,
                group=None if user is None else user.pw_gid,
                extra_groups=None if user is None else [],
            )


def url(port: int, password: str) -> str:
    """The address of an embedded server, as SQLAlchemy takes it."""
    return f"{DRIVER}{NAME}:{password}@127.0.0.1:{port}/{NAME}"


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of loopback now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
