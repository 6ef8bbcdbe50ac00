"""What each action of a person means for a job's document: pure, so that it is easy to be sure of.

A decision changes the document, appends the events that are the page's own to write, and says where
the job goes, if anywhere. The move itself is recorded by the daemon when it sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.clock import iso
from schemas.errors import BadInput, NotPossible
from schemas.events import EventType, Via
from schemas.mails import OPEN, Hold, Mail, mails
from schemas.naming import Role
from schemas.pricing import round_time_h
from schemas.sidecar import Note, Sidecar
from schemas.status import EXPECTED_MOVES, Status
from webui import asked

STAFF = "staff"  # the source of a figure that a person has typed
CANCELLED_BY_STAFF = "cancelled by staff"


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does it, through which door, and when."""

    by: str
    via: Via
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the job goes, None for nowhere, and what the daemon is to write of the move."""

    to: Status | None = None
    data: dict[str, Any] = field(default_factory=dict)


def possible_from(status: Status) -> str:
    """The ordinary moves out of a status, for a message."""
    return ", ".join(sorted(EXPECTED_MOVES[status]))


# Moves


def approve(doc: Sidecar, given: asked.Approve, hand: Hand) -> Decision:
    """The figures are known: a quote can go out."""
    take_figures(doc, given)
    if doc.print.weight_g is None:
        raise BadInput("the weight is needed for the price", field="weight_g")
    if given.file:
        _choose_file(doc, given.file)
    return Decision(Status.PENDING)


def take_figures(doc: Sidecar, given: asked.Figures) -> list[str]:
    """Write down the figures a person typed; the names of those that changed."""
    time_h = round_time_h(given.time_h) if given.time_h is not None else None
    typed = {"weight": given.weight_g, "time": time_h, "material": given.material or None}
    changed = []
    for name, value in typed.items():
        attribute = _ATTRIBUTES[name]
        if value is None:
            continue
        if getattr(doc.print, attribute) != value:
            changed.append(attribute)
        setattr(doc.print, attribute, value)
        setattr(doc.print, f"{name}_source", STAFF)
    return changed


_ATTRIBUTES = {"weight": "weight_g", "time": "time_h", "material": "material"}


def _choose_file(doc: Sidecar, name: str) -> None:
    """Make one of the job's files the one that is printed."""
    chosen = doc.file(name)
    if chosen is None or chosen.role not in (Role.MODEL, Role.SLICED):
        raise BadInput(f"job {doc.job} has no file {name} that can be printed", field="file")
    for entry in doc.files:
        entry.authoritative = entry is chosen


def reject(doc: Sidecar, given: asked.Reject, hand: Hand) -> Decision:
    """It cannot be printed as it is; the student hears why."""
    if not given.reasons and not given.text:
        raise BadInput("say why: tick a reason or write one", field="reasons")
    doc.review.reasons, doc.review.text = given.reasons, given.text
    return Decision(Status.REJECTED, {"reasons": given.reasons, "text": given.text})


def confirm(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The price is accepted: by the student, or by staff for them, which the log says."""
    doc.confirmation.confirmed_at = hand.at
    price = str(doc.print.price_usd) if doc.print.price_usd is not None else None
    doc.record(EventType.CONFIRMED, by=hand.by, via=hand.via, at=hand.at, data={"price_usd": price})
    return Decision(Status.READY_TO_PRINT)


def start(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """It is on the printer."""
    return Decision(Status.PRINTING)


def fail(doc: Sidecar, given: asked.Fail, hand: Hand) -> Decision:
    """The print came to nothing and is to be done again."""
    data = {"reason": given.reason}
    doc.record(EventType.PRINT_FAILED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision(Status.READY_TO_PRINT, data)


def complete(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """It is off the printer."""
    return Decision(Status.COMPLETED)


def collect(doc: Sidecar, given: asked.Collect, hand: Hand) -> Decision:
    """It was paid and taken."""
    amount = given.amount_usd if given.amount_usd is not None else doc.print.price_usd
    if amount is None:
        raise BadInput("how much was paid?", field="amount_usd")
    payment = doc.payment
    payment.amount_usd, payment.paid_at = amount.quantize(Decimal("0.01")), hand.at
    payment.transaction, payment.payer = given.transaction, given.payer
    doc.print.actual_weight_g = given.weight_g or doc.print.actual_weight_g
    data = {
        "amount_usd": str(payment.amount_usd),
        "transaction": given.transaction,
        "payer": given.payer,
        "weight_g": str(given.weight_g) if given.weight_g is not None else None,
    }
    doc.record(EventType.PAYMENT_RECORDED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision(Status.PAID_PICKED_UP)


def move(doc: Sidecar, given: asked.Move, hand: Hand) -> Decision:
    """Anywhere, as a drag could; what the daily work does not know is marked irregular."""
    if given.to is doc.status:
        raise BadInput(
            f"job {doc.job} is in {doc.status} already",
            field="to",
            possible=possible_from(doc.status),
        )
    return Decision(given.to, {"reason": given.reason} if given.reason else {})


# What moves nothing


def review(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """Somebody has looked at it."""
    return _mark_reviewed(doc, hand, reviewed=True)


def unreview(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """It is to count as new again."""
    return _mark_reviewed(doc, hand, reviewed=False)


def _mark_reviewed(doc: Sidecar, hand: Hand, *, reviewed: bool) -> Decision:
    if doc.review.reviewed is not reviewed:
        doc.review.reviewed = reviewed
        what = EventType.REVIEWED if reviewed else EventType.UNREVIEWED
        doc.record(what, by=hand.by, via=hand.via, at=hand.at)
    return Decision()


def note(doc: Sidecar, given: asked.Remark, hand: Hand) -> Decision:
    """A remark for the colleagues."""
    doc.notes.append(Note(at=hand.at, by=hand.by, text=given.text))
    data = {"text": given.text}
    doc.record(EventType.NOTE_ADDED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


_STUDENT = {
    "student_name": "name",
    "student_email": "email",
    "discipline": "discipline",
    "class_number": "class_number",
}


def edit(doc: Sidecar, given: asked.Edit, hand: Hand) -> Decision:
    """Details are corrected; what is not given stays."""
    before = _details(doc)
    for name, value in given.model_dump(include=set(_STUDENT), exclude_none=True).items():
        setattr(doc.student, _STUDENT[name], value)
    wishes = {"print_method", "color", "printer"}
    for name, value in given.model_dump(include=wishes, exclude_none=True).items():
        setattr(doc.request, name, value)
    take_figures(doc, given)
    after = _details(doc)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if doc.student.name and doc.student.email:
        doc.details_missing = False
    if changed:
        data = {"changed": changed}
        doc.record(EventType.DETAILS_EDITED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


def _details(doc: Sidecar) -> dict[str, str | None]:
    """What can be edited, as the log shows it."""
    figures = {name: getattr(doc.print, name) for name in _ATTRIBUTES.values()}
    return {
        **{name: getattr(doc.student, attribute) for name, attribute in _STUDENT.items()},
        **{name: getattr(doc.request, name) for name in ("print_method", "color", "printer")},
        **{name: str(value) if value is not None else None for name, value in figures.items()},
    }


# Mails


def send_now(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The waiting mail goes at once; one held because many moved is released."""
    mail = _open_mail(doc)
    if mail.hold in (Hold.NEEDS_WEIGHT, Hold.NO_ADDRESS):
        lacking = "the weight" if mail.hold is Hold.NEEDS_WEIGHT else "the student's e-mail address"
        raise NotPossible(
            f"job {doc.job}: the mail cannot go without {lacking}",
            possible=f"edit the details and enter {lacking}",
        )
    data = {**_names(mail), "not_before": iso(hand.at), "released": True}
    doc.record(EventType.EMAIL_QUEUED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


def cancel_email(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The waiting mail is not to go."""
    data = {**_names(_open_mail(doc)), "why": CANCELLED_BY_STAFF}
    doc.record(EventType.EMAIL_CANCELLED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


def _names(mail: Mail) -> dict[str, Any]:
    return {"for": mail.for_seq, "template": mail.template.value}


def _open_mail(doc: Sidecar) -> Mail:
    waiting = [mail for mail in mails(doc.history) if mail.state in OPEN]
    if not waiting:
        raise NotPossible(f"job {doc.job} has no mail that waits", possible="nothing to be done")
    return waiting[-1]


# All of them by name


@dataclass(frozen=True, slots=True)
class Action:
    """One thing staff can do: what they have to say for it, from which statuses (none: any)."""

    decide: Callable[[Sidecar, Any, Hand], Decision]
    asks: type[asked.Asked]
    sources: tuple[Status, ...] = ()


ACTIONS: dict[str, Action] = {
    "approve": Action(approve, asked.Approve, (Status.UPLOADED,)),
    "confirm": Action(confirm, asked.Nothing, (Status.PENDING,)),
    "start": Action(start, asked.Nothing, (Status.READY_TO_PRINT,)),
    "complete": Action(complete, asked.Nothing, (Status.PRINTING,)),
    "collect": Action(collect, asked.Collect, (Status.COMPLETED,)),
    "reject": Action(reject, asked.Reject, (Status.UPLOADED, Status.PENDING)),
    "fail": Action(fail, asked.Fail, (Status.PRINTING,)),
    "move": Action(move, asked.Move),
    "review": Action(review, asked.Nothing),
    "unreview": Action(unreview, asked.Nothing),
    "note": Action(note, asked.Remark),
    "edit": Action(edit, asked.Edit),
    "send-now": Action(send_now, asked.Nothing),
    "cancel-email": Action(cancel_email, asked.Nothing),
}


def actions_in(status: Status) -> list[str]:
    """The ordinary next actions of a status, in the order of the daily work."""
    return [name for name, action in ACTIONS.items() if status in action.sources]
