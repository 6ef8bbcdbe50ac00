"""How figures and their changes read."""

from datetime import timedelta
from decimal import Decimal

import pytest

from daemon.figures import Failure, Figures, Totals
from webui.headlines import Change, duration, headlines, percent, share_change, weight


@pytest.mark.parametrize(
    ("now", "then", "words", "direction", "tone"),
    [
        (150, 100, "50% more", "up", "good"),
        (50, 100, "50% less", "down", "bad"),
        (300, 100, "200% more", "up", "good"),
        (1234, 1, "123,300% more", "up", "good"),
        (1046, 1000, "4.6% more", "up", "good"),
        (100_001, 100_000, "under 0.1% more", "up", "good"),
        (7, 7, "as before", "same", "plain"),
        (0, 0, "as before", "same", "plain"),
        (3, 0, "none before", "new", "good"),
        (0, 3, "100% less", "down", "bad"),
    ],
)
def test_a_change_says_how_much_and_whether_it_is_good(
    now: int, then: int, words: str, direction: str, tone: str
) -> None:
    assert share_change(now, then, up="good") == Change(words, direction, tone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("grams", "words"),
    [
        ("0", "0.0 g"),
        ("12.25", "12.3 g"),
        ("99.94", "99.9 g"),
        ("1234.5", "1,235 g"),
        ("9999.4", "9,999 g"),
        ("59203.68", "59.2 kg"),
        ("1234567", "1,234.6 kg"),
    ],
)
def test_a_weight_is_as_exact_as_it_can_be_read(grams: str, words: str) -> None:
    assert weight(Decimal(grams)) == words


@pytest.mark.parametrize(
    ("took", "words"),
    [
        (timedelta(seconds=20), "20s"),
        (timedelta(minutes=42, seconds=10), "42m"),
        (timedelta(hours=5, minutes=8), "5h 8m"),
        (timedelta(hours=23, minutes=59, seconds=40), "1d 0h"),
        (timedelta(days=3, hours=2, minutes=50), "3d 2h"),
        (None, "–"),
    ],
)
def test_a_duration_has_its_two_largest_units(took: timedelta | None, words: str) -> None:
    assert duration(took) == words


def test_a_share_is_in_per_cent_to_the_tenth() -> None:
    assert (percent(Decimal(1) / 8), percent(Decimal(0)), percent(None)) == ("12.5%", "0.0%", "–")


def the(label: str, figures: Figures, failures: list[Failure] | None = None) -> tuple[str, str]:
    """Value and change of a headline."""
    found = {one.label: one for one in headlines(figures, failures or [], compared=True)}
    change = found[label].change
    return found[label].value, change.words if change else ""


def a_time(now: Totals, before: Totals | None = None, **more: timedelta) -> Figures:
    return Figures([now], before or Totals(), **more)


def test_each_headline_says_its_figure_and_its_change() -> None:
    figures = a_time(
        Totals(handed_in=12, printed=9, printed_g=Decimal("100.4"), paid_usd=Decimal("30.5")),
        Totals(handed_in=8, printed=9, printed_g=Decimal("50.2"), paid_usd=Decimal("61")),
    )
    assert the("Handed in", figures) == ("12", "50% more")
    assert the("Printed", figures) == ("9", "as before")
    assert the("Collected", figures) == ("0", "as before")
    assert the("Material printed", figures) == ("100 g", "100% more")
    assert the("Revenue", figures) == ("$30.50", "50% less")


def test_a_turnaround_changes_by_a_length_of_time() -> None:
    hour = timedelta(hours=1)
    assert the("Median turnaround", a_time(Totals(), turnaround=2 * hour)) == (
        "2h 0m",
        "none before",
    )
    longer = a_time(Totals(), turnaround=30 * hour, turnaround_before=26 * hour)
    assert the("Median turnaround", longer) == ("1d 6h", "4h 0m longer")
    shorter = a_time(Totals(), turnaround=hour, turnaround_before=3 * hour)
    assert the("Median turnaround", shorter) == ("1h 0m", "2h 0m shorter")
    assert the("Median turnaround", a_time(Totals())) == ("–", "")


def test_a_rejection_rate_changes_by_points() -> None:
    figures = a_time(Totals(rejected=1, printed=3), Totals(rejected=1, printed=9))
    assert the("Rejected", figures) == ("25.0%", "15.0 points more")
    assert the("Rejected", a_time(Totals(), Totals(rejected=1))) == ("–", "")


def test_failed_prints_are_summed_over_printers_and_told_apart_by_time() -> None:
    failures = [
        Failure("MK4S", "warped", is_before=False, prints=2),
        Failure("XL", "tangle", is_before=False, prints=1),
        Failure("XL", "tangle", is_before=True, prints=6),
    ]
    assert the("Failed prints", a_time(Totals()), failures) == ("3", "50% less")


def test_what_is_not_known_is_said_beside_the_figure() -> None:
    figures = a_time(Totals(unpaid=2, unpaid_usd=Decimal(7), unweighed=1))
    notes = {one.label: one.note for one in headlines(figures, [], compared=True)}
    assert notes["Revenue"] == "2 collected without a payment on record, quoted at $7.00"
    assert notes["Material printed"] == "1 of unknown weight"


def test_without_a_time_before_no_headline_has_a_change() -> None:
    found = headlines(a_time(Totals(handed_in=1)), [], compared=False)
    assert {one.change for one in found} == {None}
    assert len(found) == 8
