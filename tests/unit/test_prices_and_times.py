"""Exact prices, times up to the half hour, and a zone with summer time."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.clock import iso, show
from schemas.pricing import price_usd, round_time_h


@pytest.mark.parametrize(
    ("weight", "rate", "price"),
    [
        ("10", "0.10", "3.00"),
        ("30", "0.10", "3.00"),
        ("30.04", "0.10", "3.00"),
        ("30.05", "0.10", "3.01"),
        ("45", "0.10", "4.50"),
        ("12.345", "0.20", "3.00"),
        ("100.025", "0.20", "20.01"),
    ],
)
def test_a_price_is_exact_half_up_and_at_least_the_minimum(
    weight: str, rate: str, price: str
) -> None:
    found = price_usd(Decimal(weight), per_gram=Decimal(rate), minimum=Decimal(3))
    assert str(found) == price


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0.1", "0.5"),
        ("0.5", "0.5"),
        ("0.51", "1.0"),
        ("3.01", "3.5"),
        ("3.5", "3.5"),
        ("0", "0.0"),
    ],
)
def test_a_print_time_goes_up_to_the_next_half_hour(typed: str, kept: str) -> None:
    assert str(round_time_h(Decimal(typed))) == kept


def test_a_time_is_shown_in_chicago_in_winter_and_in_summer() -> None:
    winter = datetime(2026, 1, 5, 6, 7, tzinfo=UTC)
    summer = datetime(2026, 7, 5, 18, 7, tzinfo=UTC)
    assert show(winter, "America/Chicago") == "Mon 5 Jan 2026, 12:07 AM CST"
    assert show(summer, "America/Chicago") == "Sun 5 Jul 2026, 1:07 PM CDT"


def test_a_stored_time_has_one_form() -> None:
    assert iso(datetime(2026, 1, 5, 6, 7, 8, 9, tzinfo=UTC)) == "2026-01-05T06:07:08.000009Z"
