"""Staff act on jobs from the dashboard: in one click, or in a dialog with what has to be said."""

import re

import pytest
from playwright.sync_api import expect

from schemas.events import EventType
from schemas.mails import MailState
from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.desk import Desk, the_same_after
from tests.browser.system import UNDO_S, System
from tests.browser.windows import Windows

pytestmark = pytest.mark.slow


def approved(windows: Windows, system: System) -> tuple[Desk, JobNumber]:
    """A job just approved on the dashboard; its mail still waits."""
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.open(job, "Approve")
    dialog.get_by_label("Weight, g").fill("42.5")
    dialog.get_by_role("button", name="Approve").click()
    expect(desk.toast).to_contain_text("now Pending")
    return desk, job


# Approve


def test_the_price_is_worked_out_while_the_weight_is_typed(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    dialog = Desk.showing(windows, system, job).open(job, "Approve")

    dialog.get_by_label("Weight, g").fill("42.55")
    dialog.get_by_label("Time, h").fill("2.1")

    expect(dialog).to_contain_text("$4.26")
    expect(dialog).to_contain_text("time counts as 2.5 h")


def test_what_the_sliced_file_says_is_filled_in_already(windows: Windows, system: System) -> None:
    job = system.a_job()
    system.slice(job, weight_g=51.5)
    system.wait_for(lambda: system.doc(job).print.weight_g)

    dialog = Desk.showing(windows, system, job).open(job, "Approve")

    expect(dialog.get_by_label("Weight, g")).to_have_value(re.compile(r"51\.50?"))
    expect(dialog.get_by_label("Time, h")).to_have_value("1.5")
    expect(dialog.get_by_role("radio", name=".gcode")).to_be_checked()
    expect(dialog).to_contain_text("$5.15")


def test_an_approved_job_moves_with_its_figures_while_its_mail_waits(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.open(job, "Approve")
    dialog.get_by_label("Weight, g").fill("42.5")
    dialog.get_by_label("Time, h").fill("2.1")
    dialog.get_by_label("Material").fill("PLA")

    stayed = the_same_after(desk.page, lambda: dialog.get_by_role("button", name="Approve").click())

    expect(desk.toast).to_contain_text("now Pending")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.row(job)).to_contain_text("$4.25")
    assert stayed
    assert system.is_in(job, Status.PENDING)
    figures = system.doc(job).print
    assert (str(figures.weight_g), str(figures.time_h), figures.material) == ("42.5", "2.5", "PLA")
    assert system.events(job, EventType.STATUS_CHANGED)[-1]["by"] == "Ann"
    assert system.mail(job, Status.PENDING).state is MailState.QUEUED


def test_a_weight_that_is_none_is_said_in_the_dialog_and_what_was_typed_stays(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 422")
    job = system.a_job()
    dialog = Desk.showing(windows, system, job).open(job, "Approve")
    dialog.get_by_label("Weight, g").fill("heavy")
    dialog.get_by_label("Material").fill("PETG")

    dialog.get_by_role("button", name="Approve").click()

    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("Weight, g")).to_have_value("heavy")
    expect(dialog.get_by_label("Material")).to_have_value("PETG")
    assert system.is_in(job, Status.UPLOADED)


def test_a_job_that_was_dragged_on_meanwhile_is_not_approved_again(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 409")
    job = system.a_job()
    dialog = Desk.showing(windows, system, job).open(job, "Approve")
    system.drag(job, Status.REJECTED)
    system.wait_for(lambda: system.is_in(job, Status.REJECTED))
    dialog.get_by_label("Weight, g").fill("10")

    dialog.get_by_role("button", name="Approve").click()

    expect(dialog.get_by_role("alert")).to_contain_text("is in Rejected now")
    assert system.is_in(job, Status.REJECTED)


# The mail's count-down


def test_undone_in_the_toast_it_lies_where_it_was_and_nobody_is_mailed(
    windows: Windows, system: System
) -> None:
    desk, job = approved(windows, system)
    expect(desk.toast).to_contain_text("The student hears in")
    left_s = int(desk.toast.locator("[data-countdown]").inner_text().removesuffix(" s"))

    desk.toast.get_by_role("button", name="Undo").click()

    expect(desk.toast).to_contain_text("now Uploaded")
    expect(desk.row(job)).to_contain_text("Uploaded")
    assert 0 < left_s <= UNDO_S
    assert system.is_in(job, Status.UPLOADED)
    assert system.mail(job, Status.PENDING).state is MailState.CANCELLED


def test_sent_now_the_mail_does_not_wait(windows: Windows, system: System) -> None:
    desk, job = approved(windows, system)

    desk.toast.get_by_role("button", name="Send now").click()

    expect(desk.toast).to_contain_text("The mail goes now")
    system.wait_for(lambda: system.is_mailed(job, Status.PENDING), limit_s=UNDO_S / 2)
    assert "$4.25" in str(system.letters(job)[-1].get_body())


def test_told_not_to_send_the_job_stays_and_the_mail_does_not_go(
    windows: Windows, system: System
) -> None:
    desk, job = approved(windows, system)

    desk.toast.get_by_role("button", name="Don’t send").click()

    expect(desk.toast).to_contain_text("The mail is not sent")
    assert system.is_in(job, Status.PENDING)
    assert system.mail(job, Status.PENDING).state is MailState.CANCELLED


# The other steps


def test_rejected_with_a_reason_and_a_word_the_log_has_both(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Reject")
    reason = system.share.catalog().reject_reasons[0]
    dialog.get_by_label(reason).check()
    dialog.get_by_label("In your own words").fill("The walls are too thin.")

    dialog.get_by_role("button", name="Reject").click()

    expect(desk.toast).to_contain_text("now Rejected")
    review = system.doc(job).review
    assert (review.reasons, review.text) == ([reason], "The walls are too thin.")


def test_a_rejection_without_a_reason_is_not_taken(windows: Windows, system: System) -> None:
    windows.expect("status of 422")
    job = system.a_job()
    dialog = Desk.showing(windows, system, job).ask(job, "Reject")

    dialog.get_by_role("button", name="Reject").click()

    expect(dialog.get_by_role("alert")).to_contain_text("tick a reason or write one")
    assert system.is_in(job, Status.UPLOADED)


def test_a_job_goes_from_its_price_to_its_student_in_a_few_clicks(
    windows: Windows, system: System
) -> None:
    job = system.a_quote()
    desk = Desk.showing(windows, system, job)

    desk.press(job, "Confirm")
    expect(desk.row(job)).to_contain_text("Ready to print")
    desk.press(job, "Start")
    expect(desk.row(job)).to_contain_text("Printing")
    desk.press(job, "Complete")
    expect(desk.row(job)).to_contain_text("Completed")
    dialog = desk.open(job, "Collect")
    expect(dialog.get_by_label("Paid, $")).to_have_value("4.25")
    dialog.get_by_label("Transaction number").fill("T-17")
    dialog.get_by_label("Real weight, g").fill("44")
    dialog.get_by_role("button", name="Paid and collected").click()

    expect(desk.row(job)).to_contain_text("Picked up")
    doc = system.doc(job)
    assert (str(doc.payment.amount_usd), doc.payment.transaction) == ("4.25", "T-17")
    assert str(doc.print.actual_weight_g) == "44"


def test_a_failed_print_is_in_line_again_with_its_reason(windows: Windows, system: System) -> None:
    job = system.a_job(Status.PRINTING)
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Print failed")
    dialog.get_by_label("What went wrong?").fill("warped at layer 12")

    dialog.get_by_role("button", name="Print failed").click()

    expect(desk.row(job)).to_contain_text("Ready to print")
    failed = system.events(job, EventType.PRINT_FAILED)[0]
    assert (failed["by"], failed["data"]) == ("Ann", {"reason": "warped at layer 12"})


def test_a_note_is_kept_for_the_colleagues(windows: Windows, system: System) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Add a note")
    dialog.get_by_label("Note, for colleagues").fill("Wants it by Friday.")

    dialog.get_by_role("button", name="Add a note").click()

    expect(desk.toast).to_contain_text("Note added")
    assert [(note.by, note.text) for note in system.doc(job).notes] == [
        ("Ann", "Wants it by Friday.")
    ]


def test_edited_details_show_at_once_and_colors_follow_the_method(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Edit details")
    dialog.get_by_label("Method").select_option("Resin")
    expect(dialog.get_by_label("Color")).to_have_value("")
    dialog.get_by_label("Color").select_option("Black")
    dialog.get_by_label("Printer").select_option("Formlabs Form 3")
    dialog.get_by_label("Class number").fill("ARCH 4010")

    dialog.get_by_role("button", name="Save").click()

    expect(desk.row(job)).to_contain_text("Formlabs Form 3 · Black")
    expect(desk.row(job)).to_contain_text("ARCH 4010")
    assert system.doc(job).request.print_method == "Resin"


def test_moved_anywhere_with_a_reason_it_is_marked_irregular(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    desk = Desk.showing(windows, system, job)
    dialog = desk.ask(job, "Move anywhere")
    dialog.get_by_label("To", exact=True).select_option("Completed")
    dialog.get_by_label("Reason").fill("printed by hand")

    dialog.get_by_role("button", name="Move").click()

    expect(desk.row(job)).to_contain_text("irregular")
    assert system.is_in(job, Status.COMPLETED)
