"""A sidecar written anew: from the index, which knows the history, or from the file name alone."""

from typing import Any

from sqlalchemy import Connection, select

from daemon.index import events_of
from daemon.snapshot import name_key, name_of
from schemas.arrivals import UNDO
from schemas.events import Event, EventType
from schemas.naming import JobNumber, Name, Role
from schemas.sidecar import (
    Confirmation,
    Figures,
    FileEntry,
    Note,
    Payment,
    Request,
    Sidecar,
    Student,
)
from schemas.status import Status
from schemas.tables import files, jobs


def from_index(connection: Connection, job: JobNumber, share: str) -> Sidecar | None:
    """The sidecar of a job as far as the index knows it; None when it does not know the job."""
    row = connection.execute(select(jobs).where(jobs.c.number == job)).mappings().first()
    if row is None:
        return None
    doc = Sidecar(
        job=job,
        share=share,
        revision=row["revision"],
        status=Status(row["status"]),
        student=Student(
            name=row["student_name"],
            email=row["student_email"],
            discipline=row["discipline"],
            class_number=row["class_number"],
        ),
        request=Request(
            print_method=row["print_method"],
            color=row["color"],
            printer=row["printer"],
            minimum_charge=row["minimum_charge"],
        ),
        files=_entries(connection, job, Status(row["status"])),
        print=Figures(
            weight_g=row["weight_g"],
            weight_source=row["weight_source"],
            time_h=row["time_h"],
            time_source=row["time_source"],
            material=row["material"],
            price_usd=row["price_usd"],
        ),
        confirmation=Confirmation(
            nonce=row["nonce"], expires_at=row["expires_at"], confirmed_at=row["confirmed_at"]
        ),
        payment=Payment(amount_usd=row["paid_usd"]),
        details_missing="walk_in" in row["flags"],
        history=history_of(connection, job),
    )
    doc.review.reviewed = row["reviewed"]
    _replay(doc)
    return doc


def history_of(connection: Connection, job: JobNumber) -> list[Event]:
    """A job's history as the index has it."""
    rows = events_of(connection, job)
    return [Event.model_validate({k: v for k, v in row.items() if k != "job"}) for row in rows]


def _entries(connection: Connection, job: JobNumber, status: Status) -> list[FileEntry]:
    found: dict[str, FileEntry] = {}
    rows = connection.execute(select(files).where(files.c.job == job).order_by(files.c.path))
    for row in rows.mappings():
        if row["role"] is Role.SIDECAR or row["role"] == Role.SIDECAR:
            continue
        place = Status(row["path"].partition("/")[0])
        found[name_key(row["path"])] = FileEntry(
            name=name_of(row["path"]),
            role=Role(row["role"]),
            size=row["size"],
            sha256=row["sha256"],
            original_name=row["original_name"],
            authoritative=row["authoritative"],
            folder=None if place is status else place,
            missing=row["missing"],
        )
    return list(found.values())


def _replay(doc: Sidecar) -> None:
    """Bring back what only the events tell: notes, reasons and the words on a payment."""
    for event in doc.history:
        data: dict[str, Any] = event.data
        if event.type is EventType.NOTE_ADDED:
            doc.notes.append(Note(at=event.at, by=event.by, text=str(data.get("text", ""))))
        elif event.type is EventType.PAYMENT_RECORDED:
            doc.payment.transaction = str(data.get("transaction", ""))
            doc.payment.payer = str(data.get("payer", ""))
            doc.payment.paid_at = event.at
        elif event.type is EventType.STATUS_CHANGED:
            _replay_move(doc, data)


def _replay_move(doc: Sidecar, data: dict[str, Any]) -> None:
    """The reasons of a rejection; and an undo takes back what the move before it had brought."""
    if not data.get(UNDO):
        if data.get("to") == Status.REJECTED:
            doc.review.reasons = [str(reason) for reason in data.get("reasons", [])]
            doc.review.text = str(data.get("text", ""))
    elif data.get("from") == Status.REJECTED:
        doc.review.reasons, doc.review.text = [], ""
    elif data.get("from") == Status.PAID_PICKED_UP:
        doc.payment = Payment(amount_usd=doc.payment.amount_usd)


def from_name(name: Name, share: str, status: Status) -> Sidecar:
    """The little that a file name tells of its job, for a person to complete."""
    student, method, color, _ = name.stem.rsplit("_", 3)
    return Sidecar(
        job=name.number,
        share=share,
        status=status,
        student=Student(name=student),
        request=Request(print_method=method, color=color),
        details_missing=True,
    )
