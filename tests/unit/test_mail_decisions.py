"""What staff decide about a job's mails, and what the history then says."""

from decimal import Decimal

import pytest

from schemas.errors import NotPossible
from schemas.events import EventType, Via
from schemas.status import Status
from tests.unit.deciding import decide, last
from tests.unit.documents import NOW, a_job, mailed, moved, priced


def test_sending_now_releases_the_newest_waiting_mail() -> None:
    doc = a_job()
    held = {"for": 1, "template": "Uploaded", "hold": "mass change"}
    doc.record(EventType.EMAIL_HELD, by="x", via=Via.SYSTEM, at=NOW, data=held)
    decide(doc, "send-now")
    assert last(doc) == (
        EventType.EMAIL_QUEUED,
        {
            "for": 1,
            "template": "Uploaded",
            "not_before": "2026-03-02T15:00:00.000000Z",
            "released": True,
        },
    )


def test_not_sending_says_that_staff_decided_so() -> None:
    doc = a_job()
    queued = {"for": 1, "template": "Uploaded", "not_before": "2026-03-02T15:01:00Z"}
    doc.record(EventType.EMAIL_QUEUED, by="x", via=Via.SYSTEM, at=NOW, data=queued)
    decide(doc, "cancel-email")
    assert last(doc)[1] == {"for": 1, "template": "Uploaded", "why": "cancelled by staff"}
    with pytest.raises(NotPossible, match="no mail that waits"):
        decide(doc, "cancel-email")


def test_a_mail_that_went_is_queued_at_once_as_its_first_repeat_then_its_second() -> None:
    doc = priced()
    decide(doc, "resend")
    what, data = last(doc)
    assert what is EventType.EMAIL_QUEUED
    assert data == {
        "for": 4,
        "template": "Pending",
        "not_before": "2026-03-02T15:00:00.000000Z",
        "released": True,
        "again": 1,
    }
    decide(mailed(doc), "resend")
    assert last(doc)[1]["again"] == 2


@pytest.mark.parametrize("why", [EventType.EMAIL_FAILED, EventType.EMAIL_CANCELLED])
def test_a_mail_that_never_went_is_no_repeat_when_it_goes_after_all(why: EventType) -> None:
    doc = a_job()
    doc.record(why, by="x", via=Via.SYSTEM, at=NOW, data={"for": 1, "template": "Uploaded"})
    decide(doc, "resend")
    assert last(doc)[0] is EventType.EMAIL_QUEUED
    assert "again" not in last(doc)[1]


def test_a_repeat_that_failed_is_still_the_same_repeat() -> None:
    doc = priced()
    decide(doc, "resend")
    failed = {"for": 4, "template": "Pending", "again": 1, "why": "full"}
    doc.record(EventType.EMAIL_FAILED, by="x", via=Via.SYSTEM, at=NOW, data=failed)
    decide(doc, "resend")
    assert last(doc)[1]["again"] == 1


def test_a_mail_of_a_status_the_job_has_left_is_not_sent_again() -> None:
    with pytest.raises(NotPossible, match="no mail was sent about its being in ReadyToPrint"):
        decide(moved(priced(), Status.READY_TO_PRINT), "resend")


def test_a_mail_that_still_waits_is_not_queued_a_second_time() -> None:
    doc = priced()
    decide(doc, "resend")
    with pytest.raises(NotPossible, match="still waits to go; possible: send-now"):
        decide(doc, "resend")


def test_a_job_that_came_back_is_mailed_about_its_new_arrival() -> None:
    doc = moved(moved(priced(), Status.UPLOADED), Status.PENDING)
    decide(doc, "resend")
    assert last(doc)[1]["for"] == doc.history[-2].seq
    assert "again" not in last(doc)[1]


def test_a_resend_without_an_address_says_what_is_lacking() -> None:
    doc = priced()
    doc.student.email = ""
    with pytest.raises(NotPossible, match="cannot go without the student's e-mail address"):
        decide(doc, "resend")


def test_a_student_who_withdrew_gets_no_rejection_by_a_resend() -> None:
    doc = moved(a_job(), Status.REJECTED, reasons=["thin"])
    sent = {"for": 2, "template": "Rejected"}
    doc.record(EventType.EMAIL_SENT, by="x", via=Via.SYSTEM, at=NOW, data=sent)
    moved(moved(doc, Status.UPLOADED), Status.REJECTED, cancelled_by_student=True)
    with pytest.raises(NotPossible, match="no mail was sent"):
        decide(doc, "resend")


def test_a_fresh_link_replaces_the_old_one_at_the_same_price_and_is_mailed() -> None:
    doc = priced()
    before = doc.last_seq
    decide(doc, "renew")
    quoted, queued = doc.history[before:]
    assert quoted.type is EventType.QUOTED
    assert (quoted.by, quoted.data["renewed"], quoted.data["price_usd"]) == ("Ada", True, "4.25")
    assert quoted.data["expires_at"] == "2026-03-09T15:00:00.000000Z"
    assert (doc.confirmation.nonce, doc.confirmation.confirmed_at) == ("fresh", None)
    assert (queued.type, queued.data["again"]) == (EventType.EMAIL_QUEUED, 1)


def test_a_mail_that_still_waits_takes_the_fresh_link_along() -> None:
    doc = priced()
    decide(doc, "resend")
    decide(doc, "renew")
    assert last(doc)[0] is EventType.QUOTED


def test_a_fresh_link_is_mailed_even_where_the_way_back_into_pending_told_nobody() -> None:
    doc = moved(a_job(), Status.PENDING)
    doc.print.price_usd = Decimal(3)
    decide(doc, "renew")
    assert last(doc)[1]["for"] == 2


def test_there_is_no_fresh_link_without_a_price_or_outside_of_pending() -> None:
    with pytest.raises(NotPossible, match="without the weight"):
        decide(moved(a_job(), Status.PENDING), "renew")
    with pytest.raises(NotPossible, match="only a job in Pending"):
        decide(moved(priced(), Status.READY_TO_PRINT), "renew")
