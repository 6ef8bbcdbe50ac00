"""The student's own pages, reached by the links in mails: follow a job, confirm a price, cancel.

They read the share, not the index, so they work while the database is down.
"""

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from daemon.handover import Found
from schemas.errors import PrintSystemError
from schemas.events import Via
from schemas.links import confirm_token, job_token, read_confirm_token, read_job_token
from schemas.naming import JobNumber, Role
from schemas.sidecar import Sidecar
from webui import asked, pictures
from webui.decisions import confirm, withdraw
from webui.hands import Decision, Hand
from webui.inspected import inspected
from webui.mail_decisions import renew
from webui.place import web
from webui.plainly import TooLate, find, refused
from webui.progress import CANCELLABLE, Quote, Stage, progress, quote_of, stage_of
from webui.security import address
from webui.throttle import in_words

blueprint = Blueprint("student", __name__)
blueprint.register_error_handler(PrintSystemError, refused)


@blueprint.get("/job/<token>")
def job(token: str) -> ResponseReturnValue:
    """Where a job stands."""
    return _job_page(_find(token), token)


@blueprint.get("/job/<token>/picture.webp")
def picture(token: str) -> ResponseReturnValue:
    """What the model looks like."""
    return pictures.of_student(token)


@blueprint.get("/job/<token>/state")
def state(token: str) -> ResponseReturnValue:
    """A mark that changes whenever the job's page would, for the page to ask now and then."""
    found = _find(token)
    now = progress(found.doc, found.status, web().now())
    return jsonify(mark=now.mark, headline=now.headline)


@blueprint.get("/job/<token>/cancel")
def cancel_form(token: str) -> ResponseReturnValue:
    """Ask once more before the job is cancelled."""
    found = _find(token)
    if found.status not in CANCELLABLE:
        return redirect(url_for("student.job", token=token), 303)
    return render_template("pages/cancel.html", **_around(found.doc, token))


@blueprint.post("/job/<token>/cancel")
def cancel(token: str) -> ResponseReturnValue:
    """The student does not want it any more; once it prints, or a second time, nothing is done."""
    found = _find(token)
    hand = _hand(found.doc)

    def decide(current: Found) -> Decision:
        if current.status not in CANCELLABLE:
            raise TooLate("this request can no longer be cancelled here", possible="ask us")
        return withdraw(current.doc, hand)

    if stage_of(found.doc, found.status, web().now()) is not Stage.CANCELLED:
        web().desk.change(found.doc.job, decide, hand)
    return redirect(url_for("student.job", token=token), 303)


@blueprint.post("/job/<token>/fresh-link")
def fresh_link(token: str) -> ResponseReturnValue:
    """Mail the price anew after its link has run out; not too often."""
    found = _find(token)
    hand = _hand(found.doc)
    if not _is_expired(found):
        return redirect(url_for("student.job", token=token), 303)
    wait_s = web().fresh_links.take(found.doc.job, address())
    if wait_s:
        return _not_so_fast(found, token, wait_s)

    def decide(current: Found) -> Decision:
        if not _is_expired(current):
            return Decision()  # asked for twice at once
        return renew(current.doc, asked.Nothing(), hand, web().rules())

    web().desk.change(found.doc.job, decide, hand)
    return redirect(url_for("student.job", token=token), 303)


@blueprint.get("/confirm/<token>")
def quote(token: str) -> ResponseReturnValue:
    """Show the price. Nothing is confirmed by this: mail scanners follow links."""
    number, nonce = read_confirm_token(web().secret, token)
    return _quote_page(find(number), nonce)


@blueprint.post("/confirm/<token>")
def confirmed(token: str) -> ResponseReturnValue:
    """The student accepts the price: the job is in line."""
    number, nonce = read_confirm_token(web().secret, token)
    found = find(number)
    if _worth(found, nonce) is not Quote.OPEN:
        return _quote_page(found, nonce)
    hand = _hand(found.doc)

    def decide(current: Found) -> Decision:
        if _worth(current, nonce) is not Quote.OPEN:
            raise TooLate("this price can no longer be confirmed", possible="load the page again")
        return confirm(current.doc, asked.Nothing(), hand)

    web().desk.change(number, decide, hand)
    return redirect(url_for("student.quote", token=token), 303)


def _find(token: str) -> Found:
    return find(read_job_token(web().secret, token))


def _hand(doc: Sidecar) -> Hand:
    return Hand(doc.student.name or "the student", Via.LINK, web().now())


def _worth(found: Found, nonce: str) -> Quote:
    return quote_of(found.doc, found.status, nonce, web().now())


def _is_expired(found: Found) -> bool:
    return stage_of(found.doc, found.status, web().now()) is Stage.PRICE_EXPIRED


def _job_page(found: Found, token: str, *, problem: str = "") -> Response:
    doc = found.doc
    now = progress(doc, found.status, web().now())
    nonce = doc.confirmation.nonce if now.stage is Stage.PRICE_OPEN else None
    page = render_template(
        "pages/job.html",
        now=now,
        problem_text=problem,
        confirm_token=confirm_token(web().secret, doc.job, nonce) if nonce else "",
        **_around(doc, token),
    )
    return make_response(page)


def _quote_page(found: Found, nonce: str) -> Response:
    worth = _worth(found, nonce)
    token = job_token(web().secret, JobNumber(found.doc.job))
    page = render_template("pages/confirm.html", quote=worth, **_around(found.doc, token))
    gone = worth in (Quote.EXPIRED, Quote.REPLACED, Quote.WITHDRAWN)
    return make_response(page, 410 if gone else 200)


def _not_so_fast(found: Found, token: str, wait_s: float) -> Response:
    problem = (
        "A fresh link was asked for only a short while ago. Look in your mailbox first, also among "
        f"the spam. You can ask for another one {in_words(wait_s)}."
    )
    response = _job_page(found, token, problem=problem)
    response.status_code = 429
    response.headers["Retry-After"] = str(int(wait_s) + 1)
    return response


def _around(doc: Sidecar, token: str) -> dict[str, Any]:
    """What all these pages say of the job."""
    model = doc.model_file or next((e for e in doc.files if e.role is Role.MODEL), None)
    return {
        "doc": doc,
        "token": token,
        "has_picture": model is not None and model.picture is not None,
        "found": inspected(doc, web().catalog()),
        "file_name": (model.original_name or model.name) if model is not None else "",
        "catalog": web().catalog(),
    }
