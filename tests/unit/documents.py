"""Builders of documents with a history, for tests of what follows from one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from daemon.consequences import Policy, bring_up_to_date
from schemas.events import EventType, Via
from schemas.naming import JobNumber, Role
from schemas.sidecar import FileEntry, Request, Sidecar, Student
from schemas.status import Status, is_expected

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAILED = (Status.UPLOADED, Status.PENDING, Status.REJECTED, Status.COMPLETED)


def a_policy(*mailed: Status) -> Policy:
    """The lab's rules; `mailed` are the statuses that mail, the usual ones by default."""
    return Policy(
        mailed=frozenset(mailed or MAILED),
        rates={"Filament": (Decimal("0.10"), Decimal("3.00"))},
        undo_folder_s=60,
        undo_web_s=10,
        confirm_hours=168,
    )


def a_job(status: Status = Status.UPLOADED, *, email: str = "jane@example.edu") -> Sidecar:
    """A job that was handed in (or dropped into a folder), its history one event long."""
    doc = Sidecar(
        job=JobNumber(7),
        share="s",
        status=status,
        student=Student(name="Jane", email=email),
        request=Request(print_method="Filament", color="True Red", printer="Prusa MK4S"),
    )
    doc.files.append(FileEntry(name="A_B_C_7.stl", role=Role.MODEL, authoritative=True))
    doc.record(EventType.JOB_CREATED, by="Jane", via=Via.WEB, at=NOW, data={"to": status.value})
    return doc


def moved(
    doc: Sidecar, to: Status, *, at: datetime = NOW, via: Via = Via.WEB, **data: Any
) -> Sidecar:
    """The job after a move, as the daemon writes it down."""
    facts: dict[str, Any] = {"from": doc.status.value, "to": to.value, **data}
    if not is_expected(doc.status, to) and not data:
        facts["irregular"] = True
    doc.record(EventType.STATUS_CHANGED, by="Ada", via=via, at=at, data=facts)
    doc.status = to
    return doc


def undone(doc: Sidecar, to: Status, *, at: datetime = NOW) -> Sidecar:
    """The job after its last move was taken back."""
    return moved(doc, to, at=at, undo=True)


def after(doc: Sidecar, *, at: datetime = NOW, policy: Policy | None = None) -> Sidecar:
    """The job with all that follows from its state; nonces tell when they were made."""
    nonce = f"nonce-{doc.last_seq}"
    bring_up_to_date(doc, policy or a_policy(), now=at, new_nonce=lambda: nonce)
    return doc


def mailed(doc: Sidecar, *, at: datetime = NOW) -> Sidecar:
    """The job after its newest mail that waits has gone."""
    queued = [e for e in doc.history if e.type is EventType.EMAIL_QUEUED][-1]
    names = {key: queued.data[key] for key in ("for", "template", "again") if key in queued.data}
    doc.record(EventType.EMAIL_SENT, by="the system", via=Via.SYSTEM, at=at, data=names)
    return doc


def told(doc: Sidecar, since: int = 0) -> list[tuple[EventType, dict[str, Any]]]:
    """The events after `since`, by type and data."""
    return [(event.type, event.data) for event in doc.history if event.seq > since]


def priced(*, at: datetime = NOW) -> Sidecar:
    """A job whose quote the student was mailed."""
    doc = a_job()
    doc.print.weight_g = Decimal("42.5")
    return mailed(after(moved(mailed(after(doc)), Status.PENDING, at=at), at=at), at=at)
