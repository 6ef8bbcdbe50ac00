"""The pages over a lab: Flask's test client, forms as a browser sends them, the daemon at work."""

import html
import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from daemon.share import Share
from schemas.links import confirm_token, job_token
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import Lab, an_stl
from webui import create_app

SECRET = "secret"  # the lab's mails are signed with it
PASSWORD = "open sesame"
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"
FORM = {
    "student_name": "Jane Doe",
    "student_email": "jane@example.edu",
    "discipline": "Art",
    "class_number": "ART 101",
    "print_method": "Filament",
    "color": "True Red",
    "printer": "Prusa MK4S",
    "minimum_charge": "yes",
}


class Site:
    """The pages, a browser, and the lab behind them."""

    def __init__(self, lab: Lab, app: Flask) -> None:
        self.lab = lab
        self.app = app
        self.browser: FlaskClient = app.test_client()

    @classmethod
    @contextmanager
    def opened(
        cls, lab: Lab, *, database: str = "", daemon: bool = True, **settings: Any
    ) -> Iterator["Site"]:
        """`daemon`: whether it runs meanwhile, in a thread that looks again and again."""
        url = database or lab.engine.url.render_as_string(hide_password=False)
        given = {
            "database_url": SecretStr(url),
            "secret_key": SecretStr(SECRET),
            "staff_password": SecretStr(PASSWORD),
            **settings,
        }
        patience_s = 10.0 if daemon else 0.05
        app = create_app(lab.settings.model_copy(update=given), now=lab.now, patience_s=patience_s)
        app.testing = True
        site = cls(lab, app)
        try:
            if daemon:
                with _at_work(lab):
                    yield site
            else:
                yield site
        finally:
            app.extensions["printsystem"].index.close()

    # What people do

    def csrf(self, path: str = "/submit") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.browser.get(path).text)
        assert found is not None, path
        return html.unescape(found[1])

    def submit(
        self, data: bytes | None = None, *, name: str = "thing.stl", **fields: str
    ) -> TestResponse:
        """Hand the form in, with a fresh token and whatever fields are to differ."""
        form: dict[str, Any] = {"csrf_token": self.csrf(), **FORM, **fields}
        if name:
            form["file"] = (io.BytesIO(an_stl() if data is None else data), name)
        return self.send(form)

    def send(self, form: dict[str, Any]) -> TestResponse:
        """Post the form as it is."""
        answer = self.browser.post("/submit", data=form)
        answer.request.environ["wsgi.input"].close()  # werkzeug spools a large one and leaves it
        return answer

    def log_in(self) -> "Site":
        """As staff, without typing the password."""
        with self.browser.session_transaction() as session:
            session["staff"] = True
        return self

    def press(self, job: JobNumber, action: str, **fields: Any) -> TestResponse:
        """Send one of the forms of a job's page."""
        form = {"csrf_token": self.csrf(f"/staff/jobs/{job}"), **fields}
        return self.browser.post(f"/staff/jobs/{job}/{action}", data=form)

    def ask(self, job: JobNumber, action: str, **given: Any) -> TestResponse:
        """The same as JSON; `seen` is sent as `from`."""
        if "seen" in given:
            given["from"] = given.pop("seen")
        headers = {"X-CSRFToken": self.meta_token()}
        return self.browser.post(f"/api/v1/jobs/{job}/{action}", json=given, headers=headers)

    def meta_token(self) -> str:
        found = re.search(r'csrf-token" content="([^"]+)"', self.browser.get("/staff/").text)
        assert found is not None
        return html.unescape(found[1])

    # What can be asked

    def job_page(self, job: JobNumber) -> str:
        return f"/job/{job_token(SECRET, job)}"

    def confirm_page(self, job: JobNumber) -> str:
        nonce = self.lab.doc(job).confirmation.nonce
        assert nonce is not None
        return f"/confirm/{confirm_token(SECRET, job, nonce)}"

    def incoming(self) -> list[Path]:
        return list(self.lab.share.incoming.iterdir())

    def in_folder(self, status: Status) -> list[str]:
        return sorted(path.name for path in (self.lab.root / status).iterdir())


@contextmanager
def _at_work(lab: Lab) -> Iterator[None]:
    """The lab's daemon, looking until the end; its clock goes on a little at each look."""
    share = lab.world.share
    share.clock_ns = lambda: Share.clock_ns(share)  # an hour ahead it would sweep what is written
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.wait(0.005):
                lab.look()
                lab.seconds += 0.02
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


def only_job(lab: Lab) -> JobNumber:
    """The number of the one job on the share."""
    numbers = [int(path.name) for path in (lab.root / ".printsystem/numbers").iterdir()]
    assert len(numbers) == 1
    return JobNumber(numbers[0])


def faults(page: str) -> dict[str, str]:
    """The messages beside the fields of a form."""
    shown = re.sub(r"<template.*?</template>", "", page, flags=re.S)
    found = re.findall(r'class="fault" id="(\w+)-fault">.*?<span>(.*?)</span>', shown, re.S)
    return {name: html.unescape(text) for name, text in found}


def told_another_price(lab: Lab) -> JobNumber:
    """A job whose sliced file was saved after the student had been mailed a price."""
    job = waiting_for_word(lab)
    lab.post(after_s=120)
    lab.slice(job, 40)
    lab.rest()
    return job


def waiting_for_word(lab: Lab) -> JobNumber:
    """A job whose quote the student has been mailed."""
    job = lab.a_job(Status.PENDING)
    lab.weigh(job, "12.5")
    lab.rest()
    return job
