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


def ask(site: Site, job: JobNumber, action: str) -> int:
    """Press one of the buttons of the student's page."""
    page = "/cancel" if action == "cancel" else ""
    found = re.search(
        r'csrf_token" value="([^"]+)"', site.browser.get(site.job_page(job) + page).text
    )
    form = {"csrf_token": found[1] if found else site.csrf(site.confirm_page(job))}
    return site.browser.post(f"{site.job_page(job)}/{action}", data=form).status_code


def test_looking_at_the_price_confirms_nothing(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    before = lab.sidecar(job).read_bytes()
    page = site.browser.get(site.confirm_page(job)).text
    assert "$3.00" in page
    assert 'id="confirm">Confirm $3.00 and print</button>' in page
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


def test_a_price_that_expired_says_so_and_offers_a_fresh_link(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    path, token = site.confirm_page(job), site.csrf(site.confirm_page(job))
    lab.seconds += WEEK_S + 1
    answer = site.browser.post(path, data={"csrf_token": token})
    assert answer.status_code == 410
    assert "expired" in answer.text
    assert "Come by the lab" in answer.text
    assert f'action="{site.job_page(job)}/fresh-link"' in answer.text
    assert lab.sidecar(job).parent.name == "Pending"


def test_a_fresh_link_is_mailed_and_confirms_while_the_old_one_does_not(
    site: Site, lab: Lab
) -> None:
    job = waiting_for_word(lab)
    lab.post(after_s=61)
    old = site.confirm_page(job)
    lab.seconds += WEEK_S
    assert ask(site, job, "fresh-link") == 303
    page = site.browser.get(site.job_page(job)).text
    assert "A fresh link is on its way to jane@example.edu" in page
    lab.rest()
    lab.post()
    assert lab.mailbox.subjects.count(lab.mailbox.subjects[-1]) == 2
    assert "A fresh link went to jane@example.edu" in site.browser.get(site.job_page(job)).text
    assert "newer price" in site.browser.get(old).text
    assert confirm(site, site.confirm_page(job)) == 303


def test_a_fresh_link_works_with_the_database_down(site_without_database: Site, lab: Lab) -> None:
    job, site = waiting_for_word(lab), site_without_database
    lab.seconds += WEEK_S + 1
    before = lab.doc(job).confirmation.nonce
    assert ask(site, job, "fresh-link") == 303
    assert lab.doc(job).confirmation.nonce != before


def test_a_link_that_is_still_good_is_not_made_anew_and_asking_costs_nothing(
    site: Site, lab: Lab
) -> None:
    job = waiting_for_word(lab)
    before = lab.sidecar(job).read_bytes()
    assert ask(site, job, "fresh-link") == 303
    assert lab.sidecar(job).read_bytes() == before
    lab.seconds += WEEK_S + 1
    assert ask(site, job, "fresh-link") == 303
    assert lab.sidecar(job).read_bytes() != before  # asking in vain does not count


def test_fresh_links_asked_for_too_often_are_refused_in_plain_words(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    lab.seconds += WEEK_S + 1
    assert ask(site, job, "fresh-link") == 303
    lab.seconds += WEEK_S + 1
    token = site.csrf(site.confirm_page(job))
    answer = site.browser.post(f"{site.job_page(job)}/fresh-link", data={"csrf_token": token})
    assert answer.status_code == 429
    assert "You can ask for another one in 10 minutes." in answer.text
    assert 500 < int(answer.headers["Retry-After"]) <= 601


@pytest.mark.parametrize("status", [Status.UPLOADED, Status.PENDING, Status.READY_TO_PRINT])
def test_a_student_can_cancel_until_it_prints_and_hears_so_without_blame(
    site: Site, lab: Lab, status: Status
) -> None:
    job = lab.a_job(status)
    assert "Cancel this request?" in site.browser.get(f"{site.job_page(job)}/cancel").text
    assert ask(site, job, "cancel") == 303
    assert "You cancelled this request" in site.browser.get(site.job_page(job)).text
    lab.rest()
    page = site.browser.get(site.job_page(job)).text
    assert "You cancelled this request" in page
    assert "cannot print" not in page
    assert (lab.status(job), lab.moves(job)[-1][1]) == (Status.REJECTED, "Rejected")
    moved = lab.events(job, EventType.STATUS_CHANGED)[-1]
    assert (moved["by"], moved["via"]) == ("Jane Doe", Via.LINK)


def test_cancelling_works_with_the_database_down(site_without_database: Site, lab: Lab) -> None:
    job, site = lab.a_job(), site_without_database
    assert ask(site, job, "cancel") == 303
    assert "You cancelled this request" in site.browser.get(site.job_page(job)).text
    assert {path.parent.name for path in lab.paths(job)} == {"Rejected"}


def test_a_job_on_the_printer_is_no_longer_cancelled(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    token = site.csrf(f"{site.job_page(job)}/cancel")
    lab.drag(job, Status.PRINTING)  # and the daemon has not noted it yet
    answer = site.browser.post(f"{site.job_page(job)}/cancel", data={"csrf_token": token})
    assert answer.status_code == 409
    assert "can no longer be cancelled" in answer.text
    assert lab.sidecar(job).parent.name == "Printing"
    assert "/cancel" not in site.browser.get(site.job_page(job)).text
    assert site.browser.get(f"{site.job_page(job)}/cancel").status_code == 303


def test_cancelling_twice_is_done_once(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    token = site.csrf(f"{site.job_page(job)}/cancel")
    path = f"{site.job_page(job)}/cancel"
    answers = [site.browser.post(path, data={"csrf_token": token}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    lab.rest()
    assert lab.moves(job) == [("Uploaded", "Rejected")]


@pytest.mark.parametrize("action", ["cancel", "fresh-link"])
def test_nothing_is_done_without_the_forms_token(site: Site, lab: Lab, action: str) -> None:
    job = waiting_for_word(lab)
    lab.seconds += WEEK_S + 1
    before = lab.sidecar(job).read_bytes()
    assert site.browser.post(f"{site.job_page(job)}/{action}").status_code == 400
    assert lab.sidecar(job).read_bytes() == before


def test_a_rejection_is_told_with_its_reasons(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    site.log_in().press(job, "reject", reasons="Walls are too thin", text="0.3 mm <here>")
    page = site.browser.get(site.job_page(job)).text
    assert "We cannot print this model as it is" in page
    assert "<li>Walls are too thin</li>" in page
    assert "0.3 mm &lt;here&gt;" in page


def test_the_state_that_a_page_asks_for_changes_when_the_job_does(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    path = f"{site.job_page(job)}/state"
    first = site.browser.get(path).json
    assert first == site.browser.get(path).json
    assert first is not None
    assert f'data-mark="{first["mark"]}"' in site.browser.get(site.job_page(job)).text
    lab.drag(job, Status.PRINTING)
    second = site.browser.get(path).json
    assert second is not None
    assert second["mark"] != first["mark"]
    assert second["headline"] == "Your print is on the printer"


def test_a_price_that_runs_out_changes_the_state_though_nobody_did_anything(
    site: Site, lab: Lab
) -> None:
    path = f"{site.job_page(waiting_for_word(lab))}/state"
    before = site.browser.get(path).json
    lab.seconds += WEEK_S + 1
    assert site.browser.get(path).json != before


def test_a_collected_print_has_its_receipt(site: Site, lab: Lab) -> None:
    job = waiting_for_word(lab)
    lab.drag(job, Status.COMPLETED)
    lab.rest()
    site.log_in().press(job, "collect", amount_usd="3.00", transaction="TX-9", payer="Sam")
    page = site.browser.get(site.job_page(job)).text
    for said in ("Your receipt", "$3.00", "TX-9", "Sam"):
        assert said in page


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
    assert re.search(r"Your print costs <strong[^>]*>\$3\.00</strong>", page)
    assert confirm_token(SECRET, job, lab.doc(job).confirmation.nonce or "") in page
    assert re.search(r'data-step="here" aria-current=step>(?:(?!<li).)*Price', page, re.S)
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


def test_a_student_hears_nothing_of_folders_while_the_lab_sorts_a_job_out(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    sidecar = lab.sidecar(job)
    (lab.root / "Pending" / sidecar.name).write_bytes(sidecar.read_bytes())
    answer = site.browser.get(site.job_page(job))
    assert answer.status_code == 409
    assert "The lab is working on this request" in answer.text
    assert sidecar.name not in answer.text


def test_a_student_hears_nothing_of_paths_while_the_share_is_away(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    page = site.job_page(job)
    lab.root.rename(lab.folder / "elsewhere")
    answer = site.browser.get(page)
    assert answer.status_code == 503
    assert "try again in a few minutes" in answer.text
    assert str(lab.folder) not in answer.text
    (lab.folder / "elsewhere").rename(lab.root)


def test_a_job_whose_files_are_gone_is_said_to_be_no_longer_here(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    page = site.job_page(job)
    for path in lab.paths(job):
        path.unlink()
    answer = site.browser.get(page)
    assert answer.status_code == 404
    assert "no longer here" in answer.text
