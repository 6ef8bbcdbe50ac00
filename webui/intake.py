"""A submission becomes a job: the model is renamed into `Uploaded`, then its sidecar is written.

All of it is work on the share, so it goes on with the database stopped. What fails half way leaves
nothing behind.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath

from daemon.handover import names_below
from daemon.look import signature
from daemon.share import Share, stem_for
from daemon.snapshot import name_of
from daemon.whole import structure_fault
from schemas.errors import BadInput, BadSidecar, ShareUnavailable, TooLarge
from schemas.events import EventType, Via
from schemas.naming import (
    MODEL_SUFFIXES,
    SIDECAR_SUFFIX,
    JobNumber,
    Role,
    parse,
    role_of,
    suffix_of,
)
from schemas.sidecar import FileEntry, Request, Sidecar, Student
from schemas.status import Status
from webui.arrival import MEGABYTE, Arrival
from webui.wishes import YES, Wishes

NAME_LENGTH = 200
_one_at_a_time = threading.Lock()  # a double click sends the same form twice at once


def file_fault(arrival: Arrival | None, name: str, *, limit: int) -> BadInput | None:
    """Why the uploaded file cannot be taken, None when it can. Raises: ShareUnavailable."""
    if arrival is None:
        return BadInput("Choose the file of your model.", field="file")
    if suffix_of(name) not in MODEL_SUFFIXES:
        kinds = ", ".join(MODEL_SUFFIXES)
        return BadInput(f"Only these kinds of files can be printed: {kinds}.", field="file")
    if arrival.too_large:
        return TooLarge(
            f"The file is larger than {limit // MEGABYTE} MB: save it with fewer triangles, "
            "or as 3MF.",
            field="file",
        )
    with _share_faults():
        arrival.flush_to_disk()
        fault = structure_fault(arrival.path)
    if fault:
        return BadInput(f"This file cannot be printed: {fault}.", field="file")
    return None


def take_in(
    share: Share, wishes: Wishes, arrival: Arrival, name: str, *, at: datetime
) -> tuple[JobNumber, bool]:
    """The number of the job that this submission is, and whether it is new or only repeated.

    Raises: ShareUnavailable; then nothing was kept.
    """
    with _one_at_a_time, _share_faults():
        share.check()
        twin = _twin(share, wishes.typed["student_email"], arrival)
        if twin is not None:
            return twin, False
        doc = _document(share, wishes, at)
        stem = stem_for(doc)
        model = f"{Status.UPLOADED}/{stem}{suffix_of(name)}"
        doc.files.append(_entry(name_of(model), arrival, name))
        data = {"to": Status.UPLOADED.value, "original_name": doc.files[0].original_name}
        doc.record(EventType.JOB_CREATED, by=doc.student.name, via=Via.WEB, at=at, data=data)
        _put(share, doc, arrival, model)
        return doc.job, True


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


def _document(share: Share, wishes: Wishes, at: datetime) -> Sidecar:
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


def _twin(share: Share, email: str, arrival: Arrival) -> JobNumber | None:
    """The job in `Uploaded` that is this very submission: the same student, the same bytes.

    Only sidecars of models of the same size are read, so this costs little beside many jobs.
    """
    for path in names_below(share, Status.UPLOADED):
        sig = signature(share.root / path) if role_of(name_of(path)) is Role.MODEL else None
        if sig is not None and sig[0] == arrival.size:
            doc = _document_beside(share, path)
            if doc is not None and _is_twin(doc, email, arrival.sha256):
                return doc.job
    return None


def _is_twin(doc: Sidecar, email: str, sha256: str) -> bool:
    same_student = doc.student.email.casefold() == email.casefold()
    return same_student and any(entry.sha256 == sha256 for entry in doc.files)


def _document_beside(share: Share, model: str) -> Sidecar | None:
    name = parse(name_of(model))
    if name is None:
        return None
    folder = model.rpartition("/")[0]
    try:
        return share.read_sidecar(f"{folder}/{name.stem}{SIDECAR_SUFFIX}").doc
    except (FileNotFoundError, BadSidecar):
        return None


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
