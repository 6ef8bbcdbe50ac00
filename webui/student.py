"""The student's own pages, reached by the links in mails: follow a job, confirm a price.

They read the share, not the index, so they work while the database is down.
"""

from enum import StrEnum

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from daemon.handover import Found
from schemas.errors import NotPossible
from schemas.events import Via
from schemas.links import confirm_token, job_token, read_confirm_token, read_job_token
from schemas.status import Status
from webui import asked
from webui.decisions import Decision, Hand, confirm
from webui.place import web

blueprint = Blueprint("student", __name__)

STEPS = (
    (Status.UPLOADED, "Handed in", "We look at your model."),
    (Status.PENDING, "Price", "You confirm the price."),
    (Status.READY_TO_PRINT, "In line", "It waits for the printer."),
    (Status.PRINTING, "Printing", "It is on the printer."),
    (Status.COMPLETED, "Ready", "Collect it and pay."),
    (Status.PAID_PICKED_UP, "Collected", "All done."),
)


class Quote(StrEnum):
    """What a confirmation link is worth now."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


@blueprint.get("/job/<token>")
def job(token: str) -> ResponseReturnValue:
    """Where a job stands."""
    found = web().desk.find(read_job_token(web().secret, token))
    nonce = found.doc.confirmation.nonce
    is_open = nonce is not None and quote_of(found, nonce) is Quote.OPEN
    return render_template(
        "pages/job.html",
        doc=found.doc,
        status=found.status,
        steps=STEPS,
        quote=quote_of(found, nonce) if nonce is not None else None,
        confirm_token=confirm_token(web().secret, found.doc.job, nonce or "") if is_open else "",
        catalog=web().catalog(),
    )


@blueprint.get("/confirm/<token>")
def quote(token: str) -> ResponseReturnValue:
    """Show the price. Nothing is confirmed by this: mail scanners follow links."""
    number, nonce = read_confirm_token(web().secret, token)
    return _page(web().desk.find(number), nonce, token)


@blueprint.post("/confirm/<token>")
def confirmed(token: str) -> ResponseReturnValue:
    """The student accepts the price: the job is in line."""
    number, nonce = read_confirm_token(web().secret, token)
    found = web().desk.find(number)
    if quote_of(found, nonce) is not Quote.OPEN:
        return _page(found, nonce, token)
    hand = Hand(found.doc.student.name, Via.LINK, web().now())

    def decide(current: Found) -> Decision:
        if quote_of(current, nonce) is not Quote.OPEN:
            raise NotPossible(
                "this price can no longer be confirmed", possible="load the page again"
            )
        return confirm(current.doc, asked.Nothing(), hand)

    web().desk.change(number, decide, hand)
    return redirect(url_for("student.quote", token=token), 303)


def quote_of(found: Found, nonce: str) -> Quote:
    """What the link with this nonce is worth, as the job lies now."""
    word = found.doc.confirmation
    if word.nonce != nonce:
        return Quote.REPLACED
    if word.confirmed_at is not None or found.status in _IN_LINE:
        return Quote.CONFIRMED
    if found.status is not Status.PENDING:
        return Quote.WITHDRAWN
    if word.expires_at is not None and word.expires_at <= web().now():
        return Quote.EXPIRED
    return Quote.OPEN


_IN_LINE = frozenset(
    {Status.READY_TO_PRINT, Status.PRINTING, Status.COMPLETED, Status.PAID_PICKED_UP}
)


def _page(found: Found, nonce: str, token: str) -> ResponseReturnValue:
    worth = quote_of(found, nonce)
    page = render_template(
        "pages/confirm.html",
        doc=found.doc,
        quote=worth,
        token=token,
        job_token=job_token(web().secret, found.doc.job),
        catalog=web().catalog(),
    )
    gone = worth in (Quote.EXPIRED, Quote.REPLACED, Quote.WITHDRAWN)
    return make_response(page, 410 if gone else 200)
