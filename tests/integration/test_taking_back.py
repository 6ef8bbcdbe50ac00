"""Moves taken back, mails sent once more, links renewed: pages, daemon and outbox together.

After each, an index made anew from the folders is the same, and nobody is mailed by making it.
"""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from daemon import queries
from daemon.outbox import message_id
from schemas.errors import NotPossible
from schemas.events import EventType, Via
from schemas.flags import is_cancelled_by_student
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.web import Site, waiting_for_word
from tests.lab import Lab, dump, empty_database
from webui.decisions import Hand, withdraw


@pytest.fixture
def site(lab: Lab) -> Iterator[Site]:
    with Site.opened(lab, daemon=False) as opened:
        yield opened.log_in()


def ask(site: Site, job: JobNumber, action: str, **given: object) -> None:
    """One of staff's actions, and what the daemon makes of it."""
    answer = site.ask(job, action, by="Ann", **given)
    assert answer.status_code == 200, answer.text
    site.lab.rest()


def confirm(site: Site, path: str) -> int:
    return site.browser.post(path, data={"csrf_token": site.csrf(path)}).status_code


def quoted(lab: Lab) -> JobNumber:
    """A job whose student has the quote in hand."""
    job = waiting_for_word(lab)
    lab.post(after_s=100)
    assert lab.mailbox.subjects
    return job


def last_move(lab: Lab, job: JobNumber) -> dict[str, object]:
    return dict(lab.events(job, EventType.STATUS_CHANGED)[-1])


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def assert_a_rebuild_changes_nothing(lab: Lab) -> None:
    before, sent = dump(lab.engine), list(lab.mailbox.ids)
    empty_database(lab.engine)
    lab.loop.lease.step_down()
    lab.start_daemon()
    lab.rest()
    assert dump(lab.engine) == before
    lab.post(after_s=1000)
    assert lab.mailbox.ids == sent


# Undo


def test_an_undone_confirmation_gives_the_student_the_same_link_back_and_mails_nobody(
    site: Site, lab: Lab
) -> None:
    job = quoted(lab)
    link = site.confirm_page(job)
    assert confirm(site, link) == 303
    lab.rest()
    sent = list(lab.mailbox.ids)
    ask(site, job, "undo", seen="ReadyToPrint")
    lab.post(after_s=1000)
    assert lab.status(job) is Status.PENDING
    assert site.browser.get(link).status_code == 200
    assert lab.mailbox.ids == sent
    move = last_move(lab, job)
    assert (move["by"], move["via"]) == ("Ann", Via.WEB)
    assert move["data"] == {"from": "ReadyToPrint", "to": "Pending", "undo": True}
    assert_a_rebuild_changes_nothing(lab)
    assert confirm(site, link) == 303
    lab.rest()
    assert lab.status(job) is Status.READY_TO_PRINT


def test_a_move_undone_in_time_mails_nobody_of_either_status(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    ask(site, job, "reject", reasons=["too thin"])
    ask(site, job, "undo")
    lab.post(after_s=1000)
    assert lab.mail_states(job) == [("Uploaded", "sent"), ("Rejected", "cancelled")]
    assert len(lab.mailbox.sent) == 1
    assert lab.doc(job).review.reasons == []
    assert_a_rebuild_changes_nothing(lab)


def test_a_move_undone_too_late_is_undone_all_the_same_and_the_log_says_so(
    site: Site, lab: Lab
) -> None:
    job = quoted(lab)
    ask(site, job, "reject", text="cannot be printed")
    lab.post(after_s=100)
    sent = list(lab.mailbox.ids)
    ask(site, job, "undo")
    lab.post(after_s=1000)
    data = {"from": "Rejected", "to": "Pending", "undo": True, "mail_sent": True}
    assert last_move(lab, job)["data"] == data
    assert lab.flags(job) == []
    assert lab.mailbox.ids == sent
    assert_a_rebuild_changes_nothing(lab)


def test_a_receipt_that_the_undone_move_had_stopped_goes_once(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    ask(site, job, "reject", text="no")
    ask(site, job, "undo")
    lab.post(after_s=100)
    assert lab.mail_states(job) == [("Uploaded", "sent"), ("Rejected", "cancelled")]
    assert lab.mailbox.ids == [message_id(lab.share.uuid, job, 1)]
    assert_a_rebuild_changes_nothing(lab)


def test_an_undone_payment_is_gone_from_sidecar_and_index(site: Site, lab: Lab) -> None:
    job = lab.a_job(Status.COMPLETED)
    ask(site, job, "collect", amount_usd="4.25", payer="Jane")
    ask(site, job, "undo")
    with lab.engine.connect() as connection:
        paid = connection.execute(text("SELECT paid_usd FROM jobs")).scalar_one()
    assert (lab.status(job), paid, lab.doc(job).payment.payer) == (Status.COMPLETED, None, "")


def test_an_undo_right_after_a_move_waits_for_the_daemon_to_note_it(lab: Lab) -> None:
    job = lab.a_job()
    with Site.opened(lab) as live:
        live.log_in().ask(job, "approve", weight_g=1)
        assert live.ask(job, "undo").get_json()["status"] == "Uploaded"
    assert lab.moves(job) == [("Uploaded", "Pending"), ("Pending", "Uploaded")]


def test_an_undo_of_a_move_that_nobody_has_noted_yet_says_so_and_moves_nothing(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    lab.drag(job, Status.PENDING)
    answer = site.ask(job, "undo")
    assert answer.status_code == 409
    assert "has not noted it yet" in answer.get_json()["message"]
    assert {path.parent.name for path in lab.paths(job)} == {"Pending"}


def test_a_sidecar_made_anew_knows_that_a_rejection_was_taken_back(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    ask(site, job, "reject", reasons=["too thin"])
    ask(site, job, "undo")
    lab.sidecar(job).write_text("{")
    lab.rest()
    doc = lab.doc(job)
    assert doc.history[-1].type is EventType.SIDECAR_REPAIRED
    assert (doc.status, doc.review.reasons) == (Status.UPLOADED, [])


# Once more


def test_a_mail_sent_once_more_has_an_id_of_its_own_and_goes_once(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    ask(site, job, "resend")
    assert lab.mail_states(job) == [("Uploaded", "queued")]
    lab.post()
    lab.post(after_s=1000)
    uuid = lab.share.uuid
    assert lab.mailbox.ids == [message_id(uuid, job, 1), message_id(uuid, job, 1, 1)]
    assert len(set(lab.mailbox.ids)) == 2
    assert lab.mail_states(job) == [("Uploaded", "sent")]
    assert [row["data"].get("again") for row in lab.events(job, EventType.EMAIL_SENT)] == [None, 1]
    assert_a_rebuild_changes_nothing(lab)


def test_a_repeat_that_was_only_asked_for_survives_a_rebuild_and_then_goes_once(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    ask(site, job, "resend")
    before = dump(lab.engine)
    empty_database(lab.engine)
    lab.loop.lease.step_down()
    lab.start_daemon()
    lab.rest()
    assert dump(lab.engine) == before
    lab.post(after_s=1000)
    uuid = lab.share.uuid
    assert lab.mailbox.ids == [message_id(uuid, job, 1), message_id(uuid, job, 1, 1)]


def test_a_repeat_whose_job_moves_on_before_it_goes_is_cancelled(site: Site, lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    ask(site, job, "resend")
    lab.drag(job, Status.REJECTED)
    lab.rest()
    lab.drag(job, Status.UPLOADED)
    lab.post(after_s=1000)
    assert lab.mailbox.ids == [message_id(lab.share.uuid, job, 1)]
    assert_a_rebuild_changes_nothing(lab)


# A fresh link


def test_a_fresh_link_works_the_old_one_says_so_and_the_mail_brings_the_fresh_one(
    site: Site, lab: Lab
) -> None:
    job = quoted(lab)
    old = site.confirm_page(job)
    lab.seconds += 8 * 24 * 3600
    assert site.browser.get(old).status_code == 410
    ask(site, job, "renew")
    fresh = site.confirm_page(job)
    lab.post()
    assert (site.browser.get(old).status_code, site.browser.get(fresh).status_code) == (410, 200)
    assert fresh in text_of(lab.mailbox.sent[-1]).replace("\n", "")
    renewed = lab.events(job, EventType.QUOTED)[-1]
    assert (renewed["by"], renewed["data"]["renewed"]) == ("Ann", True)
    assert_a_rebuild_changes_nothing(lab)


# The student withdraws


def test_a_student_who_withdraws_from_the_line_is_neither_mailed_nor_marked_irregular(
    site: Site, lab: Lab
) -> None:
    job = quoted(lab)
    ask(site, job, "confirm")
    sent, hand = list(lab.mailbox.ids), Hand("Jane Doe", Via.LINK, lab.now())
    desk = site.app.extensions["printsystem"].desk
    desk.change(job, lambda found: withdraw(found.doc, hand), hand)
    assert is_cancelled_by_student(lab.doc(job))
    lab.post(after_s=1000)
    assert (lab.status(job), lab.flags(job)) == (Status.REJECTED, [])
    assert is_cancelled_by_student(lab.doc(job))
    assert last_move(lab, job)["via"] is Via.LINK
    assert lab.mailbox.ids == sent
    with pytest.raises(NotPossible):
        desk.change(job, lambda found: withdraw(found.doc, hand), hand)
    assert_a_rebuild_changes_nothing(lab)


# Released


def test_the_mails_that_a_mass_change_held_go_once_each_job_is_told_to(
    site: Site, lab: Lab
) -> None:
    jobs = [lab.submit() for _ in range(22)]
    lab.post(after_s=100)
    for job in jobs:
        lab.drag(job, Status.REJECTED)
    lab.rest()
    lab.post(after_s=100)
    with lab.engine.connect() as connection:
        held = queries.jobs_held(connection)
    assert held == jobs
    for job in held:
        ask(site, job, "send-now")
    lab.post(after_s=100)
    with lab.engine.connect() as connection:
        assert queries.jobs_held(connection) == []
    assert len(lab.mailbox.sent) == 2 * len(jobs)


# The catalogue


def test_an_edit_to_a_color_that_the_lab_does_not_have_is_refused_naming_it(
    site: Site, lab: Lab
) -> None:
    job = lab.a_job()
    said = site.ask(job, "edit", color="Plaid")
    assert said.status_code == 422
    assert said.get_json()["message"] == "there is no color 'Plaid' for Filament"
    assert "True Red" in said.get_json()["possible"]
    assert lab.doc(job).request.color == "True Red"
