"""The loop on a real share with a real database: every row of the table of what a look decides."""

import os
import shutil

import pytest

from daemon import rebuild
from daemon.actions import Brake
from daemon.watch import Heard
from schemas.errors import ShareUnavailable
from schemas.events import AT_THE_FOLDER, EventType, first_break
from schemas.status import Status
from tests.lab import Lab, a_gcode, an_stl, dump, empty_database


def test_a_submission_becomes_a_job_with_a_receipt_queued(lab: Lab) -> None:
    job = lab.submit()
    lab.rest()
    assert lab.status(job) is Status.UPLOADED
    assert lab.mail_states(job) == [("Uploaded", "queued")]


def test_a_drag_of_the_model_alone_moves_the_job_at_once_and_the_rest_after_two_seconds(
    lab: Lab,
) -> None:
    job = lab.a_job()
    lab.drag_model(job, Status.PENDING)
    lab.look()
    assert lab.status(job) is Status.PENDING
    assert lab.sidecar(job).parent.name == "Uploaded"
    lab.seconds += 2.1
    lab.look()
    assert {path.parent.name for path in lab.paths(job)} == {"Pending"}
    moved = lab.events(job, EventType.STATUS_CHANGED)
    assert [(row["by"], row["via"].value) for row in moved] == [(AT_THE_FOLDER, "folder")]


def test_a_quote_is_held_until_the_sliced_file_tells_the_weight(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    assert ("Pending", "held") in lab.mail_states(job)
    assert lab.flags(job) == ["needs_weight"]
    lab.slice(job, weight_g=45)
    lab.rest()
    assert lab.mail_states(job)[-1] == ("Pending", "queued")
    assert str(lab.doc(job).print.price_usd) == "4.50"
    lab.post(after_s=61)
    assert "4.50" in lab.mailbox.sent[-1].as_string()


def test_a_quote_goes_out_once_the_weight_is_typed_in(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    lab.weigh(job, "10")
    lab.rest()
    assert lab.mail_states(job)[-1] == ("Pending", "queued")
    assert str(lab.doc(job).print.price_usd) == "3.00"


def test_a_drag_undone_within_the_window_mails_nobody(lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=11)
    lab.slice(job)
    lab.rest()
    lab.drag(job, Status.PENDING)
    lab.rest()
    assert lab.mail_states(job)[-1] == ("Pending", "queued")
    lab.drag(job, Status.UPLOADED)
    lab.post(after_s=600)
    assert lab.mailbox.subjects == lab.mailbox.subjects[:1]
    assert lab.mail_states(job) == [("Uploaded", "sent"), ("Pending", "cancelled")]


def test_a_slip_out_of_a_status_and_back_does_not_mail_it_again(lab: Lab) -> None:
    job = lab.a_job(Status.PRINTING)
    lab.drag(job, Status.COMPLETED)
    lab.post(after_s=61)
    count = len(lab.mailbox.sent)
    lab.drag(job, Status.PRINTING)
    lab.rest()
    lab.drag(job, Status.COMPLETED)
    lab.post(after_s=600)
    assert len(lab.mailbox.sent) == count


def test_a_drag_that_skips_steps_is_obeyed_and_marked_irregular(lab: Lab) -> None:
    job = lab.a_job(Status.PRINTING)
    assert lab.moves(job) == [("Uploaded", "Printing")]
    assert "irregular" in lab.flags(job)


def test_only_what_was_seen_is_logged_when_a_job_moved_twice_between_two_looks(lab: Lab) -> None:
    job = lab.a_job()
    lab.drag(job, Status.PENDING)
    lab.drag(job, Status.READY_TO_PRINT)
    lab.rest()
    assert lab.moves(job) == [("Uploaded", "ReadyToPrint")]


def test_a_move_on_the_web_is_logged_with_its_name_and_reason(lab: Lab) -> None:
    job = lab.a_job()
    lab.move_on_the_web(job, Status.REJECTED, by="Ada", reasons=["too thin"])
    lab.rest()
    (event,) = lab.events(job, EventType.STATUS_CHANGED)
    assert (event["by"], event["via"].value, event["data"]["reasons"]) == (
        "Ada",
        "web",
        ["too thin"],
    )


def test_an_announced_move_that_never_came_is_not_put_on_a_later_drag(lab: Lab) -> None:
    job = lab.a_job()
    lab.move_on_the_web(job, Status.PENDING, by="Ada")
    lab.drag(job, Status.UPLOADED)  # the web's move failed half way and was taken back
    lab.rest()
    lab.seconds += 61
    lab.rest()
    lab.drag(job, Status.PENDING)
    lab.rest()
    assert [row["by"] for row in lab.events(job, EventType.STATUS_CHANGED)] == [AT_THE_FOLDER]


def test_files_of_one_job_in_two_new_folders_are_a_conflict_and_nothing_moves(lab: Lab) -> None:
    job = lab.a_job()
    lab.slice(job)
    lab.rest()
    model, gcode, _ = lab.paths(job)[1], lab.paths(job)[0], None
    model.rename(lab.root / "Pending" / model.name)
    gcode.rename(lab.root / "Printing" / gcode.name)
    lab.rest()
    assert "conflict" in lab.flags(job)
    assert {path.parent.name for path in lab.paths(job)} == {"Uploaded", "Pending", "Printing"}
    lab.drag(job, Status.PRINTING)
    lab.rest()
    assert "conflict" not in lab.flags(job)
    assert lab.status(job) is Status.PRINTING


def test_a_copy_of_the_model_in_another_folder_is_a_conflict_until_one_is_left(lab: Lab) -> None:
    job = lab.a_job()
    model = lab.model(job)
    copy = lab.root / "Pending" / model.name
    shutil.copy2(model, copy)
    lab.rest()
    assert "conflict" in lab.flags(job)
    copy.unlink()
    lab.rest()
    assert "conflict" not in lab.flags(job)
    assert lab.status(job) is Status.UPLOADED


def test_a_half_copied_model_is_not_taken_before_it_is_whole(lab: Lab) -> None:
    data = an_stl(triangles=100)
    path = lab.root / "Uploaded/vase.stl"
    path.write_bytes(data[:1000])
    lab.rest()
    assert path.exists()
    assert not lab.world.known.jobs
    path.write_bytes(data)
    lab.rest()
    assert [job.stem for job in lab.world.known.jobs.values()] == ["Vase_Unknown_Unknown_1"]


def test_a_walk_in_gets_number_name_and_sidecar_and_is_flagged(lab: Lab) -> None:
    (lab.root / "Printing/Zoë (final).stl").write_bytes(an_stl())
    lab.rest()
    (job,) = lab.world.known.jobs
    assert sorted(path.name for path in lab.paths(job)) == [
        "ZoeFinal_Unknown_Unknown_1.metadata.json",
        "ZoeFinal_Unknown_Unknown_1.stl",
    ]
    assert "walk_in" in lab.flags(job)
    assert lab.status(job) is Status.PRINTING


def test_a_foreign_file_is_listed_as_stray_and_never_touched(lab: Lab) -> None:
    path = lab.root / "Pending/notes.txt"
    path.write_text("shopping list")
    (lab.root / "Pending/Thumbs.db").write_text("litter")
    lab.rest()
    assert dump(lab.engine)["files"][0][0]["path"] == "Pending/notes.txt"
    assert len(dump(lab.engine)["files"]) == 1
    path.unlink()
    lab.rest()
    assert dump(lab.engine)["files"] == []


def test_a_deleted_model_is_flagged_missing_after_two_complete_looks_and_restored_on_return(
    lab: Lab,
) -> None:
    job = lab.a_job()
    model = lab.model(job)
    kept = lab.folder / model.name
    model.rename(kept)
    lab.look()
    lab.seconds += 5
    lab.look()
    assert lab.flags(job) == []
    lab.seconds += 6
    lab.look()
    assert lab.flags(job) == ["missing"]
    kept.rename(model)
    lab.rest()
    assert lab.flags(job) == []
    kinds = [row["type"] for row in lab.events(job)]
    assert kinds[-2:] == [EventType.FILE_MISSING, EventType.FILE_RESTORED]


def test_a_job_that_vanished_whole_keeps_its_history_in_a_new_sidecar(lab: Lab) -> None:
    job = lab.a_job()
    for path in lab.paths(job):
        path.unlink()
    lab.rest()
    assert lab.flags(job) == ["missing"]
    assert lab.doc(job).student.name == "Jane Doe"


def test_the_brake_records_no_great_loss_until_a_person_confirms_it(lab: Lab) -> None:
    jobs = [lab.submit() for _ in range(5)]
    lab.rest()
    for job in jobs:
        for path in lab.paths(job):
            path.unlink()
    for _ in range(5):
        actions = lab.look()
        lab.seconds += 6
    assert [type(action) for action in actions if not hasattr(action, "seconds")] == [Brake]
    assert all(not lab.events(job, EventType.FILE_MISSING) for job in jobs)
    with lab.engine.begin() as connection:
        from daemon import index

        index.say(connection, "loss_confirmed", True)
    lab.rest()
    assert all(lab.flags(job) == ["missing"] for job in jobs)


@pytest.mark.parametrize("fault", ["marker gone", "another share", "a folder gone", "emptied"])
def test_a_share_that_is_not_ours_is_left_alone_and_nothing_is_lost(lab: Lab, fault: str) -> None:
    job = lab.a_job()
    before = dump(lab.engine)
    away = lab.folder / "away"
    if fault == "marker gone":
        (lab.root / ".printsystem/root.json").rename(away)
    elif fault == "another share":
        (lab.root / ".printsystem/root.json").write_text('{"share": "x", "layout": 1}')
    elif fault == "a folder gone":
        (lab.root / "Pending").rmdir()
    else:
        lab.root.rename(away)
        lab.root.mkdir()
    for _ in range(4):
        with pytest.raises(ShareUnavailable):
            lab.look()
        lab.seconds += 20
    assert dump(lab.engine) == before
    assert lab.status(job) is Status.UPLOADED


def test_an_emptied_index_is_rebuilt_with_the_same_content_and_no_mail(lab: Lab) -> None:
    lab.a_job(Status.PRINTING)
    lab.slice(lab.a_job(Status.PENDING))
    lab.rest()
    lab.a_job()
    (lab.root / "Uploaded/notes.txt").write_text("stray")
    lab.post(after_s=100)
    before, sent = dump(lab.engine), len(lab.mailbox.sent)
    empty_database(lab.engine)
    lab.start_daemon()
    lab.post(after_s=100)
    assert dump(lab.engine) == before
    assert len(lab.mailbox.sent) == sent


def test_a_drag_while_the_index_was_gone_is_an_ordinary_move_after_the_rebuild(lab: Lab) -> None:
    job = lab.a_job()
    other = lab.a_job()
    empty_database(lab.engine)
    lab.drag(job, Status.PENDING)
    lab.drag_model(other, Status.REJECTED)
    lab.start_daemon()
    lab.rest()
    assert lab.moves(job) == [("Uploaded", "Pending")]
    assert lab.moves(other) == [("Uploaded", "Rejected")]


def test_a_sidecar_that_is_gone_is_written_anew_from_the_index(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    before = lab.doc(job)
    lab.sidecar(job).unlink()
    lab.rest()
    after = lab.doc(job)
    assert after.student == before.student
    assert after.history[: len(before.history)] == before.history
    assert after.history[-1].type is EventType.SIDECAR_REPAIRED


def test_without_an_index_a_model_without_sidecar_becomes_a_job_from_its_name(lab: Lab) -> None:
    job = lab.a_job()
    lab.sidecar(job).unlink()
    empty_database(lab.engine)
    lab.start_daemon()
    lab.rest()
    assert lab.doc(job).student.name == "JaneDoe"
    assert "walk_in" in lab.flags(job)


def test_an_unreadable_sidecar_is_kept_aside_and_restored(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    path = lab.sidecar(job)
    path.write_text("{ this is no JSON")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    lab.rest()
    assert lab.doc(job).student.name == "Jane Doe"
    (kept,) = (lab.root / ".printsystem/quarantine").iterdir()
    assert kept.read_text() == "{ this is no JSON"


def test_a_hand_edit_of_the_sidecar_is_honoured_and_logged(lab: Lab) -> None:
    job = lab.a_job()
    path = lab.sidecar(job)
    path.write_text(
        path.read_text().replace("Jane Doe", "Jane Roe").replace('"ART 101"', '"ART 102"')
    )
    lab.rest()
    assert lab.doc(job).student.name == "Jane Roe"
    (event,) = lab.events(job, EventType.DETAILS_EDITED)
    assert event["data"]["changed"]["class_number"] == ["ART 101", "ART 102"]
    assert event["by"] == AT_THE_FOLDER


def test_a_history_forged_by_hand_is_put_right_from_the_index(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    path = lab.sidecar(job)
    path.write_text(path.read_text().replace(f'"by": "{AT_THE_FOLDER}"', '"by": "Mallory"'))
    lab.rest()
    history = lab.doc(job).history
    assert first_break(history) is None
    assert "Mallory" not in {event.by for event in history}
    assert EventType.SIDECAR_REPAIRED in {event.type for event in history}


def test_unknown_keys_in_a_sidecar_survive_the_next_move(lab: Lab) -> None:
    job = lab.a_job()
    path = lab.sidecar(job)
    path.write_text(
        path.read_text().replace('"student": {', '"student": {\n    "pronouns": "they",', 1)
    )
    lab.rest()
    lab.drag(job, Status.PENDING)
    lab.rest()
    assert '"pronouns": "they"' in lab.sidecar(job).read_text()


def test_a_renamed_model_gets_its_name_back(lab: Lab) -> None:
    job = lab.a_job()
    model = lab.model(job)
    model.rename(model.with_name("foo.stl"))
    lab.rest()
    assert lab.model(job) == model
    assert lab.flags(job) == []
    assert len(lab.world.known.jobs) == 1


def test_a_copy_beside_the_model_joins_the_job_and_is_flagged(lab: Lab) -> None:
    job = lab.a_job()
    model = lab.model(job)
    shutil.copy2(model, model.with_name(f"{model.stem} - Copy.stl"))
    lab.rest()
    assert lab.flags(job) == ["copy"]


def test_a_subfolder_that_staff_made_belongs_to_its_status(lab: Lab) -> None:
    job = lab.a_job()
    (lab.root / "Printing/Prusa XL").mkdir()
    model = lab.model(job)
    model.rename(lab.root / "Printing/Prusa XL" / model.name)
    lab.rest()
    assert lab.status(job) is Status.PRINTING
    assert {path.parent.name for path in lab.paths(job)} == {"Prusa XL"}


def test_a_folder_of_jobs_that_is_dragged_takes_its_jobs_along(lab: Lab) -> None:
    job = lab.a_job()
    (lab.root / "Uploaded/batch").mkdir()
    for path in lab.paths(job):
        path.rename(lab.root / "Uploaded/batch" / path.name)
    lab.rest()
    (lab.root / "Uploaded/batch").rename(lab.root / "Printing/batch")
    lab.rest()
    assert lab.moves(job) == [("Uploaded", "Printing")]


def test_a_narrow_look_finds_a_job_that_was_heard_of(lab: Lab) -> None:
    job = lab.a_job()
    lab.drag(job, Status.PENDING)
    lab.look(Heard(jobs={job: set()}))
    assert lab.status(job) is Status.PENDING


def test_an_older_copy_of_the_sidecar_gets_its_history_back(lab: Lab) -> None:
    job = lab.a_job()
    old = lab.sidecar(job).read_bytes()
    lab.drag(job, Status.PENDING)
    lab.rest()
    count = len(lab.events(job))
    lab.sidecar(job).write_bytes(old)
    lab.rest()
    assert lab.status(job) is Status.PENDING
    assert len(lab.events(job)) == count + 1
    assert [event.seq for event in lab.doc(job).history] == list(range(1, count + 2))


def test_a_mass_change_at_the_folder_holds_its_mails(lab: Lab) -> None:
    jobs = [lab.submit() for _ in range(22)]
    lab.rest()
    for job in jobs:
        lab.drag(job, Status.COMPLETED)
    lab.rest()
    sent = len(lab.mailbox.sent)
    lab.post(after_s=61)
    assert len(lab.mailbox.sent) == sent
    assert {state for job in jobs for state in lab.mail_states(job)[-1:]} == {("Completed", "held")}


def test_rebuilding_by_hand_gives_the_same_index(lab: Lab) -> None:
    lab.a_job(Status.PENDING)
    lab.a_job(Status.COMPLETED)
    before = dump(lab.engine)
    assert rebuild.rebuild(lab.world) == 2
    assert dump(lab.engine) == before


def test_a_sliced_file_that_grows_is_taken_once_it_rests(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    path = lab.model(job).with_suffix(".gcode")
    for size in (10, 20):
        path.write_bytes(a_gcode()[:size])
        lab.look()
        lab.seconds += 1.5
    path.write_bytes(a_gcode(30))
    lab.rest()
    assert len(lab.events(job, EventType.FILE_ADDED)) == 1
    assert str(lab.doc(job).print.weight_g) == "30.00"
