"""What the index says of how the lab is doing, of jobs whose figures are worked out by hand."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text

from daemon import statistics
from daemon.exports import PIECE, export
from daemon.figures import Figures, Totals, Window, by
from schemas.status import Status
from tests.integration.histories import at, failed, handed_in, moved, paid, printed, tell
from tests.lab import Lab

# Three days, and the three before them.
DAYS = Window(
    edges=(at("3-04 06:00"), at("3-05 06:00"), at("3-06 06:00"), at("3-07 06:00")),
    before=(at("3-01 06:00"), at("3-04 06:00")),
)
A_WHOLE_LIFE = [
    handed_in("3-04 10:00"),
    moved("3-04 12:00", "Uploaded", "Pending"),
    moved("3-04 18:00", "Pending", "ReadyToPrint"),
    moved("3-05 08:00", "ReadyToPrint", "Printing"),
    moved("3-05 10:00", "Printing", "Completed"),
    paid("3-06 10:00", "4.73", "47.25"),
    moved("3-06 10:01", "Completed", "PaidPickedUp"),
]


@pytest.fixture
def connection(lab: Lab) -> Iterator[Connection]:
    with lab.engine.connect() as opened:
        statistics.be_quick(opened)
        yield opened


@pytest.fixture
def found(connection: Connection, lab: Lab) -> "Found":
    return Found(connection, lab)


class Found:
    """Tell the index jobs, then ask it."""

    def __init__(self, connection: Connection, lab: Lab) -> None:
        self.connection = connection
        self.engine = lab.engine

    def figures(self, window: Window = DAYS) -> Figures:
        return statistics.figures(self.connection, window)

    def printed_by_bucket(self) -> list[int]:
        return [bucket.printed for bucket in self.figures().buckets]


def test_a_job_counts_in_each_figure_on_the_day_on_which_it_happened(found: Found) -> None:
    tell(found.engine, 1, A_WHOLE_LIFE, weight_g="45", price_usd="4.50")
    first, second, third = found.figures().buckets
    assert first == Totals(handed_in=1)
    assert second == Totals(printed=1, printed_g=Decimal("47.25"))
    assert third == Totals(paid=1, paid_usd=Decimal("4.73"), collected=1)


def test_a_window_is_the_sum_of_its_buckets(found: Found) -> None:
    tell(found.engine, 1, A_WHOLE_LIFE, weight_g="45")
    tell(found.engine, 2, printed("3-04 11:00", "3-06 11:00"), weight_g="0.10")
    tell(found.engine, 3, printed("3-05 11:00", "3-06 12:00"), weight_g="0.20")
    now = found.figures().now
    assert (now.handed_in, now.printed, now.printed_g) == (3, 3, Decimal("47.55"))


def test_the_first_moment_of_a_window_counts_and_the_last_does_not(found: Found) -> None:
    tell(found.engine, 1, [handed_in("3-04 06:00")])
    tell(found.engine, 2, [handed_in("3-07 06:00")])
    tell(found.engine, 3, [handed_in("3-04 05:59")])
    assert [bucket.handed_in for bucket in found.figures().buckets] == [1, 0, 0]
    assert found.figures().before.handed_in == 1


def test_what_lies_between_the_window_and_the_time_before_counts_in_neither(found: Found) -> None:
    window = Window(DAYS.edges, before=(at("3-01 06:00"), at("3-02 06:00")))
    tell(found.engine, 1, printed("3-01 07:00", "3-02 05:00"))
    tell(found.engine, 2, printed("3-02 06:00", "3-03 05:00"))
    tell(found.engine, 3, printed("3-04 07:00", "3-05 08:00"))
    figures = found.figures(window)
    assert (figures.before.handed_in, figures.before.printed) == (1, 1)
    assert (figures.now.handed_in, figures.now.printed) == (1, 1)
    assert figures.turnaround_before == timedelta(hours=22)
    assert figures.turnaround == timedelta(hours=25)


def test_without_a_time_before_nothing_is_counted_in_it(found: Found) -> None:
    tell(found.engine, 1, printed("3-01 07:00", "3-04 08:00"))
    figures = found.figures(Window(DAYS.edges))
    assert (figures.before, figures.turnaround_before) == (Totals(), None)
    assert (figures.now.handed_in, figures.now.printed) == (0, 1)


def test_a_drag_undone_is_no_print(found: Found) -> None:
    history = [
        *printed("3-04 10:00", "3-04 11:00"),
        moved("3-04 11:01", "Completed", "Printing"),
    ]
    tell(found.engine, 1, history)
    assert found.printed_by_bucket() == [0, 0, 0]
    assert found.figures().turnaround is None


def test_a_job_printed_again_counts_once_by_the_last_time(found: Found) -> None:
    history = [
        *printed("3-04 10:00", "3-04 20:00"),
        moved("3-05 10:00", "Completed", "Printing"),
        moved("3-06 10:00", "Printing", "Completed"),
    ]
    tell(found.engine, 1, history)
    assert found.printed_by_bucket() == [0, 0, 1]
    assert found.figures().turnaround == timedelta(hours=48)


def test_a_collection_taken_back_leaves_the_moment_of_the_print(found: Found) -> None:
    history = [
        *printed("3-04 10:00", "3-04 20:00"),
        moved("3-05 10:00", "Completed", "PaidPickedUp"),
        moved("3-05 10:01", "PaidPickedUp", "Completed"),
    ]
    tell(found.engine, 1, history)
    assert found.printed_by_bucket() == [1, 0, 0]
    assert found.figures().now.collected == 0


def test_a_job_dragged_past_completed_was_printed_when_it_was_collected(found: Found) -> None:
    tell(
        found.engine,
        1,
        [handed_in("3-04 10:00"), moved("3-05 10:00", "Printing", "PaidPickedUp")],
        price_usd="3.00",
    )
    now = found.figures().now
    assert (now.printed, now.collected) == (1, 1)
    assert (now.unpaid, now.unpaid_usd) == (1, Decimal("3.00"))


def test_a_walk_in_dropped_among_the_completed_was_printed_but_took_no_time(found: Found) -> None:
    tell(found.engine, 1, [("3-04 10:00", "JobCreated", {"to": "Completed"})])
    figures = found.figures()
    assert (figures.now.printed, figures.turnaround) == (1, None)


def test_of_two_payments_the_last_counts(found: Found) -> None:
    tell(found.engine, 1, [*A_WHOLE_LIFE, paid("3-06 11:00", "5.00")])
    now = found.figures().now
    assert (now.paid, now.paid_usd) == (1, Decimal("5.00"))


def test_a_payment_of_the_time_before_that_was_corrected_since_counts_now(found: Found) -> None:
    tell(
        found.engine, 1, [handed_in("3-02 10:00"), paid("3-02 11:00", "3"), paid("3-05 11:00", "4")]
    )
    figures = found.figures()
    assert (figures.before.paid, figures.now.paid_usd) == (0, Decimal(4))


def test_the_weight_of_the_scale_counts_before_that_of_the_slicer(found: Found) -> None:
    done = printed("3-04 10:00", "3-04 20:00")
    tell(found.engine, 1, [*done, paid("3-05 10:00", "3", "10.10")], weight_g="12.50")
    tell(found.engine, 2, [*done, paid("3-05 10:00", "3")], weight_g="20")
    tell(found.engine, 3, done)
    now = found.figures().now
    assert (now.printed, now.printed_g, now.unweighed) == (3, Decimal("30.10"), 1)


def test_a_payment_without_a_weight_leaves_the_weight_of_the_one_before(found: Found) -> None:
    history = [
        *printed("3-04 10:00", "3-04 20:00"),
        paid("3-05 10:00", "3", "9.5"),
        paid("3-05 11:00", "3"),
    ]
    tell(found.engine, 1, history, weight_g="12")
    assert found.figures().now.printed_g == Decimal("9.5")


@pytest.mark.parametrize("forged", ["", "heavy", "1e5000000", "-3", "NaN"])
def test_a_weight_that_is_none_is_passed_over(found: Found, forged: str) -> None:
    history = [*printed("3-04 10:00", "3-04 20:00"), paid("3-05 10:00", "3", forged)]
    tell(found.engine, 1, history, weight_g="12")
    assert found.figures().now.printed_g == Decimal(12)


@pytest.mark.parametrize(
    ("hours", "median"), [([1], 1), ([1, 4], 2.5), ([5, 1, 2], 2)], ids=["one", "two", "three"]
)
def test_half_of_the_jobs_take_less_than_the_median(
    found: Found, hours: list[int], median: float
) -> None:
    for number, took in enumerate(hours, start=1):
        tell(found.engine, number, printed("3-04 10:00", f"3-04 {10 + took}:00"))
    assert found.figures().turnaround == timedelta(hours=median)


def test_only_a_rejection_that_stands_counts_against_what_was_printed(found: Found) -> None:
    rejected = [handed_in("3-04 10:00"), moved("3-04 11:00", "Uploaded", "Rejected")]
    tell(found.engine, 1, rejected)
    tell(found.engine, 2, [*rejected, moved("3-04 11:01", "Rejected", "Uploaded")])
    for number in (3, 4, 5):
        tell(found.engine, number, printed("3-04 10:00", "3-04 20:00"))
    now = found.figures().now
    assert (now.rejected, now.rejection_rate) == (1, Decimal("0.25"))
    assert Totals(handed_in=3).rejection_rate is None


def test_jobs_grams_and_revenue_are_told_apart_by_what_was_printed(found: Found) -> None:
    done = [*printed("3-04 10:00", "3-04 20:00"), paid("3-05 10:00", "3.10")]
    tell(found.engine, 1, done, weight_g="10", material="PLA")
    tell(found.engine, 2, done, weight_g="5.5", material="PETG", color="Blue")
    tell(found.engine, 3, done, weight_g="2", print_method="Resin", printer="Formlabs Form 3")
    tell(found.engine, 4, [handed_in("3-04 10:00")], student={"discipline": "Other"})
    tell(found.engine, 5, [handed_in("3-01 10:00")], printer="Prusa XL")  # of the time before
    cells = found.figures().cells
    printers = by(cells, lambda cell: cell.printer)
    assert {name: cell.handed_in for name, cell in printers.items()} == {
        "Formlabs Form 3": 1,
        "Prusa MK4S": 3,
    }
    mk4s = printers["Prusa MK4S"]
    assert (mk4s.printed, mk4s.printed_g, mk4s.paid_usd) == (2, Decimal("15.5"), Decimal("6.20"))
    assert by(cells, lambda cell: cell.material)["PETG"].printed_g == Decimal("5.5")
    assert by(cells, lambda cell: cell.discipline)["Other"].handed_in == 1
    assert by(cells, lambda cell: cell.color)["Blue"].paid_usd == Decimal("3.10")
    assert by(cells, lambda cell: cell.method)["Resin"].printed_g == Decimal(2)


def test_the_oldest_job_is_found_and_none_is_none(found: Found) -> None:
    assert statistics.oldest(found.connection) is None
    tell(found.engine, 1, [handed_in("3-04 10:00")])
    tell(found.engine, 2, [handed_in("3-02 10:00")])
    assert statistics.oldest(found.connection) == at("3-02 10:00")


# Steps


def test_each_step_takes_from_one_move_to_the_next(found: Found) -> None:
    tell(found.engine, 1, A_WHOLE_LIFE)
    steps = statistics.steps(found.connection, DAYS)
    assert [(step.status, step.jobs, step.median) for step in steps] == [
        (Status.UPLOADED, 1, timedelta(hours=2)),
        (Status.PENDING, 1, timedelta(hours=6)),
        (Status.READY_TO_PRINT, 1, timedelta(hours=14)),
        (Status.PRINTING, 1, timedelta(hours=2)),
        (Status.COMPLETED, 1, timedelta(hours=24, minutes=1)),
    ]


def test_of_five_stays_the_median_is_the_third_and_the_p90_lies_before_the_last(
    found: Found,
) -> None:
    for number, hours in enumerate((1, 2, 3, 4, 10), start=1):
        left = moved(f"3-04 {10 + hours}:00", "Uploaded", "Pending")
        tell(found.engine, number, [handed_in("3-04 10:00"), left])
    (step,) = statistics.steps(found.connection, DAYS)
    assert (step.jobs, step.median) == (5, timedelta(hours=3))
    assert step.p90 == timedelta(hours=4 + 0.6 * (10 - 4))  # 0.9 * (5 - 1) = 3.6 along the row


def test_a_stay_that_began_before_the_window_has_its_whole_length(found: Found) -> None:
    tell(
        found.engine,
        1,
        [
            handed_in("2-20 10:00"),
            ("2-20 11:00", "Reviewed", {}),
            moved("3-04 10:00", "Uploaded", "Pending"),
        ],
    )
    (step,) = statistics.steps(found.connection, DAYS)
    assert step.median == timedelta(days=12)


def test_a_stay_that_has_not_ended_in_the_window_is_not_counted(found: Found) -> None:
    tell(found.engine, 1, [handed_in("3-04 10:00")])
    tell(found.engine, 2, [handed_in("3-01 10:00"), moved("3-02 10:00", "Uploaded", "Rejected")])
    assert statistics.steps(found.connection, DAYS) == []


def test_a_history_that_does_not_say_how_it_began_gives_no_stay(found: Found) -> None:
    tell(
        found.engine,
        1,
        [("3-04 09:00", "Adopted", {}), moved("3-04 10:00", "Uploaded", "Pending")],
    )
    assert statistics.steps(found.connection, DAYS) == []


# Reasons


def rejected(found: Found, job: int, **data: object) -> None:
    tell(
        found.engine,
        job,
        [handed_in("3-04 10:00"), moved("3-04 11:00", "Uploaded", "Rejected", **data)],
    )


def test_a_rejection_counts_under_each_of_its_reasons(found: Found) -> None:
    rejected(found, 1, reasons=["too big", "holes"], text="see me")
    rejected(found, 2, reasons=["holes"], text="")
    rejected(found, 3, reasons=[], text="a copy of a banknote")
    rejected(found, 4)
    assert statistics.rejections(found.connection, DAYS) == [
        ("holes", 2),
        (statistics.UNSAID, 1),
        (statistics.OWN_WORDS, 1),
        ("too big", 1),
    ]


def test_of_a_job_rejected_twice_the_last_reasons_count(found: Found) -> None:
    tell(
        found.engine,
        1,
        [
            handed_in("3-04 10:00"),
            moved("3-04 11:00", "Uploaded", "Rejected", reasons=["too big"]),
            moved("3-04 12:00", "Rejected", "Uploaded"),
            moved("3-05 11:00", "Uploaded", "Rejected", reasons=["holes"]),
        ],
    )
    assert statistics.rejections(found.connection, DAYS) == [("holes", 1)]


def test_each_failed_print_counts_with_its_reason_and_printer(found: Found) -> None:
    tell(found.engine, 1, [handed_in("3-01 10:00"), failed("3-02 10:00", "warped")])
    tell(
        found.engine,
        2,
        [handed_in("3-01 10:00"), failed("3-04 10:00", "warped"), failed("3-04 12:00", "warped")],
    )
    tell(found.engine, 3, [handed_in("3-01 10:00"), failed("3-05 10:00", "tangle")], printer="XL")
    found_failures = {
        (one.printer, one.reason, one.is_before): one.prints
        for one in statistics.failures(found.connection, DAYS)
    }
    assert found_failures == {
        ("Prusa MK4S", "warped", True): 1,
        ("Prusa MK4S", "warped", False): 2,
        ("XL", "tangle", False): 1,
    }


# Exports


def test_a_failure_between_the_window_and_the_time_before_is_passed_over(found: Found) -> None:
    window = Window(DAYS.edges, before=(at("3-01 06:00"), at("3-02 06:00")))
    history = [handed_in("2-28 10:00"), failed("3-02 06:00", "warped")]
    tell(found.engine, 1, history)
    assert statistics.failures(found.connection, window) == []


def test_a_long_export_is_read_through_a_cursor_on_the_server(found: Found) -> None:
    notes = [("3-05 10:00", "NoteAdded", {"text": "x"})] * (2 * PIECE + 499)
    tell(found.engine, 1, [handed_in("3-04 10:00"), *notes])
    columns, pieces = export(found.connection, "events", DAYS)
    first = next(pieces)
    open_cursors = text("SELECT count(*) FROM pg_cursors WHERE name <> ''")
    assert found.connection.execute(open_cursors).scalar_one() == 1
    assert [len(first), *(len(piece) for piece in pieces)] == [PIECE, PIECE, 500]
    assert columns == ["at", "job", "seq", "event", "by", "via", "details"]


def test_the_payments_exported_add_up_to_the_revenue(found: Found) -> None:
    done = printed("3-04 10:00", "3-04 20:00")
    tell(found.engine, 1, [*done, paid("3-05 10:00", "3"), paid("3-05 11:00", "4.10")])
    tell(found.engine, 2, [*done, paid("3-06 10:00", "0.20")])
    tell(found.engine, 3, [*done, paid("3-05 10:00", "8"), paid("3-08 10:00", "9")])
    columns, pieces = export(found.connection, "payments", DAYS)
    amounts = [row[columns.index("paid_usd")] for piece in pieces for row in piece]
    assert sum(amounts) == found.figures().now.paid_usd == Decimal("4.30")
