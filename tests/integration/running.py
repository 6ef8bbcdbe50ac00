"""The real daemon, `python -m daemon run`, in a process of its own on a real share and database.

with Running(folder, url) as site:
    job = site.submit()
    site.wait_for(lambda: site.is_known(job))

A `Running` is a `Lab` whose clock is the wall's: what people do and what can be asked is the same,
but nobody tells the daemon when to look. `site.start()` starts one more on the same share.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Row, text

from daemon import index
from daemon.database import connect
from daemon.look import look_at_all
from daemon.snapshot import compare
from schemas.errors import DatabaseUnavailable
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import Lab, empty_database

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
# Whoever wants to see models looked into says so: it takes seconds of a processor for each.
QUICK = {"UNDO_FOLDER_S": 0.2, "UNDO_WEB_S": 0.2, "RESCAN_S": 3, "INSPECT": "no"}


def wait_for(ask: Callable[[], T], *, limit_s: float = 20.0, said: Callable[[], str] = str) -> T:
    """What `ask` answers once that is true or full; fails with `said` when it takes too long."""
    deadline = time.monotonic() + limit_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {limit_s:g} s in vain\n{said()}")
        time.sleep(0.02)
    return answer


class Daemon:
    """One daemon process and what it says."""

    def __init__(self, log: Path, folder: Path, environment: dict[str, str]) -> None:
        self._log = log
        with log.open("wb") as messages:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "daemon", "run"],
                cwd=folder,  # where no `.env` of this project is found
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def leads(self) -> bool:
        return self.is_alive() and ": leading" in self.log

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """End it in order; its exit code. By force when it does not listen."""
        if self.is_alive():
            self.thaw()
            self._process.terminate()
        try:
            return self._process.wait(12)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Running(Lab):
    """A share, an empty index, and `daemons` at work on them. Settings go by their bare names."""

    def __init__(
        self, folder: Path, url: str, *, smtp_port: int = 0, share: Path | None = None, **more: Any
    ) -> None:
        super().__init__(folder, connect(url))
        if share is not None:
            self.settings = self.settings.model_copy(update={"share": share})
            self.share = type(self.share)(share)
        mail: dict[str, Any] = {
            "MAIL_BACKEND": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": smtp_port,
            "SMTP_SECURITY": "none",
        }
        self._given = {
            "SHARE": self.settings.share,
            "DATA_DIR": self.settings.data_dir,
            "DATABASE_URL": url,
            "SECRET_KEY": "a secret of the tests, long enough",
            **QUICK,
            **(mail if smtp_port else {}),
            **more,
        }
        self.daemons: list[Daemon] = []

    def __enter__(self) -> Self:
        empty_database(self.engine)
        self.settings.data_dir.mkdir(exist_ok=True)
        if not (self.root / ".printsystem").exists():
            self.share.create()
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        for daemon in self.daemons:
            if daemon.is_alive():
                daemon.kill()
        self.engine.dispose()

    def now(self) -> datetime:
        return datetime.now(UTC)

    # Processes

    @property
    def environment(self) -> dict[str, str]:
        ours = {f"PRINTSYSTEM_{name}": str(value) for name, value in self._given.items()}
        return {**os.environ, **ours, "PYTHONPATH": str(ROOT)}

    def start(self, *, leading: bool = True, **changed: Any) -> Daemon:
        """One more daemon on this share and database; by default it leads when this returns."""
        self._given |= changed
        log = self.folder / f"daemon-{len(self.daemons)}.log"
        daemon = Daemon(log, self.folder, self.environment)
        self.daemons.append(daemon)
        if leading:
            self.wait_for(daemon.leads)
        return daemon

    def verb(self, *words: str, **changed: Any) -> subprocess.CompletedProcess[str]:
        """Another verb of the command line with the same settings, run to its end."""
        self._given |= changed
        return subprocess.run(
            [sys.executable, "-m", "daemon", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def daemon(self) -> Daemon:
        return self.daemons[0]

    @property
    def logs(self) -> str:
        return "\n".join(f"--- daemon {n}\n{d.log[-6000:]}" for n, d in enumerate(self.daemons))

    # Waiting

    def wait_for(self, ask: Callable[[], T], *, limit_s: float = 20.0) -> T:
        return wait_for(ask, limit_s=limit_s, said=lambda: self.logs)

    def wait_for_rest(self, *, limit_s: float = 30.0) -> None:
        """Wait until folders and index agree, no job is restless and no mail is on its way."""
        self.wait_for(self.is_at_rest, limit_s=limit_s)

    def is_at_rest(self) -> bool:
        try:
            known = index.load(self.engine)
        except DatabaseUnavailable:
            return False
        changes = compare(look_at_all(self.root, self.share.check), known)
        under_way = self.sql("SELECT 1 FROM emails WHERE state IN ('queued', 'sending')")
        return not (changes.arrived or changes.gone or known.restless or under_way)

    # What can be asked

    def sql(self, query: str, **values: Any) -> list[Row[Any]]:
        with self.engine.begin() as connection:
            found = connection.execute(text(query), values)
            return list(found) if found.returns_rows else []

    def is_known(self, job: JobNumber) -> bool:
        return bool(self.sql("SELECT 1 FROM jobs WHERE number = :n", n=job))

    def is_in(self, job: JobNumber, status: Status) -> bool:
        """Whether the index has the job in that status, and all its files lie there."""
        found = self.sql("SELECT 1 FROM jobs WHERE number = :n AND status = :s", n=job, s=status)
        return bool(found) and {path.parent.name for path in self.paths(job)} == {status.value}

    def health(self) -> dict[str, Any]:
        rows = self.sql("SELECT value FROM control WHERE name = 'health'")
        return dict(rows[0][0]) if rows else {}

    def holder(self) -> str:
        """Who holds the lease now; empty when it has run out."""
        rows = self.sql("SELECT holder FROM lease WHERE expires_at > clock_timestamp()")
        return str(rows[0][0]) if rows else ""

    def leader(self) -> Daemon | None:
        """The daemon that holds the lease now."""
        holder = self.holder()
        return next((d for d in self.daemons if f":{d.pid}:" in holder), None)

    def incoming(self) -> list[str]:
        """What lies in the room for files that are not whole yet."""
        return sorted(path.name for path in self.share.incoming.iterdir())

    # What people do, beside a daemon that moves files too

    def new_job(self, **student: str) -> JobNumber:
        """A job that the index knows."""
        job = self.submit(**student)
        self.wait_for(lambda: self.is_known(job))
        return job

    def drag(self, job: JobNumber, target: Status) -> None:
        """The whole job is dragged, file by file; what the daemon takes along meanwhile is fine."""
        for path in self.paths(job):
            with suppress(FileNotFoundError):
                path.rename(self.root / target / path.name)


@contextmanager
def mounted(place: Path, *, size: str = "8m") -> Iterator[Path]:
    """A small file system of its own at `place`, taken away afterwards whatever happens."""
    place.mkdir(exist_ok=True)
    mount(place, size=size)
    try:
        yield place
    finally:
        while place.is_mount():
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def mount(place: Path, *, size: str = "8m") -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    """Make a mounted file system read-only (`ro`) or writable again (`rw`)."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)
