"""What keeps strangers out and harm away: headers, brakes on guessing, limits to what is sent."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from werkzeug.test import TestResponse

from tests.integration.served import Served
from tests.integration.web import FORM, PASSWORD, Site
from tests.lab import Lab
from webui.throttle import FREE_TRIES, GUESSES, LogIns

ROOT = Path(__file__).parents[2]

EVERY_KIND = ("/submit", "/staff/login", "/healthz", "/static/icon.svg", "/api/v1/jobs", "/nowhere")


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened


# Headers


@pytest.mark.parametrize("path", EVERY_KIND)
def test_every_answer_lets_a_page_use_nothing_but_this_site(site: Site, path: str) -> None:
    with site.browser.get(path) as answer:
        headers = answer.headers
    rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert set(rules.values()) == {"'none'", "'self'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"


def test_no_page_may_use_a_sensor_and_only_our_own_the_sound(site: Site) -> None:
    policy = site.browser.get("/submit").headers["Permissions-Policy"]
    allowed = dict(rule.split("=") for rule in policy.split(", "))
    assert {allowed[name] for name in ("camera", "microphone", "geolocation", "usb")} == {"()"}
    assert allowed["autoplay"] == allowed["clipboard-write"] == "(self)"
    assert set(allowed.values()) == {"()", "(self)"}


def test_a_browser_told_to_keep_to_https_is_one_that_can(lab: Lab, site: Site) -> None:
    plain = site.browser.get("/submit")
    assert "Strict-Transport-Security" not in plain.headers
    behind_a_proxy = site.browser.get("/submit", base_url="https://localhost")
    assert behind_a_proxy.headers["Strict-Transport-Security"] == "max-age=31536000"
    with Site.opened(lab, daemon=False, base_url="https://print.example.edu") as public:
        said = public.browser.get("/submit")
        assert said.headers["Strict-Transport-Security"] == "max-age=31536000"


# Guessing


def log_in(site: Site, password: str = PASSWORD, *, address: str = "203.0.113.1") -> TestResponse:
    form = {"csrf_token": site.csrf("/staff/login"), "password": password}
    return site.browser.post("/staff/login", data=form, environ_base={"REMOTE_ADDR": address})


def guess_from_everywhere(site: Site) -> None:
    """As many wrong passwords as are taken at once, each from an address of its own."""
    log_ins: LogIns = site.app.extensions["printsystem"].log_ins
    for number in range(GUESSES):
        log_ins.wait_s(f"198.51.100.{number}")


def test_a_storm_of_guesses_makes_a_stranger_wait_for_a_moment(site: Site) -> None:
    guess_from_everywhere(site)
    answer = log_in(site)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 2


def test_a_storm_of_guesses_does_not_stop_a_browser_that_staff_have_used(site: Site) -> None:
    assert log_in(site).status_code == 303
    site.browser.delete_cookie("session")
    guess_from_everywhere(site)
    assert log_in(site).status_code == 303


def test_a_browser_of_staff_does_not_wait_for_a_guesser_behind_the_same_address(
    site: Site,
) -> None:
    log_in(site)
    site.browser.delete_cookie("session")
    log_ins: LogIns = site.app.extensions["printsystem"].log_ins
    for _ in range(9):
        log_ins.wrong("203.0.113.1")
    assert log_in(site).status_code == 303


def test_a_browser_is_not_known_by_a_cookie_that_we_did_not_make(site: Site) -> None:
    site.browser.set_cookie("known_browser", "ImtuB3duIg.aSm9.made-up", path="/staff/login")
    guess_from_everywhere(site)
    assert log_in(site).status_code == 429


def test_what_makes_a_browser_known_is_sent_to_the_log_in_alone(site: Site) -> None:
    cookies = log_in(site).headers.getlist("Set-Cookie")
    known = next(cookie for cookie in cookies if cookie.startswith("known_browser="))
    assert {"HttpOnly", "Path=/staff/login", "SameSite=Strict"} <= set(known.split("; "))
    assert site.browser.get("/staff/").status_code == 200
    site.browser.delete_cookie("session")
    assert site.browser.get("/staff/").status_code == 303


@pytest.mark.parametrize(("comes_from", "is_believed"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_only_the_proxy_beside_the_pages_may_say_where_a_request_comes_from(
    lab: Lab, database: str, comes_from: str, is_believed: bool
) -> None:
    settings = {"SHARE": lab.root, "DATA_DIR": lab.folder / "data", "DATABASE_URL": database}
    ours = {f"PRINTSYSTEM_{name}": str(value) for name, value in settings.items()}
    environment = {**os.environ, **ours, "PYTHONPATH": str(ROOT)}
    transport = httpx.HTTPTransport(local_address=comes_from)
    with (
        Served(lab.folder, environment) as pages,
        httpx.Client(transport=transport, base_url=pages.browser.base_url, timeout=10) as client,
    ):
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/staff/login").text)
        assert found is not None
        form = {"csrf_token": found[1], "password": "guess"}
        for number in range(FREE_TRIES + 1):
            claimed = {"X-Forwarded-For": f"198.51.100.{number}"}
            answer = client.post("/staff/login", data=form, headers=claimed)
    assert answer.status_code == (401 if is_believed else 429)


# Too much, or not at all what was asked


def test_a_body_too_large_for_the_json_is_refused_as_json(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    answer = site.log_in().ask(job, "note", text="x" * 1_000_001)
    assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")
    assert lab.doc(job).notes == []


def test_a_form_with_far_too_long_a_text_is_answered_in_plain_words(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    answer = site.log_in().press(job, "note", text="x" * 1_000_001)
    assert answer.status_code == 413
    assert "more text than can be taken in" in answer.text


def test_a_file_beyond_all_measure_is_answered_with_the_limit_and_what_to_do(lab: Lab) -> None:
    with Site.opened(lab, daemon=False, max_upload_mb=1) as site:
        answer = site.submit(b"x" * 4_000_001)
    assert answer.status_code == 413
    assert "far larger than 1 MB" in answer.text
    assert "fewer triangles" in answer.text


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_request_with_far_too_long_a_text_is_not_blamed_on_its_file(
    site: Site, kind: str
) -> None:
    form = {**FORM, "csrf_token": site.csrf(), "student_name": "x" * 1_000_001}
    answer = site.browser.post("/submit", data=form, content_type=kind)
    answer.request.environ["wsgi.input"].close()
    assert answer.status_code == 413
    assert "more text than can be taken in" in answer.text


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"text": "\\ud800"}', b'{"text": NaN}', b'{"text": 1' + b"0" * 5000 + b"}"],
    ids=["nested deeply", "half a character", "not a number", "a number without end"],
)
def test_json_that_is_none_is_refused(site: Site, lab: Lab, body: bytes) -> None:
    job = lab.a_job()
    headers = {"X-CSRFToken": site.log_in().meta_token()}
    answer = site.browser.post(f"/api/v1/jobs/{job}/note", data=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.get_json()["message"]
    assert lab.doc(job).notes == []


def test_a_way_of_asking_that_is_not_known_is_told_those_that_are(site: Site) -> None:
    token = site.log_in().meta_token()
    answer = site.browser.delete("/api/v1/jobs", headers={"X-CSRFToken": token})
    assert (answer.status_code, answer.get_json()["error"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_whoever_is_not_logged_in_hears_that_first_and_not_of_a_token(site: Site) -> None:
    answer = site.browser.post("/api/v1/jobs/1/review", json={})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "not_logged_in")


def test_a_program_hears_what_is_wrong_with_its_token(site: Site, lab: Lab) -> None:
    job, token = lab.a_job(), site.log_in().meta_token()
    path, header = f"/api/v1/jobs/{job}/review", {"X-CSRFToken": token}
    missing = site.browser.post(path, json={}).get_json()
    assert (missing["error"], missing["message"]) == (
        "bad_token",
        "X-CSRFToken: The CSRF token is missing.",
    )
    over_https = {"base_url": "https://localhost", "headers": header, "json": {}}
    session = site.browser.get_cookie("session")
    assert session is not None
    site.browser.set_cookie("session", session.value, secure=True)
    assert "referrer" in site.browser.post(path, **over_https).get_json()["message"]
    header["Referer"] = "https://localhost/staff/"
    assert site.browser.post(path, **over_https).status_code == 200
