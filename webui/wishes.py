"""What a student typed into the form, checked against the catalogue: a message for each field.

The page's script checks while one types, by the same `RULES` and in the same words; what only the
server can know, such as an empty stock, is said here alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.catalog import Catalog, Method
from webui.asked import EMAIL_LENGTH, checked_email

YES = "yes"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one field must be, and the words for what it is not. Lengths in characters."""

    empty: str
    at_least: int = 1
    at_most: int = 200
    wrong: str = ""

    @property
    def too_long(self) -> str:
        """For a text beyond its length."""
        return f"At most {self.at_most} characters, please."


RULES = {
    "student_name": Rule("Enter your name, at least 2 characters.", at_least=2, at_most=100),
    "student_email": Rule(
        "Enter your e-mail address: the price comes there.",
        at_most=EMAIL_LENGTH,
        wrong="Enter a complete e-mail address, such as jane.doe@example.edu.",
    ),
    "discipline": Rule("Choose a discipline."),
    "class_number": Rule("Enter your class number, or N/A.", at_most=50),
    "print_method": Rule("Choose a print method."),
    "color": Rule("Choose a color."),
    "printer": Rule("Choose a printer."),
    "minimum_charge": Rule("Tick this box: we need your consent to the minimum charge."),
}
FIELDS = tuple(RULES)


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
        "student_name": _line_fault("student_name", typed),
        "student_email": _line_fault("student_email", typed) or _email_fault(typed),
        "discipline": _choice_fault("discipline", typed, catalog.disciplines),
        "class_number": _line_fault("class_number", typed),
        **_print_faults(typed, catalog),
        "minimum_charge": _consent_fault(typed),
    }
    return Wishes(typed, {name: fault for name, fault in faults.items() if fault})


def one_line(text: str) -> str:
    """The text with single spaces and without signs that nobody can see, NUL among them."""
    visible = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    return " ".join(visible.split())


def _line_fault(name: str, typed: dict[str, str]) -> str:
    rule, length = RULES[name], len(typed[name])
    if length < rule.at_least:
        return rule.empty
    return "" if length <= rule.at_most else rule.too_long


def _email_fault(typed: dict[str, str]) -> str:
    try:
        typed["student_email"] = checked_email(typed["student_email"])
    except ValueError:
        return RULES["student_email"].wrong
    return ""


def _choice_fault(name: str, typed: dict[str, str], choices: list[str]) -> str:
    return "" if typed[name] in choices else RULES[name].empty


def _print_faults(typed: dict[str, str], catalog: Catalog) -> dict[str, str]:
    method = catalog.method(typed["print_method"])
    if method is None:
        return {"print_method": RULES["print_method"].empty}
    printers = [printer.name for printer in catalog.printers_for(method.name)]
    return {
        "color": _color_fault(typed, method),
        "printer": _offer_fault("printer", typed, printers, method),
    }


def _color_fault(typed: dict[str, str], method: Method) -> str:
    if typed["color"] in method.out_of_stock:
        return f"{typed['color']} is out of stock at the moment: choose another color."
    return _offer_fault("color", typed, method.colors, method)


def _offer_fault(name: str, typed: dict[str, str], offered: list[str], method: Method) -> str:
    if not typed[name]:
        return RULES[name].empty
    fits = typed[name] in offered
    return "" if fits else f"There is no {typed[name]} for {method.name}: choose another."


def _consent_fault(typed: dict[str, str]) -> str:
    if typed["minimum_charge"].lower() in {YES, "y", "on", "true", "1"}:
        typed["minimum_charge"] = YES
        return ""
    return RULES["minimum_charge"].empty
