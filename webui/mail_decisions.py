"""What staff decide about a job's mails: now, not at all, once more, or with a fresh link."""

from datetime import timedelta
from typing import Any, NoReturn

from schemas.arrivals import way_in
from schemas.clock import iso
from schemas.errors import NotPossible
from schemas.events import EventType
from schemas.flags import is_cancelled_by_student
from schemas.mails import OPEN, Hold, Mail, MailState, mails
from schemas.quotes import quote
from schemas.sidecar import Sidecar
from schemas.status import Status
from webui import asked
from webui.hands import Decision, Hand, Rules

CANCELLED_BY_STAFF = "cancelled by staff"
_LACKING = {
    Hold.NEEDS_WEIGHT: "the weight",
    Hold.NO_ADDRESS: "the student's e-mail address",
}


def send_now(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The waiting mail goes at once; one held because many moved is released."""
    mail = _open_mail(doc)
    if mail.hold is not None and mail.hold in _LACKING:
        _refuse_without(doc, _LACKING[mail.hold])
    _queue(doc, hand, mail.for_seq, mail.template)
    return Decision()


def cancel_email(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The waiting mail is not to go."""
    mail = _open_mail(doc)
    data = {"for": mail.for_seq, "template": mail.template.value, "why": CANCELLED_BY_STAFF}
    doc.record(EventType.EMAIL_CANCELLED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


def resend(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The mail about the job's status goes once more, or after all where it had failed."""
    last = _last_about(doc)
    if last is None:
        raise NotPossible(
            f"job {doc.job}: no mail was sent about its being in {doc.status}",
            possible="only a mail about the present status can be sent once more",
        )
    if last.state in (MailState.HELD, MailState.QUEUED):
        raise NotPossible(
            f"job {doc.job}: the mail about {doc.status} still waits to go",
            possible="send-now, cancel-email",
        )
    if not doc.student.email:
        _refuse_without(doc, _LACKING[Hold.NO_ADDRESS])
    _queue_again(doc, hand, last)
    return Decision()


def renew(doc: Sidecar, given: asked.Nothing, hand: Hand, rules: Rules) -> Decision:
    """A fresh link for the price, which is mailed; links that were mailed before are replaced."""
    if doc.status is not Status.PENDING:
        raise NotPossible(
            f"job {doc.job} is in {doc.status}; only a job in Pending has a price to confirm",
            possible="resend",
        )
    if doc.print.price_usd is None:
        _refuse_without(doc, _LACKING[Hold.NEEDS_WEIGHT])
    expires_at = hand.at + timedelta(hours=rules.confirm_hours)
    nonce = rules.new_nonce()
    quote(doc, nonce, expires_at, by=hand.by, via=hand.via, at=hand.at, renewed=True)
    last, arrival = _last_about(doc), way_in(doc.history)
    if last is None:
        if arrival is not None and Status.PENDING in rules.catalog.mail.send:
            _queue(doc, hand, arrival.seq, Status.PENDING)
    elif last.state not in (MailState.HELD, MailState.QUEUED):  # one that waits takes the new link
        _queue_again(doc, hand, last)
    return Decision()


def _last_about(doc: Sidecar) -> Mail | None:
    """The newest mail about the job's present status; None where its student withdrew it."""
    if is_cancelled_by_student(doc):
        return None
    about = [mail for mail in mails(doc.history) if mail.template is doc.status]
    return about[-1] if about else None


def _queue_again(doc: Sidecar, hand: Hand, mail: Mail) -> None:
    """The mail of the present arrival goes, as a repeat of its own where it went before."""
    arrival = way_in(doc.history)
    if arrival is not None and mail.for_seq != arrival.seq:  # it has left and come back since
        _queue(doc, hand, arrival.seq, mail.template)
        return
    again = mail.again + (mail.state is MailState.SENT)
    _queue(doc, hand, mail.for_seq, mail.template, **({"again": again} if again else {}))


def _queue(doc: Sidecar, hand: Hand, for_seq: int, template: Status, **more: Any) -> None:
    """The mail is due now, and no mass change holds it: somebody has asked for this very one."""
    data = {
        "for": for_seq,
        "template": template.value,
        "not_before": iso(hand.at),
        "released": True,
        **more,
    }
    doc.record(EventType.EMAIL_QUEUED, by=hand.by, via=hand.via, at=hand.at, data=data)


def _open_mail(doc: Sidecar) -> Mail:
    waiting = [mail for mail in mails(doc.history) if mail.state in OPEN]
    if not waiting:
        raise NotPossible(f"job {doc.job} has no mail that waits", possible="nothing to be done")
    return waiting[-1]


def _refuse_without(doc: Sidecar, lacking: str) -> NoReturn:
    raise NotPossible(
        f"job {doc.job}: the mail cannot go without {lacking}",
        possible=f"edit the details and enter {lacking}",
    )
