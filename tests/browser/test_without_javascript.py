"""Everything that matters goes with JavaScript switched off: pages and forms, nothing else."""

import pytest
from playwright.sync_api import Page, expect

from schemas.events import EventType
from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.student import choose_file, fill_in, hand_in, jobs_of
from tests.browser.system import System, a_person
from tests.browser.test_accessible import confirm_page
from tests.browser.windows import Windows
from tests.integration.served import PASSWORD

pytestmark = pytest.mark.slow


def plain(windows: Windows, path: str, *, staff: bool = False) -> Page:
    return windows.open(path, staff=staff, javascript=False)


def found(windows: Windows, system: System, job: JobNumber) -> Page:
    """The dashboard on the jobs of this job's student."""
    return plain(windows, f"/staff/?q={system.name(job)}", staff=True)


def test_a_student_hands_in_after_mending_what_was_wrong(windows: Windows, system: System) -> None:
    windows.expect("status of 422")
    person = a_person()
    page = plain(windows, "/submit")
    fill_in(page, person)
    hand_in(page)  # the file is missing
    expect(page.locator("#file-fault")).to_be_visible()
    expect(page.get_by_label("Model file")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value(person)
    expect(page.get_by_label("Color")).to_have_value("Lime Green")

    choose_file(page)
    hand_in(page)

    expect(page.locator("#job-number")).to_be_visible()
    system.wait_for(lambda: jobs_of(system, person))


def test_a_student_confirms_a_price(windows: Windows, system: System) -> None:
    job = system.a_quote()
    page = plain(windows, confirm_page(system, job))

    page.get_by_role("button", name="Confirm $4.25 and print").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Confirmed")
    assert system.is_in(job, Status.READY_TO_PRINT)


def test_a_student_cancels_a_request(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = plain(windows, system.student_page(job))
    page.get_by_role("link", name="Cancel this request").click()

    page.get_by_role("button", name="Cancel the request").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("You cancelled this request")


def test_staff_log_in_and_say_who_they_are(windows: Windows, system: System) -> None:
    page = plain(windows, "/staff/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.locator("[data-who-hint]").get_by_role("button", name="Ben").click()

    expect(page.get_by_role("button", name="You are Ben")).to_be_visible()


def test_a_job_is_approved_confirmed_and_taken_back(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = found(windows, system, job)
    toasts = page.locator("#toasts")
    page.locator(f"#job-{job}").get_by_role("link", name="Approve").click()
    page.get_by_label("Weight, g").fill("10")
    page.get_by_role("button", name="Approve").click()
    expect(toasts).to_contain_text("now Pending")
    page.goto(f"/staff/?q={system.name(job)}")

    page.get_by_role("button", name="Confirm job").click()
    expect(toasts).to_contain_text("now Ready to print")
    page.get_by_role("button", name="Undo", exact=True).click()

    expect(toasts).to_contain_text("now Pending")
    assert system.is_in(job, Status.PENDING)


def test_a_refused_action_shows_its_form_again_with_what_was_typed(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 422")
    job = system.a_job()
    page = plain(windows, f"/staff/jobs/{job}/approve", staff=True)
    page.get_by_label("Weight, g").fill("heavy")

    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Weight, g")).to_have_value("heavy")


def test_many_jobs_are_rejected_after_being_asked_why(windows: Windows, system: System) -> None:
    person = a_person()
    jobs = [system.a_job(name=person) for _ in range(2)]
    page = found(windows, system, jobs[0])
    for job in jobs:
        page.locator(f"#job-{job}").get_by_role("checkbox").check()
    page.get_by_role("form", name="Selected jobs").get_by_role("button", name="Reject").click()
    page.get_by_label("In your own words").fill("Twice.")

    page.get_by_role("button", name="Reject").click()

    expect(page.locator("#toasts")).to_contain_text("2 jobs done.")
    assert all(system.is_in(job, Status.REJECTED) for job in jobs)


def test_a_filter_is_applied_with_its_button(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = found(windows, system, job)
    page.get_by_label("All printers").select_option("Formlabs Form 3")

    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("Nothing was found.")).to_be_visible()


def test_a_note_is_added_on_the_page_of_a_job(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = plain(windows, f"/staff/jobs/{job}", staff=True)
    page.get_by_label("Note, for colleagues").fill("By Friday.")

    page.get_by_role("button", name="Add a note").click()

    expect(page.get_by_role("region", name="Notes")).to_contain_text("By Friday.")
    assert system.events(job, EventType.NOTE_ADDED)[0]["by"] == "Ann"


def test_a_trouble_is_settled_on_its_list(windows: Windows, system: System) -> None:
    job = system.a_job(Status.PENDING)
    page = plain(windows, "/staff/trouble?kind=needs_weight", staff=True)
    line = page.locator(f"#needs_weight-{job}")
    line.get_by_label("Weight, g").fill("30")
    line.get_by_label("Time, h").fill("3")
    line.get_by_label("Material").fill("PLA")

    line.get_by_role("button", name="Save and quote").click()

    expect(page.locator("#toasts")).to_contain_text("Details saved")
    expect(line).to_have_count(0)
