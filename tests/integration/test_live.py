"""The open dashboards hear what happens: real pages, real daemon, real PostgreSQL, real sockets."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from daemon.database import migrate
from daemon.embedded import EmbeddedPostgres
from schemas.status import Status
from tests.integration.running import Running, wait_for
from tests.integration.served import Served
from tests.listener import PATH, Event, Listener

QUICK = {"listeners": 3, "beat_s": 0.3, "pulse_s": 0.1, "idle_s": 0.5}


@pytest.fixture(scope="module")
def site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("site"), database) as running:
        yield running


@pytest.fixture(scope="module")
def hurried(site: Running) -> Iterator[Served]:
    """Pages for three listeners, with short waits; staff are logged in."""
    with Served(site.folder, site.environment, **QUICK) as served:
        yield served.log_in()


@pytest.fixture
def pages(hurried: Served) -> Iterator[Served]:
    """The same, with the places given back after each test."""
    yield hurried
    while hurried.listeners:
        hurried.listeners.pop().close()


def anything(event: Event) -> bool:
    return event.name == "change" and event.data["jobs"] == []


def ears(site: Running, pages: Served) -> int:
    """How many connections these pages keep to hear of changes; others may be at the server too."""
    ports = {connection.laddr.port for connection in pages.program.net_connections("tcp")}
    asked = "SELECT client_port FROM pg_stat_activity WHERE application_name = 'printsystem pages'"
    return sum(row.client_port in ports for row in site.sql(asked))


def test_a_drag_in_the_folder_reaches_every_listener(pages: Served, site: Running) -> None:
    job = site.new_job()
    site.wait_for_rest()
    listeners = [pages.listening(), pages.listening()]
    for listener in listeners:
        listener.forget()

    site.drag(job, Status.REJECTED)

    for listener in listeners:
        assert listener.wait_for_job(job).name == "change"


def test_a_listener_is_greeted_with_the_time_and_what_is_wrong(pages: Served) -> None:
    listener = pages.listening()

    hello = listener.heard[0]

    assert hello.name == "hello"
    assert hello.data.keys() == {"now", "banners", "hears"}
    assert hello.data["banners"] == []
    assert listener.headers["Cache-Control"] == "no-store"
    assert listener.headers["X-Accel-Buffering"] == "no"


def test_a_stream_on_which_nothing_happens_beats(pages: Served) -> None:
    listener = pages.listening()

    listener.wait_for(lambda event: event.name == "beat")

    assert listener.comments > 0


def test_without_logging_in_nothing_is_heard(pages: Served) -> None:
    with Listener(pages.port, cookie="session=made-up") as stranger:
        assert stranger.status == 401
        assert stranger.heard == []

    assert httpx.head(f"{pages.browser.base_url}{PATH}").status_code == 401


def test_one_listener_too_many_is_told_when_to_come_again(pages: Served) -> None:
    for _ in range(QUICK["listeners"]):
        pages.listening()

    refused = pages.listen()

    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert not pages.has_room()


def test_asking_whether_there_is_a_place_takes_none(pages: Served) -> None:
    wait_for(pages.has_room)

    assert [pages.has_room() for _ in range(2 * QUICK["listeners"])] == [True] * 6


def test_a_page_that_was_closed_frees_its_place(pages: Served) -> None:
    listeners = [pages.listening() for _ in range(QUICK["listeners"])]
    assert not pages.has_room()

    listeners[0].close()

    wait_for(pages.has_room)


def test_the_place_of_a_closed_page_is_free_before_anything_is_written_to_it(
    site: Running,
) -> None:
    with Served(site.folder, site.environment, listeners=1, beat_s=600) as pages:
        pages.log_in().listening().close()

        wait_for(pages.has_room)


def test_a_change_that_nobody_told_of_is_found(pages: Served, site: Running) -> None:
    job = site.new_job()
    site.wait_for_rest()
    listener = pages.listening()
    wait_for(lambda: ears(site, pages))
    listener.wait_for(lambda event: event.name == "beat")
    listener.forget()

    site.sql("UPDATE jobs SET updated_at = clock_timestamp() WHERE number = :n", n=job)

    listener.wait_for(anything)


def test_a_fault_of_the_share_is_heard_and_so_is_its_end(pages: Served, site: Running) -> None:
    listener = pages.listening()
    marker = site.root / ".printsystem/root.json"
    aside = marker.rename(marker.with_name("aside"))
    try:
        told = listener.wait_for(lambda event: event.name == "health")
    finally:
        aside.rename(marker)

    assert told.data["banners"][0].startswith("share: ")
    listener.wait_for(lambda event: event.name == "health" and not event.data["banners"])


def test_nobody_is_listened_for_when_nobody_listens(pages: Served, site: Running) -> None:
    listener = pages.listening()
    wait_for(lambda: ears(site, pages) == 1)

    listener.close()

    wait_for(lambda: ears(site, pages) == 0)
    pages.listening()
    wait_for(lambda: ears(site, pages) == 1)


def test_a_stream_ends_by_itself_and_its_place_is_free(site: Running) -> None:
    with Served(site.folder, site.environment, listeners=1, stream_s=0.2) as pages:
        listener = pages.log_in().listening()

        wait_for(lambda: listener.has_ended)

        assert pages.listening().status == 200


@contextmanager
def a_server_of_its_own(folder: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(folder, fsync=False)
    try:
        migrate(postgres.start())
        yield postgres
    finally:
        postgres.stop()


def test_an_outage_of_postgresql_is_heard_and_what_happened_meanwhile(tmp_path: Path) -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(a_server_of_its_own(tmp_path / "postgres"))
        site = stack.enter_context(Running(tmp_path, postgres.url))
        pages = stack.enter_context(Served(tmp_path, site.environment, **QUICK)).log_in()
        job = site.new_job()
        listener = pages.listening()
        wait_for(lambda: ears(site, pages) == 1)
        postgres.kill()
        site.engine.dispose()
        down = listener.wait_for(lambda event: event.data.get("hears") is False)
        assert down.data["banners"][0].startswith("database: ")
        listener.forget()

        site.drag(job, Status.REJECTED)
        postgres.start()

        listener.wait_for(lambda event: event.data.get("hears") is True)
        listener.wait_for(anything)
        site.wait_for(lambda: site.is_in(job, Status.REJECTED))
        listener.wait_for_job(job)


def test_stalled_uploads_and_listeners_starve_nobody(site: Running) -> None:
    with Served(site.folder, site.environment) as pages, ExitStack() as stack:
        pages.log_in()
        for _ in range(40):
            stack.enter_context(pages.stall_an_upload())
        listeners = [pages.listening() for _ in range(10)]

        answers = [pages.browser.get(path) for path in ("/submit", "/staff/", "/api/v1/jobs")]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        job = site.new_job()
        for listener in listeners:
            listener.wait_for_job(job)


def test_a_stop_waits_for_no_listener(site: Running) -> None:
    with Served(site.folder, site.environment) as pages:
        pages.log_in()
        listeners = [pages.listening() for _ in range(5)]

        assert pages.stop() == 0

        assert "still running" not in pages.log  # what waitress says after 5 s in vain
        wait_for(lambda: all(listener.has_ended for listener in listeners))
