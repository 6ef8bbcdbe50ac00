"""The system as a newcomer starts it: real daemon, real pages, real PostgreSQL, real folders."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from schemas.status import FOLDERS
from tests.integration.started import ROOT, Started, eventually

pytestmark = pytest.mark.slow

RUN = (sys.executable, "-m", "deploy.run")
Starter = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Starts the real programs on a folder of this test; they are stopped at the end."""
    made: list[Started] = []

    def begin(*arguments: str, **settings: str) -> Started:
        made.append(Started(tmp_path, command=(*RUN, *arguments), **settings))
        return made[-1]

    yield begin
    for started in made:
        if started.process.poll() is None:
            started.stop()


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


@contextmanager
def staff(started: Started) -> Iterator[httpx.Client]:
    """A browser that is logged in with the password that the first start showed."""
    url = started.url()
    shown = re.search(r"password is  (\S+)", started.output)
    assert shown is not None
    with httpx.Client(base_url=url, follow_redirects=True, timeout=10) as browser:
        form = {"password": shown[1], "csrf_token": token_in(browser.get("/staff/login").text)}
        browser.post("/staff/login", data=form).raise_for_status()
        yield browser


def sidecars(started: Started) -> dict[str, str]:
    """Which folder each job's sidecar lies in."""
    return {
        path.name.partition("_")[0]: path.parent.name
        for folder in FOLDERS
        for path in (started.share / folder).glob("*.metadata.json")
    }


def test_a_first_start_serves_the_form_and_is_well(start: Starter) -> None:
    url = start().url()

    pages = [httpx.get(url + path, follow_redirects=True) for path in ("/", "/submit", "/healthz")]

    assert [page.status_code for page in pages] == [200, 200, 200]


def test_it_stops_in_order_and_starts_again_on_the_same_data(start: Starter) -> None:
    first = start("--demo")
    first.url()
    family = first.family()
    code, seconds = first.stop(signal.SIGINT)
    assert (code, seconds < 10) == (0, True)
    assert not any(process.is_running() for process in family)

    second = start()

    assert httpx.get(second.url() + "/healthz").status_code == 200
    assert "password is" not in second.output


def test_the_demo_is_something_to_drag_and_the_dashboard_shows_it(start: Starter) -> None:
    started = start("--demo")
    with staff(started) as browser:
        eventually(lambda: browser.get("/api/v1/jobs").json()["total"] == 5)
        counts = {"Uploaded": 3, "Pending": 1, "Rejected": 1}
        eventually(lambda: counts.items() <= browser.get("/api/v1/jobs").json()["counts"].items())

    eventually(lambda: sidecars(started).get("AdaMoreno") == "Pending")
    eventually(lambda: sidecars(started).get("BenOkafor") == "Rejected")


def test_a_drag_after_the_daemon_was_killed_is_followed(start: Starter) -> None:
    started = start("--demo")
    started.url()
    os.kill(started.pid_of("daemon"), signal.SIGKILL)
    model = next((started.share / "Uploaded").glob("ElifKaya_*.stl"))

    model.rename(started.share / "Pending" / model.name)

    eventually(lambda: sidecars(started).get("ElifKaya") == "Pending", limit_s=60)
    sidecar = next((started.share / "Pending").glob("ElifKaya_*.metadata.json"))
    assert "StatusChanged" in [
        event["type"] for event in json.loads(sidecar.read_text())["history"]
    ]


def test_it_is_well_again_after_postgres_was_killed(start: Starter) -> None:
    started = start()
    url = started.url()

    started.postgres().kill()

    eventually(lambda: "postgres ended; starting it again" in started.messages)
    eventually(lambda: httpx.get(url + "/healthz").status_code == 200, limit_s=60)


def test_after_kill_9_the_next_start_serves_the_same_jobs(start: Starter) -> None:
    killed = start("--demo")
    killed.url()
    before = sidecars(killed)
    killed.stop(signal.SIGKILL)

    started = start()

    assert httpx.get(started.url() + "/healthz").status_code == 200
    assert sidecars(started).keys() == before.keys()


def test_a_folder_with_somebody_elses_files_is_not_taken_for_a_share(
    start: Starter, tmp_path: Path
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "thesis.docx").write_text("mine")

    started = start()

    assert started.process.wait(60) == 1
    assert str(tmp_path / "share") in started.messages
    assert [path.name for path in (tmp_path / "share").iterdir()] == ["thesis.docx"]


@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="would install packages: run by deploy/test.py"
)
def test_the_one_command_of_the_readme_serves(tmp_path: Path) -> None:
    started = Started(tmp_path, command=(sys.executable, "deploy/start.py"))

    assert httpx.get(started.url() + "/healthz").status_code == 200
    assert psutil.Process(started.process.pid).children()
    assert started.stop()[0] == 0


def test_help_needs_nothing_and_tells_of_the_demo() -> None:
    told = subprocess.run(
        [sys.executable, "-I", "deploy/start.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "--demo" in told.stdout
