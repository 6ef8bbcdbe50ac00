"""Staff find jobs: by status, by a word, by printer, color and age, in an order, page by page."""

import re

import pytest
from playwright.sync_api import Page, expect

from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.system import System, a_person, address_of
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def numbers(page: Page) -> list[int]:
    """The jobs as they stand on the page."""
    rows = page.locator("#list [data-job]").all()
    return [int(row.get_attribute("data-job") or "") for row in rows]


def search(page: Page, text: str) -> None:
    page.get_by_role("searchbox").fill(text)
    page.keyboard.press("Enter")


def test_each_tab_shows_the_jobs_of_its_status_and_how_many_there_are(
    windows: Windows, system: System
) -> None:
    job = system.a_job(Status.COMPLETED)
    page = windows.open("/staff/", staff=True)
    tab = page.get_by_role("navigation", name="Jobs by status").get_by_role(
        "link", name=re.compile(r"Completed \d+")
    )

    tab.click()

    expect(page.locator(f"#job-{job}")).to_be_visible()
    expect(tab).to_have_attribute("aria-current", "page")
    expect(page.locator("[data-count=Completed]")).to_have_text(str(len(numbers(page))))


@pytest.mark.parametrize("by", ["name", "e-mail", "number", "file"])
def test_a_search_finds_a_job_in_whatever_status(windows: Windows, system: System, by: str) -> None:
    job = system.a_job(Status.PRINTING)
    person = system.name(job)
    words = {
        "name": person.lower(),
        "e-mail": address_of(person),
        "number": str(job),
        "file": system.model(job).name,
    }
    page = windows.open("/staff/", staff=True)

    search(page, words[by])

    expect(page.locator(f"#job-{job}")).to_contain_text(person)
    expect(page.locator(f"#job-{job}")).to_contain_text("Printing")
    expect(page.get_by_role("searchbox")).to_have_value(words[by])


def test_a_search_that_finds_nothing_says_so(windows: Windows, system: System) -> None:
    page = windows.open("/staff/", staff=True)

    search(page, "nobody of that name")

    expect(page.get_by_text("Nothing was found.")).to_be_visible()


def test_filters_narrow_the_list_at_once_and_are_cleared_together(
    windows: Windows, system: System
) -> None:
    person = a_person()
    red, resin = system.a_job(name=person), system.a_job(name=person)
    desk = Desk.showing(windows, system, red)
    dialog = desk.ask(resin, "Edit details")
    dialog.get_by_label("Method").select_option("Resin")
    dialog.get_by_label("Color").select_option("Black")
    dialog.get_by_label("Printer").select_option("Formlabs Form 3")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.row(resin)).to_contain_text("Black")

    desk.page.get_by_label("All printers").select_option("Formlabs Form 3")

    expect(desk.row(red)).to_have_count(0)
    expect(desk.row(resin)).to_be_visible()
    assert "color=" not in desk.page.url
    desk.page.get_by_role("link", name="Clear").click()
    expect(desk.row(red)).to_be_visible()


def test_the_list_is_sorted_as_asked(windows: Windows, system: System) -> None:
    person = a_person()
    jobs = [system.a_job(name=person) for _ in range(3)]
    page = Desk.showing(windows, system, jobs[0]).page
    assert numbers(page) == sorted(jobs, reverse=True)

    page.get_by_label("Newest first").select_option("oldest")

    page.wait_for_url("**sort=oldest**")
    assert numbers(page) == sorted(jobs)


def test_more_than_a_page_of_jobs_is_leafed_through(windows: Windows, system: System) -> None:
    person = a_person()
    jobs = [system.submit(name=person, email=address_of(person)) for _ in range(51)]
    system.wait_for(lambda: all(system.is_known(job) for job in jobs))
    page = windows.open(f"/staff/?q={person}", staff=True)
    assert len(numbers(page)) == 50

    page.get_by_role("link", name="Next").click()

    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    assert numbers(page) == [jobs[0]]
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
