"""The statistics as tables: every chart is drawn from one, and can be read without the chart."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from daemon.figures import NOTHING, Cell, Failure, Figures, Step, by
from daemon.statistics import OWN_WORDS, UNSAID
from webui.headlines import count, duration, percent, rounded
from webui.shown import STATUS_WORDS, money

UNKNOWN = "Not known"
LONGEST = 12  # rows of a table; the rest is added up in one


@dataclass(frozen=True, slots=True)
class Point:
    """A cell of a chart's table: how it reads, and the plain number that is drawn."""

    words: str
    value: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A chart over time: a row for each bar, a column for each line."""

    columns: tuple[str, ...]
    rows: list[tuple[str, list[Point]]]
    totals: list[str]
    summary: str  # one sentence, for those who do not see the drawing


def jobs_over_time(figures: Figures, bars: Sequence[str], unit: str) -> Curve:
    """Jobs handed in and collected."""
    rows = [
        (bar, [_counted(bucket.handed_in), _counted(bucket.collected)])
        for bar, bucket in zip(bars, figures.buckets, strict=True)
    ]
    now, busiest = figures.now, _highest(bars, [bucket.handed_in for bucket in figures.buckets])
    summary = (
        f"Line chart of jobs by {unit}: {count(now.handed_in)} handed in{busiest}, "
        f"{count(now.collected)} collected."
    )
    return Curve(
        ("Handed in", "Collected"), rows, [count(now.handed_in), count(now.collected)], summary
    )


def revenue_over_time(figures: Figures, bars: Sequence[str], unit: str) -> Curve:
    """What was paid."""
    rows = [
        (bar, [Point(money(bucket.paid_usd), str(bucket.paid_usd))])
        for bar, bucket in zip(bars, figures.buckets, strict=True)
    ]
    total = money(figures.now.paid_usd)
    best = _highest(bars, [bucket.paid_usd for bucket in figures.buckets])
    return Curve(("Revenue",), rows, [total], f"Bar chart of revenue by {unit}: {total}{best}.")


def _counted(number: int) -> Point:
    return Point(count(number), str(number))


def _highest(bars: Sequence[str], values: Sequence[Decimal | int]) -> str:
    """Where the highest bar stands, unless there is none or it is the only one."""
    top = max(values)
    return f", most in {bars[values.index(top)]}" if top and len(bars) > 1 else ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row with a bar: `percent` of the longest one; `cells` are the columns after it."""

    name: str
    cells: tuple[str, ...]
    percent: Decimal


Value = Callable[[Cell], Decimal | int]


def breakdown(cells: Sequence[Cell], named: Callable[[Cell], str]) -> list[Bar]:
    """Jobs, grams and revenue by what `named` gives, the most jobs first."""
    folded = sorted(_spelt(cells, named), key=lambda pair: -pair[1].handed_in)
    return _bars(folded, lambda cell: cell.handed_in, _three)


def material_used(cells: Sequence[Cell], named: Callable[[Cell], str]) -> list[Bar]:
    """Grams by what `named` gives, the most first."""
    folded = [pair for pair in _spelt(cells, named) if pair[1].printed]
    folded.sort(key=lambda pair: -pair[1].printed_g)
    return _bars(
        folded, lambda cell: cell.printed_g, lambda c: (count(c.printed), tenths(c.printed_g))
    )


def _three(cell: Cell) -> tuple[str, ...]:
    return count(cell.handed_in), tenths(cell.printed_g), money(cell.paid_usd)


def _spelt(cells: Sequence[Cell], named: Callable[[Cell], str]) -> list[tuple[str, Cell]]:
    """The cells folded by name, whatever its case; it is shown as it is spelt most often."""
    spelling: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        spelling[named(cell).strip().casefold()][named(cell).strip()] += (
            cell.handed_in + cell.printed
        )
    folded = by(cells, lambda cell: named(cell).strip().casefold())
    return [(_commonest(spelling[key]), cell) for key, cell in folded.items()]


def _commonest(spellings: Counter[str]) -> str:
    return min(spellings, key=lambda words: (-spellings[words], words)) or UNKNOWN


def _bars(
    folded: Sequence[tuple[str, Cell]], value: Value, cells: Callable[[Cell], tuple[str, ...]]
) -> list[Bar]:
    longest = max((value(cell) for _, cell in folded), default=0)
    return [Bar(name, cells(cell), _percent(value(cell), longest)) for name, cell in folded]


def _percent(value: Decimal | int, longest: Decimal | int) -> Decimal:
    return round(Decimal(value) * 100 / longest, 2) if longest else NOTHING


def color_named(cells: Iterable[Cell]) -> Callable[[Cell], str]:
    """How a colour is called: with its method where two methods have one of that name."""
    methods: dict[str, set[str]] = defaultdict(set)
    for cell in cells:
        methods[cell.color].add(cell.method)

    def name(cell: Cell) -> str:
        is_shared = len(methods[cell.color]) > 1 and cell.color
        return f"{cell.color} ({cell.method or UNKNOWN})" if is_shared else cell.color

    return name


def counted(pairs: Iterable[tuple[str, int]]) -> list[Bar]:
    """Names and how often, the most frequent first; beyond the longest table all in one row."""
    ranked = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
    shown = ranked[:LONGEST]
    rest = sum(number for _, number in ranked[LONGEST:])
    longest = shown[0][1] if shown else 0
    bars = [Bar(name, (count(number),), _percent(number, longest)) for name, number in shown]
    if rest:
        words = f"{count(len(ranked) - LONGEST)} others"
        bars.append(Bar(words, (count(rest),), min(_percent(rest, longest), Decimal(100))))
    return bars


def rejection_reasons(found: Iterable[tuple[str, int]]) -> list[Bar]:
    """Why jobs were rejected."""
    words = {UNSAID: "No reason given", OWN_WORDS: "In staff’s own words"}
    return counted((words.get(reason, reason), number) for reason, number in found)


def failure_reasons(failures: Iterable[Failure]) -> list[Bar]:
    """Why prints failed, whatever the case in which it was typed."""
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    for failure in failures:
        if not failure.is_before:
            reason = failure.reason.strip()
            tally[reason.casefold()][reason] += failure.prints
    return counted((_commonest(spellings), spellings.total()) for spellings in tally.values())


def failing_printers(failures: Iterable[Failure], cells: Sequence[Cell]) -> list[Bar]:
    """How many prints failed on each printer, and of how many tries."""
    failed: Counter[str] = Counter()
    for failure in failures:
        if not failure.is_before:
            failed[failure.printer] += failure.prints
    printed = {name: cell.printed for name, cell in by(cells, lambda cell: cell.printer).items()}
    longest = max(failed.values(), default=0)
    return [
        Bar(
            name or UNKNOWN,
            (count(number), _of_tries(number, printed.get(name, 0))),
            _percent(number, longest),
        )
        for name, number in failed.most_common()
    ]


def _of_tries(failed: int, printed: int) -> str:
    return percent(Decimal(failed) / (failed + printed))


@dataclass(frozen=True, slots=True)
class Range:
    """How long a step takes, drawn on one scale with the others: per cent of the longest."""

    name: str
    waits_for: str
    jobs: str
    median: str
    p90: str
    median_percent: Decimal
    p90_percent: Decimal


WAITS_FOR = {
    "Uploaded": "waiting to be looked at",
    "Pending": "waiting for the student’s word",
    "ReadyToPrint": "waiting for a printer",
    "Printing": "on the printer",
    "Completed": "waiting to be collected",
}


def ranges(steps: Sequence[Step]) -> list[Range]:
    """The steps of a job's life in their order."""
    longest = max((round(step.p90.total_seconds()) for step in steps), default=0)
    return [
        Range(
            name=STATUS_WORDS[step.status],
            waits_for=WAITS_FOR[step.status],
            jobs=count(step.jobs),
            median=duration(step.median),
            p90=duration(step.p90),
            median_percent=_percent(round(step.median.total_seconds()), longest),
            p90_percent=_percent(round(step.p90.total_seconds()), longest),
        )
        for step in steps
    ]


def tenths(grams: Decimal) -> str:
    """A weight to the tenth of a gram, so that a column of them stands in line."""
    return f"{rounded(grams, '0.1'):,}"
