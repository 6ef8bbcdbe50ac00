"""The dashboard's JSON over the whole index, and an upload of the largest file allowed."""

import hashlib
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

from daemon import rebuild
from daemon.share import Share
from tests.benchmarks.bench import Bench, Figure, best, percentile

PASSWORD = "open-sesame"
TRIANGLES = 999_990  # 49,999,584 bytes: just below the default limit
ASKED = 200


def measure(bench: Bench) -> list[Figure]:
    """A real server, a real socket, one request after the other."""
    share = bench.share(bench.jobs)
    rebuild.rebuild(bench.world(share, bench.engine()))
    with served(bench, share) as (client, process):
        return [*_listing(client, bench.jobs), *_upload(client, process, share)]


@contextmanager
def served(bench: Bench, share: Share) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    """The pages in a process of their own, and a browser before them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"PRINTSYSTEM_PORT": str(port), "PRINTSYSTEM_STAFF_PASSWORD": PASSWORD}
    os.environ.update(settings)
    try:
        with (
            bench.child(share, "webui") as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ):
            _wait_for(client)
            yield client, psutil.Process(process.pid)
    finally:
        for name in settings:
            del os.environ[name]


def _wait_for(client: httpx.Client) -> None:
    end = time.perf_counter() + 30
    while time.perf_counter() < end:
        try:
            client.get("/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the pages do not answer")


def _token(client: httpx.Client, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    if found is None:
        raise LookupError(f"{path} has no form")
    return found[1]


def log_in(client: httpx.Client) -> None:
    """Staff log in. Raises: PermissionError."""
    form = {"password": PASSWORD, "csrf_token": _token(client, "/staff/login")}
    if client.post("/staff/login", data=form).status_code != 303:
        raise PermissionError("the log-in was refused")


def ask_for_jobs(client: httpx.Client) -> tuple[list[float], str]:
    """Milliseconds of each of many requests for the dashboard's JSON, and the last one's ETag."""
    found, tag = [], ""
    for number in range(ASKED):
        started = time.perf_counter()
        status = ("Uploaded", "PaidPickedUp")[number % 2]
        answer = client.get("/api/v1/jobs", params={"status": status})
        found.append((time.perf_counter() - started) * 1e3)
        answer.raise_for_status()
        tag = answer.headers.get("ETag", "")
    return found, tag


def _listing(client: httpx.Client, jobs: int) -> list[Figure]:
    log_in(client)
    found, tag = ask_for_jobs(client)
    again = client.get(
        "/api/v1/jobs", params={"status": "PaidPickedUp"}, headers={"If-None-Match": tag}
    )
    return [
        Figure(
            f"dashboard JSON, p95, {jobs:,} jobs", percentile(found, 0.95), "ms", None, "< 50 ms"
        ),
        Figure("dashboard JSON, unchanged", float(again.status_code), "(status)", None, "304"),
    ]


def _upload(client: httpx.Client, process: psutil.Process, share: Share) -> list[Figure]:
    data = bytes(80) + struct.pack("<I", TRIANGLES) + os.urandom(50) * TRIANGLES
    before = process.memory_info().rss
    times = []
    for number in range(3):
        form = {
            "student_name": "Jane Doe",
            "student_email": f"jane{number}@example.edu",
            "discipline": "Art",
            "class_number": "N/A",
            "print_method": "Filament",
            "color": "True Red",
            "printer": "Prusa MK4S",
            "minimum_charge": "yes",
            "csrf_token": _token(client, "/submit"),
        }
        started = time.perf_counter()
        answer = client.post("/submit", data=form, files={"file": ("big.stl", data)})
        times.append(time.perf_counter() - started)
        if answer.status_code != 303:
            raise RuntimeError(f"the upload was answered with {answer.status_code}")
    grown_mb = (process.memory_info().rss - before) / 1e6
    limit_s = best(3, lambda: _write_and_hash(data, share))
    return [
        Figure("upload of 50 MB", min(times), "s", limit_s, "<= 1.5x"),
        Figure("memory grown by it", grown_mb, "MB", None, "flat"),
    ]


def _write_and_hash(data: bytes, share: Share) -> None:
    path, running = share.incoming / "bare", hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, len(data), 1 << 16):
            piece = data[start : start + (1 << 16)]
            running.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
