"""The tables that charts are drawn from."""

from datetime import timedelta
from decimal import Decimal

from daemon.figures import Cell, Failure, Figures, Step, Totals
from daemon.statistics import OWN_WORDS, UNSAID
from schemas.status import Status
from webui import charts


def a_cell(
    jobs: int = 1,
    *,
    printed: int = 0,
    grams: str = "0",
    usd: str = "0",
    method: str = "Filament",
    printer: str = "MK4S",
    color: str = "Red",
    material: str = "PLA",
) -> Cell:
    return Cell(
        method, printer, color, "Art", material, jobs, printed, Decimal(grams), Decimal(usd)
    )


def test_a_curve_has_a_row_for_each_bar_and_a_sentence_that_sums_it_up() -> None:
    figures = Figures([Totals(handed_in=2, collected=1), Totals(handed_in=1000)])
    found = charts.jobs_over_time(figures, ["Mon", "Tue"], "day")
    assert [(name, [point.words for point in row]) for name, row in found.rows] == [
        ("Mon", ["2", "1"]),
        ("Tue", ["1,000", "0"]),
    ]
    assert found.rows[1][1][0].value == "1000"
    assert found.totals == ["1,002", "1"]
    assert found.summary == (
        "Line chart of jobs by day: 1,002 handed in, most in Tue, 1 collected."
    )


def test_revenue_stays_exact() -> None:
    figures = Figures([Totals(paid_usd=Decimal("0.10")), Totals(paid_usd=Decimal("1234.20"))])
    found = charts.revenue_over_time(figures, ["Oct", "Nov"], "month")
    assert [(row[0].words, row[0].value) for _, row in found.rows] == [
        ("$0.10", "0.10"),
        ("$1,234.20", "1234.20"),
    ]
    assert found.summary == "Bar chart of revenue by month: $1,234.30, most in Nov."


def test_nothing_has_no_best_day() -> None:
    found = charts.revenue_over_time(Figures([Totals(), Totals()]), ["Mon", "Tue"], "day")
    assert found.summary == "Bar chart of revenue by day: $0.00."


def test_a_breakdown_is_sorted_and_its_longest_bar_is_whole() -> None:
    cells = [a_cell(1, printer="XL"), a_cell(3, grams="1234.56", usd="9"), a_cell(1)]
    found = charts.breakdown(cells, lambda cell: cell.printer)
    assert [(bar.name, bar.percent) for bar in found] == [("MK4S", 100), ("XL", 25)]
    assert found[0].cells == ("4", "1,234.6", "$9.00")


def test_names_that_differ_in_case_are_one_spelt_as_most_often() -> None:
    cells = [a_cell(printed=1, material=name) for name in ("pla", "PLA", "PLA ", "")]
    found = charts.material_used(cells, lambda cell: cell.material)
    assert sorted((bar.name, bar.cells[0]) for bar in found) == [("Not known", "1"), ("PLA", "3")]


def test_material_of_what_was_not_printed_is_left_out() -> None:
    cells = [a_cell(5), a_cell(0, printed=1, grams="2", material="PETG")]
    found = charts.material_used(cells, lambda cell: cell.material)
    assert [(bar.name, bar.cells) for bar in found] == [("PETG", ("1", "2.0"))]


def test_a_color_that_two_methods_have_is_named_with_its_method() -> None:
    cells = [a_cell(color="Clear"), a_cell(color="Clear", method="Resin"), a_cell(color="Blue")]
    named = charts.color_named(cells)
    assert [named(cell) for cell in cells] == ["Clear (Filament)", "Clear (Resin)", "Blue"]


def test_reasons_are_put_in_words_and_sorted() -> None:
    found = charts.rejection_reasons([(UNSAID, 1), (OWN_WORDS, 2), ("too big", 4)])
    assert [(bar.name, bar.cells, bar.percent) for bar in found] == [
        ("too big", ("4",), 100),
        ("In staff’s own words", ("2",), 50),
        ("No reason given", ("1",), 25),
    ]


def test_many_reasons_end_in_one_row_for_the_rest() -> None:
    found = charts.counted((f"reason {number:02}", 1) for number in range(20))
    assert len(found) == charts.LONGEST + 1
    assert (found[-1].name, found[-1].cells, found[-1].percent) == ("8 others", ("8",), 100)


def test_failures_of_the_time_before_are_not_listed() -> None:
    failures = [
        Failure("MK4S", "Warped", is_before=False, prints=1),
        Failure("XL", "warped ", is_before=False, prints=2),
        Failure("XL", "tangle", is_before=True, prints=9),
    ]
    assert [(bar.name, bar.cells) for bar in charts.failure_reasons(failures)] == [
        ("warped", ("3",))
    ]
    found = charts.failing_printers(failures, [a_cell(printed=3, printer="XL")])
    assert [(bar.name, bar.cells) for bar in found] == [
        ("XL", ("2", "40.0%")),
        ("MK4S", ("1", "100.0%")),
    ]


def test_steps_share_one_scale() -> None:
    hour = timedelta(hours=1)
    found = charts.ranges(
        [
            Step(Status.UPLOADED, 1200, median=hour, p90=2 * hour),
            Step(Status.PRINTING, 3, median=4 * hour, p90=8 * hour),
        ]
    )
    assert [(step.median_percent, step.p90_percent) for step in found] == [
        (Decimal("12.5"), 25),
        (50, 100),
    ]
    assert (found[0].name, found[0].jobs, found[0].median) == ("Uploaded", "1,200", "1h 0m")


def test_steps_that_took_no_time_at_all_have_no_bar() -> None:
    (found,) = charts.ranges([Step(Status.UPLOADED, 1, timedelta(), timedelta())])
    assert found.p90_percent == 0
