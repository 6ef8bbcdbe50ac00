"""Thumbnails: for staff by the content of what they show, for a student the one of their own job.

An address with a digest in it never shows anything else, so a browser keeps it for ever.
"""

from flask import Response, abort, send_file
from flask.typing import ResponseReturnValue

from daemon.drawing import SIZES
from daemon.pictures import Pictures
from schemas.links import read_job_token
from webui import plainly
from webui.place import web
from webui.security import for_staff
from webui.staff import blueprint

_YEAR_S = 365 * 24 * 3600


@blueprint.get("/pictures/<sha256>-<int:size>.webp")
@for_staff
def picture(sha256: str, size: int) -> ResponseReturnValue:
    """A thumbnail; 404 for what has none."""
    return _sent(sha256, size, f"private, max-age={_YEAR_S}, immutable")


def of_student(token: str) -> ResponseReturnValue:
    """The largest picture of the student's own model."""
    found = plainly.find(read_job_token(web().secret, token))
    model = found.doc.model_file
    sha256 = model.picture if model is not None else None
    return _sent(sha256 or "", max(SIZES), "private, no-cache")


def _sent(sha256: str, size: int, caching: str) -> Response:
    path = Pictures(web().share).path(sha256, size)
    if path is None or not path.is_file():
        abort(404)
    response = send_file(path, mimetype="image/webp")
    response.headers["Cache-Control"] = caching
    return response
