"""The pages: the form, the student's view, the staff's list, the JSON. They move files as a person
would, and read the index; only the daemon writes to it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from jinja2 import StrictUndefined

from schemas.settings import Settings
from webui import (
    acting,
    answers,
    api,
    assets,
    board,
    brake,
    health,
    job_page,
    live,
    pictures,
    security,
    set_aside,
    shown,
    staff,
    stats,
    student,
    submission,
    trouble,
)
from webui.arrival import MEGABYTE, PageRequest
from webui.index import PATIENCE_S
from webui.place import open_place

SESSION_HOURS = 12
# Their pages come with the blueprint of staff.
_HUNG_ON_STAFF = (board, acting, job_page, pictures, brake)
_HUNG_ON_TROUBLE = (set_aside,)
SMALL_FORM_BYTES = 1_000_000


def create_app(
    settings: Settings,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    patience_s: float = PATIENCE_S,
) -> Flask:
    """The pages for these settings. The share and the database may be down. An action waits
    `patience_s` for the daemon to take note of it.

    Raises: BadSetting when the key that signs links and sessions cannot be read.
    """
    app = Flask(__name__)
    app.request_class = PageRequest  # uploads go straight to the share
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    place = open_place(settings, now, patience_s)
    app.extensions["printsystem"] = place
    app.config.update(
        SECRET_KEY=place.secret,
        MAX_CONTENT_LENGTH=SMALL_FORM_BYTES,
        MAX_UPLOAD_BYTES=settings.max_upload_mb * MEGABYTE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # a form may stay open as long as the browser
    )
    for part in (security, answers, assets, shown, live):
        part.set_up(app)
    for page in (submission, student, staff, trouble, stats, api, health):
        app.register_blueprint(page.blueprint)
    return app
