"""Staff at the dashboard: log in, see the list, move jobs on by the forms, without JavaScript."""

import re
from collections.abc import Iterator

import pytest

from daemon import index
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import NOWHERE, PASSWORD, Site
from tests.lab import Lab


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


@pytest.fixture
def live(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab) as opened:
        yield opened.log_in()


def log_in(site: Site, password: str) -> int:
    form = {"csrf_token": site.csrf("/staff/login"), "password": password}
    return site.browser.post("/staff/login", data=form).status_code


# Logging in


def test_the_password_opens_the_list_and_comes_back_to_the_page_asked_for(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        away = site.browser.get("/staff/?q=jane")
        assert away.location == "/staff/login?next=/staff/?q%3Djane"
        token = site.csrf(away.location)
        form = {"csrf_token": token, "password": PASSWORD, "next": "/staff/?q=jane"}
        answer = site.browser.post("/staff/login", data=form)
        assert (answer.status_code, answer.location) == (303, "/staff/?q=jane")
        (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("session=")]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert site.browser.get("/staff/").status_code == 200


def test_a_link_to_another_site_is_not_followed_after_the_log_in(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        for trap in ("https://evil.example", "//evil.example", "/\\evil.example"):
            form = {"csrf_token": site.csrf("/staff/login"), "password": PASSWORD, "next": trap}
            assert site.browser.post("/staff/login", data=form).location == "/staff/"
            site.browser.delete_cookie("session")


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        assert [log_in(site, "guess") for _ in range(5)] == [401] * 5
        form = {"csrf_token": site.csrf("/staff/login"), "password": PASSWORD}
        answer = site.browser.post("/staff/login", data=form)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 5


def test_logging_out_closes_the_door(site: Site) -> None:
    site.browser.post("/staff/logout", data={"csrf_token": site.csrf("/staff/")})
    assert site.browser.get("/staff/").status_code == 303


@pytest.mark.parametrize("path", ["/staff/", "/staff/jobs/1", "/staff/?status=Pending"])
def test_no_staff_page_opens_without_the_password(lab: Lab, path: str) -> None:
    with Site.opened(lab, daemon=False) as site:
        assert site.browser.get(path).location.startswith("/staff/login")


def test_a_form_without_the_token_changes_nothing(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    answer = site.browser.post(f"/staff/jobs/{job}/reject", data={"text": "no"})
    assert answer.status_code == 400
    assert lab.sidecar(job).parent.name == "Uploaded"


# The list


def test_the_list_leads_with_the_student_and_counts_each_status(site: Site, lab: Lab) -> None:
    lab.a_job(name="Ada Moreno")
    lab.a_job(Status.PENDING, name="Ben Okafor")
    page = site.browser.get("/staff/?status=Pending").text
    assert "Ben Okafor" in page
    assert "Ada Moreno" not in page
    assert "thing.stl" in page
    assert "needs weight" in page
    counts = re.findall(r'data-count="\w+">(\d+)<', page)
    assert counts == ["1", "1", "0", "0", "0", "0", "0"]


def test_a_search_looks_into_every_status(site: Site, lab: Lab) -> None:
    lab.a_job(name="Ada Moreno")
    lab.a_job(Status.PENDING, name="Ben Okafor")
    page = site.browser.get("/staff/?q=okafor").text
    assert ("Ben Okafor" in page, "Ada Moreno" in page) == (True, False)


def test_what_a_student_typed_is_text_and_never_markup(site: Site, lab: Lab) -> None:
    job = lab.a_job(name="<script>alert(1)</script>")
    for path in ("/staff/", f"/staff/jobs/{job}", site.job_page(job)):
        assert "<script>alert" not in site.browser.get(path).text


def test_the_list_says_that_the_database_is_down_and_shows_the_folders(lab: Lab) -> None:
    job = lab.a_job(name="Ada Moreno")
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        page = site.log_in().browser.get("/staff/").text
        assert "The database is down" in page
        assert f'href="/staff/jobs/{job}"' in page
        assert "AdaMoreno" in page
        assert site.browser.get(f"/staff/jobs/{job}").status_code == 200


def test_a_banner_says_that_the_brake_is_on(site: Site, lab: Lab) -> None:
    with lab.engine.begin() as connection:
        index.say(connection, "brake", {"missing": 40, "known": 50})
    assert "40 of 50 jobs vanished" in site.browser.get("/staff/").text


def test_every_page_forbids_what_pages_here_never_need(site: Site) -> None:
    for path in ("/submit", "/staff/", "/healthz", "/static/built/app.css", "/nowhere"):
        with site.browser.get(path) as answer:
            headers = answer.headers
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/submit", "/staff/", "/staff/jobs/1"])
def test_no_page_holds_script_or_style_of_its_own(site: Site, lab: Lab, path: str) -> None:
    lab.a_job()
    page = site.browser.get(path).text
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page) is None


# Moving on


def test_a_job_goes_all_the_way_by_the_forms(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    steps: list[tuple[str, Status, dict[str, str]]] = [
        ("approve", Status.UPLOADED, {"weight_g": "42.5", "time_h": "2.1", "material": "PLA"}),
        ("confirm", Status.PENDING, {"by": "Ann"}),
        ("start", Status.READY_TO_PRINT, {}),
        ("complete", Status.PRINTING, {}),
        ("collect", Status.COMPLETED, {"amount_usd": "4.25", "transaction": "T-1"}),
    ]
    for action, status, fields in steps:
        answer = live.press(job, action, **{"from": status.value}, **fields)
        assert (answer.status_code, answer.location) == (303, f"/staff/jobs/{job}")
    doc = lab.doc(job)
    assert [to for _, to in lab.moves(job)] == [
        "Pending",
        "ReadyToPrint",
        "Printing",
        "Completed",
        "PaidPickedUp",
    ]
    assert {row["via"] for row in lab.events(job, EventType.STATUS_CHANGED)} == {Via.WEB}
    assert (str(doc.print.price_usd), str(doc.print.time_h)) == ("4.25", "2.5")
    assert (doc.print.weight_source, doc.payment.transaction) == ("staff", "T-1")
    confirmed = lab.events(job, EventType.CONFIRMED)[0]
    assert (confirmed["by"], confirmed["via"]) == ("Ann", Via.WEB)
    assert lab.moves(job)[0] == ("Uploaded", "Pending")


def test_the_name_given_once_is_remembered_in_the_browser(live: Site, lab: Lab) -> None:
    live.submit()
    live.press(JobNumber(1), "note", text="hello", by="Ann")
    live.press(JobNumber(1), "reject", text="too thin", **{"from": "Uploaded"})
    assert lab.events(JobNumber(1), EventType.STATUS_CHANGED)[0]["by"] == "Ann"


def test_reasons_ticked_and_written_reach_document_log_and_student(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    live.press(job, "reject", reasons=["Too big", "Too thin"], text="Sorry!")
    assert lab.doc(job).review.reasons == ["Too big", "Too thin"]
    data = lab.events(job, EventType.STATUS_CHANGED)[0]["data"]
    assert (data["reasons"], data["text"]) == (["Too big", "Too thin"], "Sorry!")
    page = live.browser.get(live.job_page(job)).text
    assert "Too thin" in page
    assert "Sorry!" in page


def test_a_second_click_is_told_how_things_stand_and_undoes_nothing(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    lab.drag(job, Status.PENDING)
    lab.rest()
    answer = site.press(job, "approve", weight_g="1", **{"from": "Uploaded"})
    assert answer.status_code == 409
    assert "is in Pending now" in answer.text
    assert lab.sidecar(job).parent.name == "Pending"


def test_what_was_typed_stays_when_an_action_is_refused(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    answer = site.press(job, "approve", weight_g="abc", material="PETG", **{"from": "Uploaded"})
    assert answer.status_code == 422
    assert 'value="abc"' in answer.text
    assert 'value="PETG"' in answer.text
    assert "weight_g" in answer.text


def test_a_failed_print_goes_back_in_line_with_its_reason(live: Site, lab: Lab) -> None:
    job = JobNumber(1)
    live.submit()
    live.press(job, "move", to="Printing")
    assert live.press(job, "fail", reason="warped").status_code == 303
    assert lab.events(job, EventType.PRINT_FAILED)[0]["data"] == {"reason": "warped"}
    assert lab.events(job, EventType.STATUS_CHANGED)[-1]["data"]["reason"] == "warped"
    assert lab.doc(job).status is Status.READY_TO_PRINT


def test_a_move_that_skips_steps_is_obeyed_and_marked(live: Site, lab: Lab) -> None:
    live.submit()
    live.press(JobNumber(1), "move", to="Completed", reason="printed by hand")
    assert lab.flags(JobNumber(1)) == ["irregular"]
    assert "irregular" in live.browser.get("/staff/jobs/1").text


def test_the_moves_go_on_with_the_database_down_and_are_told_later(lab: Lab) -> None:
    job = lab.a_job()
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        answer = site.log_in().press(job, "reject", text="no", by="Ann")
        assert answer.status_code == 303
        assert "catching up" in site.browser.get(answer.location).text
    assert {path.parent.name for path in lab.paths(job)} == {"Rejected"}
    lab.rest()
    moved = lab.events(job, EventType.STATUS_CHANGED)
    assert [(row["by"], row["via"]) for row in moved] == [("Ann", Via.WEB)]


def test_a_job_that_does_not_exist_is_said_not_to(site: Site) -> None:
    answer = site.browser.get("/staff/jobs/4711")
    assert answer.status_code == 404
    assert "No job 4711" in answer.text
