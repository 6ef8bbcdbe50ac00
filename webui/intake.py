"""A submission becomes a job: the model is renamed into `Uploaded`, then its sidecar is written.

All of it is work on the share, so it goes on with the database stopped. What fails half way leaves
nothing behind.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from daemon.danger import danger
from daemon.share import Share, stem_for
from daemon.snapshot import name_of
from daemon.whole import structure_fault
from schemas.errors import BadInput, ShareUnavailable, TooLarge
from schemas.events import EventType, Via
from schemas.naming import MODEL_SUFFIXES, SIDECAR_SUFFIX, JobNumber, role_of, suffix_of
from schemas.sidecar import FileEntry, Request, Sidecar, Student
from schemas.status import Status
from webui.arrival import MEGABYTE, Arrival
from webui.desk import Desk
from webui.twins import twin_in_uploaded, twin_on_its_way
from webui.wishes import YES, Wishes

NAME_LENGTH = 200
FORMS = 1000  # so many are remembered
_one_at_a_time = threading.Lock()  # a double click sends the same form twice at once
_jobs_of_forms: OrderedDict[str, JobNumber] = OrderedDict()


def file_words(limit: int) -> dict[str, str]:
    """What is said of a file that cannot be taken, which the page's script says at once."""
    return {
        "empty": "Choose the file of your model.",
        "kind": f"Only these kinds of files can be printed: {', '.join(MODEL_SUFFIXES)}.",
        "hollow": "This file cannot be printed: the file is empty.",
        "large": f"The file is larger than {limit // MEGABYTE} MB: save it with fewer triangles, "
        "or as 3MF.",
    }


def file_fault(arrival: Arrival | None, name: str, *, limit: int) -> BadInput | None:
    """Why the uploaded file cannot be taken, None when it can. Raises: ShareUnavailable."""
    words = file_words(limit)
    if arrival is None:
        return BadInput(words["empty"], field="file")
    if suffix_of(name) not in MODEL_SUFFIXES:
        return BadInput(words["kind"], field="file")
    if arrival.too_large:
        return TooLarge(words["large"], field="file")
    with _share_faults():
        arrival.flush_to_disk()
        fault = structure_fault(arrival.path) or danger(arrival.path)
    if fault:
        return BadInput(f"This file cannot be printed: {fault}.", field="file")
    return None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The job that a submission is. `is_again`: it was there, and not by a second click."""

    job: JobNumber
    is_new: bool
    is_again: bool


def take_in(
    desk: Desk, wishes: Wishes, arrival: Arrival, name: str, *, at: datetime, form_id: str = ""
) -> TakenIn:
    """Make a job of a submission, unless it is one already. `form_id`: the page it was typed in.

    Raises: ShareUnavailable; then nothing was kept.
    """
    share, email = desk.share, wishes.typed["student_email"]
    with _share_faults():
        share.check()
        twin = twin_on_its_way(desk, email, arrival)
    with _one_at_a_time, _share_faults():
        twin = twin or twin_in_uploaded(share, email, arrival)
        job = twin or _make_job(share, wishes, arrival, name, at=at)
        is_again = twin is not None and _jobs_of_forms.get(form_id) != job
        _remember(form_id, job)
        return TakenIn(job, is_new=twin is None, is_again=is_again)


def _remember(form_id: str, job: JobNumber) -> None:
    """What the form became, so that a second click on it is thanked like the first."""
    if form_id:
        _jobs_of_forms[form_id] = job
        if len(_jobs_of_forms) > FORMS:
            _jobs_of_forms.popitem(last=False)


def _make_job(
    share: Share, wishes: Wishes, arrival: Arrival, name: str, *, at: datetime
) -> JobNumber:
    doc = _document(share, wishes)
    model = f"{Status.UPLOADED}/{stem_for(doc)}{suffix_of(name)}"
    doc.files.append(_entry(name_of(model), arrival, name))
    data = {"to": Status.UPLOADED.value, "original_name": doc.files[0].original_name}
    doc.record(EventType.JOB_CREATED, by=doc.student.name, via=Via.WEB, at=at, data=data)
    _put(share, doc, arrival, model)
    return doc.job


def _put(share: Share, doc: Sidecar, arrival: Arrival, model: str) -> None:
    """Model, then sidecar, each by one rename; the model goes again if the sidecar cannot come.

    All that takes time is done before, since a model that lies there alone for two seconds is taken
    for one whose sidecar was lost.
    """
    came_from = arrival.path.relative_to(share.root).as_posix()
    aside = f"{came_from}.json"
    try:
        share.write_sidecar(aside, doc, expected=None)
        share.move_file(came_from, model)
        try:
            share.move_file(aside, f"{model[: -len(suffix_of(model))]}{SIDECAR_SUFFIX}")
        except BaseException:
            share.move_file(model, came_from)
            raise
        arrival.keep()
    finally:
        (share.root / aside).unlink(missing_ok=True)


def _document(share: Share, wishes: Wishes) -> Sidecar:
    typed = wishes.typed
    return Sidecar(
        job=share.take_number(),
        share=share.uuid,
        status=Status.UPLOADED,
        student=Student(
            name=typed["student_name"],
            email=typed["student_email"],
            discipline=typed["discipline"],
            class_number=typed["class_number"],
        ),
        request=Request(
            print_method=typed["print_method"],
            color=typed["color"],
            printer=typed["printer"],
            minimum_charge=typed["minimum_charge"] == YES,
        ),
    )


def _entry(name: str, arrival: Arrival, original: str) -> FileEntry:
    return FileEntry(
        name=name,
        role=role_of(name),
        size=arrival.size,
        sha256=arrival.sha256,
        original_name=plain_name(original),
        authoritative=True,
    )


def plain_name(given: str) -> str:
    """The last part of a file name that a browser sent, without what no name should hold."""
    last = PurePosixPath(PureWindowsPath(given).name).name
    return "".join(sign for sign in last if sign.isprintable())[-NAME_LENGTH:]


@contextmanager
def _share_faults() -> Iterator[None]:
    """Whatever the file system refuses at this moment is a share that cannot be used."""
    try:
        yield
    except OSError as error:
        raise ShareUnavailable(
            f"the share cannot take the file ({error.strerror or error})",
            possible="try again later",
        ) from error
