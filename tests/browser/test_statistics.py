"""Statistics: a period, its figures as drawings and as tables, and the same as a spreadsheet."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.system import System
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow

INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value !== 0);
}"""


def statistics(windows: Windows, query: str = "", **more: object) -> Page:
    return windows.open(f"/staff/stats{query}", staff=True, **more)


def test_what_was_paid_today_is_in_the_figures_the_drawing_and_the_table(
    windows: Windows, system: System
) -> None:
    job = system.a_quote()
    desk = Desk.showing(windows, system, job)
    for step, status in (
        ("Confirm", "Ready to print"),
        ("Start", "Printing"),
        ("Complete", "Completed"),
    ):
        desk.press(job, step)
        expect(desk.row(job)).to_contain_text(status)
    dialog = desk.open(job, "Collect")
    dialog.get_by_label("Paid, $").fill("1234.50")
    dialog.get_by_role("button", name="Paid and collected").click()
    expect(desk.row(job)).to_contain_text("Picked up")

    page = statistics(windows)

    revenue = page.get_by_role("figure", name="Revenue by day")
    expect(revenue).to_contain_text("$1,2")
    for name in ("Jobs by day", "Revenue by day"):
        canvas = page.get_by_role("figure", name=name).get_by_role("img")
        expect(canvas).to_be_visible()
        assert canvas.evaluate(INK)
    expect(page.get_by_role("region", name="By printer")).to_contain_text("Prusa MK4S")


def test_the_tables_say_it_all_without_javascript(windows: Windows, system: System) -> None:
    system.a_job()

    page = statistics(windows, javascript=False)

    jobs = page.get_by_role("figure", name="Jobs by day")
    jobs.locator("summary").click()
    expect(jobs.get_by_role("table").first).to_be_visible()


def test_a_period_is_picked_by_link_or_by_its_days(windows: Windows, system: System) -> None:
    system.a_job()
    page = statistics(windows)

    page.get_by_role("navigation", name="Period").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    page.get_by_label("From").fill("2001-01-01")
    page.get_by_label("To", exact=True).fill("2001-01-31")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_text("Nothing happened in this time")).to_be_visible()
    page.get_by_role("link", name="Show all time").click()
    expect(page.get_by_role("figure").first).to_be_visible()


def test_the_jobs_of_the_period_are_downloaded_as_a_spreadsheet(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    page = statistics(windows)

    with page.expect_download() as kept:
        page.get_by_role("link", name="Jobs (CSV)").click()

    with Path(kept.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert system.name(job) in {value for row in rows for value in row.values()}
