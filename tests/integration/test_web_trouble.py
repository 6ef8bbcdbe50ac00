"""The trouble list: each kind shows up with its way out, and the way out works without script."""

import html
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from daemon import ignored, quarantine
from daemon.troubles import Kind
from schemas.errors import MailFailed
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import NOWHERE, Site
from tests.lab import Lab, an_stl
from webui.kinds import KINDS

PAGE = "/staff/trouble"


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


@contextmanager
def at_work(lab: Lab) -> Iterator[Site]:
    """The pages with the daemon at work meanwhile; what a test arranges comes before."""
    with Site.opened(lab) as opened:
        yield opened.log_in()


def page(site: Site, query: str = "") -> str:
    answer = site.browser.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return answer.text


def kinds(shown: str) -> list[str]:
    """The kinds of trouble that have a part of the page."""
    return re.findall(r'<section class="[^"]*" id="(\w+)"', shown)


def send(site: Site, address: str, **fields: str) -> TestResponse:
    """Post a form of the page, or one like it."""
    return post(site.browser, address, {"csrf_token": site.csrf(PAGE), **fields})


def post(browser: FlaskClient, address: str, form: dict[str, Any]) -> TestResponse:
    return browser.post(address, data=form)


def form_of(shown: str, address: str) -> dict[str, str]:
    """The hidden fields of the first form that is sent to an address."""
    found = re.search(rf'<form[^>]*action="{re.escape(address)}".*?</form>', shown, re.S)
    assert found is not None, address
    pairs = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', found[0])
    return {name: html.unescape(value) for name, value in pairs}


def said(site: Site) -> str:
    """What the next page says was done."""
    found = re.search(r'<div class="toast".*?<p[^>]*>(.*?)</p>', page(site), re.S)
    return html.unescape(re.sub("<.*?>", "", found[1])).strip() if found else ""


def until(is_so: Callable[[], Any], *, limit_s: float = 10.0) -> None:
    """Wait for a condition, with a deadline."""
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.01)


# What is shown


def test_a_lab_without_trouble_says_that_nothing_needs_anybody(site: Site, lab: Lab) -> None:
    lab.a_job()
    shown = page(site)
    assert "Nothing needs you." in shown
    assert kinds(shown) == []


def test_the_list_is_for_staff_alone(lab: Lab) -> None:
    with Site.opened(lab, daemon=False) as site:
        for path in (PAGE, f"{PAGE}/sidecars/x", f"{PAGE}/sidecars/x/text"):
            assert site.browser.get(path).location.startswith("/staff/login")


def test_the_count_is_on_every_page_of_staffs(site: Site, lab: Lab) -> None:
    lab.a_job(Status.PENDING)
    (lab.root / "Uploaded/notes.txt").write_text("hello")
    a_broken_sidecar(lab)
    for path in ("/staff/", PAGE):
        assert re.findall(r"data-trouble-count>(\d+)<", site.browser.get(path).text) == ["3"]


def test_what_students_and_files_are_called_is_text_and_never_markup(site: Site, lab: Lab) -> None:
    lab.a_job(Status.PENDING, name="<script>alert(1)</script>")
    (lab.root / "Uploaded/<script>alert(2).txt").write_text("hello")
    lab.rest()
    assert "<script>alert" not in page(site)


def test_a_kind_with_more_than_a_page_leads_to_the_rest(site: Site, lab: Lab) -> None:
    for number in range(51):
        (lab.root / f"Uploaded/{number:02}.txt").write_text("hello")
    lab.rest()
    shown = page(site)
    assert "and 1 more" in shown
    assert "Uploaded/49.txt" in shown
    assert "Uploaded/50.txt" not in shown
    rest = page(site, "?kind=stray&page=2")
    assert ("Uploaded/50.txt" in rest, "Uploaded/49.txt" in rest) == (True, False)
    assert "Page 2 of 2" in rest


@pytest.mark.parametrize("query", ["?kind=nonsense", "?page=-1", "?page=x", "?kind=stray&page=99"])
def test_an_address_that_makes_no_sense_shows_what_it_can(site: Site, lab: Lab, query: str) -> None:
    lab.a_job(Status.PENDING)
    assert "Trouble" in page(site, query)


# Needs weight


def test_a_weight_typed_on_the_list_lets_the_quote_go(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    address = f"/staff/jobs/{job}/edit"
    fields = {"weight_g": "42.5", "time_h": "2.1", "material": "PLA"}
    with at_work(lab) as site:
        form = form_of(page(site), address) | fields
        answer = post(site.browser, address, form)
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#needs_weight")
        assert "Details saved" in said(site)
        until(lambda: kinds(page(site)) == [])
    doc = lab.doc(job)
    assert (str(doc.print.price_usd), doc.print.material) == ("4.25", "PLA")


# Missing


def test_a_missing_file_is_named_with_its_folder_and_ways_out(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    name = lab.model(job).name
    lab.model(job).unlink()
    lab.rest()
    shown = page(site)
    assert "missing" in kinds(shown)
    assert f'data-copy="Pending/{name}"' in shown
    for action in ("reject", "note"):
        assert f"/staff/jobs/{job}/{action}?back=/staff/trouble%23missing" in shown


# Two folders


def a_torn_job(lab: Lab) -> JobNumber:
    job = lab.a_job(Status.PENDING)
    path = lab.root / "Printing" / lab.model(job).name
    path.write_bytes(an_stl())
    lab.rest()
    return job


def test_the_folder_that_is_chosen_gets_all_files_and_the_log_says_who_chose(lab: Lab) -> None:
    job = a_torn_job(lab)
    with at_work(lab) as site:
        shown = page(site)
        assert re.findall(r'name="folder" value="(\w+)"', shown) == ["Pending", "Printing"]
        site.browser.set_cookie("staff_name", "Ada")
        answer = send(site, f"{PAGE}/conflicts/{job}", folder="Printing")
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#conflict")
        assert "lies together in Printing now" in said(site)
        assert {path.parent.name for path in lab.paths(job)} == {"Printing"}
        until(lambda: "conflict" not in lab.flags(job))
    (event,) = lab.events(job, EventType.CONFLICT_RESOLVED)
    assert (event["by"], event["via"]) == ("Ada", Via.WEB)


def test_a_job_that_lies_together_but_is_not_noted_yet_is_not_to_be_settled_again(
    site: Site, lab: Lab
) -> None:
    job = a_torn_job(lab)
    send(site, f"{PAGE}/conflicts/{job}", folder="Pending")
    shown = page(site)
    assert "Lies together in Pending" in shown
    assert 'name="folder"' not in shown


def test_a_choice_that_fits_no_more_is_refused_on_the_list(site: Site, lab: Lab) -> None:
    job = a_torn_job(lab)
    answer = send(site, f"{PAGE}/conflicts/{job}", folder="Completed")
    assert answer.status_code == 409
    assert f"No file of job {job} lies in Completed now" in answer.text
    assert kinds(answer.text) == ["conflict"]


def test_a_conflict_can_be_settled_with_the_database_down(lab: Lab) -> None:
    job = a_torn_job(lab)
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        shown = page(site.log_in())
        assert "The database is down" in shown
        assert kinds(shown) == ["conflict"]
        assert send(site, f"{PAGE}/conflicts/{job}", folder="Pending").status_code == 303
    lab.rest()
    assert "conflict" not in lab.flags(job)


def test_with_the_share_away_the_list_still_shows_what_the_index_knows(
    site: Site, lab: Lab
) -> None:
    lab.a_job(Status.PENDING)
    a_torn_job(lab)
    page(site)  # the catalogue has been read once
    lab.root.rename(lab.root.with_name("away"))
    try:
        shown = page(site)
    finally:
        lab.root.with_name("away").rename(lab.root)
    assert kinds(shown) == ["conflict", "needs_weight"]
    assert "cannot be seen just now" in shown


# Mails


def a_refused_mail(lab: Lab) -> JobNumber:
    job = lab.a_job()
    lab.mailbox.refusal = MailFailed("550 no such user <jane>", permanent=True)
    lab.post(after_s=61)
    lab.mailbox.refusal = None
    return job


def test_a_corrected_address_is_saved_and_the_mail_goes_there(site: Site, lab: Lab) -> None:
    job = a_refused_mail(lab)
    assert "550 no such user &lt;jane&gt;" in page(site)
    address = f"{PAGE}/mails/{job}"
    answer = send(site, address, student_email="jane.doe@example.edu")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#mail")
    assert "the mail goes to jane.doe@example.edu" in said(site)
    lab.rest()
    lab.post()
    assert ["jane.doe@example.edu" in message["To"] for message in lab.mailbox.sent] == [True]
    assert kinds(page(site)) == []


def test_an_address_that_cannot_be_right_is_refused_and_the_old_one_stays(
    site: Site, lab: Lab
) -> None:
    job = a_refused_mail(lab)
    answer = send(site, f"{PAGE}/mails/{job}", student_email="jane at example")
    assert answer.status_code == 422
    assert "student_email" in answer.text
    assert lab.doc(job).student.email == "jane@example.edu"


def test_a_mail_held_for_want_of_an_address_goes_once_there_is_one(site: Site, lab: Lab) -> None:
    job = lab.a_job(email="")
    assert "has no address to go to" in page(site)
    assert send(site, f"{PAGE}/mails/{job}", student_email="").status_code == 422
    assert send(site, f"{PAGE}/mails/{job}", student_email="jane@example.edu").status_code == 303
    lab.rest()
    lab.post(after_s=61)
    assert len(lab.mailbox.sent) == 1


def test_mails_held_by_a_mass_change_are_all_released_at_once(site: Site, lab: Lab) -> None:
    jobs = [lab.submit() for _ in range(22)]
    lab.rest()
    lab.post(after_s=61)
    for job in jobs:
        lab.drag(job, Status.COMPLETED)
    lab.rest()
    lab.post(after_s=61)
    before = len(lab.mailbox.sent)
    shown = page(site)
    assert "Send all 22" in shown
    named = re.findall(r'name="jobs" value="([^"]+)"', shown)
    assert named == [f"{job}:Completed" for job in jobs]
    form = {"csrf_token": site.csrf(PAGE), "jobs": named, "do": "send-now", "back": PAGE}
    assert post(site.browser, "/staff/bulk", form).status_code == 303
    lab.rest()
    lab.post()
    assert len(lab.mailbox.sent) - before == 22
    assert kinds(page(site)) == []


# Price links, prints on the shelf, models that do not fit


def test_a_price_link_that_ended_can_be_renewed_confirmed_or_rejected(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    lab.weigh(job, "12.5")
    lab.rest()
    lab.post(after_s=61)
    lab.seconds += 169 * 3600
    shown = page(site)
    assert kinds(shown) == ["expired"]
    for action in ("renew", "confirm"):
        assert f'formaction="/staff/jobs/{job}/{action}"' in shown
    assert f"/staff/jobs/{job}/reject?" in shown
    site.press(job, "renew")
    lab.rest()
    assert kinds(page(site)) == []


@pytest.mark.parametrize(("days", "badge"), [(8, "badge-flag"), (15, "badge-bad")])
def test_a_print_on_the_shelf_says_for_how_long_and_whom_to_write(
    site: Site, lab: Lab, days: int, badge: str
) -> None:
    job = lab.a_job(Status.COMPLETED)
    lab.post(after_s=61)
    lab.seconds += days * 86400
    shown = page(site)
    assert f'{badge}">{days} days' in shown
    assert 'href="mailto:jane@example.edu?subject=' in shown
    assert f"/staff/jobs/{job}/collect?" in shown


def test_a_model_that_does_not_fit_is_listed_with_other_printers(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    with lab.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET flags = '{too_big}'"))
    shown = page(site)
    assert kinds(shown) == ["too_big"]
    assert "Prusa MK4S takes 250 × 210 × 220 mm" in shown
    assert '<option value="Prusa XL"' in shown
    assert '<option value="Formlabs Form 3"' not in shown
    assert f"/staff/jobs/{job}/reject?" in shown


# Walk-ins


def test_a_walk_in_gets_its_details_on_the_list(lab: Lab) -> None:
    (lab.root / "Uploaded/cup.stl").write_bytes(an_stl())
    lab.rest()
    fields = {"student_name": "Ada Moreno", "student_email": "ada@example.edu", "color": "Blue"}
    with at_work(lab) as site:
        shown = page(site)
        assert kinds(shown) == ["walk_in"]
        (number,) = re.findall(r'id="walk_in-(\d+)"', shown)
        address = f"/staff/jobs/{number}/edit"
        assert post(site.browser, address, form_of(shown, address) | fields).status_code == 303
        until(lambda: kinds(page(site)) == [])
    doc = lab.doc(JobNumber(int(number)))
    assert (doc.student.name, doc.request.color) == ("Ada Moreno", "Blue")
    assert not doc.details_missing


# Foreign files


def a_stray(lab: Lab, name: str = "Uploaded/order form.pdf", data: bytes = b"%PDF") -> str:
    (lab.root / name).write_bytes(data)
    lab.rest()
    return name


def test_a_foreign_file_is_made_part_of_a_job_and_the_job_says_so(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    path = a_stray(lab)
    target = f"Pending/{lab.model(job).stem}_order form.pdf"
    with at_work(lab) as site:
        form = form_of(page(site), f"{PAGE}/strays/join")
        answer = post(site.browser, f"{PAGE}/strays/join", {**form, "job": f"#{job}"})
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#stray")
        assert (lab.root / target).read_bytes() == b"%PDF"
        until(lambda: lab.events(job, EventType.FILE_ADDED))
        until(lambda: "stray" not in kinds(page(site)))
    assert path in lab.events(job, EventType.NOTE_ADDED)[0]["data"]["text"]


def test_the_job_whose_model_had_the_same_name_is_proposed(site: Site, lab: Lab) -> None:
    job = lab.a_job(name="Ada Moreno")  # she handed in thing.stl
    a_stray(lab, "Pending/Thing.gcode", b"; sliced\n")
    shown = page(site)
    assert f'name="job" value="{job}"' in shown
    assert "Ada Moreno handed in a model of this name." in shown


@pytest.mark.parametrize("number", ["", "x", "0", "99999999999999999999"])
def test_a_job_number_that_is_none_is_refused(site: Site, lab: Lab, number: str) -> None:
    a_stray(lab)
    form = form_of(page(site), f"{PAGE}/strays/join")
    answer = post(site.browser, f"{PAGE}/strays/join", {**form, "job": number})
    assert answer.status_code == 422
    assert "Type the number of the job" in answer.text


def test_a_job_that_does_not_exist_gets_no_file(site: Site, lab: Lab) -> None:
    path = a_stray(lab)
    form = form_of(page(site), f"{PAGE}/strays/join")
    assert post(site.browser, f"{PAGE}/strays/join", {**form, "job": "99"}).status_code == 404
    assert (lab.root / path).exists()


def test_a_file_is_ignored_until_it_changes_and_can_be_listed_again(site: Site, lab: Lab) -> None:
    path = a_stray(lab)
    form = form_of(page(site), f"{PAGE}/strays/ignore")
    assert post(site.browser, f"{PAGE}/strays/ignore", form).status_code == 303
    shown = page(site)
    assert kinds(shown) == []
    assert "One foreign file is ignored" in shown
    form = form_of(shown, f"{PAGE}/strays/list-again")
    assert post(site.browser, f"{PAGE}/strays/list-again", form).status_code == 303
    assert kinds(page(site)) == ["stray"]
    assert (lab.root / path).exists()


def test_a_file_that_changed_since_it_was_seen_is_not_ignored(site: Site, lab: Lab) -> None:
    path = a_stray(lab)
    form = form_of(page(site), f"{PAGE}/strays/ignore")
    (lab.root / path).write_bytes(b"another file")
    answer = post(site.browser, f"{PAGE}/strays/ignore", form)
    assert answer.status_code == 409
    assert ignored.ignored(lab.share) == []


@pytest.mark.parametrize(
    "path", ["../secret.txt", ".printsystem/root.json", "Uploaded/../.printsystem/root.json", ""]
)
@pytest.mark.parametrize("has_index", [True, False], ids=["with an index", "without"])
def test_a_path_that_names_no_foreign_file_is_refused(lab: Lab, path: str, has_index: bool) -> None:
    job = lab.a_job()
    (lab.folder / "secret.txt").write_text("secret")
    before = sorted(lab.folder.rglob("*"))
    with Site.opened(lab, database="" if has_index else NOWHERE, daemon=False) as site:
        site.log_in()
        for tried in (path, lab.model(job).relative_to(lab.root).as_posix()):
            found = (lab.root / tried).stat()
            mark = f"{found.st_size}-{found.st_mtime_ns}"
            for what in ("join", "ignore"):
                fields = {"path": tried, "mark": mark, "job": str(job)}
                assert send(site, f"{PAGE}/strays/{what}", **fields).status_code == 409
    assert sorted(lab.folder.rglob("*")) == before


def test_foreign_files_are_told_by_their_names_with_the_database_down(lab: Lab) -> None:
    job = lab.a_job()
    a_stray(lab)
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        shown = page(site.log_in())
        assert kinds(shown) == ["stray"]
        form = form_of(shown, f"{PAGE}/strays/join")
        answer = post(site.browser, f"{PAGE}/strays/join", {**form, "job": str(job)})
        assert answer.status_code == 303
    lab.rest()
    assert len(lab.events(job, EventType.FILE_ADDED)) == 1


def test_a_sliced_file_that_is_not_whole_is_said_to_be_so_and_cannot_be_joined(
    site: Site, lab: Lab
) -> None:
    a_stray(lab, "Pending/thing.gcode", b"")
    shown = page(site)
    assert "It is not whole: the file is empty." in shown
    assert f'action="{PAGE}/strays/join"' not in shown


# Sidecars that were set aside


def a_broken_sidecar(lab: Lab, was: str = '"ART 101"', by: str = '"ART 202",,') -> JobNumber:
    """Staff edit a detail by hand and break the document."""
    job = lab.a_job(Status.READY_TO_PRINT)
    path = lab.sidecar(job)
    path.write_text(path.read_text().replace(was, by))
    lab.rest()
    return job


def name_of(lab: Lab) -> str:
    (aside,) = quarantine.listed(lab.share)
    return aside.name


def its_text(site: Site, lab: Lab) -> str:
    shown = page(site, f"/sidecars/{name_of(lab)}")
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", shown, re.S)
    assert found is not None
    return html.unescape(found[1])


def test_a_sidecar_set_aside_says_where_it_could_not_be_read(site: Site, lab: Lab) -> None:
    job = a_broken_sidecar(lab)
    shown = page(site)
    assert kinds(shown) == ["sidecar"]
    assert f'href="/staff/jobs/{job}"' in shown
    line = next(n for n, one in enumerate(its_text(site, lab).splitlines(), 1) if "ART 202" in one)
    assert f"line {line}, column" in shown


def test_the_difference_to_the_one_in_use_is_shown_with_signs(site: Site, lab: Lab) -> None:
    a_broken_sidecar(lab, by='"<b>ART</b>",,')
    shown = page(site, f"/sidecars/{name_of(lab)}")
    rows = re.findall(r"<tr[^>]*><td[^>]*>(.)</td><td[^>]*>(.*?)</td></tr>", shown)
    signs = {(sign, html.unescape(line).strip()) for sign, line in rows}
    assert ("−", '"class_number": "<b>ART</b>",,') in signs
    assert ("+", '"class_number": "ART 101"') in signs
    assert "<b>ART</b>" not in shown


def test_its_bytes_can_be_downloaded_as_they_were(site: Site, lab: Lab) -> None:
    job = a_broken_sidecar(lab)
    answer = site.browser.get(f"{PAGE}/sidecars/{name_of(lab)}/text")
    assert b'"ART 202",,' in answer.data
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert lab.sidecar(job).name in answer.headers["Content-Disposition"]


def test_a_corrected_text_is_taken_over_as_an_edit_and_the_history_stays(lab: Lab) -> None:
    job = a_broken_sidecar(lab)
    before = lab.doc(job).history
    address = f"{PAGE}/sidecars/{name_of(lab)}"
    with at_work(lab) as site:
        fixed = its_text(site, lab).replace(",,", "")
        site.browser.set_cookie("staff_name", "Ada")
        answer = send(site, f"{address}/restore", text=fixed)
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#sidecar")
        assert kinds(page(site)) == []
        assert site.browser.get(address).status_code == 404
    doc = lab.doc(job)
    assert doc.student.class_number == "ART 202"
    assert doc.history[: len(before)] == before
    edited = doc.history[len(before)]
    assert (edited.type, edited.by) == (EventType.DETAILS_EDITED, "Ada")
    assert edited.data["changed"] == {"class_number": ["ART 101", "ART 202"]}


def test_a_text_that_is_still_wrong_stays_typed_with_line_and_column(site: Site, lab: Lab) -> None:
    job = a_broken_sidecar(lab)
    before = lab.doc(job)
    typed = '{"job": 1,\n "mine": <b>}'
    answer = send(site, f"{PAGE}/sidecars/{name_of(lab)}/restore", text=typed)
    assert answer.status_code == 422
    assert "line 2, column" in answer.text
    assert typed in html.unescape(answer.text)
    assert "<b>" not in answer.text
    assert lab.doc(job) == before


def test_a_detail_that_cannot_be_right_is_refused_and_stays_typed(site: Site, lab: Lab) -> None:
    a_broken_sidecar(lab)
    typed = its_text(site, lab).replace(",,", "").replace("jane@example.edu", "jane at home")
    answer = send(site, f"{PAGE}/sidecars/{name_of(lab)}/restore", text=typed)
    assert answer.status_code == 422
    assert "tudent email: An email address must have" in answer.text
    assert "jane at home" in answer.text


def test_what_is_settled_leaves_the_list_and_is_kept(site: Site, lab: Lab) -> None:
    a_broken_sidecar(lab)
    name = name_of(lab)
    assert send(site, f"{PAGE}/sidecars/{name}/settle").status_code == 303
    assert kinds(page(site)) == []
    assert (lab.root / quarantine.SETTLED / name).exists()
    assert send(site, f"{PAGE}/sidecars/{name}/settle").status_code == 404


@pytest.mark.parametrize("name", ["..%2Froot.json", "nothing", "settled"])
def test_no_other_file_of_the_share_is_shown(site: Site, lab: Lab, name: str) -> None:
    assert site.browser.get(f"{PAGE}/sidecars/{name}").status_code == 404
    assert site.browser.get(f"{PAGE}/sidecars/{name}/text").status_code == 404


def test_a_file_too_large_for_a_sidecar_can_only_be_downloaded(site: Site, lab: Lab) -> None:
    path = lab.root / quarantine.FOLDER / "0123456789ab-x.metadata.json"
    path.write_bytes(b"x" * 300_000)
    assert "too large for a sidecar" in page(site)
    shown = page(site, f"/sidecars/{path.name}")
    assert "<textarea" not in shown
    assert len(site.browser.get(f"{PAGE}/sidecars/{path.name}/text").data) == 300_000


# The page's own script


def test_the_pages_script_gets_a_toast_or_what_was_refused_alone(site: Site, lab: Lab) -> None:
    job = a_torn_job(lab)
    token, part = site.csrf(PAGE), {"X-Fragment": "1"}
    answers = [
        site.browser.post(
            f"{PAGE}/conflicts/{job}", data={"csrf_token": token, "folder": folder}, headers=part
        )
        for folder in ("Completed", "Pending")
    ]
    assert [answer.status_code for answer in answers] == [409, 200]
    assert ["toast" in answer.text for answer in answers] == [False, True]
    assert ["<html" in answer.text for answer in answers] == [False, False]


@pytest.mark.parametrize(
    "address",
    [
        "/conflicts/1",
        "/mails/1",
        "/strays/join",
        "/strays/ignore",
        "/strays/list-again",
        "/sidecars/x/settle",
        "/sidecars/x/restore",
    ],
)
def test_no_way_out_works_without_the_token_or_the_password(lab: Lab, address: str) -> None:
    with Site.opened(lab, daemon=False) as site:
        token = site.csrf("/staff/login")
        answer = post(site.browser, f"{PAGE}{address}", {"csrf_token": token})
        assert answer.location.startswith("/staff/login")
        assert post(site.log_in().browser, f"{PAGE}{address}", {}).status_code == 400


def test_no_page_holds_script_or_style_of_its_own(site: Site, lab: Lab) -> None:
    a_torn_job(lab)
    a_stray(lab)
    a_broken_sidecar(lab)
    for query in ("", f"/sidecars/{name_of(lab)}"):
        found = re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page(site, query))
        assert found is None


def test_every_kind_is_shown_with_its_words(site: Site, lab: Lab) -> None:
    assert list(KINDS) == list(Kind)
    icons = (Path(site.app.root_path) / "static/built/icons.svg").read_text()
    assert [words.icon for words in KINDS.values() if f'id="{words.icon}"' not in icons] == []
