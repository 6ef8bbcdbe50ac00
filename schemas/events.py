"""The events of a job's life, and the hash chain that shows whether a history was tampered with."""

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from schemas.clock import iso

AT_THE_FOLDER = "at the folder"
THE_SYSTEM = "the system"


class EventType(StrEnum):
    """What can happen to a job. PostgreSQL's enum `event_type` has the same members."""

    JOB_CREATED = "JobCreated"
    STATUS_CHANGED = "StatusChanged"
    FILE_ADDED = "FileAdded"
    FILE_CHANGED = "FileChanged"
    FILE_MISSING = "FileMissing"
    FILE_RESTORED = "FileRestored"
    DETAILS_EDITED = "DetailsEdited"
    REVIEWED = "Reviewed"
    UNREVIEWED = "Unreviewed"
    NOTE_ADDED = "NoteAdded"
    QUOTED = "Quoted"
    CONFIRMED = "Confirmed"
    PRINT_FAILED = "PrintFailed"
    PAYMENT_RECORDED = "PaymentRecorded"
    EMAIL_HELD = "EmailHeld"
    EMAIL_QUEUED = "EmailQueued"
    EMAIL_SENT = "EmailSent"
    EMAIL_FAILED = "EmailFailed"
    EMAIL_CANCELLED = "EmailCancelled"
    CONFLICT_FOUND = "ConflictFound"
    CONFLICT_RESOLVED = "ConflictResolved"
    SIDECAR_REPAIRED = "SidecarRepaired"
    ADOPTED = "Adopted"
    PURGED = "Purged"


class Via(StrEnum):
    """Through which door something happened. PostgreSQL's enum `via` has the same members."""

    FOLDER = "folder"
    WEB = "web"
    LINK = "link"
    SYSTEM = "system"


class Event(BaseModel):
    """One entry of a history. `seq` counts from 1; `prev` is the digest of the event before it."""

    model_config = ConfigDict(frozen=True)

    seq: int
    at: AwareDatetime
    type: EventType
    by: str
    via: Via
    data: dict[str, Any] = {}
    prev: str = ""


def digest(event: Event) -> str:
    """SHA-256 (hex) of an event's seven fields in one canonical JSON form."""
    fields = [event.seq, iso(event.at), event.type, event.by, event.via, event.data, event.prev]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_break(history: Sequence[Event]) -> int | None:
    """The seq of the first event that does not fit the chain; None for a sound history."""
    before = ""
    for position, event in enumerate(history, start=1):
        if event.seq != position or event.prev != before:
            return event.seq
        before = digest(event)
    return None
