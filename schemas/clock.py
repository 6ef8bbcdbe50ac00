"""Times: aware and in UTC wherever they are kept, in the lab's zone where a person reads them."""

from datetime import UTC, datetime

import pytz


def iso(at: datetime) -> str:
    """`at` as the one text form that is hashed and stored: UTC, microseconds, a trailing Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def show(at: datetime, zone: str) -> str:
    """`at` for a person, such as "Sun 22 Nov 2026, 2:07 PM CST"; daylight saving time handled."""
    local = at.astimezone(pytz.timezone(zone))
    return f"{local:%a} {local.day} {local:%b %Y}, {local.hour % 12 or 12}:{local:%M %p %Z}"
