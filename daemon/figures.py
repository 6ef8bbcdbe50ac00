"""How a lab is doing, as values: what is counted, over which time. `statistics` asks the index.

A job counts once in each figure, however often it went back and forth: by when it last came off
the printer, was last paid, came to where it lies now. So a drag undone adds nothing, and no job is
printed twice because a part of it was. Weights are those of the scale where staff entered one, and
of the slicer otherwise.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from schemas.status import Status

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Window:
    """The time to look at: one bucket from each edge to the next, the last edge outside.

    `before`: the time to compare with, which ends at the first edge or earlier.
    """

    edges: tuple[datetime, ...]
    before: tuple[datetime, datetime] | None = None


@dataclass(slots=True)
class Totals:
    """What happened in a stretch of time: jobs, grams, US dollars."""

    handed_in: int = 0
    printed: int = 0
    printed_g: Decimal = NOTHING
    unweighed: int = 0  # printed, of a weight that nobody knows
    paid: int = 0
    paid_usd: Decimal = NOTHING
    collected: int = 0
    unpaid: int = 0  # collected, and no payment was recorded
    unpaid_usd: Decimal = NOTHING  # what those had been quoted
    rejected: int = 0

    @property
    def rejection_rate(self) -> Decimal | None:
        """The share of the rejected among the jobs that came to an end; None when none did."""
        ended = self.rejected + self.printed
        return Decimal(self.rejected) / ended if ended else None


@dataclass(slots=True)
class Cell:
    """The same for the jobs that agree in all of this."""

    method: str
    printer: str
    color: str
    discipline: str
    material: str
    handed_in: int
    printed: int
    printed_g: Decimal
    paid_usd: Decimal


@dataclass(slots=True)
class Figures:
    """All of it: the time itself, the time before, each bucket, and by what was printed.

    `turnaround`: half of the printed jobs took less from being handed in to being done.
    """

    buckets: list[Totals]
    before: Totals = field(default_factory=Totals)
    cells: list[Cell] = field(default_factory=list)
    turnaround: timedelta | None = None
    turnaround_before: timedelta | None = None

    @property
    def now(self) -> Totals:
        """The whole time: the sum of its buckets."""
        return summed(self.buckets)


@dataclass(frozen=True, slots=True)
class Step:
    """How long jobs that left a status had been in it: half of them shorter than `median`, nine
    in ten shorter than `p90`."""

    status: Status
    jobs: int
    median: timedelta
    p90: timedelta


@dataclass(frozen=True, slots=True)
class Failure:
    """Prints that failed on a printer for a reason."""

    printer: str
    reason: str
    is_before: bool
    prints: int


def summed(parts: Iterable[Totals]) -> Totals:
    """Several stretches of time as one."""
    whole = Totals()
    for part in parts:
        for name in Totals.__slots__:
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
    return whole


def by(cells: Sequence[Cell], named: Callable[[Cell], str]) -> dict[str, Cell]:
    """The cells folded into one for each name, by name."""
    alike: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        alike[named(cell)].append(cell)
    return {name: _folded(group) for name, group in sorted(alike.items())}


def _folded(group: Sequence[Cell]) -> Cell:
    first = group[0]
    return Cell(
        first.method,
        first.printer,
        first.color,
        first.discipline,
        first.material,
        handed_in=sum(cell.handed_in for cell in group),
        printed=sum(cell.printed for cell in group),
        printed_g=sum((cell.printed_g for cell in group), NOTHING),
        paid_usd=sum((cell.paid_usd for cell in group), NOTHING),
    )
