"""How far each mail is, folded from a history that may send one more than once."""

from typing import Any

from schemas.events import EventType, Via
from schemas.mails import MOVED_ON, Mail, MailState, mails
from schemas.sidecar import Sidecar
from tests.unit.documents import HOUR, NOW, a_job

QUEUED, SENT = EventType.EMAIL_QUEUED, EventType.EMAIL_SENT
FAILED, CANCELLED = EventType.EMAIL_FAILED, EventType.EMAIL_CANCELLED


def a_mail(*told: tuple[EventType, dict[str, Any]]) -> Mail:
    """The receipt after these events, an hour apart."""
    doc: Sidecar = a_job()
    for hours, (what, data) in enumerate(told, start=1):
        facts = {"for": 1, "template": "Uploaded", **data}
        doc.record(what, by="x", via=Via.SYSTEM, at=NOW + hours * HOUR, data=facts)
    (mail,) = mails(doc.history)
    return mail


def test_a_mail_queued_again_after_it_was_sent_is_its_first_repeat_and_still_says_when() -> None:
    mail = a_mail((QUEUED, {}), (SENT, {}), (QUEUED, {"again": 1}))
    assert (mail.state, mail.again, mail.sent_at) == (MailState.QUEUED, 1, NOW + 2 * HOUR)


def test_a_repeat_that_went_is_the_mails_last_sending() -> None:
    mail = a_mail((QUEUED, {}), (SENT, {}), (QUEUED, {"again": 1}), (SENT, {"again": 1}))
    assert (mail.state, mail.again, mail.sent_at) == (MailState.SENT, 1, NOW + 4 * HOUR)


def test_what_is_said_of_a_repeat_without_its_number_is_still_about_the_repeat() -> None:
    mail = a_mail((QUEUED, {}), (SENT, {}), (QUEUED, {"again": 1}), (FAILED, {"why": "full"}))
    assert (mail.state, mail.again, mail.remark) == (MailState.FAILED, 1, "full")


def test_only_a_mail_that_never_went_and_was_left_behind_is_untold() -> None:
    left = (CANCELLED, {"why": MOVED_ON})
    assert a_mail((QUEUED, {}), left).is_untold
    assert not a_mail((QUEUED, {}), (CANCELLED, {"why": "cancelled by staff"})).is_untold
    assert not a_mail((QUEUED, {}), (SENT, {}), (QUEUED, {"again": 1}), left).is_untold
