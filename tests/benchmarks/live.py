"""What an open dashboard waits for: from a drag to the event, and its list in a crowd."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx

from daemon.share import Share
from schemas.status import Status
from tests.benchmarks.bench import Bench, Figure, Listener, percentile
from tests.benchmarks.drags import drag, indexed, jobs_in, wait_until_led
from tests.benchmarks.pages import ask_for_jobs, log_in, served
from tests.listener import PATH
from tests.listener import Listener as Page

DRAGS = 100
APART_S = 0.3  # a person's pace; the events of a burst come together
PAGES = 10
STALLED = 40
ROUNDS = 3


def measure(bench: Bench) -> list[Figure]:
    """A real daemon, a real server; the limit is when the commit was heard, or the quiet case."""
    share = bench.share(bench.jobs)
    engine = indexed(bench, share)
    with bench.child(share, "daemon", "run"), served(bench, share) as (client, _):
        wait_until_led(engine)
        log_in(client)
        told_ms, committed_ms = _told(client, share, bench.dsn)
        alone_ms, crowded_ms = _asked(client)
    crowd = f"dashboard JSON, p95, beside {PAGES} listeners and {STALLED} stalled uploads"
    return [
        *(
            Figure(
                f"drag to event in a page, p{share * 100:.0f}",
                percentile(told_ms, share),
                "ms",
                percentile(committed_ms, share),
                "limit: to commit",
            )
            for share in (0.5, 0.95)
        ),
        Figure(crowd, percentile(crowded_ms, 0.95), "ms", percentile(alone_ms, 0.95), "<= 1.5x"),
    ]


def _told(client: httpx.Client, share: Share, dsn: str) -> tuple[list[float], list[float]]:
    """Milliseconds from each drag to the page's event, and to the commit behind it."""
    commits, told, committed = Listener(dsn), [], []
    with _page(client) as page:
        page.wait_for(lambda event: event.name == "hello")
        for job in jobs_in(share, Status.UPLOADED, DRAGS):
            time.sleep(APART_S)
            started = time.perf_counter()
            drag(share, job, Status.UPLOADED, Status.REJECTED)
            if not commits.wait_for(job.number):
                raise TimeoutError(f"job {job.number} was not recorded")
            committed.append((time.perf_counter() - started) * 1e3)
            event = page.wait_for_job(job.number, after_s=started)
            told.append((event.at_s - started) * 1e3)
    commits.close()
    return told, committed


def _asked(client: httpx.Client) -> tuple[list[float], list[float]]:
    """Milliseconds of each request for the list, alone and in a crowd, by turns."""
    alone, crowded = [], []
    for _ in range(ROUNDS):
        alone += ask_for_jobs(client)[0]
        with _crowd(client):
            crowded += ask_for_jobs(client)[0]
    return alone, crowded


@contextmanager
def _crowd(client: httpx.Client) -> Iterator[None]:
    """Many pages listen, and many uploads have stopped in the middle."""
    with ExitStack() as stack:
        while client.head(PATH).status_code != 200:  # those of the round before have just gone
            time.sleep(0.1)
        for _ in range(PAGES):
            page = stack.enter_context(_page(client))
            page.wait_for(lambda event: event.name == "hello")
        for _ in range(STALLED):
            upload = stack.enter_context(socket.create_connection(("127.0.0.1", _port(client))))
            upload.sendall(
                b"POST /submit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
            )
        yield


def _page(client: httpx.Client) -> Page:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    page = Page(_port(client), cookies)
    if page.status != 200:
        with suppress(OSError):
            page.close()
        raise RuntimeError(f"the pages answered {page.status}")
    return page


def _port(client: httpx.Client) -> int:
    if client.base_url.port is None:
        raise LookupError("the pages have no port")
    return client.base_url.port
