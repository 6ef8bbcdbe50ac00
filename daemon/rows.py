"""A job as rows of the index: what follows from its sidecar and the places of its files.

Nothing here asks a database: the daemon writes these rows, and a rebuild copies them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from daemon.snapshot import KnownJob, Sig, name_key, name_of
from schemas.flags import Flag, flags
from schemas.inspections import to_inspect
from schemas.mails import ARRIVALS, mails
from schemas.naming import role_of
from schemas.sidecar import Sidecar


@dataclass(frozen=True, slots=True)
class Record:
    """A job as it is to stand in the index."""

    doc: Sidecar
    stem: str
    files: dict[str, Sig]  # every file present, the sidecar included
    known_seq: int = 0  # events up to here are in the index already
    restless: bool = False


def known_job(record: Record) -> KnownJob:
    """A record as the plan knows it once it is written; the same that `load` reads back.

    A file of the sidecar that was found nowhere yet counts as missed, flagged or not, so that it is
    recognised where it turns up.
    """
    here = {name_key(path) for path in record.files}
    return KnownJob(
        record.doc.job,
        record.stem,
        record.doc.status,
        last_seq=record.doc.last_seq,
        missing={k: (e.size, 0) for e in record.doc.files if (k := name_key(e.name)) not in here},
        conflict=Flag.CONFLICT in flags(record.doc),
        restless=record.restless,
    )


def job_row(record: Record) -> dict[str, Any]:
    """The columns of `jobs` for a sidecar."""
    doc = record.doc
    arrived = [event for event in doc.history if event.type in ARRIVALS]
    started = doc.history[0].at if doc.history else datetime.fromtimestamp(0, UTC)
    return {
        "number": doc.job,
        "stem": record.stem,
        "status": doc.status,
        "since": arrived[-1].at if arrived else started,
        "created_at": started,
        "updated_at": doc.history[-1].at if doc.history else started,
        "revision": doc.revision,
        "last_seq": doc.last_seq,
        "student_name": doc.student.name,
        "student_email": doc.student.email,
        "discipline": doc.student.discipline,
        "class_number": doc.student.class_number,
        "print_method": doc.request.print_method,
        "color": doc.request.color,
        "printer": doc.request.printer,
        "minimum_charge": doc.request.minimum_charge,
        "weight_g": doc.print.weight_g,
        "weight_source": doc.print.weight_source,
        "time_h": doc.print.time_h,
        "time_source": doc.print.time_source,
        "material": doc.print.material,
        "price_usd": doc.print.price_usd,
        "reviewed": doc.review.reviewed,
        "nonce": doc.confirmation.nonce,
        "expires_at": doc.confirmation.expires_at,
        "confirmed_at": doc.confirmation.confirmed_at,
        "paid_usd": doc.payment.amount_usd,
        "flags": [flag.value for flag in flags(doc)],
        "restless": record.restless,
        "size_mm": list(measured.size_mm) if (measured := doc.model.measured) else None,
        "picture": model.picture if (model := doc.model_file) is not None else None,
        "to_inspect": bool(to_inspect(doc)),
    }


def file_rows_of(record: Record) -> list[dict[str, Any]]:
    """The rows of `files` for a job: those present, and those that are missed."""
    entries = {name_key(entry.name): entry for entry in record.doc.files}
    rows = []
    for path, sig in record.files.items():
        entry = entries.get(name_key(path))
        rows.append(
            {
                "path": path,
                "job": record.doc.job,
                "role": entry.role if entry else role_of(name_of(path)),
                "size": sig[0],
                "mtime_ns": sig[1],
                "sha256": entry.sha256 if entry else None,
                "original_name": entry.original_name if entry else None,
                "authoritative": entry.authoritative if entry else False,
                "missing": False,
            }
        )
    here = {name_key(path) for path in record.files}
    for entry in record.doc.files:
        if name_key(entry.name) not in here:
            rows.append(
                {
                    "path": f"{entry.folder or record.doc.status}/{entry.name}",
                    "job": record.doc.job,
                    "role": entry.role,
                    "size": entry.size,
                    "mtime_ns": 0,
                    "sha256": entry.sha256,
                    "original_name": entry.original_name,
                    "authoritative": entry.authoritative,
                    "missing": True,
                }
            )
    return rows


def event_rows(doc: Sidecar, *, after: int = 0) -> list[dict[str, Any]]:
    """The rows of `events` for what the history holds beyond `after`."""
    return [
        {
            "job": doc.job,
            "seq": event.seq,
            "at": event.at,
            "type": event.type,
            "by": event.by,
            "via": event.via,
            "data": event.data,
            "prev": event.prev,
        }
        for event in doc.history
        if event.seq > after
    ]


def mail_rows_of(doc: Sidecar) -> list[dict[str, Any]]:
    """The rows of `emails` that follow from a history."""
    return [
        {
            "job": doc.job,
            "seq": mail.for_seq,
            "template": mail.template,
            "state": mail.state,
            "via": mail.via,
            "arrived_at": mail.arrived_at,
            "not_before": mail.not_before,
            "hold": mail.hold,
            "released": mail.released,
            "sent_at": mail.sent_at,
            "error": mail.remark,
        }
        for mail in mails(doc.history)
    ]
