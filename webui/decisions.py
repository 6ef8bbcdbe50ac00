"""What each action of a person means for a job's document: pure, so that it is easy to be sure of.

A decision changes the document, appends the events that are the page's own to write, and says where
the job goes, if anywhere. The move itself is recorded by the daemon when it sees it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from schemas.arrivals import CANCELLED_BY_STUDENT, UNDO, last_arrival, undoable
from schemas.errors import BadInput, NotPossible
from schemas.events import EventType
from schemas.mails import mails
from schemas.naming import Role
from schemas.sidecar import FileEntry, Note, Sidecar
from schemas.status import EXPECTED_MOVES, Status
from webui import asked
from webui.details import edit, edit_by_catalog, take_figures
from webui.hands import Decision, Hand, Rules
from webui.mail_decisions import cancel_email, renew, resend, send_now
from webui.offers import keep_price, requote

__all__ = [
    "ACTIONS",
    "Action",
    "Decision",
    "Hand",
    "Rules",
    "actions_in",
    "confirm",
    "edit",
    "possible_from",
    "renew",
    "withdraw",
]


def possible_from(status: Status) -> str:
    """The ordinary moves out of a status, for a message."""
    return ", ".join(sorted(EXPECTED_MOVES[status]))


# Moves


def approve(doc: Sidecar, given: asked.Approve, hand: Hand) -> Decision:
    """The figures are known: a quote can go out."""
    chosen = _choose_file(doc, given.file) if given.file else None
    take_figures(doc, given, chosen)
    if doc.print.weight_g is None:
        raise BadInput("the weight is needed for the price", field="weight_g")
    return Decision(Status.PENDING)


def _choose_file(doc: Sidecar, name: str) -> FileEntry:
    """Make one of the job's files the one that is printed."""
    chosen = doc.file(name)
    if chosen is None or chosen.role not in (Role.MODEL, Role.SLICED):
        raise BadInput(f"job {doc.job} has no file {name} that can be printed", field="file")
    for entry in doc.files:
        entry.authoritative = entry is chosen
    return chosen


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


def withdraw(doc: Sidecar, hand: Hand) -> Decision:
    """The student no longer wants it, which is possible until it is on the printer; no mail."""
    if doc.status not in _WITHDRAWABLE:
        raise NotPossible(
            f"job {doc.job} is in {doc.status} and can no longer be cancelled",
            possible="ask the lab",
        )
    doc.review.reasons, doc.review.text = [], ""
    return Decision(Status.REJECTED, {CANCELLED_BY_STUDENT: True})


_WITHDRAWABLE = frozenset({Status.UPLOADED, Status.PENDING, Status.READY_TO_PRINT})


def undo(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The last move is taken back with what it had brought; a mail that went has gone."""
    move = undoable(doc.history)
    if move is None or move.data["to"] != doc.status:
        last = last_arrival(doc.history)
        was_undone = last is not None and last.data.get(UNDO)
        why = "its last move was taken back already" if was_undone else "it has not been moved yet"
        raise NotPossible(
            f"job {doc.job}: there is nothing to take back, {why}",
            possible=f"move it to {possible_from(doc.status)}",
        )
    _take_back(doc, Status(move.data["from"]))
    told = any(mail.for_seq == move.seq and mail.sent_at for mail in mails(doc.history))
    data = {UNDO: True, "mail_sent": True} if told else {UNDO: True}
    return Decision(Status(move.data["from"]), data)


def _take_back(doc: Sidecar, to: Status) -> None:
    """What the way from `to` to where the job is now has brought to the document."""
    if doc.status is Status.REJECTED:
        doc.review.reasons, doc.review.text = [], ""
    if doc.status is Status.PAID_PICKED_UP:
        payment = doc.payment
        payment.amount_usd = payment.paid_at = doc.print.actual_weight_g = None
        payment.transaction = payment.payer = ""
    if to is Status.PENDING:
        doc.confirmation.confirmed_at = None  # the quote is open again


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


# All of them by name


@dataclass(frozen=True, slots=True)
class Action:
    """One thing staff can do: what they have to say for it, from which statuses (none: any).

    `by_rules`: the decision takes the lab's `Rules` too. `looks_back`: it goes by the history, so
    the daemon has to have noted where the job lies.
    """

    decide: Callable[..., Decision]
    asks: type[asked.Asked]
    sources: tuple[Status, ...] = ()
    by_rules: bool = False
    looks_back: bool = False


ACTIONS: dict[str, Action] = {
    "approve": Action(approve, asked.Approve, (Status.UPLOADED,)),
    "confirm": Action(confirm, asked.Nothing, (Status.PENDING,)),
    "start": Action(start, asked.Nothing, (Status.READY_TO_PRINT,)),
    "complete": Action(complete, asked.Nothing, (Status.PRINTING,)),
    "collect": Action(collect, asked.Collect, (Status.COMPLETED,)),
    "reject": Action(reject, asked.Reject, (Status.UPLOADED, Status.PENDING)),
    "fail": Action(fail, asked.Fail, (Status.PRINTING,)),
    "move": Action(move, asked.Move),
    "undo": Action(undo, asked.Nothing, looks_back=True),
    "review": Action(review, asked.Nothing),
    "unreview": Action(unreview, asked.Nothing),
    "note": Action(note, asked.Remark),
    "edit": Action(edit_by_catalog, asked.Edit, by_rules=True),
    "send-now": Action(send_now, asked.Nothing),
    "cancel-email": Action(cancel_email, asked.Nothing),
    "resend": Action(resend, asked.Nothing, looks_back=True),
    "renew": Action(renew, asked.Nothing, by_rules=True, looks_back=True),
    "requote": Action(requote, asked.Nothing, by_rules=True, looks_back=True),
    "keep-price": Action(keep_price, asked.Nothing),
}


def actions_in(status: Status) -> list[str]:
    """The ordinary next actions of a status, in the order of the daily work."""
    return [name for name, action in ACTIONS.items() if status in action.sources]
