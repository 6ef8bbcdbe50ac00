"""Which days a period means, on a clock that is set forward and back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.errors import BadInput
from webui.periods import CHOICES, Asked, Period, day_start, read, resolve

CHICAGO = "America/Chicago"
NOON = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # a Sunday, half past noon in Chicago


def a_period(
    name: str = "7d", *, now: datetime = NOON, zone: str = CHICAGO, oldest: datetime | None = None
) -> Period:
    return resolve(Asked(name), now=now, zone=zone, oldest=oldest)


def own(first: str, last: str, *, now: datetime = NOON) -> Period:
    return resolve(read({"from": first, "to": last}), now=now, zone=CHICAGO, oldest=None)


@pytest.mark.parametrize(
    ("name", "first", "unit", "bars"),
    [
        ("7d", date(2026, 11, 16), "day", 7),
        ("30d", date(2026, 10, 24), "day", 30),
        ("90d", date(2026, 8, 25), "week", 13),
        ("ytd", date(2026, 1, 1), "month", 11),
        ("365d", date(2025, 11, 23), "month", 13),
    ],
)
def test_a_period_ends_today_and_has_a_few_dozen_bars_at_most(
    name: str, first: date, unit: str, bars: int
) -> None:
    found = a_period(name)
    assert (found.first, found.last, found.unit) == (first, date(2026, 11, 22), unit)
    assert len(found.starts) == len(found.bars) == len(found.window.edges) - 1 == bars


def test_today_is_that_of_the_lab() -> None:
    late = datetime(2026, 11, 23, 5, 59, tzinfo=UTC)  # 23:59 on the 22nd in Chicago
    assert a_period(now=late).last == date(2026, 11, 22)
    assert a_period(now=late + timedelta(minutes=1)).last == date(2026, 11, 23)


def test_all_time_begins_with_the_first_job_and_is_compared_with_nothing() -> None:
    found = a_period("all", oldest=datetime(2025, 3, 1, 5, tzinfo=UTC))  # the evening before
    assert (found.first, found.window.before, found.before_words) == (date(2025, 2, 28), None, "")


def test_all_time_without_a_job_is_today() -> None:
    assert a_period("all").first == date(2026, 11, 22)


# The lab's clock


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25)]
)
def test_a_day_has_the_hours_that_the_clock_gives_it(day: str, hours: int) -> None:
    start, end = own(day, day).window.edges
    assert end - start == timedelta(hours=hours)


def test_a_day_begins_at_midnight_before_and_after_the_change() -> None:
    edges = own("2026-03-07", "2026-03-09").window.edges
    assert [edge.isoformat() for edge in edges] == [
        "2026-03-07T06:00:00+00:00",
        "2026-03-08T06:00:00+00:00",
        "2026-03-09T05:00:00+00:00",
        "2026-03-10T05:00:00+00:00",
    ]


def test_where_the_clock_skips_midnight_the_day_begins_with_the_change() -> None:
    found = day_start(date(2026, 9, 6), "America/Santiago")  # 00:00 becomes 01:00
    assert found == datetime(2026, 9, 6, 4, tzinfo=UTC)


def test_where_midnight_comes_twice_the_day_begins_with_the_first() -> None:
    found = day_start(date(2023, 11, 5), "America/Havana")  # 01:00 becomes 00:00
    assert found == datetime(2023, 11, 5, 4, tzinfo=UTC)


# What is compared with


def test_a_period_is_compared_with_as_many_days_up_to_the_same_hour() -> None:
    before = a_period("7d").window.before
    assert before == (
        datetime(2026, 11, 9, 6, tzinfo=UTC),
        datetime(2026, 11, 15, 18, 30, tzinfo=UTC),
    )


def test_the_same_hour_is_that_of_the_clock_on_the_wall() -> None:
    before = a_period("30d").window.before
    assert before is not None
    assert before[1] == datetime(2026, 10, 23, 17, 30, tzinfo=UTC)  # half past noon, in summer


def test_the_year_is_compared_with_the_same_days_of_the_last() -> None:
    found = a_period("ytd")
    assert found.before_words == "the same days last year"
    assert found.window.before == (
        datetime(2025, 1, 1, 6, tzinfo=UTC),
        datetime(2025, 11, 22, 18, 30, tzinfo=UTC),
    )


def test_days_long_past_are_compared_with_the_whole_time_before() -> None:
    found = own("2026-05-11", "2026-05-12")
    assert found.window.before == (
        datetime(2026, 5, 9, 5, tzinfo=UTC),
        datetime(2026, 5, 11, 5, tzinfo=UTC),
    )
    assert found.before_words == "the 2 days before"


@pytest.mark.parametrize("name", CHOICES)
def test_the_moments_of_a_window_are_in_order(name: str) -> None:
    for hour in range(0, 24 * 400, 101):
        now = NOON + timedelta(hours=hour)
        window = a_period(name, now=now, oldest=NOON - timedelta(days=3)).window
        moments = [*(window.before or ()), *window.edges]
        assert moments == sorted(moments)
        assert window.edges[0] <= now < window.edges[-1]


# Days of one's own


def test_days_to_come_are_left_off() -> None:
    found = own("2026-11-20", "2027-01-01")
    assert (found.last, found.is_open) == (date(2026, 11, 22), True)


def test_an_open_beginning_is_the_first_job_and_an_open_end_is_today() -> None:
    asked = read({"to": "2026-11-20"})
    oldest = datetime(2026, 11, 1, 18, tzinfo=UTC)
    assert resolve(asked, now=NOON, zone=CHICAGO, oldest=oldest).first == date(2026, 11, 1)
    assert own("2026-11-20", "").last == date(2026, 11, 22)


@pytest.mark.parametrize(
    "args",
    [
        {"from": "2026-11-22", "to": "2026-11-21"},
        {"from": "yesterday"},
        {"to": "2026-02-30"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
    ],
    ids=["turned round", "a word", "no such day", "long ago", "far off"],
)
def test_days_that_make_no_sense_are_refused(args: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        read(args)


def test_days_that_have_not_come_are_refused() -> None:
    with pytest.raises(BadInput, match="not come yet"):
        own("2026-11-23", "2026-11-24")


def test_a_period_that_nobody_knows_is_the_usual_one() -> None:
    assert read({"period": "forever"}).name == read({}).name == "30d"


@pytest.mark.parametrize("name", CHOICES)
def test_a_period_can_be_asked_for_again(name: str) -> None:
    found = a_period(name)
    assert resolve(read(found.args), now=NOON, zone=CHICAGO, oldest=None) == found
    days = own("2026-05-11", "2026-05-12")
    assert resolve(read(days.args), now=NOON, zone=CHICAGO, oldest=None) == days


# Words


def test_bars_are_named_as_people_name_days_weeks_and_months() -> None:
    assert a_period("7d").bars[::6] == ["Mon 16 Nov", "Sun 22 Nov, so far"]
    assert a_period("90d").bars[:2] == ["25 to 30 Aug", "31 Aug to 6 Sep"]
    assert own("2026-02-01", "2026-05-10").bars[:2] == ["Sun 1 Feb", "2 to 8 Feb"]
    assert own("2025-12-15", "2026-09-09").bars[:2] == ["Dec 2025", "Jan 2026"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-11-21", "2026-11-21", "21 Nov 2026"),
        ("2026-10-24", "2026-11-22", "24 Oct to 22 Nov 2026"),
        ("2025-12-31", "2026-01-01", "31 Dec 2025 to 1 Jan 2026"),
    ],
)
def test_a_period_is_named_by_its_days(first: str, last: str, words: str) -> None:
    assert own(first, last).words == words
