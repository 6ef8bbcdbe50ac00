"""A job is moved whole and announced, or not at all, and never over another file."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon import handover
from daemon.handover import Move, find, hand_over, rewrite
from daemon.share import Share
from schemas.errors import FileBusy, FileInTheWay, NoSuchJob, NotPossible, StaleState
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import Lab


def a_move(lab: Lab, to: Status = Status.PENDING, **data: Any) -> Move:
    return Move(to, by="Ada", via=Via.WEB, at=lab.now(), data=data)


def bytes_of(lab: Lab) -> dict[str, bytes]:
    """Every file in the status folders, but what revision a sidecar has."""
    return {
        path.relative_to(lab.root).as_posix(): path.read_bytes()
        for status in Status
        for path in (lab.root / status).rglob("*")
        if path.is_file() and not path.name.endswith(".json")
    }


def hold(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """A program keeps files of this ending open."""
    move = Share.move_file

    def refusing(share: Share, path: str, target: str) -> None:
        if path.endswith(ending) and not path.startswith("Pending/"):
            raise FileBusy(f"{path} cannot be moved", possible="close the slicer")
        move(share, path, target)

    monkeypatch.setattr(Share, "move_file", refusing)


def test_every_file_of_the_job_goes_and_the_sidecar_last(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = lab.a_job()
    lab.slice(job)
    went: list[str] = []
    move = Share.move_file

    def watched(share: Share, path: str, target: str) -> None:
        went.append(path)
        move(share, path, target)

    monkeypatch.setattr(Share, "move_file", watched)
    path = hand_over(lab.share, find(lab.share, job), a_move(lab))
    assert path == f"Pending/{lab.sidecar(job).name}"
    assert {file.parent.name for file in lab.paths(job)} == {"Pending"}
    assert [name.partition(".")[2] for name in went] == ["gcode", "stl", "metadata.json"]


def test_the_daemon_writes_who_moved_it_and_why(lab: Lab) -> None:
    job = lab.a_job()
    hand_over(lab.share, find(lab.share, job), a_move(lab, reason="it fits"))
    lab.rest()
    event = lab.events(job, EventType.STATUS_CHANGED)[-1]
    assert (event["by"], event["via"], event["data"]["reason"]) == ("Ada", Via.WEB, "it fits")
    assert lab.doc(job).claim is None
    assert lab.moves(job) == [("Uploaded", "Pending")]


def test_a_job_in_a_folder_of_its_own_is_found_and_moved(lab: Lab) -> None:
    job = lab.a_job()
    (lab.root / "Uploaded/MK4S").mkdir()
    for path in lab.paths(job):
        path.rename(lab.root / "Uploaded/MK4S" / path.name)
    found = find(lab.share, job)
    assert found.path.startswith("Uploaded/MK4S/")
    hand_over(lab.share, found, a_move(lab))
    lab.rest()
    assert lab.status(job) is Status.PENDING


@pytest.mark.parametrize("ending", [".gcode", ".stl", ".metadata.json"])
def test_a_file_held_open_leaves_the_whole_job_where_it_was(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    job = lab.a_job()
    lab.slice(job)
    lab.rest()
    before, history = bytes_of(lab), lab.doc(job).history
    hold(monkeypatch, ending)
    with pytest.raises(FileBusy, match="cannot be moved"):
        hand_over(lab.share, find(lab.share, job), a_move(lab))
    assert bytes_of(lab) == before
    assert {file.parent.name for file in lab.paths(job)} == {"Uploaded"}
    assert lab.doc(job).claim is None
    assert lab.doc(job).history == history
    lab.rest()
    assert lab.moves(job) == []


def test_a_file_in_the_way_is_never_replaced(lab: Lab) -> None:
    job = lab.a_job()
    other = lab.root / "Pending" / lab.model(job).name
    other.write_bytes(b"somebody's own")
    with pytest.raises((FileInTheWay, StaleState)):
        hand_over(lab.share, find(lab.share, job), a_move(lab))
    assert other.read_bytes() == b"somebody's own"
    assert lab.model(job).parent.name == "Pending" or lab.sidecar(job).parent.name == "Uploaded"
    assert {p.parent.name for p in lab.paths(job)} == {"Pending", "Uploaded"}


def test_a_loose_file_in_the_way_sends_back_what_was_moved_already(lab: Lab) -> None:
    job = lab.a_job()
    lab.slice(job)
    lab.rest()
    blocker = lab.root / "Pending" / lab.model(job).name.replace(".stl", ".notes.txt")
    blocker.write_bytes(b"mine")
    loose = lab.model(job).with_suffix(".notes.txt")
    loose.write_bytes(b"also here")
    with pytest.raises(FileInTheWay, match="exists already"):
        hand_over(lab.share, find(lab.share, job), a_move(lab))
    assert (blocker.read_bytes(), loose.read_bytes()) == (b"mine", b"also here")
    assert lab.sidecar(job).parent.name == "Uploaded"


def test_a_job_whose_model_is_just_being_dragged_is_left_alone(lab: Lab) -> None:
    job = lab.a_job()
    lab.drag_model(job, Status.PENDING)
    with pytest.raises(StaleState, match="not in Uploaded with the rest"):
        hand_over(lab.share, find(lab.share, job), a_move(lab, Status.REJECTED))
    assert lab.model(job).parent.name == "Pending"


def test_a_document_changed_meanwhile_is_not_overwritten(lab: Lab) -> None:
    job = lab.a_job()
    found = find(lab.share, job)
    lab.weigh(job, "10")
    with pytest.raises(StaleState):
        rewrite(lab.share, found)
    with pytest.raises(StaleState):
        hand_over(lab.share, found, a_move(lab))
    assert str(lab.doc(job).print.weight_g) == "10"


def test_a_job_that_went_between_reading_and_moving_is_stale(lab: Lab) -> None:
    job = lab.a_job()
    found = find(lab.share, job)
    lab.drag(job, Status.REJECTED)
    with pytest.raises(StaleState):
        hand_over(lab.share, found, a_move(lab))
    assert {file.parent.name for file in lab.paths(job)} == {"Rejected"}


def test_a_number_that_nobody_has_is_said_to_be_none(lab: Lab) -> None:
    with pytest.raises(NoSuchJob, match="no job 77"):
        find(lab.share, JobNumber(77))


def test_a_job_that_lies_in_two_folders_is_not_touched(lab: Lab) -> None:
    job = lab.a_job()
    copy = lab.root / "Pending" / lab.sidecar(job).name
    copy.write_bytes(lab.sidecar(job).read_bytes())
    with pytest.raises(NotPossible, match="two places"):
        find(lab.share, job)


def test_paths_known_from_before_a_drag_still_lead_to_the_job(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = lab.a_job()
    known = [path.relative_to(lab.root).as_posix() for path in lab.paths(job)]
    lab.drag(job, Status.PENDING)

    def no_listing(*_: object) -> list[str]:
        raise AssertionError("the whole share was listed")

    monkeypatch.setattr(handover, "_where_listed", no_listing)
    assert find(lab.share, job, known).status is Status.PENDING


def test_an_announced_move_that_never_came_is_forgotten(lab: Lab) -> None:
    job = lab.a_job()
    found = find(lab.share, job)
    move = a_move(lab)
    found.doc.claim = handover.Claim(
        source=found.status, to=move.to, by=move.by, via=move.via, at=move.at, data={}
    )
    rewrite(lab.share, found)
    lab.rest()
    lab.seconds += timedelta(minutes=2).total_seconds()
    lab.rest()
    assert lab.doc(job).claim is None
    assert lab.moves(job) == []


def test_no_temporary_file_stays_behind(lab: Lab) -> None:
    job = lab.a_job()
    hand_over(lab.share, find(lab.share, job), a_move(lab))
    assert list(Path(lab.share.incoming).iterdir()) == []
