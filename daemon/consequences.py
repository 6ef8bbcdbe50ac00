"""What follows from a job's state: a quote once the weight is known, mails queued or cancelled.

Like the plan this looks at what is, not at what happened: it adds to the sidecar what is lacking
and adds nothing the second time. So it matters neither who changed the job nor how often this runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.clock import iso
from schemas.events import THE_SYSTEM, Event, EventType, Via
from schemas.mails import ARRIVALS, MOVED_ON, OPEN, Hold, Mail, MailState, mails
from schemas.pricing import price_usd
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

    def undo_s(self, via: Via) -> float:
        """How long a mail waits after a move that came through this door."""
        return self.undo_folder_s if via is Via.FOLDER else self.undo_web_s


def bring_up_to_date(
    doc: Sidecar, policy: Policy, *, now: datetime, new_nonce: Callable[[], str]
) -> bool:
    """Add to the sidecar what follows from its state; False when nothing was lacking."""
    before = len(doc.history)
    arrival = _arrival(doc)
    if arrival is None:
        return False
    known = mails(doc.history)
    for mail in known:
        if mail.state in OPEN and mail.for_seq != arrival.seq:
            _say(doc, EventType.EMAIL_CANCELLED, mail.for_seq, mail.template, now, why=MOVED_ON)
    own = next((mail for mail in known if mail.for_seq == arrival.seq), None)
    if doc.status is Status.PENDING and (own is None or own.state is not MailState.SENT):
        _quote(doc, policy, arrival, now=now, new_nonce=new_nonce)
    _mail(doc, policy, arrival, own, known, now=now)
    return len(doc.history) > before


def _arrival(doc: Sidecar) -> Event | None:
    """The event that put the job into the status it has."""
    return next((event for event in reversed(doc.history) if event.type in ARRIVALS), None)


def _quote(
    doc: Sidecar, policy: Policy, arrival: Event, *, now: datetime, new_nonce: Callable[[], str]
) -> None:
    rate = policy.rates.get(doc.request.print_method)
    if doc.print.weight_g is None or rate is None:
        doc.print.price_usd = None
        return
    price = price_usd(doc.print.weight_g, per_gram=rate[0], minimum=rate[1])
    quoted = any(e.seq > arrival.seq and e.type is EventType.QUOTED for e in doc.history)
    if quoted and doc.print.price_usd == price:
        return
    doc.print.price_usd = price
    doc.confirmation.nonce = new_nonce()
    doc.confirmation.expires_at = now + timedelta(hours=policy.confirm_hours)
    doc.confirmation.confirmed_at = None
    figures = {
        "weight_g": str(doc.print.weight_g),
        "time_h": str(doc.print.time_h) if doc.print.time_h is not None else None,
        "material": doc.print.material,
        "price_usd": str(price),
        "source": doc.print.weight_source,
        "expires_at": iso(doc.confirmation.expires_at),
    }
    doc.record(EventType.QUOTED, by=THE_SYSTEM, via=Via.SYSTEM, at=now, data=figures)


def _mail(
    doc: Sidecar,
    policy: Policy,
    arrival: Event,
    own: Mail | None,
    known: list[Mail],
    *,
    now: datetime,
) -> None:
    template = Status(arrival.data["to"])
    if own is None and not (template in policy.mailed and _is_due(doc, arrival, known, policy)):
        return
    waiting = own is None or own.state in (MailState.HELD, MailState.QUEUED)
    hold = _hold(doc)
    if waiting and hold is not None:
        if own is None or own.hold is not hold:
            _say(doc, EventType.EMAIL_HELD, arrival.seq, template, now, hold=hold)
        return
    if own is not None and (own.state is not MailState.HELD or own.hold is Hold.MASS_CHANGE):
        return
    not_before = max(arrival.at + timedelta(seconds=policy.undo_s(arrival.via)), now)
    _say(doc, EventType.EMAIL_QUEUED, arrival.seq, template, now, not_before=iso(not_before))


def _hold(doc: Sidecar) -> Hold | None:
    if not doc.student.email:
        return Hold.NO_ADDRESS
    if doc.status is Status.PENDING and doc.print.price_usd is None:
        return Hold.NEEDS_WEIGHT
    return None


def _is_due(doc: Sidecar, arrival: Event, known: list[Mail], policy: Policy) -> bool:
    """Whether this arrival is to be mailed at all: an undone slip, or a way back, is not."""
    if arrival.type is EventType.JOB_CREATED:
        return True
    source, target = Status(arrival.data["from"]), Status(arrival.data["to"])
    earlier = [mail for mail in known if mail.template is target and mail.for_seq < arrival.seq]
    if earlier and earlier[-1].state is MailState.CANCELLED and earlier[-1].remark == MOVED_ON:
        return True  # it was never told, since the job had left again in time
    slip = _previous_arrival(doc, arrival)
    if slip is not None and slip.data.get("from") == target:
        away_s = (arrival.at - slip.at).total_seconds()
        if earlier and away_s <= policy.undo_s(arrival.via):
            return False
    return is_news(source, target)


def _previous_arrival(doc: Sidecar, arrival: Event) -> Event | None:
    before = (e for e in reversed(doc.history) if e.seq < arrival.seq and e.type in ARRIVALS)
    return next(before, None)


def _say(
    doc: Sidecar, what: EventType, for_seq: int, template: Status, now: datetime, **data: Any
) -> None:
    facts = {"for": for_seq, "template": template.value, **data}
    doc.record(what, by=THE_SYSTEM, via=Via.SYSTEM, at=now, data=facts)
