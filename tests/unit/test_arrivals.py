"""Which moves stand once some were taken back."""

import pytest

from schemas.arrivals import last_arrival, standing, undoable
from schemas.flags import Flag, flags, is_cancelled_by_student
from schemas.sidecar import Claim, Sidecar
from schemas.status import Status
from tests.unit.documents import NOW, Via, a_job, moved, undone


def seqs(doc: Sidecar) -> list[int]:
    return [event.seq for event in standing(doc.history)]


def test_every_move_stands_while_none_was_taken_back() -> None:
    assert seqs(moved(moved(a_job(), Status.PENDING), Status.UPLOADED)) == [1, 2, 3]


def test_an_undo_and_the_move_it_took_back_cancel_out() -> None:
    assert seqs(undone(moved(a_job(), Status.PENDING), Status.UPLOADED)) == [1]


def test_a_move_after_an_undo_stands_on_what_was_before_both() -> None:
    doc = undone(moved(a_job(), Status.PENDING), Status.UPLOADED)
    assert seqs(moved(doc, Status.REJECTED)) == [1, 4]


def test_an_undo_that_mirrors_no_move_is_a_move_of_its_own() -> None:
    assert seqs(undone(moved(a_job(), Status.PENDING), Status.PRINTING)) == [1, 2, 3]


def test_a_hand_in_cannot_be_taken_back() -> None:
    assert undoable(a_job().history) is None
    assert seqs(undone(a_job(), Status.UPLOADED)) == [1, 2]


def test_the_last_move_can_be_taken_back_but_not_twice() -> None:
    doc = moved(moved(a_job(), Status.PENDING), Status.READY_TO_PRINT)
    move = undoable(doc.history)
    assert move is not None
    assert move.seq == 3
    undone(doc, Status.PENDING)
    assert undoable(doc.history) is None
    assert last_arrival(doc.history) is doc.history[-1]


def test_an_irregular_move_that_was_taken_back_is_no_longer_flagged() -> None:
    doc = moved(a_job(), Status.PRINTING)
    assert Flag.IRREGULAR in flags(doc)
    assert Flag.IRREGULAR not in flags(undone(doc, Status.UPLOADED))


def test_a_withdrawal_is_told_from_a_rejection() -> None:
    assert is_cancelled_by_student(moved(a_job(), Status.REJECTED, cancelled_by_student=True))
    assert not is_cancelled_by_student(moved(a_job(), Status.REJECTED, reasons=["thin"]))


def test_a_withdrawal_that_was_taken_back_is_none() -> None:
    doc = moved(a_job(), Status.REJECTED, cancelled_by_student=True)
    assert not is_cancelled_by_student(undone(doc, Status.UPLOADED))


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_a_withdrawal_is_known_by_its_claim_before_the_daemon_has_noted_it(
    is_withdrawn: bool,
) -> None:
    doc = a_job()
    data = {"cancelled_by_student": True} if is_withdrawn else {}
    doc.claim = Claim(
        source=doc.status, to=Status.REJECTED, by="Jane", via=Via.LINK, at=NOW, data=data
    )
    assert is_cancelled_by_student(doc) is is_withdrawn
