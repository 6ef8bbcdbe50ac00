"""The student's links: follow a job, see a price, confirm it, on the same day or too late."""

import re
from collections.abc import Iterator

import pytest

from schemas.events import EventType, Via
from schemas.links import confirm_token
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import NOWHERE, SECRET, Site, waiting_for_word
from tests.lab import Lab

WEEK_S = 7 * 24 * 3600


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened


@pytest.fixture
def site_without_database(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, database=NOWHERE, daemon=False) as opened:
        yield opened


def confirm(site: Site, path: str) -> int:
    page = site.browser.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    form = {"csrf_token": token[1] if token else ""}
    return site.browser.post(path, data=form).status_code


def test_looking_at_the_price_confirms_nothing(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    before = lab.sidecar(job).read_bytes()
    page = site.browser.get(site.confirm_page(job)).text
    assert "$3.00" in page
    assert '<form method="post">' in page
    assert lab.sidecar(job).read_bytes() == before


def test_confirming_puts_the_job_in_line_in_the_students_name(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    assert confirm(site, site.confirm_page(job)) == 303
    lab.rest()
    doc = lab.doc(job)
    assert doc.status is Status.READY_TO_PRINT
    assert doc.confirmation.confirmed_at == doc.history[-1].at or doc.confirmation.confirmed_at
    confirmed = lab.events(job, EventType.CONFIRMED)[0]
    moved = lab.events(job, EventType.STATUS_CHANGED)[-1]
    assert (confirmed["by"], confirmed["via"]) == ("Jane Doe", Via.LINK)
    assert (moved["by"], moved["via"], "irregular" in moved["data"]) == (
        "Jane Doe",
        Via.LINK,
        False,
    )


def test_confirming_works_with_the_database_down(site_without_database: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    site = site_without_database
    assert confirm(site, site.confirm_page(job)) == 303
    assert {path.parent.name for path in lab.paths(job)} == {"ReadyToPrint"}
    lab.rest()
    assert lab.moves(job)[-1] == ("Pending", "ReadyToPrint")


def test_confirming_twice_is_thanked_for_twice_and_done_once(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    path = site.confirm_page(job)
    token = site.csrf(path)
    answers = [site.browser.post(path, data={"csrf_token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 200]
    assert "Confirmed, thank you" in site.browser.get(path).text
    lab.rest()
    assert len(lab.events(job, EventType.CONFIRMED)) == 1


def test_a_price_that_expired_says_so_and_whom_to_ask(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    path, token = site.confirm_page(job), site.csrf(site.confirm_page(job))
    lab.seconds += WEEK_S + 1
    answer = site.browser.post(path, data={"csrf_token": token})
    assert answer.status_code == 410
    assert "expired" in answer.text
    assert "Come by the lab" in answer.text
    assert lab.sidecar(job).parent.name == "Pending"


def test_a_link_of_an_older_price_confirms_nothing(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    old = site.confirm_page(job)
    lab.weigh(job, "80")
    lab.rest()
    answer = site.browser.get(old)
    assert answer.status_code == 410
    assert "newer price" in answer.text
    assert "$8.00" in site.browser.get(site.confirm_page(job)).text


def test_a_price_taken_back_cannot_be_confirmed(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    path = site.confirm_page(job)
    lab.drag(job, Status.UPLOADED)
    lab.rest()
    assert site.browser.get(path).status_code == 410


def test_a_token_that_is_not_ours_opens_nothing(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    forged = confirm_token("another secret", job, lab.doc(job).confirmation.nonce or "")
    for path in (f"/confirm/{forged}", "/confirm/x", "/job/x", "/submitted/x"):
        answer = site.browser.get(path)
        assert answer.status_code == 404
        assert "cut short" in answer.text
    mine = site.job_page(job).rpartition("/")[2]
    assert site.browser.get(f"/confirm/{mine}").status_code == 404


def test_the_students_page_tells_where_the_job_stands_and_offers_the_price(
    site: Site, lab: Lab
) -> None:
    job = waiting_for_word(lab)
    page = site.browser.get(site.job_page(job)).text
    assert "Your print costs $3.00" in page
    assert confirm_token(SECRET, job, lab.doc(job).confirmation.nonce or "") in page
    assert re.search(r'<li class="here" aria-current=step>.*?Price', page, re.S)
    lab.drag(job, Status.COMPLETED)
    assert "Come and collect it" in site.browser.get(site.job_page(job)).text


def test_a_page_says_nothing_of_notes_that_staff_wrote_for_each_other(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    site.log_in().press(JobNumber(job), "note", text="always late")
    assert "always late" not in site.browser.get(site.job_page(job)).text


def test_the_link_in_the_mail_is_the_one_that_confirms(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    lab.post(after_s=61)
    text = lab.mailbox.sent[-1].get_body(("plain",))
    assert text is not None
    found = re.search(r"/confirm/[\w.=/-]+", text.get_content())
    assert found is not None
    assert found[0] == site.confirm_page(job)
