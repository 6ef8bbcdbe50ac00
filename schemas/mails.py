"""Which mails a history asks for, and how far each one is: a fold over the events, nothing else.

Each status mail belongs to the event that put the job into its status, so `(job, for_seq,
template)` names it for ever. Because the state of every mail follows from the history, the outbox
can be rebuilt from the folders with nothing sent twice and nothing forgotten. A mail that staff
have sent once more stays the same mail; the events of its repeats carry `again`, counting from 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.events import Event, EventType, Via
from schemas.status import Status


class MailState(StrEnum):
    """How far a mail is. PostgreSQL's enum `mail_state` has the same members."""

    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Hold(StrEnum):
    """Why a mail is held."""

    NEEDS_WEIGHT = "needs weight"
    NO_ADDRESS = "no address"
    MASS_CHANGE = "mass change"


MOVED_ON = "the job moved on"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail of a job, as its history tells."""

    for_seq: int
    template: Status
    state: MailState
    via: Via
    arrived_at: datetime
    not_before: datetime | None
    hold: Hold | None
    released: bool
    sent_at: datetime | None  # when it was sent last, also while it is to be sent once more
    remark: str  # why it failed or was cancelled
    again: int = 0  # 0: the first sending; 1: its first repeat

    @property
    def is_untold(self) -> bool:
        """Whether it never went only because the job moved on: due after all, should it return."""
        left = self.state is MailState.CANCELLED and self.remark == MOVED_ON
        return left and self.sent_at is None


_STATE_AFTER = {
    EventType.EMAIL_HELD: MailState.HELD,
    EventType.EMAIL_QUEUED: MailState.QUEUED,
    EventType.EMAIL_SENT: MailState.SENT,
    EventType.EMAIL_FAILED: MailState.FAILED,
    EventType.EMAIL_CANCELLED: MailState.CANCELLED,
}

ARRIVALS = frozenset({EventType.JOB_CREATED, EventType.STATUS_CHANGED})

OPEN = frozenset({MailState.HELD, MailState.QUEUED, MailState.FAILED})


def mails(history: Iterable[Event]) -> list[Mail]:
    """Every mail the history speaks of, in the order in which they were first spoken of."""
    latest: dict[int, Mail] = {}
    arrivals: dict[int, Event] = {}
    for event in history:
        if event.type in ARRIVALS:
            arrivals[event.seq] = event
        elif event.type in _STATE_AFTER:
            for_seq = int(event.data["for"])
            latest[for_seq] = _mail(event, arrivals[for_seq], latest.get(for_seq))
    return list(latest.values())


def _mail(event: Event, arrival: Event, before: Mail | None) -> Mail:
    state = _STATE_AFTER[event.type]
    not_before = event.data.get("not_before")
    sent_before = before.sent_at if before is not None else None
    return Mail(
        for_seq=arrival.seq,
        template=Status(event.data["template"]),
        state=state,
        via=arrival.via,
        arrived_at=arrival.at,
        not_before=datetime.fromisoformat(not_before) if not_before else None,
        hold=Hold(event.data["hold"]) if state is MailState.HELD else None,
        released=bool(event.data.get("released") or (before is not None and before.released)),
        sent_at=event.at if state is MailState.SENT else sent_before,
        remark=str(event.data.get("why", "")),
        again=int(event.data.get("again", before.again if before is not None else 0)),
    )
