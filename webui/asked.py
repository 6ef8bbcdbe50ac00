"""What staff say with each action, as a form or as JSON: one model each.

Unknown names are refused: a figure sent under a slightly wrong name must not be lost in silence.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import ValidationError as PydanticError

from schemas.errors import BadInput
from schemas.status import Status

EMAIL_LENGTH = 100


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def checked_email(value: str) -> str:
    """An address that a mail can go to, as far as its form tells. Raises: ValueError."""
    if len(value) > EMAIL_LENGTH:
        raise ValueError(f"at most {EMAIL_LENGTH} characters")
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def _checked_or_none(value: Any) -> Any:
    found = _empty_is_none(value)
    return checked_email(found) if isinstance(found, str) else found


Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Weight = Annotated[
    Annotated[Decimal, Field(gt=0, le=100_000, decimal_places=2)] | None,
    BeforeValidator(_empty_is_none),
]
Hours = Annotated[Annotated[Decimal, Field(gt=0, le=1000)] | None, BeforeValidator(_empty_is_none)]
Money = Annotated[
    Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=2)] | None,
    BeforeValidator(_empty_is_none),
]
OptionalStatus = Annotated[Status | None, BeforeValidator(_empty_is_none)]


class Asked(BaseModel):
    """What every action takes: the status the caller saw, and who they are."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    seen: OptionalStatus = Field(default=None, alias="from")
    by: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = ""


class Nothing(Asked):
    """An action that needs no more words."""


class Figures(Asked):
    """What a print takes: weight in g, time in hours."""

    weight_g: Weight = None
    time_h: Hours = None
    material: Line = ""


class Approve(Figures):
    """The figures of the quote, and the name of the file to print."""

    file: Line = ""


class Reject(Asked):
    """Reasons that were ticked, and free text."""

    reasons: Annotated[list[Line], Field(max_length=20)] = []
    text: Paragraph = ""


class Fail(Asked):
    """Why a print failed."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Collect(Asked):
    """What was paid at the desk, by whom, and what the print weighed in the end."""

    amount_usd: Money = None
    weight_g: Weight = None
    transaction: Line = ""
    payer: Line = ""


class Move(Asked):
    """Where to, and why."""

    to: Status
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class Remark(Asked):
    """A note's text."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Edit(Figures):
    """Details to correct; what is left out stays as it is."""

    student_name: Annotated[
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
        | None,
        BeforeValidator(_empty_is_none),
    ] = None
    student_email: Annotated[str | None, BeforeValidator(_checked_or_none)] = None
    discipline: Line | None = None
    class_number: Annotated[str, StringConstraints(max_length=50)] | None = None
    print_method: Line | None = None
    color: Line | None = None
    printer: Line | None = None


AnAsked = TypeVar("AnAsked", bound=Asked)


def read(model: type[AnAsked], given: Mapping[str, Any]) -> AnAsked:
    """What was asked for. Raises: BadInput that names the first field that does not fit."""
    try:
        return model.model_validate({name: _without_nul(value) for name, value in given.items()})
    except PydanticError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        message = first["msg"].removeprefix("Value error, ")
        words = _in_words(field) if field in model.model_fields else field
        raise BadInput(f"{words}: {message}" if words else message, field=field) from None


def _in_words(field: str) -> str:
    """A field as its label says; its unit, where it has one, goes last."""
    name, _, unit = field.rpartition("_")
    return f"{name} in {_UNITS[unit]}" if unit in _UNITS else field.replace("_", " ")


_UNITS = {"g": "g", "h": "hours", "usd": "US dollars"}


def _without_nul(value: Any) -> Any:
    """PostgreSQL takes no NUL in a text, and nobody means to type one."""
    if isinstance(value, list):
        return [_without_nul(part) for part in value]
    return value.replace("\0", "") if isinstance(value, str) else value
