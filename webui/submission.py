"""A student hands a model in: the form, its checks, and the page that says it has arrived."""

import logging

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as path_to
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import FileStorage

from schemas.errors import BadInput, PrintSystemError
from schemas.links import job_token, read_job_token
from schemas.naming import MODEL_SUFFIXES
from webui import answers
from webui.arrival import MEGABYTE, Arrival, PageRequest
from webui.intake import file_fault, plain_name, take_in
from webui.place import web
from webui.security import address, csrf
from webui.wishes import FIELDS, Wishes, check

log = logging.getLogger(__name__)
blueprint = Blueprint("submission", __name__)

DRINK_FACTOR = 4  # an upload so many times too large is still read, so that the form comes back


@blueprint.get("/")
@blueprint.get("/submit")
def form() -> ResponseReturnValue:
    """The empty form."""
    web().share.check()
    return _page(Wishes(dict.fromkeys(FIELDS, "")))


@blueprint.post("/")
@blueprint.post("/submit")
def hand_in() -> ResponseReturnValue:
    """Take a submission in, or give the form back with what was typed and what is wrong."""
    wait_s = web().submissions.take(address())
    if wait_s:
        return answers.try_later("too many requests were handed in from here", wait_s)
    _receive()
    wishes = check(request.form, web().catalog())
    try:
        csrf.protect()
        return _take_in(wishes)
    except CSRFError:
        return _page(wishes, problem="The form had been open too long. Please send it again.")
    except BadInput as fault:
        wishes.faults["file"] = fault.message
        return _page(wishes, status=fault.http_status)
    except PrintSystemError as error:
        log.error("a submission could not be taken in: %s", error)
        problem = "We cannot take your model in just now. Please try again in a few minutes."
        return _page(wishes, problem=problem, status=503)


def _receive() -> None:
    """Read the form, its file straight to the share."""
    if isinstance(request, PageRequest) or hasattr(request, "upload_folder"):
        request.upload_folder = web().share.incoming
    request.max_content_length = DRINK_FACTOR * web().settings.max_upload_mb * MEGABYTE
    _ = request.form


def _take_in(wishes: Wishes) -> ResponseReturnValue:
    file = request.files.get("file")
    arrival = _arrival(file)
    name = plain_name((file and file.filename) or "")
    limit = web().settings.max_upload_mb * MEGABYTE
    fault = file_fault(arrival, name, limit=limit)
    if fault is not None:
        raise fault
    if arrival is None or not wishes.are_fit:
        return _page(wishes)
    job, is_new = take_in(web().share, wishes, arrival, name, at=web().now())
    log.info("job handed in" if is_new else "job handed in again", extra={"job": job})
    if not is_new:
        flash("You had handed this model in already; this is that request.")
    return redirect(path_to("submission.submitted", token=job_token(web().secret, job)), 303)


def _arrival(file: FileStorage | None) -> Arrival | None:
    return file.stream if file is not None and isinstance(file.stream, Arrival) else None


def _page(wishes: Wishes, *, problem: str = "", status: int = 0) -> Response:
    code = status or (400 if problem else 422 if wishes.faults else 200)
    page = render_template(
        "pages/submit.html",
        catalog=web().catalog(),
        typed=wishes.typed,
        faults={**dict.fromkeys((*FIELDS, "file"), ""), **wishes.faults},
        fault_count=len(wishes.faults),
        problem_text=problem,
        suffixes=MODEL_SUFFIXES,
        limit_mb=web().settings.max_upload_mb,
    )
    response = make_response(page, code)
    if code == 503:
        response.headers["Retry-After"] = "60"
    return response


@blueprint.get("/submitted/<token>")
def submitted(token: str) -> ResponseReturnValue:
    """It has arrived: the number, what happens next, and the link to follow it."""
    job = web().desk.find(read_job_token(web().secret, token))
    return render_template(
        "pages/submitted.html", doc=job.doc, token=token, catalog=web().catalog()
    )
