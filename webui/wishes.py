"""What a student typed into the form, checked against the catalogue: a message for each field."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.catalog import Catalog, Method
from webui.asked import checked_email

FIELDS = (
    "student_name",
    "student_email",
    "discipline",
    "class_number",
    "print_method",
    "color",
    "printer",
    "minimum_charge",
)
YES = "yes"


@dataclass(frozen=True, slots=True)
class Wishes:
    """The form as typed, trimmed, with the messages for the fields that do not fit."""

    typed: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def are_fit(self) -> bool:
        """Whether nothing has to be typed again."""
        return not self.faults


def check(form: Mapping[str, str], catalog: Catalog) -> Wishes:
    """The fields of a submission, all of them, and what is wrong with each."""
    typed = {name: one_line(form.get(name, "")) for name in FIELDS}
    faults = {
        "student_name": _name_fault(typed["student_name"]),
        "student_email": _email_fault(typed),
        "discipline": _choice_fault(typed["discipline"], catalog.disciplines, "discipline"),
        "class_number": _class_fault(typed["class_number"]),
        **_print_faults(typed, catalog),
        "minimum_charge": _consent_fault(typed),
    }
    return Wishes(typed, {name: fault for name, fault in faults.items() if fault})


def one_line(text: str) -> str:
    """The text with single spaces and without signs that nobody can see, NUL among them."""
    visible = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    return " ".join(visible.split())


def _name_fault(name: str) -> str:
    if len(name) < 2:
        return "Enter your name, at least 2 characters."
    return "" if len(name) <= 100 else "At most 100 characters, please."


def _email_fault(typed: dict[str, str]) -> str:
    if not typed["student_email"]:
        return "Enter your e-mail address: the price comes there."
    try:
        typed["student_email"] = checked_email(typed["student_email"])
    except ValueError as error:
        return f"This address cannot be right: {str(error).rstrip('.')}."
    return ""


def _class_fault(number: str) -> str:
    if not number:
        return "Enter your class number, or N/A."
    return "" if len(number) <= 50 else "At most 50 characters, please."


def _choice_fault(value: str, choices: list[str], what: str) -> str:
    if not value:
        return f"Choose a {what}."
    return "" if value in choices else f"Choose a {what} from the list."


def _print_faults(typed: dict[str, str], catalog: Catalog) -> dict[str, str]:
    method = catalog.method(typed["print_method"])
    if method is None:
        return {"print_method": "Choose a print method.", "color": "", "printer": ""}
    printers = [printer.name for printer in catalog.printers_for(method.name)]
    return {
        "color": _color_fault(typed["color"], method),
        "printer": _offer_fault(typed["printer"], printers, method, "printer"),
    }


def _color_fault(color: str, method: Method) -> str:
    if color in method.out_of_stock:
        return f"{color} is out of stock at the moment: choose another color."
    return _offer_fault(color, method.colors, method, "color")


def _offer_fault(value: str, offered: list[str], method: Method, what: str) -> str:
    if not value:
        return f"Choose a {what}."
    return "" if value in offered else f"There is no {value} for {method.name}: choose another."


def _consent_fault(typed: dict[str, str]) -> str:
    if typed["minimum_charge"].lower() in {YES, "y", "on", "true", "1"}:
        typed["minimum_charge"] = YES
        return ""
    return "A request can only be handed in with your consent to the minimum charge."
