"""A quote: the price a student is asked to confirm, by a link of its own and until a certain time.

The daemon makes one when a job's weight is known; a fresh link is another one at the same price.
"""

from datetime import datetime
from typing import Any

from schemas.clock import iso
from schemas.events import EventType, Via
from schemas.mails import mails
from schemas.sidecar import Sidecar
from schemas.status import Status

STAFF = "staff"  # the source of a figure that a person has typed


def sliced_source(name: str) -> str:
    """The source of a figure that was read from a sliced file."""
    return f"sliced file {name}"


def is_price_told(doc: Sidecar) -> bool:
    """Whether the student knows a price, by mail or because it was confirmed for them."""
    if doc.print.price_usd is None or doc.status is Status.UPLOADED:
        return False
    told = (m for m in mails(doc.history) if m.template is Status.PENDING and m.sent_at is not None)
    return doc.confirmation.confirmed_at is not None or any(told)


def quote(
    doc: Sidecar,
    nonce: str,
    expires_at: datetime,
    *,
    by: str,
    via: Via,
    at: datetime,
    renewed: bool = False,
) -> None:
    """Open a quote at the document's price; whatever links there were before are replaced."""
    word = doc.confirmation
    word.nonce, word.expires_at, word.confirmed_at = nonce, expires_at, None
    figures = doc.print
    data: dict[str, Any] = {
        "weight_g": str(figures.weight_g) if figures.weight_g is not None else None,
        "time_h": str(figures.time_h) if figures.time_h is not None else None,
        "material": figures.material,
        "price_usd": str(figures.price_usd),
        "source": figures.weight_source,
        "expires_at": iso(expires_at),
    }
    if renewed:
        data["renewed"] = True
    doc.record(EventType.QUOTED, by=by, via=via, at=at, data=data)
