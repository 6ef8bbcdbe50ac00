"""The form, checked against the catalogue."""

import pytest

from schemas import catalog
from webui.intake import plain_name
from webui.wishes import Wishes, check

CATALOG = catalog.parse(catalog.DEFAULT)
GOOD = {
    "student_name": "Jane Doe",
    "student_email": "jane@example.edu",
    "discipline": "Art",
    "class_number": "N/A",
    "print_method": "Resin",
    "color": "Clear",
    "printer": "Formlabs Form 3",
    "minimum_charge": "yes",
}


def checked(**fields: str) -> Wishes:
    return check({**GOOD, **fields}, CATALOG)


def test_a_good_form_has_no_faults() -> None:
    assert checked().faults == {}
    assert checked().typed == GOOD


def test_an_empty_form_has_a_message_for_every_field_that_can_be_filled_yet() -> None:
    faults = check({}, CATALOG).faults
    assert set(faults) == set(GOOD) - {"color", "printer"}


def test_a_color_of_the_other_method_is_refused_by_its_name() -> None:
    assert checked(color="True Red").faults == {
        "color": "There is no True Red for Resin: choose another."
    }


def test_signs_that_nobody_can_see_are_left_out() -> None:
    assert checked(student_name=" Jane\x00\n\u200b  Doe ").typed["student_name"] == "Jane Doe"


@pytest.mark.parametrize("email", ["jane", "jane@", "@a.edu", "a b@c.edu", "j@localhost", "j@a..b"])
def test_what_cannot_be_an_address_is_refused(email: str) -> None:
    assert list(checked(student_email=email).faults) == ["student_email"]


def test_only_a_clear_yes_is_consent() -> None:
    assert list(checked(minimum_charge="no").faults) == ["minimum_charge"]
    assert checked(minimum_charge="on").typed["minimum_charge"] == "yes"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("C:\\Users\\me\\vase.stl", "vase.stl"),
        ("../../vase.stl", "vase.stl"),
        ("va\nse\x07.stl", "vase.stl"),
        ("最終 v2.stl", "最終 v2.stl"),
    ],
    ids=["windows path", "traversal", "control signs", "other letters"],
)
def test_of_a_file_name_only_the_last_part_is_kept(given: str, name: str) -> None:
    assert plain_name(given) == name
