"""What happens in the folders is on the screen at once, without anybody reloading a page."""

import pytest
from playwright.sync_api import Page, expect

from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.system import System, a_person
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def listening(page: Page) -> Page:
    """The page, once it hears of changes."""
    expect(page.locator("[data-state=live]")).to_be_attached()
    return page


def test_a_new_job_appears_by_itself_and_is_marked_as_new(windows: Windows, system: System) -> None:
    person = a_person()
    desk = Desk(listening(windows.open(f"/staff/?q={person}", staff=True)))
    expect(desk.page.get_by_text("Nothing was found")).to_be_visible()

    job = system.a_job(name=person)

    expect(desk.row(job)).to_be_visible()
    expect(desk.row(job).get_by_text("new", exact=True)).to_be_visible()
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("1")


def test_marked_as_reviewed_it_is_no_longer_new_and_can_be_made_new_again(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    new = desk.row(job).get_by_text("new", exact=True)

    desk.choose(job, "Mark as reviewed")
    expect(new).to_have_count(0)
    assert system.doc(job).review.reviewed

    desk.choose(job, "Mark as new again")
    expect(new).to_be_visible()
    assert not system.doc(job).review.reviewed


def test_a_drag_in_the_folder_moves_the_job_on_two_open_screens(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    one = Desk(listening(Desk.showing(windows, system, job).page))
    other = Desk(listening(windows.open("/staff/?status=Uploaded", staff=True)))
    expect(other.row(job)).to_be_visible()

    system.drag(job, Status.PRINTING)

    expect(one.row(job)).to_contain_text("Printing")
    expect(other.row(job)).to_have_count(0)


def test_what_one_of_staff_does_is_on_the_others_screen_and_their_ticks_stay(
    windows: Windows, system: System
) -> None:
    person = a_person()
    job, ticked = system.a_job(name=person), system.a_job(name=person)
    one = Desk.showing(windows, system, job)
    other = Desk(listening(Desk.showing(windows, system, job).page))
    for each in (job, ticked):  # the one that changes, and one that does not
        other.row(each).get_by_role("checkbox").check()

    one.choose(job, "Mark as reviewed")

    expect(other.row(job).get_by_text("new", exact=True)).to_have_count(0)
    for each in (job, ticked):
        expect(other.row(each).get_by_role("checkbox")).to_be_checked()


def test_the_focus_stays_on_its_job_while_others_come_and_go(
    windows: Windows, system: System
) -> None:
    person = a_person()
    first, job, _ = (system.a_job(name=person) for _ in range(3))
    desk = Desk(listening(Desk.showing(windows, system, job).page))
    link = desk.row(job).get_by_role("link", name=person)
    link.focus()

    newest = system.a_job(name=person)
    expect(desk.row(newest)).to_be_visible()
    expect(link).to_be_focused()

    system.drag(first, Status.PRINTING)  # which makes it the first of the list
    expect(desk.page.locator("#list [data-job]").first).to_have_id(f"job-{first}")
    expect(link).to_be_focused()


def test_the_list_waits_for_an_open_menu_and_changes_once_it_is_closed(
    windows: Windows, system: System
) -> None:
    person = a_person()
    job = system.a_job(name=person)
    desk = Desk(listening(Desk.showing(windows, system, job).page))
    desk.row(job).get_by_role("button", name=f"More for job {job}").click()
    menu = desk.page.locator(f"#menu-{job}")
    expect(menu).to_be_visible()

    with desk.page.expect_event("console", lambda said: said.text == "heard"):
        desk.page.evaluate(
            "document.addEventListener('jobs-changed', () => console.log('heard'), { once: true })"
        )
        second = system.a_job(name=person)
    expect(menu).to_be_visible()

    desk.page.keyboard.press("Escape")
    expect(desk.row(second)).to_be_visible()


def test_a_banner_comes_when_the_daemon_stops_and_goes_when_it_is_back(
    windows: Windows, system: System
) -> None:
    page = listening(windows.open("/staff/?status=Rejected", staff=True))
    banner = page.locator("[data-banner=daemon]")
    expect(banner).to_have_count(0)

    with system.without_a_daemon():
        expect(banner).to_be_visible(timeout=60_000)

    expect(banner).to_have_count(0, timeout=60_000)
