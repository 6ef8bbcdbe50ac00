"""The tree of reference: jobs with an STL of 1 KB and a sidecar of 2 KB with six events each."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from daemon.share import Share
from schemas.events import EventType, Via
from schemas.naming import SIDECAR_SUFFIX, JobNumber, Role, format_stem
from schemas.sidecar import Figures, FileEntry, Request, Sidecar, Student, dumps
from schemas.status import Status

STL = bytes(80) + (20).to_bytes(4, "little") + bytes(50 * 20)  # 1,084 bytes: what 20 triangles take
SHA = "0" * 64
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
RECENT = 3000  # jobs that are not in PaidPickedUp
_OTHERS = [status for status in Status if status is not Status.PAID_PICKED_UP]


def grow(share: Share, jobs: int) -> None:
    """Fill an empty share with `jobs` jobs, all but the last few thousand picked up long ago."""
    ages = itertools.count()
    for number in range(1, jobs + 1):
        left = jobs - number
        status = Status.PAID_PICKED_UP if left >= min(RECENT, jobs // 2) else _OTHERS[number % 6]
        at = START + timedelta(seconds=next(ages))
        write_job(share, JobNumber(number), status, at)
    (share.root / ".printsystem/numbers" / str(jobs)).touch()


def write_job(share: Share, number: JobNumber, status: Status, at: datetime) -> str:
    """One job at rest; its stem."""
    doc = _doc(share.uuid, number, status, at)
    stem = format_stem(doc.student.name, doc.request.print_method, doc.request.color, number)
    doc.files.append(
        FileEntry(
            name=f"{stem}.stl", role=Role.MODEL, size=len(STL), sha256=SHA, authoritative=True
        )
    )
    folder = share.root / status
    (folder / f"{stem}.stl").write_bytes(STL)
    (folder / f"{stem}{SIDECAR_SUFFIX}").write_bytes(dumps(doc))
    return stem


def _doc(share: str, number: JobNumber, status: Status, at: datetime) -> Sidecar:
    doc = Sidecar(
        job=number,
        share=share,
        revision=3,
        status=status,
        student=Student(
            name="Jane Doe", email="jane@example.edu", discipline="Art", class_number="ART 101"
        ),
        request=Request(
            print_method="Filament", color="True Red", printer="Prusa MK4S", minimum_charge=True
        ),
        print=Figures(weight_g=Decimal("12.50"), weight_source="staff", price_usd=Decimal("3.00")),
    )
    for moment, (kind, data) in enumerate(_life(status)):
        doc.record(
            kind, by="Jane Doe", via=Via.WEB, at=at + timedelta(hours=moment), data=dict(data)
        )
    return doc


def _life(status: Status) -> Iterator[tuple[EventType, dict[str, object]]]:
    """Six events, the last of which brought the job where it is and told the student, if anyone."""
    yield EventType.JOB_CREATED, {"to": "Uploaded"}
    yield EventType.EMAIL_SENT, {"for": 1, "template": "Uploaded"}
    yield EventType.REVIEWED, {}
    yield EventType.NOTE_ADDED, {"text": "walls look thin"}
    source = Status.PENDING if status is not Status.PENDING else Status.UPLOADED
    yield EventType.STATUS_CHANGED, {"from": source.value, "to": status.value}
    yield EventType.EMAIL_SENT, {"for": 5, "template": status.value}
