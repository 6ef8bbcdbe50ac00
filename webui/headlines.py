"""The few figures at the top of the statistics, each with its change against the time before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from daemon.figures import Failure, Figures
from webui.shown import money

Direction = Literal["up", "down", "same", "new"]
Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure differs from that of the time before; `tone`: whether that is good news."""

    words: str
    direction: Direction
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure with its name, and what else is to be known of it."""

    label: str
    value: str
    change: Change | None = None
    note: str = ""


def headlines(
    figures: Figures, failures: Sequence[Failure], *, compared: bool
) -> tuple[Headline, ...]:
    """All of them; without changes where there is nothing to compare with."""
    now, then = figures.now, figures.before
    failed = sum(failure.prints for failure in failures if not failure.is_before)
    failed_then = sum(failure.prints for failure in failures if failure.is_before)
    took, took_then = figures.turnaround, figures.turnaround_before
    rate, rate_then = now.rejection_rate, then.rejection_rate
    found = (
        Headline("Handed in", count(now.handed_in), share_change(now.handed_in, then.handed_in)),
        Headline("Printed", count(now.printed), share_change(now.printed, then.printed, up="good")),
        Headline(
            "Collected",
            count(now.collected),
            share_change(now.collected, then.collected, up="good"),
        ),
        Headline(
            "Revenue",
            money(now.paid_usd),
            share_change(now.paid_usd, then.paid_usd, up="good"),
            note=_unpaid(now.unpaid, now.unpaid_usd),
        ),
        Headline(
            "Material printed",
            weight(now.printed_g),
            share_change(now.printed_g, then.printed_g),
            note=f"{count(now.unweighed)} of unknown weight" if now.unweighed else "",
        ),
        Headline(
            "Median turnaround", duration(took), _longer(took, took_then), "Handed in to completed"
        ),
        Headline("Failed prints", count(failed), share_change(failed, failed_then, up="bad")),
        Headline("Rejected", percent(rate), _points(rate, rate_then), "Of all printed or rejected"),
    )
    if compared:
        return found
    return tuple(Headline(one.label, one.value, None, one.note) for one in found)


def _unpaid(jobs: int, quoted_usd: Decimal) -> str:
    if not jobs:
        return ""
    return f"{count(jobs)} collected without a payment on record, quoted at {money(quoted_usd)}"


_OPPOSITE: dict[Tone, Tone] = {"good": "bad", "bad": "good", "plain": "plain"}


def share_change(now: Decimal | int, then: Decimal | int, *, up: Tone = "plain") -> Change:
    """The change in per cent; `up`: what kind of news a rise is."""
    if now == then:
        return Change("as before", "same")
    if not then:
        return Change("none before", "new", up)
    ratio = (Decimal(now) - then) / then
    words = _part(abs(ratio))
    if ratio > 0:
        return Change(f"{words} more", "up", up)
    return Change(f"{words} less", "down", _OPPOSITE[up])


def _part(ratio: Decimal) -> str:
    """Whole ones, and tenths below ten: a small change is not rounded to none."""
    part = rounded(ratio * 100, "1" if ratio >= Decimal("0.1") else "0.1")
    return f"{part:,}%" if part else "under 0.1%"


def _longer(now: timedelta | None, then: timedelta | None) -> Change | None:
    if now is None:
        return None
    if then is None:
        return Change("none before", "new")
    if abs(now - then) < timedelta(minutes=1):
        return Change("as before", "same")
    words = duration(abs(now - then))
    if now > then:
        return Change(f"{words} longer", "up", "bad")
    return Change(f"{words} shorter", "down", "good")


def _points(now: Decimal | None, then: Decimal | None) -> Change | None:
    if now is None:
        return None
    if then is None:
        return Change("none before", "new")
    points = rounded((now - then) * 100, "0.1")
    if not points:
        return Change("as before", "same")
    if points > 0:
        return Change(f"{points} points more", "up", "bad")
    return Change(f"{-points} points less", "down", "good")


def count(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def weight(grams: Decimal) -> str:
    """A weight in grams, to the tenth while it is small; from 10 kg on in kilograms."""
    if grams >= 10_000:
        return f"{rounded(grams / 1000, '0.1'):,} kg"
    return f"{rounded(grams, '1' if grams >= 100 else '0.1'):,} g"


def rounded(number: Decimal, step: str) -> Decimal:
    """Half up to a multiple of `step`, as people round."""
    return number.quantize(Decimal(step), rounding=ROUND_HALF_UP)


def percent(share: Decimal | None) -> str:
    """A share of one in per cent, to the tenth."""
    if share is None:
        return "–"
    return f"{rounded(share * 100, '0.1')}%"


def duration(took: timedelta | None) -> str:
    """A length of time in its two largest units: "3d 2h", "5h 8m", "42m"; a short one: "20s"."""
    if took is None:
        return "–"
    if took < timedelta(minutes=1):
        return f"{round(took.total_seconds())}s"
    minutes = round(took.total_seconds() / 60)
    days, rest = divmod(minutes, 24 * 60)
    if days:
        return f"{days}d {rest // 60}h"
    return f"{rest // 60}h {rest % 60}m" if rest >= 60 else f"{rest}m"
