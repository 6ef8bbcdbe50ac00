"""Who may do what: the staff's session, CSRF on everything that changes something, safe headers."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect

from webui.wishes import one_line

STAFF_COOKIE = "staff_name"
COOKIE_S = 365 * 24 * 3600
NAME_LENGTH = 60

_NEEDED = ("autoplay", "clipboard-write", "fullscreen")  # the sound of a new job; copy a path
_NEVER_NEEDED = (
    "accelerometer", "browsing-topics", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get",
    "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "storage-access", "sync-xhr", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; font-src 'self'; media-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        [*(f"{name}=()" for name in _NEVER_NEEDED), *(f"{name}=(self)" for name in _NEEDED)]
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
HTTPS_ALWAYS = "max-age=31536000"  # a year, for this host alone: its neighbours may have no https

csrf = CSRFProtect()
P = ParamSpec("P")


class NotLoggedIn(Exception):
    """A page or an action for staff was asked for by somebody who is not logged in."""


def set_up(app: Flask) -> None:
    """CSRF, headers, and the way to the log-in."""
    csrf.init_app(app)
    app.before_request(_protect)
    app.after_request(_add_headers)


def _protect() -> None:
    """Every form and JSON post carries the token; `/submit` checks it itself, to lose nothing."""
    if wants_json() and not is_staff():
        raise NotLoggedIn  # rather than ask for a token that only a session has
    if request.endpoint != "submission.hand_in":
        csrf.protect()


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", HTTPS_ALWAYS)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def wants_json() -> bool:
    """Whether a program asks."""
    return request.path.startswith("/api/")


def for_staff(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """A view that only staff get to see."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_staff():
            raise NotLoggedIn
        return view(*args, **kwargs)

    return guarded


def is_staff() -> bool:
    """Whether the browser has given the staff password."""
    return bool(session.get("staff"))


def log_in() -> None:
    """From now on this browser is staff's; what it had before does not count."""
    session.clear()
    session["staff"] = True
    session.permanent = True


def log_out() -> None:
    """Forget it."""
    session.clear()


def to_log_in() -> ResponseReturnValue:
    """To the log-in page, and from there back to where one was."""
    here = request.full_path.rstrip("?") if request.method == "GET" else url_for("staff.jobs")
    return redirect(url_for("staff.log_in_page", next=here), 303)


def local_path(given: str, otherwise: str) -> str:
    """A path on this site, whatever a link would like it to be."""
    parts = urlsplit(given)
    is_ours = given.startswith("/") and not given.startswith(("//", "/\\"))
    return given if is_ours and not (parts.scheme or parts.netloc) else otherwise


def staff_name(given: str = "") -> str:
    """Who does it: as said now, or as said once in this browser."""
    return one_line(given or request.cookies.get(STAFF_COOKIE, ""))[:NAME_LENGTH] or "staff"


def address() -> str:
    """Where the request comes from, as far as the server can tell."""
    return request.remote_addr or "unknown"
