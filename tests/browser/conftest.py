"""One system and one Chromium for all browser tests of a process; new windows for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.system import STAFF, System, a_database_beside
from tests.browser.windows import PATIENCE_MS, Windows, program
from tests.integration.served import PASSWORD


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = program()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def system(
    chromium: Browser, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("system")
    with System(folder, a_database_beside(database, "browser")) as running:
        yield running


@pytest.fixture(scope="session")
def staff_cookies(chromium: Browser, system: System) -> Any:
    """What a browser keeps whose staff have logged in and said that they are the first by name."""
    context = chromium.new_context(base_url=system.url)
    page = context.new_page()
    page.goto("/staff/login")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.locator("[data-who-hint]").get_by_role("button", name=STAFF[0]).click()
    expect(page.locator("[data-who-hint]")).to_have_count(0)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def windows(
    chromium: Browser, system: System, staff_cookies: Any, request: pytest.FixtureRequest
) -> Iterator[Windows]:
    """Opens windows; at the end of the test nothing may have been complained of."""
    opened = Windows(chromium, system, staff_cookies, name=request.node.name)
    yield opened
    opened.close()
