"""All of it by keyboard alone: the letters of the help sheet, and the order of Tab."""

import pytest
from playwright.sync_api import Locator, expect

from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.system import System, a_person
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def who(desk: Desk, job: JobNumber) -> Locator:
    """The link that has the focus while one is on a job."""
    return desk.row(job).locator(".job-who")


def test_a_job_goes_all_the_way_and_back_a_step(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    press = desk.page.keyboard.press
    press("j")
    press("a")
    expect(desk.page.get_by_label("Weight, g")).to_be_focused()
    desk.page.keyboard.type("42.5")
    press("Enter")
    expect(desk.row(job)).to_contain_text("Pending")
    for status in ("Ready to print", "Printing", "Completed"):
        press("j")
        press("a")
        expect(desk.row(job)).to_contain_text(status)
    press("a")
    expect(desk.page.get_by_label("Paid, $")).to_be_focused()
    press("Enter")
    expect(desk.toast).to_contain_text("now Picked up")  # the row may know before the dialog does

    press("u")

    expect(desk.row(job)).to_contain_text("Completed")
    assert system.is_in(job, Status.COMPLETED)


def test_j_and_k_walk_through_the_jobs_and_enter_opens_one(
    windows: Windows, system: System
) -> None:
    person = a_person()
    lower, upper = system.a_job(name=person), system.a_job(name=person)
    desk = Desk.showing(windows, system, lower)
    press = desk.page.keyboard.press

    press("j")
    expect(who(desk, upper)).to_be_focused()
    press("j")
    expect(who(desk, lower)).to_be_focused()
    press("k")
    expect(who(desk, upper)).to_be_focused()
    press("Enter")

    desk.page.wait_for_url(f"**/staff/jobs/{upper}")


@pytest.mark.parametrize(
    ("key", "title"),
    [("a", "Approve"), ("r", "Reject"), ("n", "Add a note"), ("e", "Edit details")],
    ids=["approve", "reject", "note", "edit"],
)
def test_a_dialog_left_with_escape_gives_the_focus_back(
    windows: Windows, system: System, key: str, title: str
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    desk.page.keyboard.press("j")

    desk.page.keyboard.press(key)
    expect(desk.dialog(title)).to_be_visible()
    assert desk.page.evaluate("document.activeElement.closest('dialog') !== null")
    desk.page.keyboard.press("Escape")

    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(who(desk, job)).to_be_focused()


def test_a_dialog_that_was_clicked_open_gives_the_focus_back_to_its_link(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)

    desk.open(job, "Approve").get_by_role("link", name="Cancel").click()

    expect(desk.row(job).get_by_role("link", name="Approve")).to_be_focused()


def test_x_selects_v_reviews_and_slash_searches(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    press = desk.page.keyboard.press
    press("j")

    press("x")
    expect(desk.row(job).get_by_role("checkbox")).to_be_checked()
    press("v")
    expect(desk.row(job).get_by_text("new", exact=True)).to_have_count(0)
    assert system.doc(job).review.reviewed
    press("/")
    expect(desk.page.get_by_role("searchbox")).to_be_focused()


def test_a_letter_typed_into_a_field_is_only_a_letter(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    search = desk.page.get_by_role("searchbox")
    search.fill("")

    search.press_sequentially("jar?x1")

    expect(search).to_have_value("jar?x1")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.row(job).get_by_role("checkbox")).not_to_be_checked()


def test_the_help_sheet_opens_with_a_question_mark_and_closes_with_escape(
    windows: Windows, system: System
) -> None:
    page = windows.open("/staff/", staff=True)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)


def test_figures_and_g_lead_to_tabs_and_pages(windows: Windows, system: System) -> None:
    page = windows.open("/staff/", staff=True)

    page.keyboard.press("5")
    page.wait_for_url("**/staff/?status=Printing")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/staff/trouble")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/staff/stats")


def test_the_first_tab_skips_the_header_and_the_next_goes_on_in_the_list(
    windows: Windows, system: System
) -> None:
    desk = Desk.showing(windows, system, system.a_job())
    press = desk.page.keyboard.press

    press("Tab")
    skip = desk.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    press("Enter")
    press("Tab")

    assert desk.page.evaluate("document.activeElement.closest('main') !== null")


def test_tab_goes_through_a_row_as_it_is_read(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    row = desk.row(job)
    row.get_by_role("checkbox").focus()

    for reached in (
        who(desk, job),
        row.get_by_role("link", name="Approve"),
        row.get_by_role("button", name="More for job"),
    ):
        desk.page.keyboard.press("Tab")
        expect(reached).to_be_focused()
