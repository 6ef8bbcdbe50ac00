"""The sidecar: the document beside a job's files that holds all that is known of the job.

Unknown keys survive reading and writing. `history` only grows; `seal` is a digest of the rest, so
that an edit made by hand in a text editor is recognised, honoured and logged.
"""

import hashlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import BadSidecar, NewerSidecar
from schemas.events import Event, EventType, Via, digest
from schemas.model import Measured
from schemas.naming import JobNumber, Role, key
from schemas.status import Status

VERSION = 1


class Part(BaseModel):
    """A part of the document; keys that we do not know stay where they are."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class Student(Part):
    """Who handed the job in."""

    name: str = ""
    email: str = ""
    discipline: str = ""
    class_number: str = ""


class Request(Part):
    """What the student asked for."""

    print_method: str = ""
    color: str = ""
    printer: str = ""
    minimum_charge: bool = False


class Says(Part):
    """A figure in a sliced file, and the key it stands at; `worked_out`: from others, by us."""

    figure: str
    value: str
    key: str
    worked_out: bool = False


class FileEntry(Part):
    """One file of the job. `folder` is given only where it is not that of the job's status.

    `pictured` is the digest of the bytes that were looked into for a picture; it has one unless
    `no_picture` says why not. `danger` says why nobody should open it. `says` is all that a sliced
    file tells of its print, the most reliable first.
    """

    name: str
    role: Role
    size: int = 0
    sha256: str | None = None
    original_name: str | None = None
    authoritative: bool = False
    folder: Status | None = None
    missing: bool = False
    pictured: str | None = None
    no_picture: str = ""
    danger: str = ""
    says: list[Says] = []

    @property
    def picture(self) -> str | None:
        """The digest its picture is kept under; None while there is none."""
        return self.sha256 if self.pictured == self.sha256 and not self.no_picture else None


class Offer(Part):
    """What a sliced file says that was saved after the price had been told; staff decide."""

    file: str
    weight_g: Decimal
    time_h: Decimal | None = None
    material: str | None = None
    price_usd: Decimal


class Figures(Part):
    """What the print takes and costs, and where each figure came from."""

    weight_g: Decimal | None = None
    weight_source: str | None = None
    time_h: Decimal | None = None
    time_source: str | None = None
    material: str | None = None
    material_source: str | None = None
    price_usd: Decimal | None = None
    actual_weight_g: Decimal | None = None
    offer: Offer | None = None


class Estimate(Part):
    """What a slicer made of the model by itself, with one of the lab's profiles; not a quote."""

    sha256: str
    slicer: str = ""
    profile: str = ""
    weight_g: Decimal | None = None
    time_h: Decimal | None = None
    could_not: str = ""


class Model(Part):
    """What was found in the model file whose bytes have this digest, or why that could not be.

    `fits` names the printers of its method that it went into when it was measured.
    """

    sha256: str | None = None
    could_not: str = ""
    measured: Measured | None = None
    fits: list[str] = []
    estimate: Estimate | None = None


class Review(Part):
    """Whether staff have looked at it, and why it was rejected if it was."""

    reviewed: bool = False
    reasons: list[str] = []
    text: str = ""


class Confirmation(Part):
    """The student's word on the quote; `nonce` makes each quote's link its own."""

    nonce: str | None = None
    expires_at: AwareDatetime | None = None
    confirmed_at: AwareDatetime | None = None


class Payment(Part):
    """What was paid at the desk."""

    amount_usd: Decimal | None = None
    transaction: str = ""
    payer: str = ""
    paid_at: AwareDatetime | None = None


class Note(Part):
    """A remark of staff."""

    at: AwareDatetime
    by: str
    text: str


class Claim(Part):
    """Left before a move: who is about to move the job, where to, and why."""

    source: Status
    to: Status
    by: str
    via: Via
    at: AwareDatetime
    data: dict[str, Any] = {}


class Sidecar(Part):
    """All that is known of one job."""

    version: int = Field(default=VERSION, alias="schema")
    job: JobNumber
    share: str
    revision: int = 0
    status: Status
    folder: Status | None = None  # where this document lies, when that is not its job's status
    student: Student = Field(default_factory=Student)
    request: Request = Field(default_factory=Request)
    files: list[FileEntry] = []
    print: Figures = Field(default_factory=Figures)
    model: Model = Field(default_factory=Model)
    review: Review = Field(default_factory=Review)
    confirmation: Confirmation = Field(default_factory=Confirmation)
    payment: Payment = Field(default_factory=Payment)
    notes: list[Note] = []
    details_missing: bool = False
    claim: Claim | None = None
    seal: str = ""
    history: list[Event] = []

    def file(self, name: str) -> FileEntry | None:
        """The entry of the file of this name, whatever its case and Unicode form."""
        wanted = key(name)
        return next((entry for entry in self.files if key(entry.name) == wanted), None)

    @property
    def model_file(self) -> FileEntry | None:
        """The model: the one that is to be printed where there are several, else the first."""
        models = [e for e in self.files if e.role is Role.MODEL and not e.missing]
        return next((entry for entry in models if entry.authoritative), next(iter(models), None))

    def record(
        self,
        event_type: EventType,
        *,
        by: str,
        via: Via,
        at: datetime,
        data: dict[str, Any] | None = None,
    ) -> Event:
        """Append an event to the history, chained to the one before it, and return it."""
        last = self.history[-1] if self.history else None
        event = Event(
            seq=last.seq + 1 if last else 1,
            at=at,
            type=event_type,
            by=by,
            via=via,
            data=data or {},
            prev=digest(last) if last else "",
        )
        self.history.append(event)
        return event

    @property
    def last_seq(self) -> int:
        """The number of the newest event; 0 without any."""
        return self.history[-1].seq if self.history else 0


_UNSEALED = {"seal", "history", "claim", "revision"}


def seal_of(doc: Sidecar) -> str:
    """Digest of all but history, claim, revision and the seal itself."""
    return _digest(doc.model_dump(mode="json", by_alias=True, exclude=_UNSEALED))


def is_seal_broken(data: bytes) -> bool:
    """Whether a sidecar was edited since a program wrote it, by its own bytes.

    What this version would write does not matter: it may know fields that an older one did not.
    """
    plain = json.loads(data)
    seal = plain.get("seal", "")
    kept = {name: value for name, value in plain.items() if name not in _UNSEALED}
    return bool(seal) and seal != _digest(kept)


def _digest(plain: dict[str, Any]) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def loads(data: bytes, *, name: str) -> Sidecar:
    """Read a sidecar; `name` is for the message.

    Raises: BadSidecar when it is no JSON or has the wrong form; NewerSidecar when this program is
    too old for it.
    """
    try:
        doc = Sidecar.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadSidecar(
            f"{name}: {where}: {first['msg']}",
            possible="it is kept in quarantine and written anew from the index",
        ) from None
    if doc.version > VERSION:
        raise NewerSidecar(
            f"{name}: schema {doc.version} is newer than this program's {VERSION}",
            possible="upgrade this computer",
        )
    return doc


def dumps(doc: Sidecar) -> bytes:
    """The document as it lies on the share: sealed, indented, UTF-8."""
    doc.seal = seal_of(doc)
    return doc.model_dump_json(by_alias=True, indent=2).encode() + b"\n"
