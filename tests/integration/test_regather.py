"""A job in two folders is brought together where a person said, with nothing replaced or lost."""

import shutil
from collections import Counter
from typing import Any

import pytest

from daemon import handover, quarantine
from daemon.regather import Choice, Gathered, files_of, gather, join
from daemon.share import Share
from schemas.errors import FileBusy, NoSuchJob, StaleState
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import Lab, an_stl, dump


def a_torn_job(lab: Lab) -> JobNumber:
    """The sidecar is in Pending with a second model, the first model went on to Printing alone."""
    job = lab.a_job(Status.PENDING)
    stem = lab.model(job).stem
    (lab.root / "Printing" / f"{stem}.stl").write_bytes(an_stl())
    (lab.root / "Printing" / f"{stem}.gcode").write_bytes(b"; sliced\n")
    lab.rest()
    assert "conflict" in lab.flags(job)
    return job


def a_copied_job(lab: Lab) -> JobNumber:
    """Somebody copied the whole job, its sidecar included, into another folder."""
    job = lab.a_job(Status.PENDING)
    for path in lab.paths(job):
        shutil.copy2(path, lab.root / "Completed" / path.name)
    lab.rest()
    assert "conflict" in lab.flags(job)
    return job


def choose(lab: Lab, job: JobNumber, folder: str) -> Gathered:
    return gather(lab.share, job, Choice(folder, "Ada", Via.WEB, lab.now()))


def contents(lab: Lab) -> Counter[bytes]:
    """The bytes of every file on the share that is no sidecar, wherever it lies."""
    return Counter(
        path.read_bytes()
        for path in lab.root.rglob("*")
        if path.is_file() and not path.name.endswith(".json") and path.suffix in (".stl", ".gcode")
    )


@pytest.mark.parametrize("folder", ["Pending", "Printing"])
def test_all_files_lie_where_the_person_said_and_none_is_replaced(lab: Lab, folder: str) -> None:
    job = a_torn_job(lab)
    before = contents(lab)
    done = choose(lab, job, folder)
    assert {path.parent.name for path in lab.paths(job)} == {folder}
    assert contents(lab) == before
    assert [name.endswith(" (2).stl") for name in done.renamed] == [True]


@pytest.mark.parametrize("folder", ["Pending", "Printing"])
def test_the_log_says_who_chose_the_folder(lab: Lab, folder: str) -> None:
    job = a_torn_job(lab)
    choose(lab, job, folder)
    lab.rest()
    (event,) = lab.events(job, EventType.CONFLICT_RESOLVED)
    assert (event["by"], event["via"], event["data"]) == ("Ada", Via.WEB, {"folder": folder})
    moved = [event["by"] for event in lab.events(job, EventType.STATUS_CHANGED)][1:]
    assert moved == ([] if folder == "Pending" else ["Ada"])
    assert lab.doc(job).claim is None
    assert lab.status(job) == folder
    assert "conflict" not in lab.flags(job)


def test_a_folder_drag_that_settles_it_is_still_nobodys_choice(lab: Lab) -> None:
    job = a_torn_job(lab)
    for path in lab.paths(job):
        if path.parent.name == "Printing":
            path.rename(lab.root / "Pending" / path.name.replace(".stl", " (2).stl"))
    lab.rest()
    (event,) = lab.events(job, EventType.CONFLICT_RESOLVED)
    assert event["via"] is Via.SYSTEM


def test_the_file_that_came_second_is_kept_and_flagged_as_a_copy(lab: Lab) -> None:
    job = a_torn_job(lab)
    choose(lab, job, "Pending")
    lab.rest()
    assert "copy" in lab.flags(job)
    names = {entry.name.rpartition("_")[2] for entry in lab.doc(job).files}
    assert names == {f"{job}.stl", f"{job} (2).stl", f"{job}.gcode"}


def test_the_log_says_that_another_file_bears_the_models_name_now(lab: Lab) -> None:
    job = a_torn_job(lab)
    choose(lab, job, "Printing")
    lab.rest()
    (event,) = lab.events(job, EventType.FILE_CHANGED)
    assert event["data"]["name"] == f"{lab.sidecar(job).name.partition('.')[0]}.stl"


@pytest.mark.parametrize("folder", ["Pending", "Completed"])
def test_of_two_equal_sidecars_one_stays_and_nobody_is_asked_about_the_other(
    lab: Lab, folder: str
) -> None:
    job = a_copied_job(lab)
    done = choose(lab, job, folder)
    assert (done.aside, quarantine.listed(lab.share)) == ([], [])
    assert len(list((lab.root / quarantine.SETTLED).iterdir())) == 1
    lab.rest()
    assert lab.sidecar(job).parent.name == folder
    assert lab.status(job) == folder


def test_of_two_sidecars_the_one_with_the_longer_history_stays(lab: Lab) -> None:
    job = a_copied_job(lab)
    path = f"Completed/{lab.sidecar(job).name}"
    read = lab.share.read_sidecar(path)
    for text in ("one", "two"):
        data = {"text": text}
        read.doc.record(EventType.NOTE_ADDED, by="Ben", via=Via.WEB, at=lab.now(), data=data)
    lab.share.write_sidecar(path, read.doc, expected=read.sig)
    choose(lab, job, "Pending")
    kept = lab.share.read_sidecar(f"Pending/{lab.sidecar(job).name}").doc
    assert [event.type for event in kept.history[-2:]] == [EventType.NOTE_ADDED] * 2
    assert [aside.job for aside in quarantine.listed(lab.share)] == [job]


def test_a_second_sidecar_that_says_something_else_is_kept_to_be_looked_at(lab: Lab) -> None:
    job = a_copied_job(lab)
    path = lab.root / "Completed" / lab.sidecar(job).name
    path.write_text(path.read_text().replace("ART 101", "ART 202"))
    done = choose(lab, job, "Pending")
    (aside,) = quarantine.listed(lab.share)
    assert (done.aside, aside.job) == ([aside.name], job)
    assert b"ART 202" in quarantine.read(lab.share, aside)


def test_a_conflict_whose_sidecar_nobody_can_read_is_settled_all_the_same(lab: Lab) -> None:
    job = a_torn_job(lab)
    lab.sidecar(job).write_text("{ broken")
    choose(lab, job, "Printing")
    lab.rest()
    assert lab.status(job) is Status.PRINTING
    assert lab.doc(job).student.name == "Jane Doe"


def test_a_job_that_lies_together_again_is_left_alone(lab: Lab) -> None:
    job = lab.a_job()
    with pytest.raises(StaleState, match="lies together in Uploaded already"):
        choose(lab, job, "Uploaded")


@pytest.mark.parametrize("folder", ["Completed", "", "..", ".printsystem", "Pending/.."])
def test_a_folder_without_any_of_its_files_is_refused_and_nothing_moves(
    lab: Lab, folder: str
) -> None:
    job = a_torn_job(lab)
    before = lab.paths(job)
    with pytest.raises(StaleState, match="choose another folder|now; possible"):
        choose(lab, job, folder)
    assert lab.paths(job) == before


def test_a_job_nobody_knows_is_said_not_to_exist(lab: Lab) -> None:
    with pytest.raises(NoSuchJob):
        files_of(lab.share, JobNumber(99))


def test_a_file_with_the_number_of_the_job_but_another_stem_stays_where_it_is(lab: Lab) -> None:
    job = a_torn_job(lab)
    other = lab.root / "Completed" / f"vase_v2_final_{job}.txt"
    other.write_text("mine")
    choose(lab, job, "Pending")
    assert other.read_text() == "mine"


class _Killed(Exception):
    pass


@pytest.mark.parametrize("touches", range(8))
@pytest.mark.parametrize("torn", [a_torn_job, a_copied_job], ids=["torn", "copied"])
def test_a_crash_at_any_step_leaves_a_conflict_that_can_be_settled_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, torn: Any, touches: int
) -> None:
    job = torn(lab)
    before = contents(lab)
    target = "Printing" if torn is a_torn_job else "Completed"
    _kill_after(monkeypatch, touches)
    killed = False
    try:
        choose(lab, job, target)
    except _Killed:
        killed = True
    monkeypatch.undo()
    lab.rest()
    if killed and "conflict" in lab.flags(job):
        choose(lab, job, target)
        lab.rest()
    assert "conflict" not in lab.flags(job)
    assert lab.status(job) == target
    assert {path.parent.name for path in lab.paths(job)} == {target}
    assert contents(lab) == before
    left = dump(lab.engine)
    assert lab.look() == []
    assert dump(lab.engine) == left


def _kill_after(monkeypatch: pytest.MonkeyPatch, touches: int) -> None:
    """The process dies before its touch of the share with this number."""
    left = [touches]

    def dying(real: Any) -> Any:
        def touch(*args: Any, **named: Any) -> Any:
            if left[0] == 0:
                raise _Killed
            left[0] -= 1
            return real(*args, **named)

        return touch

    for name in ("move_file", "write_sidecar", "quarantine"):
        monkeypatch.setattr(Share, name, dying(getattr(Share, name)))


def test_a_file_that_is_held_open_stops_it_and_it_can_be_chosen_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_torn_job(lab)
    move = Share.move_file

    def refusing(share: Share, path: str, target: str) -> None:
        if path.endswith(".gcode"):
            raise FileBusy(f"{path} cannot be moved", possible="close the slicer")
        move(share, path, target)

    monkeypatch.setattr(Share, "move_file", refusing)
    with pytest.raises(FileBusy):
        choose(lab, job, "Pending")
    monkeypatch.undo()
    lab.rest()
    assert "conflict" in lab.flags(job)
    choose(lab, job, "Pending")
    lab.rest()
    assert lab.status(job) is Status.PENDING
    assert "conflict" not in lab.flags(job)


# Foreign files


def test_a_foreign_file_becomes_the_jobs_own_under_a_name_that_can_be_read(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    (lab.root / "Uploaded/order form.pdf").write_bytes(b"%PDF")
    lab.rest()
    target = join(lab.share, "Uploaded/order form.pdf", handover.find(lab.share, job))
    assert target == f"Pending/{lab.model(job).stem}_order form.pdf"
    lab.rest()
    assert [row["data"]["name"] for row in lab.events(job, EventType.FILE_ADDED)] == [
        target.partition("/")[2]
    ]


def test_a_foreign_file_never_takes_the_name_of_another(lab: Lab) -> None:
    job = lab.a_job()
    stem = lab.model(job).stem
    (lab.root / f"Uploaded/{stem}_form.pdf").write_bytes(b"one")
    (lab.root / "Pending/form.pdf").write_bytes(b"two")
    target = join(lab.share, "Pending/form.pdf", handover.find(lab.share, job))
    assert target == f"Uploaded/{stem}_form (2).pdf"
    assert (lab.root / f"Uploaded/{stem}_form.pdf").read_bytes() == b"one"
