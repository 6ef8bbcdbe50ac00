"""Which days the statistics are about: days of the lab, whatever daylight saving time does to them.

A day begins at midnight in the lab's zone, so one of them in spring has 23 hours. The bars of a
chart are days, weeks or months, whichever makes a few dozen of them. What is compared with is the
time before, up to the same hour: a week that is half over is not held against a whole one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytz

from daemon.figures import Window
from schemas.errors import BadInput

DEFAULT = "30d"
CUSTOM = "custom"
CHOICES = {
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "ytd": "This year",
    "365d": "365 days",
    "all": "All time",
}
_DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
_MOST_DAYS = 31  # so many bars are days,
_MOST_WEEKS = 183  # so many days are shown as weeks, and anything longer as months
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: one of CHOICES, or days of one's own, either end left open."""

    name: str = DEFAULT
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The days `first` to `last`, both included; `starts`: the first day of each bar."""

    name: str
    first: date
    last: date
    unit: str
    starts: tuple[date, ...]
    window: Window
    before_words: str  # what the change is against; empty: there is nothing to compare with
    is_open: bool  # the last day is not over yet

    @property
    def words(self) -> str:
        """The days, for a heading: "24 Oct to 22 Nov 2026"."""
        if self.first == self.last:
            return _long(self.first)
        same_year = self.first.year == self.last.year
        return f"{_short(self.first) if same_year else _long(self.first)} to {_long(self.last)}"

    @property
    def args(self) -> dict[str, str]:
        """What an address says to ask for the same period again."""
        if self.name != CUSTOM:
            return {"period": self.name}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    @property
    def bars(self) -> list[str]:
        """The name of each bar: "Mon 16 Nov", "16 to 22 Nov", "Nov 2026"."""
        ends = [start - timedelta(days=1) for start in self.starts[1:]] + [self.last]
        names = [_bar(self.unit, *days) for days in zip(self.starts, ends, strict=True)]
        return [*names[:-1], f"{names[-1]}, so far"] if self.is_open else names


def read(args: Mapping[str, str]) -> Asked:
    """What an address asks for; a name that nobody knows is the default.

    Raises: BadInput naming the day that is none.
    """
    first, last = _day(args, "from"), _day(args, "to")
    if first is not None or last is not None:
        if first is not None and last is not None and last < first:
            raise BadInput("the last day comes before the first", field="to")
        return Asked(CUSTOM, first, last)
    name = args.get("period", DEFAULT)
    return Asked(name if name in CHOICES else DEFAULT)


def _day(args: Mapping[str, str], name: str) -> date | None:
    typed = args.get(name, "").strip()
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        raise BadInput(f"“{typed[:20]}” is no day such as 2026-11-22", field=name) from None
    if not _EARLIEST <= day <= date(9000, 1, 1):
        raise BadInput("there were no prints that day; take one after 1999", field=name)
    return day


def resolve(asked: Asked, *, now: datetime, zone: str, oldest: datetime | None) -> Period:
    """The days meant, seen from `now`; `oldest`: when the first job was handed in.

    Raises: BadInput when they have not come yet.
    """
    today = now.astimezone(pytz.timezone(zone)).date()
    first, last = _days(asked, today, _local(oldest, zone, today))
    if first > today:
        raise BadInput("these days have not come yet", field="from")
    last = min(last, today)
    starts = _starts(first, last)
    edges = tuple(day_start(day, zone) for day in (*starts, last + timedelta(days=1)))
    shift = None if asked.name == "all" else _shift(asked, first, last)
    before = _before(edges, now, zone, shift) if shift is not None else None
    return Period(
        name=asked.name,
        first=first,
        last=last,
        unit=_unit(first, last),
        starts=starts,
        window=Window(edges, before),
        before_words=_before_words(asked, shift),
        is_open=now < edges[-1],
    )


def _local(at: datetime | None, zone: str, otherwise: date) -> date:
    return otherwise if at is None else at.astimezone(pytz.timezone(zone)).date()


def _days(asked: Asked, today: date, oldest: date) -> tuple[date, date]:
    if asked.name in _DAYS:
        return today - timedelta(days=_DAYS[asked.name] - 1), today
    if asked.name == "ytd":
        return today.replace(month=1, day=1), today
    last = asked.last or today
    return asked.first or min(oldest, last), last


def _unit(first: date, last: date) -> str:
    days = (last - first).days + 1
    if days <= _MOST_DAYS:
        return "day"
    return "week" if days <= _MOST_WEEKS else "month"


def _starts(first: date, last: date) -> tuple[date, ...]:
    """The first day of each bar; weeks begin on Monday, and the first one may be cut short."""
    after = {"day": _next_day, "week": _next_monday, "month": _next_month}[_unit(first, last)]
    starts = [first]
    while (following := after(starts[-1])) <= last:
        starts.append(following)
    return tuple(starts)


def _next_day(day: date) -> date:
    return day + timedelta(days=1)


def _next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _shift(asked: Asked, first: date, last: date) -> timedelta:
    """How far back the time to compare with lies: a year, or as many days as are shown."""
    if asked.name == "ytd":
        return first - first.replace(year=first.year - 1)
    return last - first + timedelta(days=1)


def _before(
    edges: tuple[datetime, ...], now: datetime, zone: str, shift: timedelta
) -> tuple[datetime, datetime]:
    """The same stretch of local time, `shift` earlier, up to the hour that it is now."""
    start, end = edges[0], min(now, edges[-1])
    return _earlier(start, zone, shift), min(_earlier(end, zone, shift), start)


def _earlier(at: datetime, zone: str, shift: timedelta) -> datetime:
    local = at.astimezone(pytz.timezone(zone)).replace(tzinfo=None)
    return _to_utc(local - shift, zone)


def _before_words(asked: Asked, shift: timedelta | None) -> str:
    if shift is None:
        return ""
    if asked.name == "ytd":
        return "the same days last year"
    return "the day before" if shift.days == 1 else f"the {shift.days} days before"


def day_start(day: date, zone: str) -> datetime:
    """The moment (UTC) at which a day of the lab begins."""
    return _to_utc(datetime.combine(day, time.min), zone)


def _to_utc(local: datetime, zone: str) -> datetime:
    """A time on the lab's clock. Where the clock is set back over it, the first of the two; where
    it is set forward over midnight, as some zones do, the moment of the change."""
    place = pytz.timezone(zone)
    try:
        return place.localize(local, is_dst=None).astimezone(UTC)
    except pytz.AmbiguousTimeError:
        return place.localize(local, is_dst=True).astimezone(UTC)
    except pytz.NonExistentTimeError:
        return place.localize(local, is_dst=False).astimezone(UTC)


def _bar(unit: str, first: date, last: date) -> str:
    if unit == "month":
        return f"{first:%b %Y}"
    if unit == "day" or first == last:
        return f"{first:%a} {_short(first)}"
    return f"{first.day if first.month == last.month else _short(first)} to {_short(last)}"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def _long(day: date) -> str:
    return f"{_short(day)} {day.year}"
