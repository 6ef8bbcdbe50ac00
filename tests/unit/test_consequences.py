"""What follows for quote and mails when moves are taken back, and when a student withdraws."""

from datetime import timedelta
from decimal import Decimal

from schemas.clock import iso
from schemas.events import EventType, Via
from schemas.mails import MOVED_ON
from schemas.sidecar import Sidecar
from schemas.status import Status
from tests.unit.documents import (
    HOUR,
    NOW,
    a_job,
    a_policy,
    after,
    mailed,
    moved,
    priced,
    told,
    undone,
)

LATER = NOW + HOUR


def nothing_follows(doc: Sidecar) -> bool:
    before = doc.last_seq
    return after(doc, at=LATER).last_seq == before


def test_an_undone_confirmation_leaves_quote_and_mail_as_they_were() -> None:
    doc = priced()
    quote = doc.confirmation.model_copy()
    undone(after(moved(doc, Status.READY_TO_PRINT)), Status.PENDING)
    assert nothing_follows(doc)
    assert doc.confirmation == quote


def test_the_quote_stands_after_an_undo_however_much_later_it_is_looked_at() -> None:
    doc = priced()
    undone(after(moved(doc, Status.READY_TO_PRINT, at=LATER), at=LATER), Status.PENDING, at=LATER)
    doc.print.weight_g = Decimal(99)  # what was told stands, as without the undo
    assert nothing_follows(doc)


def test_the_waiting_mail_of_an_undone_move_is_cancelled_and_nothing_else_is_said() -> None:
    doc = after(moved(mailed(after(a_job())), Status.REJECTED))
    reject = next(e.seq for e in doc.history if e.type is EventType.STATUS_CHANGED)
    before = undone(doc, Status.UPLOADED).last_seq
    after(doc)
    assert told(doc, before) == [
        (EventType.EMAIL_CANCELLED, {"for": reject, "template": "Rejected", "why": MOVED_ON})
    ]
    assert nothing_follows(doc)


def test_an_undone_rejection_out_of_pending_sends_no_second_quote_even_days_later() -> None:
    doc = mailed(after(moved(priced(), Status.REJECTED)))
    undone(doc, Status.PENDING, at=NOW + 48 * HOUR)
    assert nothing_follows(doc)


def test_a_receipt_that_had_not_gone_before_the_undone_move_goes_after_it() -> None:
    doc = after(undone(after(moved(after(a_job()), Status.REJECTED)), Status.UPLOADED, at=LATER))
    queued = {"for": 1, "template": "Uploaded", "not_before": iso(LATER + timedelta(seconds=10))}
    assert told(doc)[-1] == (EventType.EMAIL_QUEUED, queued)
    assert nothing_follows(doc)


def test_a_quote_whose_mail_had_not_gone_before_the_undone_move_goes_with_the_same_link() -> None:
    doc = a_job()
    doc.print.weight_g = Decimal(10)
    after(moved(mailed(after(doc)), Status.PENDING))
    nonce = doc.confirmation.nonce
    after(undone(after(moved(doc, Status.READY_TO_PRINT)), Status.PENDING))
    assert told(doc)[-1][0] is EventType.EMAIL_QUEUED
    assert doc.confirmation.nonce == nonce
    assert [event.type for event in doc.history].count(EventType.QUOTED) == 1


def test_a_repeat_that_the_job_left_behind_does_not_come_back_with_the_job() -> None:
    doc = priced()
    arrival = next(e.seq for e in doc.history if e.type is EventType.STATUS_CHANGED)
    repeat = {"for": arrival, "template": "Pending", "not_before": iso(NOW), "again": 1}
    doc.record(EventType.EMAIL_QUEUED, by="Ada", via=Via.WEB, at=NOW, data=repeat)
    after(moved(doc, Status.READY_TO_PRINT))
    assert told(doc)[-1][1]["why"] == MOVED_ON
    undone(doc, Status.PENDING)
    assert nothing_follows(doc)


def test_an_approval_made_anew_right_after_an_undo_mails_its_own_quote() -> None:
    doc = undone(priced(), Status.UPLOADED)
    doc.print.weight_g = Decimal(80)
    after(moved(doc, Status.PENDING))
    assert told(doc)[-1][0] is EventType.EMAIL_QUEUED
    assert doc.print.price_usd == Decimal("8.00")


def test_an_undone_way_back_mails_nobody_though_it_leads_forward() -> None:
    policy = a_policy(Status.PRINTING)
    doc = after(moved(moved(a_job(), Status.READY_TO_PRINT), Status.PRINTING), policy=policy)
    after(moved(mailed(doc), Status.READY_TO_PRINT, at=LATER), policy=policy)
    before = undone(doc, Status.PRINTING, at=NOW + 9 * HOUR).last_seq
    assert after(doc, policy=policy).last_seq == before


def test_an_undo_that_mirrors_no_move_mails_nobody() -> None:
    doc = mailed(after(a_job()))
    before = undone(doc, Status.COMPLETED).last_seq
    assert after(doc).last_seq == before


def test_a_student_who_withdraws_is_not_told_of_a_rejection() -> None:
    doc = mailed(after(a_job()))
    before = moved(doc, Status.REJECTED, cancelled_by_student=True).last_seq
    assert after(doc).last_seq == before


def test_a_withdrawal_cancels_the_quote_that_still_waits() -> None:
    doc = a_job()
    doc.print.weight_g = Decimal(10)
    after(moved(mailed(after(doc)), Status.PENDING))
    after(moved(doc, Status.REJECTED, cancelled_by_student=True))
    assert told(doc)[-1][1] == {"for": 4, "template": "Pending", "why": MOVED_ON}


def test_a_drag_out_of_pending_and_back_within_the_window_keeps_the_link_that_was_mailed() -> None:
    doc, folder = priced(), Via.FOLDER
    nonce = doc.confirmation.nonce
    after(moved(doc, Status.UPLOADED, at=LATER, via=folder), at=LATER)
    back = LATER + timedelta(seconds=30)
    after(moved(doc, Status.PENDING, at=back, via=folder), at=back)
    assert doc.confirmation.nonce == nonce
    assert nothing_follows(doc)


def test_a_drag_back_after_the_window_makes_a_quote_anew() -> None:
    doc, folder = priced(), Via.FOLDER
    nonce = doc.confirmation.nonce
    after(moved(doc, Status.UPLOADED, at=LATER, via=folder), at=LATER)
    after(moved(doc, Status.PENDING, at=LATER + HOUR, via=folder), at=LATER + HOUR)
    assert doc.confirmation.nonce != nonce
    assert told(doc)[-1][0] is EventType.EMAIL_QUEUED
