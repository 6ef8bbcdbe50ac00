"""A new job is heard, as loud and in the sound that this browser has chosen, or not at all."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.system import System, a_person
from tests.browser.test_live import listening
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow

HEAR = """
window.heard = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  const name = this.src.match(/([a-z]+)[.]wav/)[1];
  if (name !== "silence") heard.push(`${name} ${this.volume}`);
  return play.call(this);
};
"""


def with_ears(windows: Windows, person: str) -> Page:
    """The dashboard on one student's jobs; what it plays can be asked of it."""
    page = windows.open(staff=True)
    page.add_init_script(HEAR)
    page.goto(f"/staff/?q={person}")
    return listening(page)


def heard(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.heard")
    return found


def open_switches(page: Page) -> None:
    page.get_by_role("button", name="Sound and notifications").click()
    expect(page.locator("#alerts")).to_be_visible()


def test_until_somebody_has_clicked_a_button_asks_to_enable_the_sound(
    windows: Windows, system: System
) -> None:
    page = with_ears(windows, a_person())
    button = page.get_by_role("button", name="Enable sound")

    button.click()

    expect(button).to_have_count(0)
    assert heard(page) == ["chime 0.6"]


def test_a_new_job_rings_with_the_sound_and_volume_chosen(windows: Windows, system: System) -> None:
    person = a_person()
    page = with_ears(windows, person)
    open_switches(page)
    page.get_by_role("radio", name="Doorbell").check()
    page.get_by_label("Volume").fill("30")
    page.reload()
    listening(page)

    job = system.a_job(name=person)

    expect(page.locator(f"#job-{job}")).to_be_visible()
    page.wait_for_function("heard.length")
    assert heard(page) == ["doorbell 0.3"]


def test_with_the_sound_off_a_new_job_is_only_seen(windows: Windows, system: System) -> None:
    person = a_person()
    page = with_ears(windows, person)
    open_switches(page)
    page.get_by_role("switch", name="Sound for new jobs").uncheck()

    job = system.a_job(name=person)

    expect(page.locator(f"#job-{job}")).to_be_visible()
    assert heard(page) == []
