"""What a model is as it was measured, and what a person should know of it: pure figures and words.

Lengths are in mm. STL and OBJ have no unit and are taken to be in mm, as every slicer does; a model
that was drawn in inches or metres shows by its size, and is never rescaled.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from schemas.catalog import Method, Printer
from schemas.pricing import price_usd

INCH_MM = 25.4
METRE_MM = 1000.0
TINY_MM = 5.0  # a model whose longest side is shorter was hardly meant to be so
HUGE_MM = 1000.0
_SPREAD = (Decimal("0.8"), Decimal("1.3"))  # how far a rough weight may be from a sliced one

Size = tuple[float, float, float]


class Measured(BaseModel):
    """A model's figures: of a project with several plates, the size is that of its largest object.

    `volume_cm3` means something only where the surface is closed; `inverted` tells that it is
    closed but inside out. `dropped` triangles had corners that are no numbers.
    """

    model_config = ConfigDict(frozen=True)

    size_mm: Size
    volume_cm3: float
    surface_cm2: float
    triangles: int
    bodies: int
    watertight: bool
    inverted: bool = False
    unit: str = ""  # as the file says; empty where its format has none
    objects: int = 1
    plates: int = 1
    dropped: int = 0


class Concern(StrEnum):
    """What can be the matter with a model."""

    TOO_BIG = "too_big"
    TINY = "tiny"
    HUGE = "huge"
    NOT_CLOSED = "not_closed"
    INVERTED = "inverted"
    FLAT = "flat"
    PLATES = "plates"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Warned:
    """A concern, in words for a person."""

    concern: Concern
    text: str


@dataclass(frozen=True, slots=True)
class Rough:
    """What a print may weigh and cost, from the volume alone: grams and US dollars, from and to."""

    weight_g: tuple[Decimal, Decimal]
    price_usd: tuple[Decimal, Decimal]


def fits(size_mm: Size, volume_mm: Size) -> bool:
    """Whether a box of this size goes into the printer, turned about by right angles as need be.

    Sorted, side against side: exact for boxes that stay parallel to the printer's. What would fit
    only aslant counts as too big, since it would need supports all over.
    """
    return all(a <= b for a, b in zip(sorted(size_mm), sorted(volume_mm), strict=True))


def fitting(size_mm: Size, printers: Iterable[Printer]) -> list[str]:
    """The names of the printers that it fits in."""
    return [printer.name for printer in printers if fits(size_mm, printer.volume_mm)]


def warnings(found: Measured, printers: Sequence[Printer], chosen: str = "") -> list[Warned]:
    """What a person should know before printing; `printers` are those of the job's method."""
    return [*_of_size(found, printers, chosen), *_of_shape(found)]


def _of_size(found: Measured, printers: Sequence[Printer], chosen: str) -> list[Warned]:
    told: list[Warned] = []
    longest = max(found.size_mm)
    fitting_in = fitting(found.size_mm, printers)
    if chosen and any(p.name == chosen for p in printers) and chosen not in fitting_in:
        others = f"it fits: {', '.join(fitting_in)}" if fitting_in else "it fits none of ours"
        told.append(Warned(Concern.TOO_BIG, f"It does not fit the {chosen}; {others}."))
    elif printers and not fitting_in:
        told.append(Warned(Concern.TOO_BIG, "It fits none of our printers."))
    if longest < TINY_MM:
        inches, metres = (show_mm(_scaled(found.size_mm, by)) for by in (INCH_MM, METRE_MM))
        told.append(
            Warned(
                Concern.TINY,
                f"It is very small. Drawn in inches it would be {inches}, in metres {metres}.",
            )
        )
    elif longest > HUGE_MM:
        told.append(
            Warned(
                Concern.HUGE,
                "It is very large. Was it drawn in micrometres? Then it would be "
                f"{show_mm(_scaled(found.size_mm, 0.001))}.",
            )
        )
    return told


def _of_shape(found: Measured) -> list[Warned]:
    told: list[Warned] = []
    if min(found.size_mm) <= 0:
        told.append(Warned(Concern.FLAT, "It is flat: it has no thickness that could be printed."))
    if not found.watertight:
        text = "Its surface is not closed, so the slicer has to guess what is inside."
        told.append(Warned(Concern.NOT_CLOSED, text))
    if found.inverted:
        told.append(Warned(Concern.INVERTED, "Its surface is inside out; most slicers mend that."))
    if found.plates > 1:
        told.append(Warned(Concern.PLATES, f"The project has {found.plates} plates."))
    if found.dropped:
        told.append(Warned(Concern.DROPPED, f"{found.dropped} broken triangles were left out."))
    return told


def rough(found: Measured, method: Method) -> Rough | None:
    """What it may weigh and cost; None where that cannot be known: the surface is open, or the size
    is hardly what was meant.

    A shell of the method's thickness all over and its infill within, with the volume as the most
    there can be: V_shell = min(V, A t), m = (V_shell + (V - V_shell) infill) density. A slicer adds
    supports and prints walls in whole lines, hence the spread about it.
    """
    if not found.watertight or not TINY_MM <= max(found.size_mm) <= HUGE_MM:
        return None
    shell = min(found.volume_cm3, found.surface_cm2 * method.shell_mm / 10)
    solid_cm3 = shell + (found.volume_cm3 - shell) * method.infill
    grams = Decimal(str(solid_cm3 * method.density_g_cm3))
    least, most = (round_g(grams * factor) for factor in _SPREAD)
    prices = [
        price_usd(weight, per_gram=method.price_per_gram, minimum=method.minimum_charge)
        for weight in (least, most)
    ]
    return Rough((least, most), (prices[0], prices[1]))


def round_g(weight_g: Decimal) -> Decimal:
    """A rough weight: whole grams, or tenths below ten."""
    step = Decimal(1) if weight_g >= 10 else Decimal("0.1")
    return max(weight_g.quantize(step), Decimal("0.1"))


def show_mm(size_mm: Size) -> str:
    """A size as people write it: `20 × 20 × 7.2 mm`."""
    return " × ".join(f"{side:.4g}" if side < 1000 else f"{side:.0f}" for side in size_mm) + " mm"


def _scaled(size_mm: Size, by: float) -> Size:
    x, y, z = size_mm
    return x * by, y * by, z * by
