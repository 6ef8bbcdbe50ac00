"""How a job stands, as its student sees it: in what stage, by which steps, what the quote is worth.

Pure: read from the sidecar and the folder it lies in, so that it holds while the database is down.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.arrivals import standing
from schemas.events import Event, EventType
from schemas.flags import is_cancelled_by_student
from schemas.sidecar import Sidecar
from schemas.status import Status


class Quote(StrEnum):
    """What a confirmation link is worth now."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """What there is to say first of all."""

    LOOKED_AT = "looked-at"
    BEING_PRICED = "being-priced"
    PRICE_OPEN = "price-open"
    PRICE_EXPIRED = "price-expired"
    IN_LINE = "in-line"
    AGAIN_IN_LINE = "again-in-line"
    PRINTING = "printing"
    READY = "ready"
    COLLECTED = "collected"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


HEADLINES = {
    Stage.LOOKED_AT: "We have your model",
    Stage.BEING_PRICED: "Your price is on its way",
    Stage.PRICE_OPEN: "Your price is ready",
    Stage.PRICE_EXPIRED: "The time to confirm has run out",
    Stage.IN_LINE: "Your print is in line",
    Stage.AGAIN_IN_LINE: "Your print is in line again",
    Stage.PRINTING: "Your print is on the printer",
    Stage.READY: "Your print is ready",
    Stage.COLLECTED: "Collected, thank you",
    Stage.REJECTED: "We cannot print this model as it is",
    Stage.CANCELLED: "You cancelled this request",
}

# How a job's status is said within a sentence: "request 12, it is …".
STANDS = {
    Status.UPLOADED: "waiting for us to look at it",
    Status.PENDING: "waiting for you to confirm the price",
    Status.REJECTED: "rejected",
    Status.READY_TO_PRINT: "in line for the printer",
    Status.PRINTING: "being printed",
    Status.COMPLETED: "ready to collect",
    Status.PAID_PICKED_UP: "collected",
}

CANCELLABLE = frozenset({Status.UPLOADED, Status.PENDING, Status.READY_TO_PRINT})

_WAY = {
    Status.UPLOADED: "Handed in",
    Status.PENDING: "Price",
    Status.READY_TO_PRINT: "In line",
    Status.PRINTING: "Printing",
    Status.COMPLETED: "Ready to collect",
    Status.PAID_PICKED_UP: "Collected",
}

_PAID_FOR = frozenset(_WAY) - {Status.UPLOADED, Status.PENDING}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job's way; `at` is when it came there, as far as that is known.

    `state`: done, here, stopped (here, and no further), ahead, or skipped (passed by, never there).
    """

    title: str
    state: str
    at: datetime | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """All that a student's page says beside the job's own figures."""

    stage: Stage
    headline: str
    steps: list[Step]
    can_cancel: bool
    is_renewed: bool  # the open quote was asked for afresh
    renewed_at: datetime | None  # when its mail went; None: it is on its way
    mark: str  # changes whenever the page would


def progress(doc: Sidecar, status: Status, now: datetime) -> Progress:
    """How the job stands. `status` is the folder, which the document may not know of yet."""
    stage, renewal = stage_of(doc, status, now), _renewal(doc)
    return Progress(
        stage=stage,
        headline=HEADLINES[stage],
        steps=steps(doc, status),
        can_cancel=status in CANCELLABLE,
        is_renewed=stage is Stage.PRICE_OPEN and renewal is not None,
        renewed_at=_told_after(doc, renewal) if renewal is not None else None,
        mark=f"{doc.revision}-{status}-{stage}",
    )


def quote_of(doc: Sidecar, status: Status, nonce: str, now: datetime) -> Quote:
    """What the link with this nonce is worth, as the job lies now."""
    word = doc.confirmation
    if word.nonce != nonce:
        return Quote.REPLACED
    if word.confirmed_at is not None or status in _PAID_FOR:
        return Quote.CONFIRMED
    if status is not Status.PENDING or doc.print.price_usd is None:
        return Quote.WITHDRAWN
    if word.expires_at is not None and word.expires_at <= now:
        return Quote.EXPIRED
    return Quote.OPEN


def stage_of(doc: Sidecar, status: Status, now: datetime) -> Stage:
    """What there is to say first of all."""
    match status:
        case Status.PENDING:
            worth = quote_of(doc, status, doc.confirmation.nonce or "", now)
            return _OF_QUOTE.get(worth, Stage.BEING_PRICED)
        case Status.REJECTED:
            return Stage.CANCELLED if is_cancelled_by_student(doc) else Stage.REJECTED
        case Status.READY_TO_PRINT if _came_from_printer(doc):
            return Stage.AGAIN_IN_LINE
        case _:
            return _OF_STATUS[status]


_OF_QUOTE = {Quote.OPEN: Stage.PRICE_OPEN, Quote.EXPIRED: Stage.PRICE_EXPIRED}
_OF_STATUS = {
    Status.UPLOADED: Stage.LOOKED_AT,
    Status.READY_TO_PRINT: Stage.IN_LINE,
    Status.PRINTING: Stage.PRINTING,
    Status.COMPLETED: Stage.READY,
    Status.PAID_PICKED_UP: Stage.COLLECTED,
}


def steps(doc: Sidecar, status: Status) -> list[Step]:
    """The way of a job, with the moments that its history knows; nothing is made up between."""
    came = {Status(event.data["to"]): event.at for event in standing(doc.history)}
    way = list(_WAY)
    if status is Status.REJECTED:
        way = [one for one in way if one in came] + [Status.REJECTED]
    here = way.index(status)
    return [
        Step(
            _title(one, doc),
            _state(one, place - here, known=one in came),
            came.get(one) if place <= here else None,
            is_here=place == here,
        )
        for place, one in enumerate(way)
    ]


def _title(status: Status, doc: Sidecar) -> str:
    if status is not Status.REJECTED:
        return _WAY[status]
    return "Cancelled" if is_cancelled_by_student(doc) else "Not printed"


def _state(status: Status, ahead: int, *, known: bool) -> str:
    if ahead == 0:
        return _LAST.get(status, "here")
    if ahead > 0:
        return "ahead"
    return "done" if known else "skipped"


_LAST = {Status.PAID_PICKED_UP: "done", Status.REJECTED: "stopped"}


def _came_from_printer(doc: Sidecar) -> bool:
    arrivals = standing(doc.history)
    return bool(arrivals and arrivals[-1].data.get("from") == Status.PRINTING)


def _renewal(doc: Sidecar) -> Event | None:
    """The last quote, if somebody had asked for it afresh."""
    quoted = [event for event in doc.history if event.type is EventType.QUOTED]
    return quoted[-1] if quoted and quoted[-1].data.get("renewed") else None


def _told_after(doc: Sidecar, renewal: Event) -> datetime | None:
    """When the student was sent the fresh link."""
    sent = [
        event.at
        for event in doc.history
        if event.type is EventType.EMAIL_SENT
        and event.seq > renewal.seq
        and event.data.get("template") == Status.PENDING
    ]
    return sent[0] if sent else None
