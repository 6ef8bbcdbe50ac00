"""From a drag to the row on the screen of a real browser, and how much the page weighs."""

import gzip
import re
import time

import httpx
from playwright.sync_api import Page, sync_playwright

from daemon.share import Share
from schemas.naming import JobNumber
from schemas.status import Status
from tests.benchmarks.bench import Bench, Figure, Listener, percentile
from tests.benchmarks.drags import drag, indexed, jobs_in, wait_until_led
from tests.benchmarks.pages import PASSWORD, log_in, served

CHROMIUM = "/usr/bin/chromium"
DRAGS = 60
APART_S = 0.4  # a person's pace

# When each job's row was painted: the second frame after it came into the document.
_WATCH = """
() => {
  window.painted = new Map();
  const waiting = new Map();
  const note = ({ dataset: { job } }) => {
    if (painted.has(job)) return;
    painted.set(job, 0);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      painted.set(job, performance.timeOrigin + performance.now());
      waiting.get(job)?.(painted.get(job));
    }));
  };
  const look = () => document.querySelectorAll("#list [data-job]").forEach(note);
  new MutationObserver(look).observe(document.getElementById("main"), {
    childList: true, subtree: true,
  });
  window.paintedAt = (job) => painted.get(job) || new Promise((done, failed) => {
    waiting.set(job, done);
    setTimeout(() => failed(new Error(`job ${job} was never seen`)), 10000);
  });
  look();
}
"""


def measure(bench: Bench) -> list[Figure]:
    """A real daemon, a real server, a real browser; the limit is when the commit was heard."""
    share = bench.share(bench.jobs)
    engine = indexed(bench, share)
    with bench.child(share, "daemon", "run"), served(bench, share) as (client, _):
        wait_until_led(engine)
        log_in(client)
        weight_kb = _weight(client)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = _dashboard(browser.new_page(), str(client.base_url))
            painted_ms, committed_ms = _dragged(page, share, bench.dsn)
            browser.close()
    name = f"{bench.jobs:,} jobs"
    return [
        *(
            Figure(
                f"drag to pixel, p{part * 100:.0f}, {name}",
                percentile(painted_ms, part),
                "ms",
                percentile(committed_ms, part),
                "p95 < 250 ms; limit: to commit",
            )
            for part in (0.5, 0.95)
        ),
        Figure(f"first page of the dashboard, gzip, {name}", weight_kb, "kB", None, "< 150 kB"),
    ]


def _dashboard(page: Page, address: str) -> Page:
    page.goto(f"{address}/staff/login?next=/staff/?status=Rejected")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_selector("#list")
    page.evaluate(_WATCH)
    page.wait_for_timeout(1500)
    return page


def _dragged(page: Page, share: Share, dsn: str) -> tuple[list[float], list[float]]:
    """Milliseconds from each drag to its row on the screen, and to the commit behind it."""
    commits, painted, committed = Listener(dsn), [], []
    for job in jobs_in(share, Status.UPLOADED, DRAGS):
        page.wait_for_timeout(APART_S * 1e3)
        started = time.time() * 1e3
        drag(share, job, Status.UPLOADED, Status.REJECTED)
        if not commits.wait_for(job.number):
            raise TimeoutError(f"job {job.number} was not recorded")
        committed.append(time.time() * 1e3 - started)
        painted.append(_painted_at(page, JobNumber(job.number)) - started)
    commits.close()
    return painted, committed


def _painted_at(page: Page, job: JobNumber) -> float:
    """When the row of a job was painted, in ms of the wall's clock."""
    return float(page.evaluate("(job) => window.paintedAt(job)", str(job)))


def _weight(client: httpx.Client) -> float:
    """The dashboard with all it loads, each part as gzip makes it, in kB."""
    page = client.get("/staff/").text
    parts = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page))
    bodies = [page.encode(), *(client.get(part).content for part in sorted(parts))]
    return sum(len(gzip.compress(body)) for body in bodies) / 1e3
