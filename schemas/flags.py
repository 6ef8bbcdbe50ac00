"""What deserves a person's eye about a job, read from its sidecar."""

from enum import StrEnum

from schemas.arrivals import CANCELLED_BY_STUDENT, way_in
from schemas.events import EventType
from schemas.naming import Role
from schemas.sidecar import Sidecar
from schemas.status import FINAL, Status


class Flag(StrEnum):
    """One word per trouble, as the pages and the JSON show it."""

    NEEDS_WEIGHT = "needs_weight"
    MISSING = "missing"
    CONFLICT = "conflict"
    WALK_IN = "walk_in"
    IRREGULAR = "irregular"
    COPY = "copy"
    TOO_BIG = "too_big"
    DANGER = "danger"
    NEW_PRICE = "new_price"


def flags(doc: Sidecar) -> list[Flag]:
    """The flags of a job, in a fixed order."""
    raised = {
        Flag.NEEDS_WEIGHT: doc.status is Status.PENDING and doc.print.price_usd is None,
        Flag.MISSING: _has_no_model(doc) or any(entry.missing for entry in doc.files),
        Flag.CONFLICT: is_in_conflict(doc),
        Flag.WALK_IN: doc.details_missing,
        Flag.IRREGULAR: _came_irregularly(doc),
        Flag.COPY: any(entry.role is Role.COPY and not entry.missing for entry in doc.files),
        Flag.TOO_BIG: _is_too_big(doc),
        Flag.DANGER: any(entry.danger and not entry.missing for entry in doc.files),
        Flag.NEW_PRICE: doc.print.offer is not None and doc.status not in FINAL,
    }
    return [flag for flag, is_up in raised.items() if is_up]


def is_in_conflict(doc: Sidecar) -> bool:
    """Whether the last word on conflicts is that there is one."""
    for event in reversed(doc.history):
        if event.type in (EventType.CONFLICT_FOUND, EventType.CONFLICT_RESOLVED):
            return event.type is EventType.CONFLICT_FOUND
    return False


def _has_no_model(doc: Sidecar) -> bool:
    return not any(entry.role is Role.MODEL and not entry.missing for entry in doc.files)


def _is_too_big(doc: Sidecar) -> bool:
    """Whether the model as it was measured fits no printer, or not the one asked for."""
    model, entry = doc.model, doc.model_file
    if model.measured is None or entry is None or model.sha256 != entry.sha256:
        return False
    return doc.request.printer not in model.fits if doc.request.printer else not model.fits


def _came_irregularly(doc: Sidecar) -> bool:
    arrival = way_in(doc.history)
    return bool(arrival is not None and arrival.data.get("irregular"))


def is_cancelled_by_student(doc: Sidecar) -> bool:
    """Whether a job that lies in `Rejected` is there because its student withdrew it."""
    if doc.claim is not None and doc.claim.to is Status.REJECTED:  # not noted by the daemon yet
        return bool(doc.claim.data.get(CANCELLED_BY_STUDENT))
    arrival = way_in(doc.history)
    is_withdrawn = arrival is not None and arrival.data.get(CANCELLED_BY_STUDENT)
    return bool(is_withdrawn and doc.status is Status.REJECTED)
