"""A student before the form: what they type, and what they choose."""

from typing import Any

from playwright.sync_api import Locator, Page

from schemas.naming import JobNumber
from tests.browser.system import System, address_of
from tests.lab import an_stl

KILOBYTE = 1000


def fill_in(page: Page, person: str) -> None:
    """Everything but the file."""
    page.get_by_role("textbox", name="Your name").fill(person)
    page.get_by_role("textbox", name="E-mail").fill(address_of(person))
    page.get_by_label("Discipline").select_option("Engineering")
    page.get_by_label("Class number").fill("ART 101")
    page.get_by_role("radio", name="Filament").check()
    page.get_by_label("Color").select_option("Lime Green")
    page.get_by_label("Printer").select_option("Prusa MK4S")
    page.get_by_role("checkbox", name="at least").check()


def choose_file(page: Page, data: bytes | None = None, *, name: str = "thing.stl") -> None:
    """A model; by default a small whole one."""
    content = an_stl() if data is None else data
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label("Model file").set_input_files(files=[file])  # type: ignore[list-item]


def hand_in(page: Page) -> None:
    page.get_by_role("button", name="Hand in").click()


def fault(page: Page, name: str) -> Locator:
    """The message beside a field."""
    return page.locator(f"#{name}-fault")


def slow_down(page: Page, *, bytes_a_second: int) -> Any:
    """From now on the window sends no faster; the answer ends that with `detach`."""
    session = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": bytes_a_second})
    return session


def jobs_of(system: System, person: str) -> list[JobNumber]:
    """The numbers of the jobs that the index has of a person."""
    found = system.sql("SELECT number FROM jobs WHERE student_name = :name", name=person)
    return [JobNumber(row[0]) for row in found]
