"""A student hands a model in: the form, its checks, and the page that says it has arrived.

The same address answers the page's own script, which asks with the header `X-Fragment`, in JSON:
`{location}` when it was taken in, else `{problem, faults, csrf_token}`.
"""

import logging
import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from flask import url_for as path_to
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.datastructures import FileStorage

from schemas.catalog import Catalog
from schemas.errors import BadInput, PrintSystemError
from schemas.links import job_token, read_job_token
from schemas.naming import MODEL_SUFFIXES
from webui import answers, plainly
from webui.around import wants_part
from webui.arrival import MEGABYTE, Arrival, PageRequest
from webui.intake import file_fault, file_words, plain_name, take_in
from webui.place import web
from webui.progress import STANDS
from webui.security import address, csrf
from webui.throttle import in_words
from webui.wishes import FIELDS, RULES, Wishes, check

log = logging.getLogger(__name__)
blueprint = Blueprint("submission", __name__)
blueprint.register_error_handler(PrintSystemError, plainly.refused)

DRINK_FACTOR = 4  # an upload so many times too large is still read, so that the form comes back
NOT_NOW = "We cannot take your model in just now. Please try again in a few minutes."


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
        return _too_many(wait_s)
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
        return _page(wishes, problem=NOT_NOW, status=503)


def _too_many(wait_s: float) -> Response:
    problem = "Too many requests were handed in from here"
    if not wants_part():
        return answers.try_later(problem.lower(), wait_s)
    response = jsonify(problem=f"{problem}. Try again {in_words(wait_s)}.", faults={})
    response.status_code = 429
    return response


def _receive() -> None:
    """Read the form, its file straight to the share."""
    if isinstance(request, PageRequest) or hasattr(request, "upload_folder"):
        request.upload_folder = web().share.incoming
    if request.mimetype == "multipart/form-data":  # any other form is read into memory as a whole
        request.max_content_length = DRINK_FACTOR * _limit()
    _ = request.form


def _limit() -> int:
    """The largest model that is taken, in bytes."""
    return web().settings.max_upload_mb * MEGABYTE


def _take_in(wishes: Wishes) -> ResponseReturnValue:
    file = request.files.get("file")
    arrival = _arrival(file)
    name = plain_name((file and file.filename) or "")
    fault = file_fault(arrival, name, limit=_limit())
    if fault is not None:
        raise fault
    if arrival is None or not wishes.are_fit:
        return _page(wishes)
    form_id = request.form.get("form_id", "")[:40]
    taken = take_in(web().desk, wishes, arrival, name, at=web().now(), form_id=form_id)
    log.info("job handed in" if taken.is_new else "job handed in again", extra={"job": taken.job})
    token = job_token(web().secret, taken.job)
    again = 1 if taken.is_again else None
    location = path_to("submission.submitted", token=token, again=again)
    return jsonify(location=location) if wants_part() else redirect(location, 303)


def _arrival(file: FileStorage | None) -> Arrival | None:
    return file.stream if file is not None and isinstance(file.stream, Arrival) else None


def _page(wishes: Wishes, *, problem: str = "", status: int = 0) -> Response:
    """The form again, or for the page's own script only what is wrong with it."""
    if wants_part():
        response = jsonify(problem=problem, faults=wishes.faults, csrf_token=generate_csrf())
    else:
        response = make_response(render_template("pages/submit.html", **_values(wishes, problem)))
    response.status_code = status or (400 if problem else 422 if wishes.faults else 200)
    if response.status_code == 503:
        response.headers["Retry-After"] = "60"
    return response


def _values(wishes: Wishes, problem: str) -> dict[str, Any]:
    catalog = web().catalog()
    return {
        "catalog": catalog,
        "typed": wishes.typed,
        "faults": {**dict.fromkeys((*FIELDS, "file"), ""), **wishes.faults},
        "fault_count": len(wishes.faults),
        "problem_text": problem,
        "suffixes": MODEL_SUFFIXES,
        "limit_mb": web().settings.max_upload_mb,
        "form_id": secrets.token_urlsafe(9),
        "rules": rules(_limit()),
        "volumes_mm": volumes_mm(catalog),
    }


def rules(limit: int) -> dict[str, dict[str, Any]]:
    """What the page's script checks by, in the words that `check` and `file_fault` use."""
    lines = {
        name: {
            "empty": rule.empty,
            "at_least": rule.at_least,
            "at_most": rule.at_most,
            "too_long": rule.too_long,
            "wrong": rule.wrong,
        }
        for name, rule in RULES.items()
    }
    file = {**file_words(limit), "suffixes": list(MODEL_SUFFIXES), "limit": limit}
    return {**lines, "file": file}


def volumes_mm(catalog: Catalog) -> dict[str, tuple[float, float, float]]:
    """Each printer's build volume: width, depth, height in mm."""
    return {printer.name: printer.volume_mm for printer in catalog.printers}


@blueprint.get("/submitted/<token>")
def submitted(token: str) -> ResponseReturnValue:
    """It has arrived: the number, what happens next, and the link to follow it."""
    job = plainly.find(read_job_token(web().secret, token))
    follow = path_to("student.job", token=token)
    return render_template(
        "pages/submitted.html",
        doc=job.doc,
        again="again" in request.args,
        stands=STANDS[job.status],
        follow=follow,
        address=f"{web().settings.public_url.rstrip('/')}{follow}",
        catalog=web().catalog(),
    )
