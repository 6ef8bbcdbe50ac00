"""A student follows a request by the links that were mailed: sees it move, confirms, cancels."""

import re

import pytest
from playwright.sync_api import Page, expect

from schemas.events import EventType, Via
from schemas.links import confirm_token
from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.system import SECRET, System
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def confirm_page(system: System, job: JobNumber) -> str:
    return f"/confirm/{confirm_token(SECRET, job, system.doc(job).confirmation.nonce or '')}"


def look_again(page: Page) -> None:
    """The student comes back to the tab: the page looks whether anything is new."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_page_shows_the_next_step_without_being_reloaded(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    page = windows.open(system.student_page(job))
    expect(page.get_by_role("heading", level=1)).to_contain_text("We have your model")

    system.drag(job, Status.PRINTING)
    system.wait_for(lambda: system.is_in(job, Status.PRINTING))
    look_again(page)

    expect(page.get_by_role("heading", level=1)).to_contain_text("on the printer")
    expect(page.locator("#steps [aria-current=step]")).to_contain_text("Printing")
    expect(page.locator("#progress-said")).to_contain_text("on the printer")


def test_the_price_is_confirmed_by_the_link_in_the_mail(windows: Windows, system: System) -> None:
    job = system.a_quote()
    Desk.showing(windows, system, job).choose(job, "Send the mail now")
    letter = system.wait_for(lambda: system.letters(job))[-1]
    body = letter.get_body(("plain",))
    assert body is not None
    link = re.search(r"https?://[^/\s]+(/confirm/\S+)", body.get_content())
    assert link is not None
    page = windows.open(link[1])
    expect(page.get_by_role("heading", level=1)).to_contain_text("$4.25")
    assert system.is_in(job, Status.PENDING)

    page.get_by_role("button", name="Confirm $4.25 and print").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Confirmed")
    assert system.is_in(job, Status.READY_TO_PRINT)
    assert system.events(job, EventType.CONFIRMED)[0]["via"] is Via.LINK


def test_a_confirmed_price_is_not_confirmed_a_second_time(windows: Windows, system: System) -> None:
    job = system.a_quote()
    path = confirm_page(system, job)
    first, second = windows.open(path), windows.open(path)
    first.get_by_role("button", name="Confirm").click()
    expect(first.get_by_role("heading", level=1)).to_contain_text("Confirmed")

    second.get_by_role("button", name="Confirm").click()

    expect(second.get_by_role("heading", level=1)).to_contain_text("Confirmed")
    assert len(system.events(job, EventType.CONFIRMED)) == 1


def test_a_cancelled_request_is_not_printed_and_staff_see_who_cancelled(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    page = windows.open(system.student_page(job))
    page.get_by_role("link", name="Cancel this request").click()

    page.get_by_role("button", name="Cancel the request").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("You cancelled this request")
    assert system.is_in(job, Status.REJECTED)
    moved = system.events(job, EventType.STATUS_CHANGED)[-1]
    assert (moved["by"], moved["via"]) == (system.name(job), Via.LINK)


def test_a_request_that_is_on_the_printer_can_no_longer_be_cancelled(
    windows: Windows, system: System
) -> None:
    job = system.a_job(Status.PRINTING)

    page = windows.open(system.student_page(job))

    expect(page.get_by_role("heading", level=1)).to_contain_text("on the printer")
    expect(page.get_by_role("link", name="Cancel this request")).to_have_count(0)


def test_a_rejected_request_says_why_and_how_to_go_on(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Reject")
    dialog.get_by_label("In your own words").fill("The walls are too thin.")
    dialog.get_by_role("button", name="Reject").click()
    expect(desk.toast).to_contain_text("now Rejected")

    page = windows.open(system.student_page(job))

    expect(page.get_by_role("main")).to_contain_text("The walls are too thin.")
    expect(page.get_by_role("link", name="hand in the new file")).to_be_visible()


def test_a_link_that_was_cut_short_is_said_to_be_none_of_ours(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 404")

    page = windows.open(system.student_page(system.a_job())[:-6])

    expect(page.get_by_role("alert")).to_contain_text("cut short")
