"""The catalogue: methods, colours, printers, prices and texts, in one TOML file a lab edits."""

import re
import tomllib
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import BadCatalog
from schemas.status import Status

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Money = Annotated[Decimal, Field(ge=0, le=10000, max_digits=10)]
Millimetres = Annotated[float, Field(gt=0, le=10000)]


class Entry(BaseModel):
    """A table of the catalogue; a key nobody knows is an error, so that a slip is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lab(Entry):
    """The lab as students see it."""

    name: Text = "3D Print Lab"
    introduction: str = ""
    contact: str = ""
    staff: list[Text] = []


class MailChoice(Entry):
    """Which status mails are sent."""

    send: list[Status] = [Status.UPLOADED, Status.PENDING, Status.REJECTED, Status.COMPLETED]


class Method(Entry):
    """A way of printing; `price_per_gram` and `minimum_charge` in US dollars.

    A rough weight is worked out from `density_g_cm3`, the share of the inside that is printed
    (`infill`, 0 to 1) and the thickness of the walls, `shell_mm`.
    """

    name: Text
    description: str = ""
    price_per_gram: Money
    minimum_charge: Money
    density_g_cm3: Annotated[float, Field(gt=0, lt=30)] = 1.24
    infill: Annotated[float, Field(ge=0, le=1)] = 0.15
    shell_mm: Annotated[float, Field(ge=0, le=100)] = 1.2
    colors: Annotated[list[Text], Field(min_length=1)]
    out_of_stock: list[Text] = []


class Printer(Entry):
    """A machine and its build volume: width, depth, height in mm."""

    name: Text
    method: Text
    volume_mm: tuple[Millimetres, Millimetres, Millimetres]


class Catalog(Entry):
    """Everything a student can choose from, and what it costs."""

    lab: Lab = Lab()
    mail: MailChoice = MailChoice()
    disciplines: Annotated[list[Text], Field(min_length=1)]
    reject_reasons: list[Text] = []
    methods: Annotated[list[Method], Field(min_length=1)]
    printers: Annotated[list[Printer], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_agree(self) -> "Catalog":
        names = [method.name for method in self.methods]
        if len(set(names)) != len(names):
            raise ValueError("methods: two have the same name")
        for printer in self.printers:
            if printer.method not in names:
                raise ValueError(
                    f"printers: {printer.name} names the method {printer.method!r}, "
                    f"but there are only {', '.join(names)}"
                )
        return self

    def method(self, name: str) -> Method | None:
        """The method of this name, or None."""
        return next((method for method in self.methods if method.name == name), None)

    def printers_for(self, method: str) -> list[Printer]:
        """The printers that can do a method."""
        return [printer for printer in self.printers if printer.method == method]


def parse(text: str) -> Catalog:
    """Read a catalogue.

    Raises: BadCatalog with the line of a TOML error, or key and line of a value that does not fit.
    """
    try:
        return Catalog.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise BadCatalog(f"catalog.toml: {error}", possible="correct that line") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadCatalog(
            f"catalog.toml{_place(text, first['loc'])}: {first['msg']}",
            possible="correct it; until then the last good catalogue stays in use",
        ) from None


def _place(text: str, loc: tuple[Any, ...]) -> str:
    """The key of an error, and its line where one can be told from the text."""
    if not loc:
        return ""
    path = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in loc)
    line = _line_of(text, loc)
    return f", line {line}, {path}" if line else f", {path}"


def _line_of(text: str, loc: tuple[Any, ...]) -> int | None:
    lines = text.splitlines()
    start = 0
    for depth, part in enumerate(loc):
        if not isinstance(part, str):
            continue
        count = loc[depth + 1] if depth + 1 < len(loc) and isinstance(loc[depth + 1], int) else 0
        header = re.compile(rf"\s*\[+{re.escape(part)}\]+")
        own = re.compile(rf"\s*{re.escape(part)}\s*=")
        headers = [n for n, line in enumerate(lines) if header.match(line)]
        keys = [n for n, line in enumerate(lines) if n >= start and own.match(line)]
        if len(headers) > count:
            start = headers[count]
        elif keys:
            start = keys[0]
    return start + 1 if start or (lines and str(loc[0]) in lines[0]) else None


DEFAULT = """\
# The catalogue: what students can choose from and what it costs. Edit, save: it is used at once.

disciplines = ["Art", "Architecture", "Landscape Architecture", "Interior Design", "Engineering",
               "Hobby/Personal", "Other"]
reject_reasons = ["The model is not printable: it has holes or parts that touch nothing",
                  "The model is too big for the printer", "Walls or details are too thin to print",
                  "The unit looks wrong: please check the size in mm",
                  "The file could not be opened"]

[lab]
name = "3D Print Lab"
introduction = "Hand in a model as .stl, .obj or .3mf. We look at it and mail you a price; nothing \
is printed before you have confirmed it."
contact = "Come by the lab, or answer the mail you got."
staff = ["Staff"]

[mail]
send = ["Uploaded", "Pending", "Rejected", "Completed"]

[[methods]]
name = "Filament"
description = "Good detail, quick, inexpensive: best for most models, prototypes and large parts."
price_per_gram = 0.10
minimum_charge = 3.00
# A rough weight, before the model is sliced: density, how full the inside is, how thick the walls.
density_g_cm3 = 1.24
infill = 0.15
shell_mm = 1.2
colors = ["True Red", "True Orange", "Light Orange", "True Yellow", "Dark Yellow", "Lime Green",
          "Green", "Forest Green", "Blue", "Electric Blue", "Midnight Purple", "Light Purple",
          "Clear", "True White", "Gray", "True Black", "Brown", "Copper", "Bronze", "True Silver",
          "True Gold", "Glow in the Dark", "Color Changing"]
out_of_stock = []

[[methods]]
name = "Resin"
description = "Super fine detail, slower, costs more: best for small, intricate models."
price_per_gram = 0.20
minimum_charge = 3.00
density_g_cm3 = 1.11
infill = 1.0
shell_mm = 1.0
colors = ["Black", "White", "Gray", "Clear"]
out_of_stock = []

[[printers]]
name = "Prusa MK4S"
method = "Filament"
volume_mm = [250, 210, 220]

[[printers]]
name = "Prusa XL"
method = "Filament"
volume_mm = [360, 360, 360]

[[printers]]
name = "Raise3D Pro 2 Plus"
method = "Filament"
volume_mm = [305, 305, 605]

[[printers]]
name = "Formlabs Form 3"
method = "Resin"
volume_mm = [145, 145, 175]
"""
