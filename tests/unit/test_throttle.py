"""The brakes on submissions and log-ins, with a clock that tests turn."""

import pytest

from webui.throttle import (
    FREE_TRIES,
    GUESS_EVERY_S,
    GUESSES,
    FreshLinks,
    Lockout,
    LogIns,
    Pace,
    Quota,
    in_words,
)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_one_too_many_waits_until_the_first_is_an_hour_old() -> None:
    clock = Clock()
    quota = Quota(2, 3600, clock=clock)
    assert [quota.take("a"), quota.take("a"), quota.take("b")] == [0, 0, 0]
    clock.now_s = 600
    assert quota.take("a") == 3000
    clock.now_s = 3600
    assert quota.take("a") == 0


def test_each_wrong_password_after_the_fourth_doubles_the_wait() -> None:
    clock = Clock()
    lockout = Lockout(clock=clock)
    waits = []
    for _ in range(8):
        lockout.wrong("a")
        waits.append(lockout.wait_s("a"))
    assert waits == [0, 0, 0, 0, 5, 10, 20, 40]
    assert lockout.wait_s("b") == 0


def test_the_wait_never_grows_beyond_a_quarter_of_an_hour() -> None:
    lockout = Lockout(clock=Clock())
    for _ in range(100):
        lockout.wrong("a")
    assert lockout.wait_s("a") == 900


def test_the_right_password_forgives_the_wrong_ones() -> None:
    lockout = Lockout(clock=Clock())
    for _ in range(6):
        lockout.wrong("a")
    lockout.right("a")
    assert lockout.wait_s("a") == 0


def test_a_pace_grants_a_burst_and_then_one_every_so_often() -> None:
    clock = Clock()
    pace = Pace(2, 10, clock=clock)
    assert [pace.take(), pace.take(), pace.take()] == [0, 0, 10]
    clock.now_s = 4
    assert pace.take() == 6
    clock.now_s = 10
    assert [pace.take(), pace.take()] == [0, 10]


def test_a_pace_saves_up_no_more_than_its_burst() -> None:
    clock = Clock()
    pace = Pace(2, 10, clock=clock)
    pace.give_back()
    clock.now_s = 1000
    assert [pace.take(), pace.take(), pace.take()] == [0, 0, 10]


def attacked() -> tuple[LogIns, Clock]:
    """As many wrong passwords as are taken at once, each from an address of its own."""
    clock = Clock()
    log_ins = LogIns(clock=clock)
    for number in range(GUESSES):
        address = f"198.51.100.{number}"
        assert log_ins.wait_s(address) == 0
        log_ins.wrong(address)
    return log_ins, clock


def test_guesses_from_many_addresses_slow_strangers_down_but_only_for_a_moment() -> None:
    log_ins, clock = attacked()
    assert log_ins.wait_s("203.0.113.1") == GUESS_EVERY_S
    clock.now_s = GUESS_EVERY_S
    assert log_ins.wait_s("203.0.113.1") == 0


def test_a_browser_that_staff_have_used_before_does_not_wait_for_the_guesses_of_others() -> None:
    log_ins, _ = attacked()
    assert log_ins.wait_s("203.0.113.1", "known") == 0


def test_a_browser_that_staff_have_used_before_waits_for_its_own_wrong_passwords() -> None:
    log_ins = LogIns(clock=Clock())
    for _ in range(FREE_TRIES):
        log_ins.wrong("203.0.113.1", "known")
    assert log_ins.wait_s("203.0.113.1", "known") == 5
    assert log_ins.wait_s("203.0.113.1") == 0


def test_right_passwords_do_not_use_up_the_pace() -> None:
    log_ins = LogIns(clock=Clock())
    waits = []
    for _ in range(2 * GUESSES):
        waits.append(log_ins.wait_s("203.0.113.1"))
        log_ins.right("203.0.113.1")
    assert set(waits) == {0}


@pytest.mark.parametrize(
    ("other", "counts_together"),
    [
        ("2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:3::1", False),
        ("unknown", False),
    ],
    ids=["same household", "another household", "no address"],
)
def test_the_addresses_of_one_household_count_as_one(other: str, counts_together: bool) -> None:
    log_ins = LogIns(clock=Clock())
    for _ in range(FREE_TRIES):
        log_ins.wrong("2001:db8:1:2::1")
    assert (log_ins.wait_s(other) > 0) is counts_together


def test_an_address_of_the_old_internet_counts_by_itself_even_in_the_new_form() -> None:
    log_ins = LogIns(clock=Clock())
    for _ in range(FREE_TRIES):
        log_ins.wrong("::ffff:198.51.100.1")
    assert log_ins.wait_s("::ffff:198.51.100.1") > 0
    assert log_ins.wait_s("::ffff:198.51.100.2") == 0


def test_a_job_gets_a_fresh_link_every_ten_minutes_and_three_a_day() -> None:
    clock = Clock()
    links = FreshLinks(clock=clock)
    waits = []
    for minutes in (0, 5, 10, 20, 30):
        clock.now_s = minutes * 60
        waits.append(links.take(1, "a"))
    assert waits == [0, 300, 0, 0, 24 * 3600 - 1800]
    assert links.take(2, "a") == 0


def test_one_address_gets_so_many_fresh_links_an_hour_for_all_its_jobs() -> None:
    links = FreshLinks(clock=Clock())
    assert [links.take(job, "a") for job in range(20)] == [0] * 20
    assert links.take(20, "a") == 3600
    assert links.take(21, "b") == 0


@pytest.mark.parametrize(
    ("wait_s", "words"),
    [
        (1, "in 2 seconds"),
        (9.1, "in 10 seconds"),
        (55, "in a minute"),
        (61, "in 2 minutes"),
        (3600, "in 60 minutes"),
        (80_000, "in 23 hours"),
    ],
)
def test_a_wait_is_said_rounded_up(wait_s: float, words: str) -> None:
    assert in_words(wait_s) == words
