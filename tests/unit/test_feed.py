"""What listeners are told of changes and of the health, however late they ask."""

import threading
from collections.abc import Callable

import pytest

from daemon.perform import BATCH
from webui.feed import KEPT, Feed, Health, News
from webui.listening import jobs_in
from webui.live import event

WELL = Health((), hears=True)
ILL = Health(("database: gone",), hears=False)


@pytest.fixture
def feed() -> Feed:
    return Feed()


def jobs_since(feed: Feed, upto: int) -> tuple[int, ...] | None:
    news = feed.wait(upto, None, timeout_s=0)
    return news.jobs if news is not None else None


def test_who_has_been_told_all_hears_nothing(feed: Feed) -> None:
    feed.change([1])

    assert feed.wait(feed.upto, None, timeout_s=0) is None


def test_changes_that_were_not_told_come_together_and_once_each(feed: Feed) -> None:
    feed.change([3])
    told = feed.upto
    feed.change([2, 1])
    feed.change([2])

    assert feed.wait(told, None, timeout_s=0) == News(feed.upto, (1, 2), None)


def test_each_listener_is_told_what_it_has_missed_itself(feed: Feed) -> None:
    feed.change([1])
    early = feed.upto
    feed.change([2])

    assert (jobs_since(feed, 0), jobs_since(feed, early)) == ((1, 2), (2,))


def test_anything_may_have_changed_when_no_job_is_named(feed: Feed) -> None:
    feed.change([1])
    feed.change(())
    known = feed.upto
    feed.change([2])

    assert (jobs_since(feed, 0), jobs_since(feed, known)) == ((), (2,))


def test_who_is_too_far_behind_looks_at_everything(feed: Feed) -> None:
    feed.change([KEPT + 1])
    behind = feed.upto
    for job in range(KEPT):
        feed.change([job])
    assert len(jobs_since(feed, behind) or ()) == KEPT

    feed.change([KEPT + 2])

    assert jobs_since(feed, behind) == ()


def test_a_mass_of_changes_at_once_means_everything_and_keeps_little(feed: Feed) -> None:
    feed.change(range(10 * KEPT))

    assert jobs_since(feed, 0) == ()
    assert len(feed._changed_at) <= KEPT


def test_the_health_is_told_when_it_changes_and_everything_with_it(feed: Feed) -> None:
    feed.say(WELL)
    assert feed.wait(0, None, timeout_s=0) == News(0, None, WELL)

    feed.say(WELL)
    assert feed.wait(0, WELL, timeout_s=0) is None

    feed.say(ILL)
    assert feed.wait(0, WELL, timeout_s=0) == News(1, (), ILL)


@pytest.mark.parametrize("act", [lambda feed: feed.change([1]), Feed.close], ids=["change", "end"])
def test_who_waits_is_woken_at_once(feed: Feed, act: Callable[[Feed], None]) -> None:
    found: list[News | None] = []
    thread = threading.Thread(target=lambda: found.append(feed.wait(0, None, timeout_s=60)))
    thread.start()

    act(feed)

    thread.join(10)
    assert len(found) == 1


def test_after_the_end_nothing_is_told(feed: Feed) -> None:
    feed.change([1])
    feed.close()

    assert feed.wait(0, None, timeout_s=60) is None
    assert feed.is_closed


@pytest.mark.parametrize(
    ("payloads", "jobs"),
    [(["1,2", "2"], {1, 2}), (["1", "*"], set()), ([""], set()), (["1,x"], set())],
    ids=["numbers", "a star", "nothing", "no number"],
)
def test_a_notification_names_jobs_or_may_mean_any(payloads: list[str], jobs: set[int]) -> None:
    assert jobs_in(payloads) == jobs


def test_the_jobs_of_a_batch_fit_into_a_notification() -> None:
    assert len(",".join([str(10**9 - 1)] * BATCH)) < 8000  # PostgreSQL's limit, in bytes


def test_an_event_is_one_line_of_json_and_an_empty_line() -> None:
    assert event("change", jobs=(1, 2)) == b'event: change\ndata: {"jobs":[1,2]}\n\n'
    assert event("health", banners=("a\nb",)).count(b"\n") == 3
