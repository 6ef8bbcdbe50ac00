"""What each action means for a job's document, without a share or a database."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.errors import BadInput, NotPossible
from schemas.events import EventType, Via
from schemas.naming import JobNumber, Role
from schemas.sidecar import FileEntry, Sidecar
from schemas.status import Status
from webui import asked
from webui.decisions import ACTIONS, Decision, Hand, actions_in

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ADA = Hand("Ada", Via.WEB, NOW)


def a_job(status: Status = Status.UPLOADED) -> Sidecar:
    doc = Sidecar(job=JobNumber(7), share="s", status=status)
    doc.files.append(FileEntry(name="A_B_C_7.stl", role=Role.MODEL, authoritative=True))
    doc.record(EventType.JOB_CREATED, by="Jane", via=Via.WEB, at=NOW, data={"to": status.value})
    return doc


def decide(doc: Sidecar, name: str, **given: Any) -> Decision:
    action = ACTIONS[name]
    return action.decide(doc, asked.read(action.asks, given), ADA)


def last(doc: Sidecar) -> tuple[EventType, dict[str, Any]]:
    return doc.history[-1].type, doc.history[-1].data


def test_an_approval_rounds_the_time_up_and_notes_that_staff_said_so() -> None:
    doc = a_job()
    decision = decide(doc, "approve", weight_g="12.5", time_h="3.01", material="PLA")
    assert decision.to is Status.PENDING
    figures = doc.print
    assert (figures.weight_g, figures.time_h) == (Decimal("12.5"), Decimal("3.5"))
    assert figures.weight_source == figures.time_source == figures.material_source == "staff"


def test_an_approval_takes_the_weight_of_the_sliced_file_where_none_is_typed() -> None:
    doc = a_job()
    doc.print.weight_g, doc.print.weight_source = Decimal(9), "sliced file x.gcode"
    decide(doc, "approve", weight_g="")
    assert (doc.print.weight_g, doc.print.weight_source) == (Decimal(9), "sliced file x.gcode")


def test_an_approval_without_any_weight_is_refused() -> None:
    with pytest.raises(BadInput, match="weight"):
        decide(a_job(), "approve")


def test_a_sidecar_cannot_be_the_file_to_print() -> None:
    doc = a_job()
    doc.files.append(FileEntry(name="A_B_C_7.txt", role=Role.OTHER))
    with pytest.raises(BadInput, match=r"no file A_B_C_7\.txt"):
        decide(doc, "approve", weight_g=1, file="A_B_C_7.txt")


def test_a_rejection_needs_a_reason_of_either_kind() -> None:
    with pytest.raises(BadInput, match="say why"):
        decide(a_job(), "reject")
    doc = a_job()
    assert decide(doc, "reject", text="too thin").data == {"reasons": [], "text": "too thin"}


def test_a_payment_takes_the_price_where_no_amount_is_typed() -> None:
    doc = a_job(Status.COMPLETED)
    doc.print.price_usd = Decimal("4.25")
    assert decide(doc, "collect", transaction="T").to is Status.PAID_PICKED_UP
    assert doc.payment.amount_usd == Decimal("4.25")
    assert last(doc)[1]["amount_usd"] == "4.25"


def test_a_payment_of_nothing_known_is_refused() -> None:
    with pytest.raises(BadInput, match="how much"):
        decide(a_job(Status.COMPLETED), "collect")


def test_an_edit_that_changes_nothing_is_not_logged() -> None:
    doc = a_job()
    doc.student.name = "Jane"
    decide(doc, "edit", student_name="Jane")
    assert last(doc)[0] is EventType.JOB_CREATED


def test_sending_now_releases_the_newest_waiting_mail() -> None:
    doc = a_job()
    held = {"for": 1, "template": "Uploaded", "hold": "mass change"}
    doc.record(EventType.EMAIL_HELD, by="x", via=Via.SYSTEM, at=NOW, data=held)
    decide(doc, "send-now")
    assert last(doc) == (
        EventType.EMAIL_QUEUED,
        {
            "for": 1,
            "template": "Uploaded",
            "not_before": "2026-03-02T15:00:00.000000Z",
            "released": True,
        },
    )


def test_not_sending_says_that_staff_decided_so() -> None:
    doc = a_job()
    queued = {"for": 1, "template": "Uploaded", "not_before": "2026-03-02T15:01:00Z"}
    doc.record(EventType.EMAIL_QUEUED, by="x", via=Via.SYSTEM, at=NOW, data=queued)
    decide(doc, "cancel-email")
    assert last(doc)[1] == {"for": 1, "template": "Uploaded", "why": "cancelled by staff"}
    with pytest.raises(NotPossible, match="no mail that waits"):
        decide(doc, "cancel-email")


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (Status.UPLOADED, ["approve", "reject"]),
        (Status.PENDING, ["confirm", "reject"]),
        (Status.READY_TO_PRINT, ["start"]),
        (Status.PRINTING, ["complete", "fail"]),
        (Status.COMPLETED, ["collect"]),
        (Status.REJECTED, []),
    ],
)
def test_each_status_offers_its_ordinary_next_actions(status: Status, names: list[str]) -> None:
    assert actions_in(status) == names


def test_a_figure_under_a_slightly_wrong_name_is_not_lost_in_silence() -> None:
    with pytest.raises(BadInput, match="wieght_g"):
        asked.read(asked.Approve, {"wieght_g": 1})
