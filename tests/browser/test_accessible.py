"""Every page for everyone: what axe finds, what a finger can hit, what fits a narrow screen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from schemas.links import confirm_token
from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.student import hand_in
from tests.browser.system import SECRET, System
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow

AXE = Axe().axe_script
RULES = {  # in the dark only colors differ
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
FINGER_PX = 44
# What can be pressed and is smaller; links within a sentence are as large as their line.
SMALL = """(least) => {
  const pressed = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true });
  const isText = (one) => getComputedStyle(one).display === "inline";
  return [...document.querySelectorAll(pressed)].filter((one) => {
    if (!isSeen(one) || isText(one)) return false;
    const box = one.matches("[type=checkbox], [type=radio]") && one.closest("label");
    const { width, height } = (box || one).getBoundingClientRect();
    return width < least || height < least;
  }).map((one) => one.outerHTML.slice(0, 120));
}"""


def confirm_page(system: System, job: JobNumber) -> str:
    return f"/confirm/{confirm_token(SECRET, job, system.doc(job).confirmation.nonce or '')}"


PUBLIC: dict[str, Callable[[System, JobNumber], str]] = {
    "form": lambda system, job: "/submit",
    "student's page": lambda system, job: system.student_page(job),
    "cancel": lambda system, job: f"{system.student_page(job)}/cancel",
    "confirm": confirm_page,
    "none of ours": lambda system, job: "/job/cut-short",
    "log-in": lambda system, job: "/staff/login",
}
STAFF: dict[str, Callable[[System, JobNumber], str]] = {
    "dashboard": lambda system, job: "/staff/?status=PaidPickedUp",
    "found": lambda system, job: f"/staff/?q={system.name(job)}",
    "nothing found": lambda system, job: "/staff/?q=nobody",
    "job page": lambda system, job: f"/staff/jobs/{job}",
    "trouble": lambda system, job: "/staff/trouble",
    "statistics": lambda system, job: "/staff/stats",
    "no statistics": lambda system, job: "/staff/stats?from=2001-01-01&to=2001-01-31",
    "who": lambda system, job: "/staff/me",
    "brake": lambda system, job: "/staff/brake",
    **{
        name: lambda system, job, name=name: f"/staff/jobs/{job}/{name}"
        for name in ("approve", "reject", "fail", "collect", "move", "note", "edit")
    },
}
PAGES = {**PUBLIC, **STAFF}


def faults(page: Page) -> list[str]:
    """What axe finds, in light and dark, on a phone and on a wide screen."""
    found = []
    page.evaluate(AXE)
    for width in (375, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += [f"{width} px, {scheme}: {said}" for said in _violations(page, scheme)]
    return found


def _violations(page: Page, scheme: str) -> list[str]:
    run = "(options) => axe.run({ resultTypes: ['violations'], ...options })"
    return [
        f"{one['impact']}: {one['id']}: {node['html'][:120]}"
        for one in page.evaluate(run, RULES[scheme])["violations"]
        for node in one["nodes"]
    ]


def each_page(
    windows: Windows, system: System, job: JobNumber, **look: Any
) -> Iterator[tuple[str, Page]]:
    """One page after the other, with its name, in windows that look alike."""
    windows.expect("status of 404")
    stranger, staff = (windows.open(staff=who, **look) for who in (False, True))
    for name, path in PAGES.items():
        page = staff if name in STAFF else stranger
        page.goto(path(system, job))
        yield name, page


@pytest.fixture(scope="module")
def job(system: System) -> JobNumber:
    """A quoted job; beside it some trouble and some history."""
    system.a_job(Status.PENDING)
    (system.root / "Uploaded" / "foreign file.txt").write_text("to be listed")
    return system.a_quote()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page(
    windows: Windows, system: System, job: JobNumber, name: str
) -> None:
    windows.expect("status of 404")
    page = windows.open(PAGES[name](system, job), staff=name in STAFF)
    assert faults(page) == []


def test_axe_finds_nothing_on_a_form_with_faults(windows: Windows, system: System) -> None:
    page = windows.open("/submit")
    hand_in(page)
    expect(page.locator("#file-fault")).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize(
    "button", ["You are Ann", "Sound and notifications", "More for job"], ids=str.lower
)
def test_axe_finds_nothing_in_an_open_menu(windows: Windows, system: System, button: str) -> None:
    desk = Desk.showing(windows, system, system.a_job())
    desk.page.get_by_role("button", name=button).click()
    expect(desk.page.locator(":popover-open")).to_be_visible()
    assert faults(desk.page) == []


def test_axe_finds_nothing_in_dialogs_toasts_and_the_bar_for_many(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    desk.page.keyboard.press("?")
    expect(desk.dialog("Keyboard")).to_be_visible()
    found = faults(desk.page)
    desk.page.keyboard.press("Escape")
    dialog = desk.open(job, "Approve")
    dialog.get_by_label("Weight, g").fill("10")
    found += faults(desk.page)
    dialog.get_by_role("button", name="Approve").click()
    expect(desk.toast).to_contain_text("now Pending")
    desk.row(job).get_by_role("checkbox").check()
    assert found + faults(desk.page) == []


def test_axe_finds_nothing_under_a_banner(windows: Windows, system: System) -> None:
    with system.without_a_daemon():
        page = windows.open("/staff/me", staff=True)
        expect(page.get_by_role("alert")).to_be_visible()
        assert faults(page) == []


def test_no_page_has_to_be_pushed_sideways_on_a_narrow_screen(
    windows: Windows, system: System, job: JobNumber
) -> None:
    wide = [
        name
        for name, page in each_page(windows, system, job, viewport={"width": 320, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth")
    ]
    assert wide == []


def test_whatever_can_be_pressed_is_large_enough_for_a_finger(
    windows: Windows, system: System, job: JobNumber
) -> None:
    phone = {"viewport": {"width": 375, "height": 800}, "has_touch": True}
    small = {
        name: found
        for name, page in each_page(windows, system, job, **phone)
        if (found := page.evaluate(SMALL, FINGER_PX))
    }
    assert small == {}
