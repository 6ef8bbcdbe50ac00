"""Sidecars that nobody could read: see what is in one, take over what was meant, or settle it."""

from contextlib import suppress

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from daemon import quarantine
from daemon.handover import Found
from daemon.quarantine import Aside
from daemon.troubles import Kind
from schemas.errors import BadInput, PrintSystemError
from schemas.events import Via
from webui import answers, correction
from webui.around import around
from webui.decisions import Hand
from webui.place import web
from webui.security import for_staff, staff_name
from webui.trouble import back_to, blueprint, refused
from webui.troubled import READABLE, reason

SIDECAR = "/sidecars/<name>"


@blueprint.get(SIDECAR)
@for_staff
def sidecar(name: str) -> ResponseReturnValue:
    """One of them: why it was refused, how it differs from the one in use, and its text."""
    return _page(_aside(name))


@blueprint.get(f"{SIDECAR}/text")
@for_staff
def sidecar_text(name: str) -> ResponseReturnValue:
    """Its very bytes, as a download."""
    aside = _aside(name)
    response = make_response(quarantine.read(web().share, aside))
    response.headers["Content-Type"] = "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=aside.original)
    return response


@blueprint.post(f"{SIDECAR}/settle")
@for_staff
def settle_sidecar(name: str) -> ResponseReturnValue:
    """Nothing more is to be taken from it."""
    try:
        quarantine.settle(web().share, _aside(name).name)
    except PrintSystemError as error:
        return refused(error)
    return back_to(Kind.SIDECAR, "Settled. The file is kept in quarantine/settled.")


@blueprint.post(f"{SIDECAR}/restore")
@for_staff
def restore_sidecar(name: str) -> ResponseReturnValue:
    """What the corrected text says is taken over as an edit; until it can be, it stays typed."""
    aside, text = _aside(name), request.form.get("text", "")
    hand = Hand(staff_name(), Via.WEB, web().now())
    try:
        if aside.job is None:
            raise BadInput(f"{aside.original} is no job's sidecar by its name", field="text")
        doc = correction.read(text, aside.job)
        web().desk.change(aside.job, lambda job: correction.take_over(job.doc, doc, hand), hand)
        quarantine.settle(web().share, aside.name)
    except PrintSystemError as error:
        return _page(aside, text, error)
    return back_to(Kind.SIDECAR, f"#{aside.job}: taken over as an edit.")


def _aside(name: str) -> Aside:
    """The file of this name in quarantine. Raises: NotFound; ShareUnavailable."""
    web().share.check()
    found = quarantine.find(web().share, name)
    if found is None:
        raise NotFound(f"{name} does not lie in quarantine, or was settled.")
    return found


def _page(
    aside: Aside, typed: str | None = None, error: PrintSystemError | None = None
) -> Response:
    data = quarantine.read(web().share, aside) if aside.size <= READABLE else b""
    text = data.decode("utf-8", "replace")
    fault, in_use = reason(web().share, aside), _in_use(aside)
    shown = render_template(
        "pages/trouble_sidecar.html",
        aside=aside,
        fault=fault,
        line=correction.line_of(fault, text),
        text=text if typed is None else typed,
        is_readable=aside.size <= READABLE,
        lines=correction.difference(text, in_use.read.data.decode()) if in_use else [],
        changes=_changes(text if typed is None else typed, aside, in_use),
        in_use=in_use,
        error=error,
        **around(),
    )
    return make_response(shown, answers.status_of(error) if error is not None else 200)


def _in_use(aside: Aside) -> Found | None:
    """The job that the text is about, if it can be found now."""
    with suppress(PrintSystemError):
        return web().desk.find(aside.job) if aside.job is not None else None
    return None


def _changes(text: str, aside: Aside, in_use: Found | None) -> list[correction.Change] | None:
    """What taking the text over would change; None while it cannot be understood."""
    if in_use is None:
        return None
    with suppress(BadInput):
        return correction.changes(in_use.doc, correction.read(text, aside.job))
    return None
