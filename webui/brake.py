"""The brake: much vanished at once, so nothing was recorded until a person says that it is gone."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from daemon import index
from daemon.index import database_faults
from schemas.errors import NotPossible
from webui.around import around, wants_part
from webui.place import web
from webui.security import for_staff
from webui.staff import blueprint


@blueprint.get("/brake")
@for_staff
def brake() -> ResponseReturnValue:
    """What is missing, what to try first, and the button that lets it be recorded."""
    with web().index.reading() as connection:
        found = index.said(connection, "brake")
    return render_template("pages/brake.html", brake=found, **around())


@blueprint.post("/brake")
@for_staff
def confirm_loss() -> ResponseReturnValue:
    """It is gone indeed: the daemon may record it. Raises: NotPossible while the brake is off."""
    with web().index.reading() as connection, database_faults():
        found = index.confirm_loss(connection)
        connection.commit()
    if found is None:
        raise NotPossible("the brake is not on any more", possible="nothing has to be confirmed")
    text = f"{found['missing']} jobs may now be recorded as missing; what is known of them stays."
    told = {"text": text, "job": None, "undo": False, "mail_at": None}
    if wants_part():
        return render_template("pages/said.html", said=told)
    flash(told)  # type: ignore[arg-type]
    return redirect(url_for("staff.jobs"), 303)
