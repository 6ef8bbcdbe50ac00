"""A browser from which staff have logged in before is known again by a signed cookie.

It opens nothing. It only keeps the wrong passwords of others from making this browser wait.
"""

import secrets

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webui.place import web
from webui.security import COOKIE_S

COOKIE = "known_browser"


def known_browser() -> str:
    """The id of the browser that asks; empty for a stranger."""
    try:
        found = _signer().loads(request.cookies.get(COOKIE, ""), max_age=COOKIE_S)
    except BadSignature:
        return ""
    return found if isinstance(found, str) else ""


def make_known(response: Response, path: str) -> Response:
    """From now on this browser is known at `path`, the log-in's own."""
    response.set_cookie(
        COOKIE,
        _signer().dumps(known_browser() or secrets.token_hex(8)),
        max_age=COOKIE_S,
        path=path,
        httponly=True,
        samesite="Strict",
        secure=web().settings.public_url.startswith("https:"),
    )
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(web().secret, salt="known browser")
