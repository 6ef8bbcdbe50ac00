"""The index made anew from the folders."""

import io
import os
import time

import orjson
import psycopg2

from daemon import rebuild
from daemon.share import Share
from schemas.naming import SIDECAR_SUFFIX
from schemas.status import FOLDERS
from tests.benchmarks.bench import Bench, Figure


def measure(bench: Bench) -> list[Figure]:
    """Our rebuild beside one process that reads, parses and copies, and checks nothing."""
    share = bench.share(bench.jobs)
    bench.engine().dispose()
    started = time.perf_counter()
    bare_copy(share, bench.dsn)
    limit_s = time.perf_counter() - started
    engine = bench.engine()
    world = bench.world(share, engine)
    started = time.perf_counter()
    assert rebuild.rebuild(world) == bench.jobs
    return [Figure("rebuild", time.perf_counter() - started, "s", limit_s, "<= 1x")]


def bare_copy(share: Share, dsn: str) -> None:
    """Read every sidecar, parse it, and copy the rows of jobs, files and events."""
    jobs, files, events = io.StringIO(), io.StringIO(), io.StringIO()
    for folder in FOLDERS:
        with os.scandir(share.root / folder) as entries:
            for entry in entries:
                found = entry.stat()
                path = f"{folder}/{entry.name}"
                if not entry.name.endswith(SIDECAR_SUFFIX):
                    number = entry.name.rsplit("_", 1)[1].partition(".")[0]
                    files.write(f"{path}\t{number}\tmodel\t{found.st_size}\t{found.st_mtime_ns}\n")
                    continue
                with open(entry.path, "rb") as file:  # noqa: PTH123 (as fast as it goes)
                    doc = orjson.loads(file.read())
                files.write(
                    f"{path}\t{doc['job']}\tsidecar\t{found.st_size}\t{found.st_mtime_ns}\n"
                )
                jobs.write(_job_line(doc, entry.name))
                for event in doc["history"]:
                    data = orjson.dumps(event["data"]).decode()
                    events.write(
                        f"{doc['job']}\t{event['seq']}\t{event['at']}\t{event['type']}\t{event['by']}"
                        f"\t{event['via']}\t{data}\t{event['prev']}\n"
                    )
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        for buffer, into in ((jobs, _JOBS), (files, _FILES), (events, _EVENTS)):
            buffer.seek(0)
            cursor.copy_expert(f"COPY {into} FROM STDIN", buffer)
    connection.close()


_JOBS = (
    "jobs (number, stem, status, since, created_at, updated_at, revision, last_seq, student_name, "
    "student_email, discipline, class_number, print_method, color, printer, minimum_charge, "
    "reviewed)"
)
_FILES = "files (path, job, role, size, mtime_ns)"
_EVENTS = "events"


def _job_line(doc: dict, name: str) -> str:  # type: ignore[type-arg]
    student, request, at = doc["student"], doc["request"], doc["history"][-1]["at"]
    return (
        f"{doc['job']}\t{name}\t{doc['status']}\t{at}\t{at}\t{at}\t{doc['revision']}\t6\t"
        f"{student['name']}\t{student['email']}\t{student['discipline']}\t{student['class_number']}\t"
        f"{request['print_method']}\t{request['color']}\t{request['printer']}\tt\tf\n"
    )
