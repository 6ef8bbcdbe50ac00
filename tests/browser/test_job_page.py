"""The page of one job: its files to keep, its mails to read, its whole log, a ticket to print."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.system import System
from tests.browser.test_live import listening
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def job_page(windows: Windows, job: JobNumber) -> Page:
    return listening(windows.open(f"/staff/jobs/{job}", staff=True))


def test_the_log_tells_who_did_what_and_that_nobody_has_changed_it(
    windows: Windows, system: System
) -> None:
    job = system.a_job(Status.REJECTED)
    page = job_page(windows, job)
    page.get_by_label("Note, for colleagues").fill("Asked for blue.")

    page.get_by_role("button", name="Add a note").click()

    log = page.get_by_role("region", name="Log")
    expect(log.get_by_role("listitem").first).to_contain_text("Note Ann, on the web")
    expect(log.get_by_role("listitem").first).to_contain_text("Asked for blue.")
    expect(log).to_contain_text("Uploaded → Rejected")
    expect(log).to_contain_text(f"Handed in {system.name(job)}")
    expect(log).to_contain_text("chain verified")
    expect(page.get_by_label("Note, for colleagues")).to_have_value("")


def test_a_drag_shows_on_the_page_while_a_note_is_being_written(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    page = job_page(windows, job)
    note = page.get_by_label("Note, for colleagues")
    note.fill("Half a sent")

    system.drag(job, Status.PRINTING)

    expect(page.get_by_role("button", name="Complete")).to_be_visible()
    expect(note).to_have_value("Half a sent")
    expect(note).to_be_focused()


def test_a_file_is_downloaded_as_it_was_handed_in(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = job_page(windows, job)

    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()

    assert kept.value.suggested_filename == system.model(job).name
    assert Path(kept.value.path()).read_bytes() == system.model(job).read_bytes()


def test_a_path_is_copied_as_this_computer_sees_the_share(windows: Windows, system: System) -> None:
    job = system.a_job()
    page = job_page(windows, job)
    page.get_by_text("Where the share is on this computer").click()
    page.get_by_label("The folder that holds").fill("Z:\\3dprint")
    page.get_by_label("The folder that holds").press("Tab")
    name = system.model(job).name

    page.get_by_role("button", name=f"Copy the path of {name}").click()

    expect(page.locator("#toasts")).to_contain_text("Copied")
    page.get_by_role("searchbox").focus()
    page.keyboard.press("Control+v")
    expect(page.get_by_role("searchbox")).to_have_value(f"Z:\\3dprint\\Uploaded\\{name}")


def test_a_mail_that_has_gone_can_be_read_as_it_went_out(windows: Windows, system: System) -> None:
    job = system.a_quote()
    page = job_page(windows, job)
    mails = page.get_by_role("region", name="Mails")
    mails.get_by_role("button", name="Send now").click()
    entry = mails.get_by_role("listitem").filter(has_text="Pending")

    entry.get_by_role("link", name="Read").click()

    dialog = page.locator("#sheet")
    expect(dialog).to_contain_text("$4.25")
    expect(dialog).to_contain_text(system.doc(job).student.email)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_last_move_is_taken_back_from_the_menu(windows: Windows, system: System) -> None:
    job = system.a_job(Status.COMPLETED)
    page = job_page(windows, job)
    page.get_by_role("button", name="More").click()

    page.get_by_role("button", name="Undo the last move").click()

    expect(page.get_by_role("link", name="Approve")).to_be_visible()
    assert system.is_in(job, Status.UPLOADED)


def test_on_paper_there_is_the_ticket_and_nothing_else(windows: Windows, system: System) -> None:
    job = system.a_quote()
    page = windows.open(staff=True)
    page.add_init_script("window.print = () => document.body.dataset.printed = 'yes'")
    page.goto(f"/staff/jobs/{job}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Print a ticket").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")

    page.emulate_media(media="print")

    ticket = page.locator(".ticket")
    expect(ticket).to_be_visible()
    for words in (str(job), system.name(job), "True Red", "42.5 g", "$4.25"):
        expect(ticket).to_contain_text(words)
    for hidden in ("Details", "Files", "Log"):
        expect(page.get_by_role("heading", name=hidden)).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_have_count(0)
