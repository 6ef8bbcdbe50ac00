"""How a job stands, as its student sees it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.sidecar import Sidecar
from schemas.status import Status
from webui.progress import CANCELLABLE, Quote, Stage, progress, quote_of

START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def a_job(*way: Status, last: dict[str, Any] | None = None) -> Sidecar:
    """A job that went this way, an hour between the moves."""
    doc = Sidecar(job=JobNumber(1), share="s", status=way[-1])
    data = {"to": way[0].value}
    doc.record(EventType.JOB_CREATED, by="Jane", via=Via.WEB, at=START, data=data)
    for hour, (source, target) in enumerate(pairwise(way), 1):
        moved: dict[str, Any] = {"from": source.value, "to": target.value}
        at = START + timedelta(hours=hour)
        doc.record(EventType.STATUS_CHANGED, by="Ada", via=Via.WEB, at=at, data=moved)
    if last:
        doc.history[-1].data.update(last)
    return doc


def a_quote(*, expires_at: datetime | None = None) -> Sidecar:
    """A job whose price can be confirmed."""
    doc = a_job(Status.UPLOADED, Status.PENDING)
    doc.print.price_usd = Decimal("3.00")
    doc.confirmation.nonce = "mine"
    doc.confirmation.expires_at = expires_at or START + timedelta(days=7)
    return doc


def states(doc: Sidecar) -> list[tuple[str, str, int | None]]:
    """Each step's title and state, and the hour at which it was reached."""
    steps = progress(doc, doc.status, START).steps
    return [
        (step.title, step.state, step.at and int((step.at - START).total_seconds() // 3600))
        for step in steps
    ]


def test_steps_have_the_moments_of_what_has_happened_and_none_of_what_has_not() -> None:
    assert states(a_job(Status.UPLOADED, Status.PENDING)) == [
        ("Handed in", "done", 0),
        ("Price", "here", 1),
        ("In line", "ahead", None),
        ("Printing", "ahead", None),
        ("Ready to collect", "ahead", None),
        ("Collected", "ahead", None),
    ]


def test_a_step_that_was_passed_by_is_not_said_to_be_done() -> None:
    assert states(a_job(Status.UPLOADED, Status.PRINTING))[:4] == [
        ("Handed in", "done", 0),
        ("Price", "skipped", None),
        ("In line", "skipped", None),
        ("Printing", "here", 1),
    ]


def test_a_job_that_went_back_shows_no_moment_of_what_is_ahead_again() -> None:
    back = a_job(Status.UPLOADED, Status.PENDING, Status.UPLOADED)
    assert states(back)[:2] == [("Handed in", "here", 2), ("Price", "ahead", None)]


def test_a_rejected_job_ends_where_it_was_stopped() -> None:
    assert states(a_job(Status.UPLOADED, Status.PENDING, Status.REJECTED)) == [
        ("Handed in", "done", 0),
        ("Price", "done", 1),
        ("Not printed", "stopped", 2),
    ]


def test_a_job_that_its_student_cancelled_is_said_to_be_cancelled() -> None:
    doc = a_job(Status.UPLOADED, Status.REJECTED, last={"cancelled_by_student": True})
    now = progress(doc, doc.status, START)
    assert (now.stage, now.steps[-1].title) == (Stage.CANCELLED, "Cancelled")


def test_a_collected_job_has_every_step_done() -> None:
    assert {state for _, state, _ in states(a_job(*_ALL))} == {"done"}


_ALL = [status for status in Status if status is not Status.REJECTED]


def test_a_print_that_failed_is_in_line_again() -> None:
    doc = a_job(Status.UPLOADED, Status.PRINTING, Status.READY_TO_PRINT)
    assert progress(doc, doc.status, START).stage is Stage.AGAIN_IN_LINE


def test_without_a_price_it_is_still_being_priced() -> None:
    doc = a_job(Status.UPLOADED, Status.PENDING)
    assert progress(doc, doc.status, START).stage is Stage.BEING_PRICED


def test_the_folder_counts_before_the_document_knows_of_the_move() -> None:
    doc = a_job(Status.UPLOADED)
    now = progress(doc, Status.COMPLETED, START)
    assert now.stage is Stage.READY
    assert [step.state for step in now.steps][-2:] == ["here", "ahead"]


@pytest.mark.parametrize("status", list(Status))
def test_it_can_be_cancelled_until_it_prints(status: Status) -> None:
    assert progress(a_job(status), status, START).can_cancel == (status in CANCELLABLE)


def test_a_quote_is_open_until_the_moment_it_expires() -> None:
    end = START + timedelta(days=7)
    doc = a_quote(expires_at=end)
    almost = end - timedelta(seconds=1)
    assert quote_of(doc, Status.PENDING, "mine", almost) is Quote.OPEN
    assert quote_of(doc, Status.PENDING, "mine", end) is Quote.EXPIRED


@pytest.mark.parametrize(
    ("status", "nonce", "worth"),
    [
        (Status.PENDING, "older", Quote.REPLACED),
        (Status.UPLOADED, "mine", Quote.WITHDRAWN),
        (Status.REJECTED, "mine", Quote.WITHDRAWN),
        (Status.PRINTING, "mine", Quote.CONFIRMED),
    ],
)
def test_what_a_link_is_worth_follows_from_where_the_job_is(
    status: Status, nonce: str, worth: Quote
) -> None:
    assert quote_of(a_quote(), status, nonce, START) is worth


def test_a_quote_whose_price_was_taken_away_cannot_be_confirmed() -> None:
    doc = a_quote()
    doc.print.price_usd = None
    assert quote_of(doc, Status.PENDING, "mine", START) is Quote.WITHDRAWN


def test_a_fresh_link_is_on_its_way_until_its_mail_has_gone() -> None:
    doc = a_quote()
    asked = {"at": START, "by": "Jane", "via": Via.LINK}
    doc.record(EventType.QUOTED, **asked, data={"renewed": True})
    assert (
        progress(doc, doc.status, START).is_renewed,
        progress(doc, doc.status, START).renewed_at,
    ) == (
        True,
        None,
    )
    sent = START + timedelta(minutes=1)
    data = {"for": 2, "template": "Pending"}
    doc.record(EventType.EMAIL_SENT, by="the system", via=Via.SYSTEM, at=sent, data=data)
    assert progress(doc, doc.status, START).renewed_at == sent
