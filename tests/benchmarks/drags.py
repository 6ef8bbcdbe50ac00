"""A drag, from the rename to the commit, and five hundred of them at once."""

import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import psutil
import psycopg2
from psycopg2.extras import execute_values
from sqlalchemy import Engine, text

from daemon import rebuild
from daemon.share import Share
from schemas.naming import SIDECAR_SUFFIX
from schemas.status import FOLDERS, Status
from tests.benchmarks.bench import Bench, Figure, Listener, percentile

DRAGS = 300
MASS = 500
SMALL = 100
BARE = 4000  # jobs in the share of the bare process, which leaves its sidecars unusable


@dataclass(frozen=True)
class Job:
    """A job's number and its two files."""

    number: int
    names: tuple[str, str]  # model, sidecar


def measure(bench: Bench) -> list[Figure]:
    """One drag beside the bare process, in a small and in the large tree; then a mass of them."""
    bare_ms = _bare(bench)
    small_ms = _ours(bench, bench.share(SMALL))
    large_ms, mass_s, idle = _ours_at_length(bench, bench.share(bench.jobs))
    bare_mass_s = _bare_mass(bench.share(bench.jobs), bench.dsn)
    name = f"{bench.jobs:,} jobs"

    def beside(what: str, share: float, against: Sequence[float], target: str) -> Figure:
        return Figure(what, percentile(large_ms, share), "ms", percentile(against, share), target)

    return [
        beside(f"drag to commit, p50, {name}", 0.5, bare_ms, "<= 2x"),
        beside(f"drag to commit, p99, {name}", 0.99, bare_ms, "<= 4x"),
        beside(f"drag, p50, {name} beside {SMALL}", 0.5, small_ms, "<= 1.2x"),
        Figure(f"{MASS} jobs dragged at once", mass_s, "s", bare_mass_s, "<= 2x"),
        Figure("CPU when idle", idle * 100, "%", None, "< 1 %"),
    ]


def _bare(bench: Bench) -> list[float]:
    share = bench.share(BARE)
    rebuild.rebuild(bench.world(share, bench.engine()))
    with bench.child(share, "tests.benchmarks.bare", str(share.root), bench.dsn) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return _drag_one_by_one(share, bench.dsn)


def _ours(bench: Bench, share: Share) -> list[float]:
    engine = indexed(bench, share)
    with bench.child(share, "daemon", "run"):
        wait_until_led(engine)
        return _drag_one_by_one(share, bench.dsn)


def _ours_at_length(bench: Bench, share: Share) -> tuple[list[float], float, float]:
    engine = indexed(bench, share)
    with bench.child(share, "daemon", "run") as process:
        wait_until_led(engine)
        found = _drag_one_by_one(share, bench.dsn)
        time.sleep(5)
        mass_s = _drag_all(share, bench.dsn)
        time.sleep(15)
        return found, mass_s, _idle(process.pid)


def indexed(bench: Bench, share: Share) -> Engine:
    """The index of a share, made anew, whose lease is free."""
    engine = bench.engine()
    rebuild.rebuild(bench.world(share, engine))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM lease"))
    return engine


def wait_until_led(engine: Engine) -> None:
    """Wait until a daemon leads and has looked. Raises: TimeoutError."""
    end = time.perf_counter() + 120
    while time.perf_counter() < end:
        with engine.connect() as connection:
            if connection.execute(text("SELECT 1 FROM control WHERE name = 'health'")).first():
                time.sleep(3)
                return
        time.sleep(0.2)
    raise TimeoutError("the daemon does not lead")


def _drag_one_by_one(share: Share, dsn: str) -> list[float]:
    """Milliseconds from the first rename of a job's two files to its commit; spaced."""
    listener = Listener(dsn)
    found: list[float] = []
    way = itertools.cycle([(Status.UPLOADED, Status.PENDING), (Status.PENDING, Status.UPLOADED)])
    while len(found) < DRAGS:
        source, target = next(way)
        for job in jobs_in(share, source, DRAGS - len(found)):
            started = time.perf_counter()
            drag(share, job, source, target)
            if not listener.wait_for(job.number):
                raise TimeoutError(f"job {job.number} was not recorded")
            found.append((time.perf_counter() - started) * 1e3)
            time.sleep(0.02)
    listener.close()
    return found


def _drag_all(share: Share, dsn: str) -> float:
    """Seconds until five hundred jobs, dragged as fast as it goes, are all committed."""
    jobs = jobs_in(share, Status.REJECTED, MASS)
    started = time.perf_counter()
    for job in jobs:
        drag(share, job, Status.REJECTED, Status.COMPLETED)
    _wait_for_all(dsn, [job.number for job in jobs])
    return time.perf_counter() - started


def _bare_mass(share: Share, dsn: str) -> float:
    """The same without a plan: list and compare, rewrite the sidecars, one transaction."""
    known = {path: sig for path, sig in _listing(share)}
    jobs = {job.names[1]: job for job in jobs_in(share, Status.COMPLETED, MASS)}
    started = time.perf_counter()
    for job in jobs.values():
        drag(share, job, Status.COMPLETED, Status.REJECTED)
    arrived = dict(_listing(share)).items() - known.items()
    moved = [jobs[path.rpartition("/")[2]] for path, _ in arrived if path.endswith(SIDECAR_SUFFIX)]
    for job in moved:
        _rewrite(share, f"{Status.REJECTED}/{job.names[1]}")
    numbers = [job.number for job in moved]
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE jobs SET status = 'Rejected' WHERE number = ANY(%s)", (numbers,))
        cursor.execute("DELETE FROM files WHERE job = ANY(%s)", (numbers,))
        rows = [(f"Rejected/{name}", job.number) for job in moved for name in job.names]
        execute_values(
            cursor,
            "INSERT INTO files (path, job, role, size, mtime_ns) VALUES %s",
            rows,
            template="(%s, %s, 'model', 0, 0)",
        )
        execute_values(
            cursor,
            "INSERT INTO events VALUES %s",
            [(number,) for number in numbers],
            template="(%s, 999, now(), 'StatusChanged', '', 'folder', '{}', '')",
        )
        execute_values(
            cursor,
            "INSERT INTO emails (job, seq, template, state, via, arrived_at) VALUES %s",
            [(number,) for number in numbers],
            template="(%s, 999, 'Rejected', 'held', 'folder', now())",
        )
    connection.close()
    return time.perf_counter() - started


def _rewrite(share: Share, path: str) -> None:
    """What the daemon writes: read, parsed, one event more, aside, flushed, renamed over."""
    doc = orjson.loads((share.root / path).read_bytes())
    doc["history"].append({"seq": 999, "type": "StatusChanged"})
    aside = share.incoming / "bare.tmp"
    with aside.open("wb") as file:
        file.write(orjson.dumps(doc, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    aside.rename(share.root / path)


def _listing(share: Share) -> list[tuple[str, tuple[int, int]]]:
    found = []
    for folder in FOLDERS:
        with os.scandir(share.root / folder) as entries:
            for entry in entries:
                stat = entry.stat(follow_symlinks=False)
                found.append((f"{folder}/{entry.name}", (stat.st_size, stat.st_mtime_ns)))
    return found


def _wait_for_all(dsn: str, jobs: list[int]) -> None:
    end = time.perf_counter() + 60
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        while time.perf_counter() < end:
            cursor.execute(
                "SELECT count(*) FROM jobs WHERE status = 'Completed' AND number = ANY(%s)",
                (jobs,),
            )
            (count,) = cursor.fetchone() or (0,)
            connection.commit()
            if count == len(jobs):
                return
            time.sleep(0.01)
    raise TimeoutError("not all drags were recorded")


def jobs_in(share: Share, status: Status, most: int) -> list[Job]:
    """Jobs of a folder, at most so many."""
    found = []
    for sidecar in sorted((share.root / status).glob(f"*{SIDECAR_SUFFIX}"))[:most]:
        stem = sidecar.name.removesuffix(SIDECAR_SUFFIX)
        found.append(Job(int(stem.rsplit("_", 1)[1]), (f"{stem}.stl", sidecar.name)))
    return found


def drag(share: Share, job: Job, source: Status, target: Status) -> None:
    """Both files of a job, one after the other, as Explorer does it."""
    for name in job.names:
        Path(share.root / source / name).rename(share.root / target / name)


def _idle(pid: int) -> float:
    """The share of one core that the process takes while nothing happens."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(20)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / 20
