"""Staff tick several jobs and do one thing with all of them."""

import pytest
from playwright.sync_api import expect

from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk
from tests.browser.system import System, a_person
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def three_ticked(windows: Windows, system: System, status: Status) -> tuple[Desk, list[JobNumber]]:
    """Three jobs of one person, all of them ticked."""
    person = a_person()
    jobs = [system.a_job(status, name=person) for _ in range(3)]
    desk = Desk.showing(windows, system, jobs[0])
    for job in jobs:
        desk.row(job).get_by_role("checkbox").check()
    return desk, jobs


def test_the_bar_counts_what_is_ticked_and_clears_it(windows: Windows, system: System) -> None:
    desk, jobs = three_ticked(windows, system, Status.UPLOADED)
    bar = desk.page.get_by_role("form", name="Selected jobs")
    expect(bar).to_contain_text("3 selected")

    bar.get_by_role("button", name="Clear").click()

    expect(bar).to_be_hidden()
    expect(desk.row(jobs[0]).get_by_role("checkbox")).not_to_be_checked()


def test_all_that_are_ticked_are_marked_as_reviewed(windows: Windows, system: System) -> None:
    desk, jobs = three_ticked(windows, system, Status.UPLOADED)
    bar = desk.page.get_by_role("form", name="Selected jobs")

    bar.get_by_role("button", name="Mark as reviewed").click()

    expect(desk.toast).to_contain_text("3 jobs done.")
    expect(bar).to_be_hidden()
    assert all(system.doc(job).review.reviewed for job in jobs)


def test_all_that_are_ticked_are_rejected_for_the_same_reason(
    windows: Windows, system: System
) -> None:
    desk, jobs = three_ticked(windows, system, Status.UPLOADED)
    bar = desk.page.get_by_role("form", name="Selected jobs")
    bar.get_by_role("button", name="Reject").click()
    dialog = desk.dialog("Reject")
    expect(dialog).to_contain_text("3 jobs")
    dialog.get_by_label("In your own words").fill("Handed in twice.")

    dialog.get_by_role("button", name="Reject").click()

    expect(desk.toast).to_contain_text("3 jobs done.")
    assert all(system.is_in(job, Status.REJECTED) for job in jobs)
    assert {system.doc(job).review.text for job in jobs} == {"Handed in twice."}


def test_those_that_somebody_moved_meanwhile_are_named_and_the_others_done(
    windows: Windows, system: System
) -> None:
    person = a_person()
    jobs = [system.a_job(Status.READY_TO_PRINT, name=person) for _ in range(2)]
    page = windows.open(f"/staff/?status=ReadyToPrint&q={person}", staff=True, javascript=False)
    for job in jobs:
        page.locator(f"#job-{job}").get_by_role("checkbox").check()
    system.drag(jobs[0], Status.REJECTED)
    system.wait_for(lambda: system.is_in(jobs[0], Status.REJECTED))

    page.get_by_role("button", name="Start printing").click()

    expect(page.locator("#toasts")).to_contain_text("1 job done.")
    expect(page.locator("#toasts")).to_contain_text(f"Not done: #{jobs[0]}")
    assert system.is_in(jobs[1], Status.PRINTING)
    assert system.is_in(jobs[0], Status.REJECTED)
