"""The same model handed in twice: by a double click, or while the first is on its way."""

import html
import io
import re
import threading
from collections.abc import Iterator

import pytest

from schemas.status import Status
from tests.integration.web import FORM, NOWHERE, Site, only_job
from tests.lab import Lab, an_stl
from webui.progress import STANDS


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened


@pytest.fixture
def site_without_database(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, database=NOWHERE, daemon=False) as opened:
        yield opened


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_the_same_form_sent_twice_is_one_job(site: Site, lab: Lab) -> None:
    data = an_stl()
    first = site.submit(data)
    second = site.submit(data, student_email="Jane@EXAMPLE.edu")
    assert second.location == f"{first.location}?again=1"
    page = site.browser.get(second.location).text
    assert "You handed this file in already" in page
    assert re.search(r"request <strong[^>]*>1</strong>, and it is waiting for us to look", page)
    assert site.job_page(only_job(lab)) in page
    assert site.incoming() == []


def test_a_double_click_makes_one_job_and_is_thanked_twice_with_the_database_down(
    site_without_database: Site, lab: Lab
) -> None:
    site, data, answers = site_without_database, an_stl(1000), list[str]()
    page = site.browser.get("/submit").text  # both clicks come from one page, so from one session
    form = {**FORM, "csrf_token": hidden(page, "csrf_token"), "form_id": hidden(page, "form_id")}

    def click() -> None:
        answer = site.send({**form, "file": (io.BytesIO(data), "thing.stl")})
        answers.append(answer.location)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert len(answers) == 2
    assert len(set(answers)) == 1
    assert "again" not in answers[0]
    assert only_job(lab) == 1


def test_another_model_sent_from_the_same_open_form_is_another_job(site: Site) -> None:
    page = site.browser.get("/submit").text
    form = {**FORM, "csrf_token": hidden(page, "csrf_token"), "form_id": hidden(page, "form_id")}
    answers = [
        site.send({**form, "file": (io.BytesIO(an_stl()), "thing.stl")}).location for _ in range(2)
    ]
    assert answers[0] != answers[1]
    assert len(site.in_folder(Status.UPLOADED)) == 4


@pytest.mark.parametrize("status", [Status.PENDING, Status.READY_TO_PRINT, Status.PRINTING])
def test_a_model_handed_in_again_while_it_is_on_its_way_leads_to_that_job(
    site: Site, lab: Lab, status: Status
) -> None:
    data = an_stl()
    site.submit(data)
    job = only_job(lab)
    lab.rest()
    lab.drag(job, status)
    lab.rest()
    again = site.submit(data, student_email="JANE@example.edu")
    page = site.browser.get(again.location).text
    assert f"it is {STANDS[status]}" in page
    assert only_job(lab) == job
    assert site.incoming() == []


@pytest.mark.parametrize("status", [Status.REJECTED, Status.COMPLETED])
def test_a_model_handed_in_again_when_the_first_is_done_with_is_another_job(
    site: Site, lab: Lab, status: Status
) -> None:
    data = an_stl()
    site.submit(data)
    lab.rest()
    lab.drag(only_job(lab), status)
    lab.rest()
    assert "again" not in site.submit(data).location
    assert len(site.in_folder(Status.UPLOADED)) == 2


def test_what_the_index_says_of_a_twin_is_checked_on_the_share(site: Site, lab: Lab) -> None:
    data = an_stl()
    site.submit(data)
    lab.rest()
    lab.drag(only_job(lab), Status.REJECTED)  # and nobody has looked since
    assert "again" not in site.submit(data).location


def test_the_same_model_of_another_student_is_another_job(site: Site) -> None:
    data = an_stl()
    site.submit(data)
    site.submit(data, student_email="joe@example.edu")
    assert len(site.in_folder(Status.UPLOADED)) == 4
