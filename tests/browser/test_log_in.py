"""Staff come in: the password, who they are, light or dark, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser.system import System
from tests.browser.windows import Windows
from tests.integration.served import PASSWORD

pytestmark = pytest.mark.slow


def test_the_password_leads_to_the_page_that_was_asked_for(
    windows: Windows, system: System
) -> None:
    page = windows.open("/staff/?status=Printing")

    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")

    page.wait_for_url("**/staff/?status=Printing")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Printing")


def test_a_wrong_password_is_said_and_the_field_has_the_focus(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 401")
    page = windows.open("/staff/login")
    page.get_by_label("Password").fill("guess")

    page.get_by_role("button", name="Log in").click()

    expect(page.get_by_text("That is not the staff password.")).to_be_visible()
    expect(page.get_by_label("Password")).to_be_focused()


def test_a_name_picked_once_is_asked_for_no_more(windows: Windows, system: System) -> None:
    page = windows.open("/staff/login")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    hint = page.locator("[data-who-hint]")

    hint.get_by_role("button", name="Ben").click()

    expect(hint).to_have_count(0)
    page.goto("/staff/?status=Pending")
    expect(page.get_by_role("button", name="You are Ben")).to_be_visible()
    expect(hint).to_have_count(0)


def test_another_name_can_be_typed(windows: Windows, system: System) -> None:
    page = windows.open("/staff/", staff=True)
    page.get_by_role("button", name="You are Ann").click()
    page.get_by_role("link", name="Another name").click()
    page.get_by_label("Another name").fill("Cleo")

    page.get_by_role("button", name="That is me").click()

    expect(page.get_by_role("button", name="You are Cleo")).to_be_visible()


def test_the_theme_goes_from_light_to_dark_and_is_remembered(
    windows: Windows, system: System
) -> None:
    page = windows.open("/staff/", staff=True, color_scheme="light")
    body = page.locator("body")
    light = body.evaluate("(body) => getComputedStyle(body).backgroundColor")
    page.get_by_role("button", name="You are Ann").click()

    page.get_by_role("button", name="Light or dark").click()

    expect(body).not_to_have_css("background-color", light)
    dark = body.evaluate("(body) => getComputedStyle(body).backgroundColor")
    page.reload()
    expect(body).to_have_css("background-color", dark)


def test_logged_out_the_dashboard_is_closed(windows: Windows, system: System) -> None:
    page = windows.open("/staff/", staff=True)
    page.get_by_role("button", name="You are Ann").click()

    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_label("Password")).to_be_visible()
    page.goto("/staff/")
    expect(page.get_by_label("Password")).to_be_visible()
