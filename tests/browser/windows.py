"""Windows of a real Chromium, watched: whatever a page complains of fails the test that opened it.

Complaints are errors and warnings on the console, exceptions nobody caught, violations of the
content security policy, and answers of the server that it did not mean to give.
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.browser.system import System

# The first is the same browser without windows of its own: a third of the work for each page.
PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")
PATIENCE_MS = 15_000
SCREENSHOTS = "BROWSER_SCREENSHOTS"  # a folder; empty: none are taken
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI || event.sample}`));
"""


class Windows:
    """Opens windows on one system, each with cookies of its own, and hears their complaints."""

    def __init__(self, chromium: Browser, system: System, staff: Any, *, name: str) -> None:
        self._chromium = chromium
        self._system = system
        self._staff = staff
        self._name = re.sub(r"\W+", "-", name)
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self._expected: list[str] = []

    def open(
        self, path: str = "", *, staff: bool = False, javascript: bool = True, **more: Any
    ) -> Page:
        """A new window, at `path` if one is given; `staff` are logged in, as Ann."""
        number = len(self._contexts)
        context = self._chromium.new_context(
            base_url=self._system.url,
            java_script_enabled=javascript,
            storage_state=self._staff if staff else None,
            extra_http_headers={"X-Forwarded-For": _address(self._name, number)},
            permissions=["clipboard-read", "clipboard-write"],
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **more},
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if javascript:
            context.add_init_script(_WATCH)
        page = self.beside(context)
        if path:
            page.goto(path)
        return page

    def beside(self, context: BrowserContext) -> Page:
        """One more tab with the same cookies."""
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complaints.append(f"{page.url}: {error}"))
        page.on("response", self._response)
        return page

    def expect(self, pattern: str) -> None:
        """A complaint that this test provokes, as a regular expression."""
        self._expected.append(pattern)

    def close(self) -> None:
        """Close everything. Raises: AssertionError when a page complained."""
        self._keep_screenshots()
        for context in self._contexts:
            context.close()
        unexpected = [
            said
            for said in self._complaints
            if not any(re.search(pattern, said) for pattern in self._expected)
        ]
        assert unexpected == [], "\n".join(["the pages complained:", *unexpected])

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            where = message.location.get("url", "")
            self._complaints.append(f"{where}: {message.type}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            said = self._system.pages.log[-3000:]
            self._complaints.append(f"{response.url}: answered {response.status}\n{said}")

    def _keep_screenshots(self) -> None:
        folder = os.environ.get(SCREENSHOTS, "")
        pages = [page for context in self._contexts for page in context.pages]
        for number, page in enumerate(pages if folder else []):
            page.screenshot(path=Path(folder) / f"{self._name}-{number}.png", full_page=True)


def program() -> str:
    """The browser; without one the test is skipped and says so."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium-headless-shell)")
    return found


def _address(name: str, number: int) -> str:
    """An address of its own for each window, since the pages slow down who comes too often."""
    place = hash((name, number))
    return f"10.{place % 256}.{place // 256 % 256}.{place // 65536 % 254 + 1}"
