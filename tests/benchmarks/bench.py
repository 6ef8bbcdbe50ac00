"""What the benchmarks share: a share with a tree, a server that flushes, figures with a ratio."""

import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
from sqlalchemy import Engine, text

from daemon.database import connect, migrate
from daemon.index import CHANNEL
from daemon.leader import Lease
from daemon.share import Share
from daemon.world import World, policy_of
from schemas.settings import Settings
from tests.benchmarks import tree


@dataclass(frozen=True)
class Figure:
    """A measured figure beside its limit. `target` is the ratio, or the figure, to stay below."""

    what: str
    ours: float
    unit: str
    limit: float | None = None
    target: str = ""

    def row(self) -> tuple[str, str, str, str, str]:
        """The figure as the cells of a table."""
        limit = "" if self.limit is None else f"{self.limit:.2f} {self.unit}"
        ratio = "" if not self.limit else f"{self.ours / self.limit:.2f}x"
        return self.what, f"{self.ours:.2f} {self.unit}", limit, ratio, self.target

    def line(self) -> str:
        """The figure in one line."""
        what, ours, limit, ratio, target = self.row()
        return f"{what}: {ours}" + (f", limit {limit}, {ratio}" if limit else "") + f" ({target})"


@dataclass
class Bench:
    """A folder and a database to measure in; trees are grown once a size and kept."""

    folder: Path
    url: str
    jobs: int
    say: Callable[[str], None]
    _shares: dict[int, Share] = field(default_factory=dict)

    def share(self, jobs: int) -> Share:
        """A share with that many jobs."""
        if jobs not in self._shares:
            self.say(f"growing a tree of {jobs:,} jobs ...")
            share = Share(self.folder / f"share-{jobs}")
            share.create()
            tree.grow(share, jobs)
            os.sync()
            self._shares[jobs] = share
        return self._shares[jobs]

    def engine(self) -> Engine:
        """The database, emptied."""
        migrate(self.url)
        engine = connect(self.url)
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL printsystem.rebuild = 'on'"))
            connection.execute(text("TRUNCATE jobs, files, events, emails, lease, control"))
        return engine

    def world(self, share: Share, engine: Engine) -> World:
        """A world that holds the lease."""
        settings = self.settings(share)
        lease = Lease(engine, "benchmark", lease_s=3600)
        lease.take(force=True)
        return World(
            share=share,
            engine=engine,
            policy=lambda: policy_of(settings, share.catalog()),
            guard=lease.guard,
            new_nonce=lambda: "nonce",
            epoch=lease.epoch,
        )

    def settings(self, share: Share) -> Settings:
        """Ordinary settings for a share."""
        return Settings(share=share.root, data_dir=self.folder / "data")

    @property
    def dsn(self) -> str:
        """The address as libpq knows it."""
        return self.url.replace("postgresql+psycopg2", "postgresql")

    def environment(self, share: Share) -> dict[str, str]:
        """What a child process needs to know."""
        return {
            **os.environ,
            "PRINTSYSTEM_SHARE": str(share.root),
            "PRINTSYSTEM_DATA_DIR": str(self.folder / "data"),
            "PRINTSYSTEM_DATABASE_URL": self.url,
        }

    @contextmanager
    def child(self, share: Share, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A Python module running as a process of its own, ended by its id."""
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment(share),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=20)


class Listener:
    """Hears the commits of the index, as the pages do."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True
        self._connection.cursor().execute(f"LISTEN {CHANNEL}")

    def wait_for(self, job: int, *, limit_s: float = 10.0) -> bool:
        """Wait until a commit of this job is heard; False when none is."""
        end = time.perf_counter() + limit_s
        while time.perf_counter() < end:
            select.select([self._connection], [], [], end - time.perf_counter())
            self._connection.poll()
            heard, self._connection.notifies = list(self._connection.notifies), []
            if any(str(job) in notice.payload.split(",") for notice in heard):
                return True
        return False

    def close(self) -> None:
        """Hear no more."""
        self._connection.close()


def best(times: int, act: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds: what the machine can do undisturbed."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        found.append(time.perf_counter() - started)
    return min(found)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return statistics.quantiles(values, n=1000, method="inclusive")[int(share * 1000) - 1]
