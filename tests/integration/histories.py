"""Jobs as their histories tell them, written straight into the index, moment by moment."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from daemon import index
from daemon.rows import Record
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.sidecar import Figures, Payment, Request, Sidecar, Student
from schemas.status import Status

Happened = tuple[str, str, dict[str, Any]]  # moment, event, data


def at(moment: str) -> datetime:
    """ "3-02 15:00" of 2026 in UTC."""
    return datetime.strptime(f"2026-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def handed_in(moment: str) -> Happened:
    return moment, "JobCreated", {"to": "Uploaded"}


def moved(moment: str, source: str, target: str, **data: Any) -> Happened:
    return moment, "StatusChanged", {"from": source, "to": target, **data}


def paid(moment: str, amount: str, weight_g: str | None = None, **data: Any) -> Happened:
    return moment, "PaymentRecorded", {"amount_usd": amount, "weight_g": weight_g, **data}


def failed(moment: str, reason: str) -> Happened:
    return moment, "PrintFailed", {"reason": reason}


def printed(start: str, end: str) -> list[Happened]:
    """A job handed in at `start` and completed at `end`, in one drag."""
    return [handed_in(start), moved(end, "Uploaded", "Completed")]


def tell(
    engine: Engine,
    job: int,
    history: Iterable[Happened],
    *,
    weight_g: str | None = None,
    material: str | None = None,
    price_usd: str | None = None,
    student: dict[str, Any] | None = None,
    **request: Any,
) -> JobNumber:
    """Have the index know a job with this history; its status and payment follow from that."""
    doc = Sidecar(
        job=JobNumber(job),
        share="share",
        status=Status.UPLOADED,
        student=Student(**{"name": "Jane Doe", "discipline": "Art", **(student or {})}),
        request=Request(
            **{
                "print_method": "Filament",
                "printer": "Prusa MK4S",
                "color": "True Red",
                "minimum_charge": True,
                **request,
            }
        ),
        print=Figures(
            weight_g=Decimal(weight_g) if weight_g else None,
            material=material,
            price_usd=Decimal(price_usd) if price_usd else None,
        ),
    )
    for moment, event, data in history:
        doc.record(EventType(event), by="Ada", via=Via.WEB, at=at(moment), data=data)
        doc.status = Status(data.get("to", doc.status))
        if event == "PaymentRecorded":
            doc.payment = Payment(amount_usd=Decimal(data["amount_usd"]))
    with engine.begin() as connection:
        index.write(connection, [Record(doc, f"JaneDoe_Filament_TrueRed_{job}", {})])
    return doc.job
