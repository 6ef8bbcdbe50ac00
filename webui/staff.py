"""The staff's pages: log in, the list, one job, a form for each thing that can be done with it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash

from daemon.keys import staff_password_hash
from daemon.queries import Filter
from schemas.errors import PrintSystemError
from schemas.events import first_break
from schemas.flags import flags
from schemas.mails import OPEN, mails
from schemas.naming import JobNumber
from schemas.status import Status
from webui import answers, asked
from webui.decisions import ACTIONS, actions_in
from webui.desk import Done
from webui.health import banners
from webui.listing import listing
from webui.place import web
from webui.security import (
    COOKIE_S,
    STAFF_COOKIE,
    address,
    for_staff,
    is_staff,
    local_path,
    log_in,
    log_out,
    staff_name,
)
from webui.shown import status_words

blueprint = Blueprint("staff", __name__, url_prefix="/staff")

JOB = "/jobs/<int(max=999999999):number>"
ACT = JOB + "/<any({}):name>".format(", ".join(f"'{name}'" for name in ACTIONS))
_NOT_ASKED = {"csrf_token", "back"}
_LISTS = {"reasons"}


@blueprint.get("/login")
def log_in_page() -> ResponseReturnValue:
    """Ask for the password."""
    if is_staff():
        return redirect(url_for("staff.jobs"), 303)
    return render_template("pages/login.html", problem="", next=request.args.get("next", ""))


@blueprint.post("/login")
def logged_in() -> ResponseReturnValue:
    """Check the password, and wait a little longer after each wrong one."""
    wait_s = web().log_ins.wait_s(address())
    if wait_s:
        return answers.try_later("too many wrong passwords came from here", wait_s)
    given = request.form.get("password", "")
    if not check_password_hash(staff_password_hash(web().settings), given):
        web().log_ins.wrong(address())
        problem, back = "That is not the staff password.", request.form.get("next", "")
        return render_template("pages/login.html", problem=problem, next=back), 401
    web().log_ins.right(address())
    log_in()
    return redirect(local_path(request.form.get("next", ""), url_for("staff.jobs")), 303)


@blueprint.post("/logout")
def logged_out() -> ResponseReturnValue:
    """Forget this browser."""
    log_out()
    return redirect(url_for("staff.log_in_page"), 303)


def wanted(args: Mapping[str, str]) -> Filter:
    """What a list's address asks for; what makes no sense is not asked for."""
    text = {name: args.get(name, "").replace("\0", "")[:100] for name in Filter.__slots__}
    status = text["status"] if text["status"] in set(Status) else None
    page = int(text["page"]) if text["page"].isdecimal() else 1
    return Filter(
        status=Status(status) if status else None,
        q=text["q"].strip(),
        printer=text["printer"],
        method=text["method"],
        color=text["color"],
        page=min(max(page, 1), 100_000),
    )


@blueprint.get("/")
@for_staff
def jobs() -> ResponseReturnValue:
    """The list: a tab for each status, one row for each job."""
    asked_for = wanted(request.args)
    if asked_for.status is None and not asked_for.q:
        asked_for = wanted({**request.args, "status": Status.UPLOADED})
    return render_template(
        "pages/jobs.html",
        listing=listing(web().index, web().share, asked_for),
        wanted=asked_for,
        actions_in=actions_in,
        **_around(),
    )


@blueprint.get(JOB)
@for_staff
def job(number: int) -> ResponseReturnValue:
    """Everything about one job."""
    return _job_page(number)


@blueprint.post(ACT)
@for_staff
def act(number: int, name: str) -> ResponseReturnValue:
    """Do one thing with a job; what was refused is said on the job's page, with what was typed."""
    try:
        given = asked.read(ACTIONS[name].asks, form_fields(request.form))
        by = staff_name(given.by)
        done = web().desk.act(name, JobNumber(number), given, by=by)
    except PrintSystemError as error:
        return _job_page(number, error=error, tried=name)
    flash(_said(name, done))
    back = url_for("staff.job", number=number)
    response = redirect(local_path(request.form.get("back", ""), back), 303)
    if given.by:
        response.set_cookie(STAFF_COOKIE, by, max_age=COOKIE_S, httponly=True, samesite="Lax")
    return response


def form_fields(form: Any) -> dict[str, Any]:
    """A form as the same names and values that JSON would have."""
    return {
        name: form.getlist(name) if name in _LISTS else form[name]
        for name in form
        if name not in _NOT_ASKED
    }


def _said(name: str, done: Done) -> str:
    doc, words = done.job.doc, {"note": "Note added", "edit": "Details saved"}
    if ACTIONS[name].sources or name == "move":
        said = f"{doc.student.name or 'Job'} #{doc.job}: now {status_words(done.job.status)}"
    else:
        said = f"#{doc.job}: {words.get(name, 'done')}"
    return said if done.in_step else f"{said} (the index is catching up)"


def _job_page(
    number: int, *, error: PrintSystemError | None = None, tried: str = ""
) -> ResponseReturnValue:
    found = web().desk.find(JobNumber(number))
    doc = found.doc
    page = render_template(
        "pages/staff_job.html",
        doc=doc,
        status=found.status,
        path=found.path,
        flags=flags(doc),
        mails=mails(doc.history),
        waiting=[mail for mail in mails(doc.history) if mail.state in OPEN],
        broken_at=first_break(doc.history),
        actions=actions_in(found.status),
        typed=request.form,
        error=error,
        tried=tried,
        **_around(),
    )
    return make_response(page, answers.status_of(error) if error is not None else 200)


def _around() -> dict[str, Any]:
    """What every page of staff's shows."""
    return {"catalog": web().catalog(), "banners": banners(), "by": staff_name()}
