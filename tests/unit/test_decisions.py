"""What each action means for a job's document, without a share or a database."""

from decimal import Decimal

import pytest

from schemas.errors import BadInput, NotPossible
from schemas.events import EventType
from schemas.naming import Role
from schemas.sidecar import FileEntry, Sidecar
from schemas.status import Status
from tests.unit.deciding import JANE, decide, last
from tests.unit.documents import a_job, moved, priced, undone
from webui import asked
from webui.decisions import Decision, actions_in, confirm, withdraw


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


# Choices of the catalogue


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("print_method", "Clay", "there is no print method 'Clay'"),
        ("color", "Plaid", "there is no color 'Plaid' for Filament"),
        ("color", "Black", "there is no color 'Black' for Filament"),  # it is a resin
        ("printer", "Formlabs Form 3", "there is no printer 'Formlabs Form 3' for Filament"),
        ("printer", "", "there is no printer '' for Filament"),
    ],
)
def test_an_edit_to_what_the_lab_does_not_offer_is_refused_naming_the_field(
    field: str, value: str, said: str
) -> None:
    doc = a_job()
    before = doc.model_copy(deep=True)
    with pytest.raises(BadInput, match=said) as refused:
        decide(doc, "edit", **{field: value})
    assert refused.value.field == field
    assert doc == before


def test_what_the_lab_no_longer_offers_may_stay_while_other_details_are_edited() -> None:
    doc = a_job()
    doc.request.print_method, doc.request.color, doc.request.printer = "Clay", "Mud", "Oven"
    decide(doc, "edit", student_name="Joe", print_method="Clay", color="Mud", printer="Oven")
    assert doc.student.name == "Joe"


def test_another_method_brings_its_own_colors_and_printers() -> None:
    doc = a_job()
    decide(doc, "edit", print_method="Resin", color="Black", printer="Formlabs Form 3")
    wishes = doc.request
    assert (wishes.print_method, wishes.color, wishes.printer) == (
        "Resin",
        "Black",
        "Formlabs Form 3",
    )


def test_a_walk_in_may_get_its_color_before_its_method_is_known() -> None:
    doc = a_job()
    doc.request.print_method = doc.request.color = ""
    decide(doc, "edit", color="Black")
    assert doc.request.color == "Black"


# Taking back


def test_an_undone_confirmation_opens_the_quote_again() -> None:
    doc = priced()
    confirm(doc, asked.Nothing(), JANE)
    nonce, expires_at = doc.confirmation.nonce, doc.confirmation.expires_at
    decision = decide(moved(doc, Status.READY_TO_PRINT), "undo")
    assert decision.to is Status.PENDING
    assert doc.confirmation.confirmed_at is None
    assert (doc.confirmation.nonce, doc.confirmation.expires_at) == (nonce, expires_at)


def test_an_undone_payment_is_none() -> None:
    doc = a_job(Status.COMPLETED)
    doc.print.price_usd = Decimal("4.25")
    decide(doc, "collect", transaction="T", payer="Jane", weight_g=40)
    assert decide(moved(doc, Status.PAID_PICKED_UP), "undo") == Decision(
        Status.COMPLETED, {"undo": True}
    )
    payment = doc.payment
    assert (payment.amount_usd, payment.paid_at, payment.transaction, payment.payer) == (
        None,
        None,
        "",
        "",
    )
    assert doc.print.actual_weight_g is None
    assert doc.print.price_usd == Decimal("4.25")
    assert EventType.PAYMENT_RECORDED in [event.type for event in doc.history]


def test_an_undone_rejection_keeps_no_reasons() -> None:
    doc = a_job()
    decide(doc, "reject", reasons=["too thin"], text="sorry")
    decide(moved(doc, Status.REJECTED), "undo")
    assert (doc.review.reasons, doc.review.text) == ([], "")


def test_an_undone_approval_leaves_the_figures() -> None:
    doc = a_job()
    decide(doc, "approve", weight_g=12)
    assert decide(moved(doc, Status.PENDING), "undo").to is Status.UPLOADED
    assert doc.print.weight_g == 12


def test_an_undo_says_where_a_mail_has_gone_already() -> None:
    assert decide(priced(), "undo").data == {"undo": True, "mail_sent": True}
    assert decide(moved(a_job(), Status.PENDING), "undo").data == {"undo": True}


@pytest.mark.parametrize(
    ("doc", "why"),
    [
        pytest.param(a_job(), "not been moved yet", id="handed in"),
        pytest.param(
            undone(moved(a_job(), Status.PENDING), Status.UPLOADED),
            "taken back already",
            id="undone",
        ),
    ],
)
def test_what_cannot_be_taken_back_is_refused_with_the_moves_there_are(
    doc: Sidecar, why: str
) -> None:
    with pytest.raises(NotPossible, match=f"{why}; possible: move it to Pending, Rejected"):
        decide(doc, "undo")


# The student withdraws


@pytest.mark.parametrize("status", [Status.UPLOADED, Status.PENDING, Status.READY_TO_PRINT])
def test_a_student_may_withdraw_until_it_is_on_the_printer(status: Status) -> None:
    doc = a_job(status)
    doc.review.reasons, doc.review.text = ["from an earlier rejection"], "x"
    assert withdraw(doc, JANE) == Decision(Status.REJECTED, {"cancelled_by_student": True})
    assert (doc.review.reasons, doc.review.text) == ([], "")


@pytest.mark.parametrize(
    "status", [Status.PRINTING, Status.COMPLETED, Status.PAID_PICKED_UP, Status.REJECTED]
)
def test_what_is_printed_or_over_can_no_longer_be_withdrawn(status: Status) -> None:
    with pytest.raises(NotPossible, match="can no longer be cancelled"):
        withdraw(a_job(status), JANE)
