"""The dashboard's parts: the list a live page fetches, dialogs, many jobs at once, files, names."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from daemon import index
from schemas.events import EventType
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import NOWHERE, Site
from tests.lab import Lab

PART = {"X-Fragment": "1"}


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


@pytest.fixture
def live(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab) as opened:
        yield opened.log_in()


def bulk(site: Site, **form: object) -> TestResponse:
    token = site.csrf("/staff/")
    return site.browser.post("/staff/bulk", data={"csrf_token": token, **form})


# The list alone


def test_the_list_is_not_sent_again_while_it_is_the_same(site: Site, lab: Lab) -> None:
    lab.a_job(name="Ada Moreno")
    first = site.browser.get("/staff/list")
    assert "Ada Moreno" in first.text
    again = {"If-None-Match": first.headers["ETag"]}
    assert site.browser.get("/staff/list", headers=again).status_code == 304
    lab.a_job(name="Ben Okafor")
    assert "Ben Okafor" in site.browser.get("/staff/list", headers=again).text


def test_the_list_alone_holds_no_token_that_would_make_it_new_each_time(
    site: Site, lab: Lab
) -> None:
    lab.a_job()
    assert "csrf" not in site.browser.get("/staff/list").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=Uploaded&sort=name", ["Ada", "Ben", "Cleo"]),
        ("status=Uploaded&sort=oldest", ["Ben", "Cleo", "Ada"]),
        ("status=Uploaded", ["Ada", "Cleo", "Ben"]),
        ("status=Uploaded&printer=Prusa+XL", ["Cleo"]),
        ("status=Uploaded&color=Blue", ["Cleo"]),
        ("status=Uploaded&printer=Nowhere", []),
        ("q=cleo", ["Cleo"]),
        ("flag=walk_in", []),
    ],
)
def test_the_list_is_sorted_and_narrowed_as_asked(
    site: Site, lab: Lab, query: str, names: list[str]
) -> None:
    for name in ("Ben", "Cleo", "Ada"):
        job = lab.a_job(name=name)
        lab.seconds += 60
        if name == "Cleo":
            with lab.engine.begin() as connection:
                sql = "UPDATE jobs SET printer = 'Prusa XL', color = 'Blue' WHERE number = :n"
                connection.execute(text(sql), {"n": job})
    page = site.browser.get(f"/staff/list?{query}").text
    found = [line.split('data-name="')[1].split('"')[0] for line in page.split("<li ")[1:]]
    assert found == names


def test_what_is_narrowed_is_counted_over_all_pages(site: Site, lab: Lab) -> None:
    for _ in range(3):
        lab.a_job(name="Ada")
    lab.a_job(name="Ben")
    assert site.browser.get("/api/v1/jobs?q=ada").json["total"] == 3
    assert site.browser.get("/api/v1/jobs?q=ada&page=7").json["total"] == 3
    assert site.browser.get("/api/v1/jobs?q=nobody").json["total"] == 0


def test_a_waiting_mail_shows_its_count_down_in_the_row(live: Site, lab: Lab) -> None:
    live.submit()
    live.press(JobNumber(1), "approve", weight_g="10")
    assert "data-countdown" in live.browser.get("/staff/list?status=Pending").text


# Dialogs


def test_each_action_has_an_address_as_a_page_and_as_a_part(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    for name in ("approve", "reject", "move", "note", "edit"):
        path = f"/staff/jobs/{job}/{name}"
        page, part = site.browser.get(path).text, site.browser.get(path, headers=PART).text
        assert "<html" in page
        assert "<html" not in part
        assert f'action="{path}"' in page
        assert f'action="{path}"' in part


def test_the_newest_sliced_file_is_proposed_for_printing(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    older = lab.slice(job)
    newer = older.with_name(f"{older.stem}_0.2mm.gcode")
    newer.write_bytes(older.read_bytes() + b";\n")
    lab.rest()
    os.utime(older, (1, 1))
    page = site.browser.get(f"/staff/jobs/{job}/approve").text
    assert f'value="{newer.name}" checked' in page
    assert 'name="weight_g" type="text" value="12.50"' in page


def test_an_action_in_a_dialog_answers_with_what_can_be_taken_back(live: Site, lab: Lab) -> None:
    live.submit()
    form = {"csrf_token": live.csrf("/staff/jobs/1"), "weight_g": "10", "from": "Uploaded"}
    answer = live.browser.post("/staff/jobs/1/approve", data=form, headers=PART)
    assert answer.status_code == 200
    assert "now Pending" in answer.text
    assert "/staff/jobs/1/undo" in answer.text
    assert "data-countdown" in answer.text


def test_a_refusal_in_a_dialog_brings_the_form_back_with_what_was_typed(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    form = {"csrf_token": site.csrf("/staff/"), "weight_g": "much", "material": "PETG"}
    answer = site.browser.post(f"/staff/jobs/{job}/approve", data=form, headers=PART)
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'value="PETG"' in answer.text
    assert "weight_g" in answer.text


def test_a_move_done_a_moment_ago_is_undone_and_nobody_is_mailed(live: Site, lab: Lab) -> None:
    live.submit()
    job = JobNumber(1)
    live.press(job, "reject", text="too thin")
    assert live.press(job, "undo").status_code == 303
    assert lab.doc(job).status is Status.UPLOADED
    assert lab.moves(job) == [("Uploaded", "Rejected"), ("Rejected", "Uploaded")]
    assert ("Rejected", "cancelled") in lab.mail_states(job)


# Many at once


def test_many_jobs_are_moved_on_at_once(live: Site, lab: Lab) -> None:
    for _ in range(3):
        live.submit()
    answer = bulk(live, do="reject", sure="1", text="Closed", jobs=["1:Uploaded", "3:Uploaded"])
    assert answer.status_code == 303
    assert [lab.doc(JobNumber(n)).status.value for n in (1, 2, 3)] == [
        "Rejected",
        "Uploaded",
        "Rejected",
    ]
    assert "2 jobs done" in live.browser.get("/staff/").text


def test_what_needs_more_words_is_asked_for_before_anything_is_done(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    answer = bulk(site, do="reject", jobs=[f"{job}:Uploaded"])
    assert answer.status_code == 200
    assert f'value="{job}:Uploaded"' in answer.text
    assert lab.sidecar(job).parent.name == "Uploaded"


def test_a_job_that_moved_on_meanwhile_is_named_and_the_others_are_done(
    live: Site, lab: Lab
) -> None:
    live.submit()
    live.submit()
    live.press(JobNumber(1), "reject", text="no")
    bulk(live, do="review", jobs=["1:Uploaded", "2:Uploaded"])
    page = live.browser.get("/staff/").text
    assert "1 job done. Not done: #1: job 1 is in Rejected now" in page
    assert lab.doc(JobNumber(2)).review.reviewed


def test_many_jobs_are_done_and_said_to_be_so_while_no_daemon_takes_note(
    site: Site, lab: Lab
) -> None:
    ticked = [f"{lab.a_job()}:Uploaded" for _ in range(3)]
    bulk(site, do="reject", sure="1", text="Closed", jobs=ticked)
    assert "3 jobs done. The index is catching up." in site.browser.get("/staff/").text
    assert len(list(lab.share.root.glob("Rejected/*.metadata.json"))) == 3


@pytest.mark.parametrize("form", [{"do": "review"}, {"do": "collect", "jobs": "1:Uploaded"}, {}])
def test_nothing_is_done_with_no_jobs_or_without_a_fit_action(
    site: Site, form: dict[str, str]
) -> None:
    assert bulk(site, **form).status_code == 422


# Files, names, the brake


def test_a_file_of_the_job_comes_as_a_download(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    with site.browser.get(f"/staff/jobs/{job}/files/{lab.model(job).name}") as answer:
        assert answer.data == lab.model(job).read_bytes()
        assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["..%2F..%2F.printsystem%2Froot.json", "root.json", "x.stl"])
def test_no_other_file_comes(site: Site, lab: Lab, name: str) -> None:
    assert site.browser.get(f"/staff/jobs/{lab.a_job()}/files/{name}").status_code == 404


def test_the_name_picked_once_is_on_every_event(live: Site, lab: Lab) -> None:
    live.submit()
    assert "Who is at this computer?" in live.browser.get("/staff/").text
    live.browser.post("/staff/me", data={"csrf_token": live.csrf("/staff/me"), "by": "Ann"})
    page = live.browser.get("/staff/").text
    assert "You are Ann" in page
    live.press(JobNumber(1), "review")
    assert lab.events(JobNumber(1), EventType.REVIEWED)[0]["by"] == "Ann"


def test_a_great_loss_is_confirmed_by_a_person_only_while_the_brake_is_on(
    site: Site, lab: Lab
) -> None:
    token = {"csrf_token": site.csrf("/staff/")}
    assert site.browser.post("/staff/brake", data=token).status_code == 409
    with lab.engine.begin() as connection:
        index.say(connection, "brake", {"missing": 40, "known": 50})
    assert "40 of 50 jobs have vanished" in site.browser.get("/staff/brake").text
    assert site.browser.post("/staff/brake", data=token).status_code == 303
    with lab.engine.begin() as connection:
        assert index.said(connection, "loss_confirmed") is True


def test_the_list_alone_is_read_from_the_folders_while_the_database_is_down(lab: Lab) -> None:
    lab.a_job(name="Ada Moreno")
    with Site.opened(lab, database=NOWHERE, daemon=False) as site:
        assert "The database is down" in site.log_in().browser.get("/staff/list").text
