"""What follows from a job's state: a quote once the weight is known, mails queued or cancelled.

Like the plan this looks at what is, not at what happened: it adds to the sidecar what is lacking
and adds nothing the second time. So it matters neither who changed the job nor how often this runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.arrivals import CANCELLED_BY_STUDENT, REQUOTED, UNDO, last_arrival, standing
from schemas.clock import iso
from schemas.events import THE_SYSTEM, Event, EventType, Via
from schemas.mails import MOVED_ON, OPEN, Hold, Mail, MailState, mails
from schemas.pricing import price_usd
from schemas.quotes import quote
from schemas.sidecar import Sidecar
from schemas.status import Status, is_news


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of the lab that matter here."""

    mailed: frozenset[Status]
    rates: Mapping[str, tuple[Decimal, Decimal]]  # method -> US dollars per gram, minimum charge
    undo_folder_s: float
    undo_web_s: float
    confirm_hours: float
    densities: Mapping[str, float] = field(default_factory=dict)  # method -> g/cm3

    def undo_s(self, via: Via) -> float:
        """How long a mail waits after a move that came through this door."""
        return self.undo_folder_s if via is Via.FOLDER else self.undo_web_s


def bring_up_to_date(
    doc: Sidecar, policy: Policy, *, now: datetime, new_nonce: Callable[[], str]
) -> bool:
    """Add to the sidecar what follows from its state; False when nothing was lacking."""
    before = len(doc.history)
    arrivals = standing(doc.history)
    if not arrivals:
        return False
    known = mails(doc.history)
    own = next((mail for mail in known if mail.for_seq == arrivals[-1].seq), None)
    case = _Case(doc, policy, arrivals, known, own, now)
    case.cancel_what_is_stale()
    if doc.status is Status.PENDING and not case.quote_is_told():
        _quote(case, new_nonce)
    _mail(case)
    return len(doc.history) > before


@dataclass(frozen=True, slots=True)
class _Case:
    """A job as it stands: how it came here, and its mails."""

    doc: Sidecar
    policy: Policy
    arrivals: Sequence[Event]  # those that stand, at least one
    known: Sequence[Mail]
    own: Mail | None  # about its present status
    now: datetime

    @property
    def arrival(self) -> Event:
        """How the job came into the status it has; a move that was taken back does not count."""
        return self.arrivals[-1]

    @property
    def earlier(self) -> Mail | None:
        """The last mail about the same status from before this arrival."""
        template = Status(self.arrival.data["to"])
        found = [m for m in self.known if m.template is template and m.for_seq < self.arrival.seq]
        return found[-1] if found else None

    def cancel_what_is_stale(self) -> None:
        """A mail that waits goes only while its job stands where it speaks of."""
        for mail in self.known:
            if mail.state in OPEN and mail.for_seq != self.arrival.seq:
                self.say(EventType.EMAIL_CANCELLED, mail.for_seq, mail.template, why=MOVED_ON)

    def quote_is_told(self) -> bool:
        """Whether the student has the quote's link, so that quote and link have to stay."""
        if self.own is not None:
            return self.own.sent_at is not None
        if self.arrival.data.get(REQUOTED):
            return False
        was_told = self.earlier is not None and self.earlier.sent_at is not None
        is_open = self.doc.confirmation.nonce and self.doc.confirmation.confirmed_at is None
        return bool(was_told and is_open and self.is_back_from_a_slip())

    def is_back_from_a_slip(self) -> bool:
        """Whether it was here before and came back within the undo window."""
        if len(self.arrivals) < 2:
            return False
        slip = self.arrivals[-2]
        away_s = (self.arrival.at - slip.at).total_seconds()
        is_back = slip.data.get("from") == self.arrival.data["to"]
        return is_back and away_s <= self.policy.undo_s(self.arrival.via)

    def say(self, what: EventType, for_seq: int, template: Status, **data: Any) -> None:
        """Write down what is done about a mail."""
        facts = {"for": for_seq, "template": template.value, **data}
        self.doc.record(what, by=THE_SYSTEM, via=Via.SYSTEM, at=self.now, data=facts)


def _quote(case: _Case, new_nonce: Callable[[], str]) -> None:
    doc, rate = case.doc, case.policy.rates.get(case.doc.request.print_method)
    if doc.print.weight_g is None or rate is None:
        doc.print.price_usd = None
        return
    price = price_usd(doc.print.weight_g, per_gram=rate[0], minimum=rate[1])
    seq = case.arrival.seq
    quoted = any(e.seq > seq and e.type is EventType.QUOTED for e in doc.history)
    if quoted and doc.print.price_usd == price:
        return
    doc.print.price_usd = price
    expires_at = case.now + timedelta(hours=case.policy.confirm_hours)
    quote(doc, new_nonce(), expires_at, by=THE_SYSTEM, via=Via.SYSTEM, at=case.now)


def _mail(case: _Case) -> None:
    own, seq, template = case.own, case.arrival.seq, Status(case.arrival.data["to"])
    if own is None and not (template in case.policy.mailed and _is_due(case)):
        return
    if not _waits(case):
        return
    hold = _hold(case.doc)
    if hold is not None:
        if own is None or own.hold is not hold:
            case.say(EventType.EMAIL_HELD, seq, template, hold=hold)
    elif own is None or own.is_untold or own.hold in (Hold.NEEDS_WEIGHT, Hold.NO_ADDRESS):
        last = last_arrival(case.doc.history) or case.arrival
        window = timedelta(seconds=case.policy.undo_s(last.via))
        not_before = max(last.at + window, case.now)
        case.say(EventType.EMAIL_QUEUED, seq, template, not_before=iso(not_before))


def _waits(case: _Case) -> bool:
    """Whether the mail is still to go; one that the job left behind is, now that it is back."""
    own = case.own
    if own is None or own.state in (MailState.HELD, MailState.QUEUED):
        return True
    return own.is_untold and own.template is case.doc.status


def _hold(doc: Sidecar) -> Hold | None:
    if not doc.student.email:
        return Hold.NO_ADDRESS
    if doc.status is Status.PENDING and doc.print.price_usd is None:
        return Hold.NEEDS_WEIGHT
    return None


def _is_due(case: _Case) -> bool:
    """Whether this arrival is to be mailed at all: an undone slip, or a way back, is not."""
    arrival, earlier = case.arrival, case.earlier
    if arrival.type is EventType.JOB_CREATED or arrival.data.get(REQUOTED):
        return True
    if arrival.data.get(UNDO) or arrival.data.get(CANCELLED_BY_STUDENT):
        return False
    if earlier is not None and earlier.is_untold:
        return True
    if earlier is not None and case.is_back_from_a_slip():
        return False
    return is_news(Status(arrival.data["from"]), Status(arrival.data["to"]))
