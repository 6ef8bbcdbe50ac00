"""Where staff act: a form with an address for each action, one job or many, page or dialog.

A plain form post answers 303 with what was done as a flash. The page's own script asks for the
parts alone: the form for a dialog, afterwards a toast.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from daemon.handover import Found
from schemas.clock import iso
from schemas.errors import BadInput, PrintSystemError
from schemas.mails import MailState, mails
from schemas.model import Rough
from schemas.naming import JobNumber, Role
from schemas.sidecar import Estimate, FileEntry, Sidecar
from schemas.status import Status
from webui import answers, asked
from webui.around import around, wants_part
from webui.decisions import ACTIONS
from webui.desk import Done
from webui.inspected import inspected
from webui.place import web
from webui.security import for_staff, local_path, staff_name
from webui.shown import BULK, status_words
from webui.staff import blueprint, remember

JOB = "/jobs/<int(max=999999999):number>"
ACT = JOB + "/<any({}):name>".format(", ".join(f"'{name}'" for name in ACTIONS))
_NOT_ASKED = {"csrf_token", "back"}
_LISTS = {"reasons"}


@blueprint.get(ACT)
@for_staff
def form(number: int, name: str) -> ResponseReturnValue:
    """The form of one action."""
    return _form(number, name)


@blueprint.post(ACT)
@for_staff
def act(number: int, name: str) -> ResponseReturnValue:
    """Do one thing with a job; what was refused is said above the form, with what was typed."""
    try:
        given = asked.read(ACTIONS[name].asks, form_fields(request.form))
        done = web().desk.act(name, JobNumber(number), given, by=staff_name(given.by))
    except PrintSystemError as error:
        return _form(number, name, error=error)
    told = said(name, done)
    if wants_part():
        return render_template("pages/said.html", said=told)
    flash(told)  # type: ignore[arg-type]
    back = local_path(request.form.get("back", ""), url_for("staff.job", number=number))
    response = redirect(back, 303)
    return remember(response, given.by) if given.by else response


def _form(number: int, name: str, *, error: PrintSystemError | None = None) -> Response:
    found = web().desk.find(JobNumber(number))
    page = render_template(
        "pages/action.html",
        name=name,
        doc=found.doc,
        status=found.status,
        ask=asking(found),
        typed=request.form,
        error=error,
        **around(),
    )
    return make_response(page, answers.status_of(error) if error is not None else 200)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a form needs of a job beside its document: the files to print, and which is proposed."""

    files: list[FileEntry]
    proposed: str
    estimate: Estimate | None
    rough: Rough | None


def asking(found: Found) -> Asking:
    """The files of a job that can be printed, newest sliced file proposed, else the model."""
    here = [entry for entry in found.doc.files if not entry.missing and not entry.danger]
    models = [entry for entry in here if entry.role is Role.MODEL]
    folder = (web().share.root / found.path).parent
    sliced = [entry for entry in here if entry.role is Role.SLICED]
    sliced.sort(key=lambda entry: _mtime(folder / entry.name), reverse=True)
    chosen = [entry for entry in here if entry.authoritative]
    proposed = next((entry.name for entry in [*sliced, *chosen, *models]), "")
    known = inspected(found.doc, web().catalog())
    return Asking([*sliced, *models], proposed, known.estimate, known.rough)


def _mtime(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def form_fields(form: Any) -> dict[str, Any]:
    """A form as the same names and values that JSON would have."""
    return {
        name: form.getlist(name) if name in _LISTS else form[name]
        for name in form
        if name not in _NOT_ASKED
    }


_DONE = {
    "note": "Note added",
    "edit": "Details saved",
    "review": "Marked as reviewed",
    "unreview": "New again",
    "send-now": "The mail goes now",
    "cancel-email": "The mail is not sent",
    "resend": "The mail goes once more",
    "renew": "A fresh price link is on its way",
    "requote": "The student is asked for the new price",
    "keep-price": "The price stays",
}


def said(name: str, done: Done) -> dict[str, Any]:
    """What a toast says of an action, and what can still be taken back."""
    doc = done.job.doc
    who = f"{doc.student.name or 'Job'} #{doc.job}"
    moved = bool(ACTIONS[name].sources) or name in ("move", "undo")
    text = f"{who}: now {status_words(done.job.status)}" if moved else f"{_DONE[name]}: {who}"
    if not done.in_step:
        text = f"{text} (moved, the index is catching up)" if moved else f"{text} (catching up)"
    return {
        "text": f"{text}.",
        "job": doc.job,
        "undo": moved and name != "undo",
        "mail_at": _mail_at(doc) if moved else None,
    }


def _mail_at(doc: Sidecar) -> str | None:
    """When the mail about the job's status goes, if one waits for its time."""
    waiting = [mail for mail in mails(doc.history) if mail.state is MailState.QUEUED]
    return iso(waiting[-1].not_before) if waiting and waiting[-1].not_before else None


# Many at once


@blueprint.post("/bulk")
@for_staff
def bulk() -> ResponseReturnValue:
    """One action for all jobs that were ticked, each as it was seen; those refused are named."""
    name = request.form.get("do", "")
    chosen = _chosen()
    if name not in BULK or not chosen:
        raise BadInput("tick some jobs and choose what to do with them", field="jobs")
    if not request.form.get("sure") and BULK[name]:
        return _bulk_form(name, chosen)
    given = {key: value for key, value in form_fields(request.form).items() if key not in _BULK_OWN}
    try:
        asked.read(ACTIONS[name].asks, given)
    except PrintSystemError as error:
        return _bulk_form(name, chosen, error=error)
    told = {"text": _do_all(name, chosen, given), "job": None, "undo": False, "mail_at": None}
    if wants_part():
        return render_template("pages/said.html", said=told)
    flash(told)  # type: ignore[arg-type]
    return redirect(local_path(request.form.get("back", ""), url_for("staff.jobs")), 303)


_BULK_OWN = {"jobs", "do", "sure"}
_BULK_LIMIT = 200


def _chosen() -> list[tuple[JobNumber, Status]]:
    """What was ticked: number and the status in which it was seen. Raises: BadInput."""
    found = []
    for value in request.form.getlist("jobs")[:_BULK_LIMIT]:
        number, _, status = value.partition(":")
        if not number.isdecimal() or status not in set(Status):
            raise BadInput(f"{value!r} names no job", field="jobs")
        found.append((JobNumber(int(number)), Status(status)))
    return found


def _bulk_form(
    name: str, chosen: list[tuple[JobNumber, Status]], *, error: PrintSystemError | None = None
) -> Response:
    page = render_template(
        "pages/bulk.html", name=name, chosen=chosen, typed=request.form, error=error, **around()
    )
    return make_response(page, answers.status_of(error) if error is not None else 200)


def _do_all(name: str, chosen: list[tuple[JobNumber, Status]], given: dict[str, Any]) -> str:
    """Says what was done and what was not. The index is waited for once, not for each job."""
    desk, done, refused = web().desk, [], []
    for number, seen in chosen:
        try:
            wish = asked.read(ACTIONS[name].asks, {**given, "from": seen})
            done.append(desk.act(name, number, wish, by=staff_name(wish.by), wait=False))
        except PrintSystemError as error:
            refused.append(f"Not done: #{number}: {error.message}.")
    text = f"{len(done)} {'job' if len(done) == 1 else 'jobs'} done."
    if done and not desk.is_in_step(done[-1]):
        text += " The index is catching up."
    return " ".join([text, *refused])
