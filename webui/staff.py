"""The way in for staff: log in, say who one is, log out. Their pages hang on this blueprint."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response
from werkzeug.security import check_password_hash

from daemon.keys import staff_password_hash
from webui import answers, security
from webui.around import around
from webui.known_browser import known_browser, make_known
from webui.place import web
from webui.security import COOKIE_S, STAFF_COOKIE, address, for_staff, is_staff, local_path

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


@blueprint.get("/login")
def log_in_page() -> ResponseReturnValue:
    """Ask for the password."""
    if is_staff():
        return redirect(url_for("staff.jobs"), 303)
    return _log_in_page(request.args.get("next", ""))


@blueprint.post("/login")
def logged_in() -> ResponseReturnValue:
    """Check the password, and wait a little longer after each wrong one."""
    log_ins, who = web().log_ins, (address(), known_browser())
    wait_s = log_ins.wait_s(*who)
    if wait_s:
        return answers.try_later("too many wrong passwords were tried just now", wait_s)
    given = request.form.get("password", "")
    if not check_password_hash(staff_password_hash(web().settings), given):
        log_ins.wrong(*who)
        page = _log_in_page(request.form.get("next", ""), "That is not the staff password.")
        return page, 401
    log_ins.right(*who)
    security.log_in()
    to = local_path(request.form.get("next", ""), url_for("staff.jobs"))
    return make_known(redirect(to, 303), url_for("staff.logged_in"))  # type: ignore[arg-type]


def _log_in_page(back: str, problem: str = "") -> str:
    return render_template("pages/login.html", problem=problem, next=back, catalog=web().catalog())


@blueprint.post("/logout")
def logged_out() -> ResponseReturnValue:
    """Forget this browser."""
    security.log_out()
    return redirect(url_for("staff.log_in_page"), 303)


@blueprint.get("/me")
@for_staff
def me() -> ResponseReturnValue:
    """Who is at this browser? Every event on the web carries the answer."""
    return render_template("pages/me.html", **around())


@blueprint.post("/me")
@for_staff
def this_is_me() -> ResponseReturnValue:
    """Remember the name in this browser."""
    back = local_path(request.form.get("back", ""), url_for("staff.jobs"))
    return remember(redirect(back, 303), request.form.get("by", ""))


def remember(response: Response, by: str) -> Response:
    """Set the cookie that holds the name."""
    name = security.staff_name(by)
    response.set_cookie(
        STAFF_COOKIE,
        name,
        max_age=COOKIE_S,
        httponly=True,
        samesite="Lax",
        secure=web().settings.public_url.startswith("https:"),
    )
    return response
