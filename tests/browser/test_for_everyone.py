"""For everyone: axe on every page, by keyboard alone, without JavaScript, on narrow screens."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.student import choose_file, fill_in, hand_in
from tests.browser.system import System, a_person
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow

AXE = Axe()
SEVERE = {"serious", "critical"}
PAGES: dict[str, Callable[[System, JobNumber], str]] = {
    "form": lambda system, job: "/submit",
    "student's page": lambda system, job: system.student_page(job),
    "log-in": lambda system, job: "/staff/login",
    "dashboard": lambda system, job: f"/staff/?q={system.name(job)}",
    "job page": lambda system, job: f"/staff/jobs/{job}",
    "approve": lambda system, job: f"/staff/jobs/{job}/approve",
    "reject": lambda system, job: f"/staff/jobs/{job}/reject",
    "edit": lambda system, job: f"/staff/jobs/{job}/edit",
    "trouble": lambda system, job: "/staff/trouble",
    "statistics": lambda system, job: "/staff/stats",
    "who": lambda system, job: "/staff/me",
}


def faults(page: Page) -> list[str]:
    """What axe finds that keeps people out, and where."""
    found = AXE.run(page).response["violations"]
    return [
        f"{page.url}: {one['id']}: {node['html'][:120]}"
        for one in found
        if one["impact"] in SEVERE
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def job(system: System) -> JobNumber:
    system.a_job(Status.PENDING)  # needs a weight, so that there is some trouble
    return system.a_job()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_axe_finds_nothing_serious_on_any_page(
    windows: Windows, system: System, job: JobNumber, width: int, scheme: str
) -> None:
    look = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    calm = {"reduced_motion": "reduce"}
    staff, stranger = (windows.open(staff=who, **look, **calm) for who in (True, False))
    found = []
    for name, path in PAGES.items():
        page = stranger if name == "log-in" else staff
        page.goto(path(system, job))
        found += faults(page)
    assert found == []


def test_axe_finds_nothing_serious_in_dialogs_and_menus(
    windows: Windows, system: System, job: JobNumber
) -> None:
    desk = Desk.showing(windows, system, job, reduced_motion="reduce")
    desk.open(job, "Approve")
    found = faults(desk.page)
    desk.page.keyboard.press("Escape")
    desk.row(job).get_by_role("button", name=f"More for job {job}").click()
    assert found + faults(desk.page) == []


def test_no_page_has_to_be_pushed_sideways_on_a_narrow_screen(
    windows: Windows, system: System, job: JobNumber
) -> None:
    page = windows.open(staff=True, viewport={"width": 320, "height": 800})
    wide = []
    for name, path in PAGES.items():
        page.goto(path(system, job))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert wide == []


def test_a_job_goes_all_the_way_by_keyboard_alone(windows: Windows, system: System) -> None:
    number = system.a_job()
    page = Desk.showing(windows, system, number).page
    keys = page.keyboard

    def shows(status: str) -> None:
        expect(page.locator(f"#job-{number}")).to_contain_text(status)

    keys.press("j")
    keys.press("a")
    expect(page.get_by_label("Weight, g")).to_be_focused()
    keys.type("42.5")
    keys.press("Enter")
    shows("Pending")
    for status in ("Ready to print", "Printing", "Completed"):
        keys.press("j")
        keys.press("a")
        shows(status)
    keys.press("a")
    expect(page.get_by_label("Paid, $")).to_be_focused()
    keys.press("Enter")
    shows("Picked up")
    keys.press("u")
    shows("Completed")


def test_a_student_hands_in_without_javascript(windows: Windows, system: System) -> None:
    windows.expect("422")
    page = windows.open("/submit", javascript=False)
    person = a_person()
    fill_in(page, person)
    hand_in(page)  # the file is missing
    expect(page.locator("#file-fault")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value(person)
    choose_file(page)
    hand_in(page)
    expect(page.locator("#job-number")).to_be_visible()


def test_staff_work_without_javascript(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = windows.open(f"/staff/?q={system.name(job)}", staff=True, javascript=False)
    page.locator(f"#job-{job}").get_by_role("link", name="Approve").click()
    page.get_by_label("Weight, g").fill("10")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#toasts")).to_contain_text("now Pending")
    page.goto(f"/staff/?q={system.name(job)}")
    page.get_by_role("button", name="Confirm job").click()
    expect(page.locator("#toasts")).to_contain_text("now Ready to print")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("now Pending")
