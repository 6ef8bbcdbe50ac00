"""What the JSON answers with, one model each: the views build them, `openapi` describes them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from daemon.handover import Found
from schemas.clock import iso
from schemas.events import Event, first_break
from schemas.flags import Flag, flags
from schemas.mails import Hold, MailState
from schemas.naming import JobNumber
from schemas.sidecar import Claim, Sidecar
from schemas.status import Status
from webui.decisions import actions_in
from webui.listing import Listing, Row

Instant = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


class Refusal(Told):
    """Why nothing was done: a code for programs, what happened, and what is possible now."""

    error: str
    message: str
    possible: str


class Email(Told):
    """A mail of a job, `for` the event of this seq. Without the index nobody knows `attempts`.

    `again` counts how often it was sent once more.
    """

    for_seq: int = Field(serialization_alias="for")
    template: Status
    state: MailState
    hold: Hold | None
    not_before: Instant | None
    sent_at: Instant | None
    error: str | None
    attempts: int | None
    again: int


class Job(Sidecar):
    """All that is known of one job: its sidecar, and what follows from it.

    `status` is the folder it lies in, `path` that of its sidecar below the share's root, `actions`
    what the daily work does next with such a job. Decimals are strings. Fields of the sidecar that
    this version does not know are passed on.
    """

    claim: Claim | None = Field(default=None, exclude=True)
    seal: str = Field(default="", exclude=True)
    path: str
    flags: list[Flag]
    emails: list[Email]
    actions: list[str]

    @classmethod
    def of(cls, found: Found, **more: object) -> Self:
        """The job as it was found; `more` are the fields that do not follow from that."""
        given = {
            **dict(found.doc),
            "status": found.status,
            "path": found.path,
            "flags": flags(found.doc),
            "actions": [*actions_in(found.status), "move"],
            **more,
        }
        return cls.model_validate(given)


class ChangedJob(Job):
    """A job after an action. `index`: whether lists and searches show it so already."""

    index: Literal["in step", "catching up"]


class Events(Told):
    """A job's log. `broken_at` is the seq of the first event that does not fit its hash chain."""

    job: JobNumber
    events: list[Event]
    broken_at: int | None

    @classmethod
    def of(cls, doc: Sidecar) -> Self:
        """The log of this document."""
        return cls(job=doc.job, events=doc.history, broken_at=first_break(doc.history))


class ListedStudent(Told):
    """Who handed the job in."""

    name: str
    class_number: str


class ListedRequest(Told):
    """What the student asked for."""

    print_method: str
    color: str
    printer: str


class ListedFigures(Told):
    """What the print takes and costs; null while nobody has said."""

    weight_g: Decimal | None
    time_h: Decimal | None
    material: str | None
    price_usd: Decimal | None


class ListedReview(Told):
    """Whether staff have looked at it."""

    reviewed: bool


class ListedJob(Told):
    """A job in a list, in the same groups as a job by itself; `since` it is in its status."""

    job: JobNumber
    status: Status
    file_name: str
    student: ListedStudent
    request: ListedRequest
    print: ListedFigures
    review: ListedReview
    since: Instant | None
    flags: tuple[str, ...]
    actions: list[str]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The job of a row."""
        return cls(
            job=JobNumber(row.number),
            status=row.status,
            file_name=row.file_name,
            student=ListedStudent(name=row.student_name, class_number=row.class_number),
            request=ListedRequest(
                print_method=row.print_method, color=row.color, printer=row.printer
            ),
            print=ListedFigures(
                weight_g=row.weight_g,
                time_h=row.time_h,
                material=row.material,
                price_usd=row.price_usd,
            ),
            review=ListedReview(reviewed=row.reviewed),
            since=row.since,
            flags=row.flags,
            actions=[*actions_in(row.status), "move"],
        )


class JobList(Told):
    """A page of jobs, how many there are on all pages, and how many in each status."""

    jobs: list[ListedJob]
    total: int
    counts: dict[Status, int]

    @classmethod
    def of(cls, found: Listing) -> Self:
        """The page as it was found."""
        jobs = [ListedJob.of(row) for row in found.rows]
        return cls(jobs=jobs, total=found.total, counts=found.counts)
