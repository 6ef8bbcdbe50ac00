"""How a refusal reads: a page for people, JSON for programs, the right code for both."""

from math import ceil

from flask import Flask, Response, current_app, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from schemas.errors import BadCatalog, BadSetting, BadSidecar, PrintSystemError
from webui.arrival import MEGABYTE
from webui.security import NotLoggedIn, to_log_in, wants_json
from webui.throttle import in_words

_OURS_TO_MEND = (BadCatalog, BadSidecar, BadSetting)  # not the fault of whoever asked


def set_up(app: Flask) -> None:
    """One handler for each kind of refusal."""
    app.register_error_handler(PrintSystemError, refusal)
    app.register_error_handler(NotLoggedIn, _not_logged_in)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _http)


def status_of(error: PrintSystemError) -> int:
    """The status code of an error a person can act on."""
    return 503 if isinstance(error, _OURS_TO_MEND) else error.http_status


def refusal(error: PrintSystemError) -> ResponseReturnValue:
    """What went wrong and what is possible now."""
    return _answer(status_of(error), error.code, error.message, error.possible)


def try_later(message: str, wait_s: float) -> Response:
    """429, with the wait in words, and in seconds for programs."""
    response = _answer(429, "too_many", message, f"try again {in_words(wait_s)}")
    response.headers["Retry-After"] = str(ceil(wait_s))
    return response


def _answer(status: int, code: str, message: str, possible: str = "") -> Response:
    if wants_json():
        response = jsonify(error=code, message=message, possible=possible)
    else:
        page = render_template(
            "pages/refusal.html", status=status, message=message, possible=possible
        )
        response = make_response(page)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response


def _not_logged_in(error: NotLoggedIn) -> ResponseReturnValue:
    if wants_json():
        return _answer(401, "not_logged_in", "this is for staff", "log in at /staff/login")
    return to_log_in()


def _stale_form(error: CSRFError) -> ResponseReturnValue:
    if wants_json():
        return _answer(
            400,
            "bad_token",
            f"X-CSRFToken: {error.description}",
            "take the token from a staff page of this session; over https send a Referer too",
        )
    return _answer(
        400,
        "bad_token",
        "this form was opened too long ago, or in another browser; nothing was done",
        "go back, load the page again and send it once more; cookies must be allowed",
    )


def _too_large(error: RequestEntityTooLarge) -> ResponseReturnValue:
    limit_mb = current_app.config["MAX_UPLOAD_BYTES"] // MEGABYTE
    if request.endpoint == "submission.hand_in" and _length() > limit_mb * MEGABYTE:
        return _answer(
            413,
            "too_large",
            f"your file is far larger than {limit_mb} MB; nothing was kept",
            "save it with fewer triangles, or as 3MF, and fill in the form again",
        )
    return _answer(
        413, "too_large", "this is more text than can be taken in; nothing was done", "shorten it"
    )


def _length() -> int:
    """Bytes of the request, as it says itself."""
    return request.content_length or 0


def _http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    name = error.name.lower().replace(" ", "_")
    response = _answer(code, name, error.description or error.name)
    for header, value in error.get_headers():
        if header != "Content-Type":
            response.headers[header] = value  # Allow, with 405
    return response
