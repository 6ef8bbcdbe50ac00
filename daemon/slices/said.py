"""What a slicer writes about a print, as comments in its G-code: each figure, and the key it is at.

Every slicer has names of its own, and some say a figure twice. All that is said is kept, in the
order in which it is to be believed; the first of each counts. A placeholder, zero or an empty value
says nothing.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum

_CURA_PLACEHOLDER_S = Decimal(6666)
_MOST = Decimal(10**7)  # beyond it nothing printed lies: mg of dust to ten tonnes
_SHOWN = 80  # characters of a name that are kept


class Figure(StrEnum):
    """What can be said."""

    WEIGHT_G = "weight_g"
    LENGTH_MM = "length_mm"
    TIME_H = "time_h"
    MATERIAL = "material"
    PRINTER = "printer"
    SLICER = "slicer"


@dataclass(frozen=True, slots=True)
class Said:
    """One figure, and the key that it stands at. `worked_out`: from other figures, by us."""

    figure: Figure
    value: Decimal | str
    key: str
    worked_out: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """What a sliced file says: grams, mm of filament, hours. None where it does not.

    Several tools and plates are summed. `said` is everything that was found, most reliable first.
    """

    weight_g: Decimal | None = None
    length_mm: Decimal | None = None
    time_h: Decimal | None = None
    material: str | None = None
    printer: str | None = None
    slicer: str | None = None
    plates: int = 1
    said: tuple[Said, ...] = field(default=())


def slice_of(said: Iterable[Said], *, plates: int = 1) -> Slice:
    """The first of each figure, with all of them beside it."""
    found = tuple(said)
    first: dict[Figure, Said] = {}
    for each in sorted(found, key=lambda one: one.worked_out):
        first.setdefault(each.figure, each)
    numbers = {f: s.value for f, s in first.items() if isinstance(s.value, Decimal)}
    words = {f: s.value for f, s in first.items() if isinstance(s.value, str)}
    return Slice(
        weight_g=numbers.get(Figure.WEIGHT_G),
        length_mm=numbers.get(Figure.LENGTH_MM),
        time_h=numbers.get(Figure.TIME_H),
        material=words.get(Figure.MATERIAL),
        printer=words.get(Figure.PRINTER),
        slicer=words.get(Figure.SLICER),
        plates=plates,
        said=found,
    )


def read_text(comments: Iterable[str], density_g_cm3: float | None = None) -> list[Said]:
    """Everything that comments say, each given without its semicolon and in the file's order.

    With a density, a weight is worked out from the length where the file names none.
    """
    text = "".join(f"\n{comment.strip()}" for comment in comments)
    found = [said for rule in _RULES for said in rule.find(text)]
    return found + list(_work_out(text, found, density_g_cm3))


# Numbers and words


def grams(words: str) -> Decimal | None:
    """A weight: several tools' are summed."""
    return _rounded(_sum(words), "0.01")


def _metres(words: str) -> Decimal | None:
    total = _sum(words.replace("m", ""))
    return _rounded(total * 1000, "0.01") if total is not None else None


def seconds(words: str) -> Decimal | None:
    """Hours in a number of seconds; Cura's placeholder is none."""
    total = number(words.strip().rstrip("s"))
    if not total or total == _CURA_PLACEHOLDER_S:
        return None
    return _rounded(total / 3600, "0.001")


def _minutes(words: str) -> Decimal | None:
    total = number(words)
    return _rounded(total / 60, "0.001") if total else None


_UNIT_S = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def _duration(words: str) -> Decimal | None:
    """Hours in a duration such as `1d 2h 3m 4s` or `1 hour 23 minutes`."""
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?) ?([dhms])", words.lower())
    total = sum((Decimal(count[:12]) * _UNIT_S[unit] for count, unit in parts), Decimal(0))
    return _rounded(total / 3600, "0.001") if total else None


def _names(words: str) -> str | None:
    """The materials of all tools, each once."""
    parts = dict.fromkeys(part.strip().strip('"') for part in re.split(r"[;,|]", words))
    return name(" + ".join(part for part in parts if part))


def name(words: str) -> str | None:
    """A name without what no name should hold; None for nothing."""
    plain = "".join(sign for sign in words if sign.isprintable()).strip().strip('"')
    return plain[:_SHOWN] or None


def number(words: str) -> Decimal | None:
    """A plain positive number; None for anything else."""
    try:
        value = Decimal(words.strip()[:40])
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 <= value <= _MOST else None


def _sum(words: str) -> Decimal | None:
    found = [number(part) for part in re.split(r"[,;]", words.strip().strip("[]"))]
    return sum((each for each in found if each is not None), Decimal(0)) or None


def _rounded(value: Decimal | None, step: str) -> Decimal | None:
    return value.quantize(Decimal(step)) if value else None


# Keys


@dataclass(frozen=True, slots=True)
class _Rule:
    figure: Figure
    key: str
    pattern: re.Pattern[str]
    read: Callable[[str], Decimal | str | None]

    def find(self, text: str) -> Iterator[Said]:
        """What stands at the key: the last line that says anything, as slicers write figures last.

        Where each tool has a line of its own (`#1`, `.0.`), their sum.
        """
        lines = self.pattern.findall(text)
        if "N" in self.key and self.figure is not Figure.MATERIAL:
            lines = [",".join(lines)] if lines else []
        for words in reversed(lines):
            value = self.read(words)
            if value:
                yield Said(self.figure, value, self.key)
                return


def _rule(
    figure: Figure, key: str, read: Callable[[str], Decimal | str | None], pattern: str = ""
) -> _Rule:
    """`key` as it stands in the file, after the semicolon and before `=` or `:`.

    Every pattern begins with a newline and plain letters, for which `re` searches ten times faster.
    """
    shape = pattern or rf"{re.escape(key)} ?[=:] ?(.+)"
    return _Rule(figure, key, re.compile(rf"\n{shape}$", re.M), read)


_W, _L, _T, _M, _P, _S = (
    Figure.WEIGHT_G, Figure.LENGTH_MM, Figure.TIME_H, Figure.MATERIAL, Figure.PRINTER,
    Figure.SLICER,
)  # fmt: skip
_RULES = (
    # PrusaSlicer, SuperSlicer, OrcaSlicer, Snapmaker Orca
    _rule(_W, "total filament used [g]", grams),
    _rule(_W, "total filament weight [g]", grams),  # Bambu Studio
    _rule(_W, "filament used [g]", grams),
    _rule(_W, "Filament weight", grams, r"Filament weight ?= ?\[(.*)\]"),  # Cura
    _rule(_W, "Plastic weight", grams, r"Plastic weight: ?([0-9.]+) ?g.*"),  # Simplify3D 4
    _rule(_W, "Material Weight", grams, r"Material Weight: ?([0-9.]+) ?g.*"),  # Simplify3D 5
    _rule(_W, "filament_used_g", grams),  # IceSL
    _rule(_L, "filament used [mm]", grams),
    _rule(_L, "total filament length [mm]", grams),
    _rule(_L, "Filament used", _metres, r"Filament used: ?([0-9.]+ ?m(?:, ?[0-9.]+ ?m)*)"),
    _rule(_L, "Filament length", grams, r"Filament length: ?([0-9.]+) ?mm.*"),
    _rule(_L, "Material#N Used", grams, r"Material#[0-9]+ Used: ?([0-9.]+)"),  # ideaMaker
    _rule(_L, "filament_used_mm", grams),
    _rule(_L, "Ext N", grams, r"Ext [0-9]+ *= *([0-9.]+) *mm.*"),  # KISSlicer
    _rule(_L, "filament used", grams, r"--- filament used: ?([0-9.]+) ?mm"),  # Kiri:Moto
    _rule(_T, "estimated printing time (normal mode)", _duration),
    _rule(_T, "total estimated time", _duration, r"model printing time.*total estimated time:(.+)"),
    _rule(_T, "Build time", _duration, r"Build [tT]ime: ?([0-9].*)"),
    _rule(_T, "TIME", seconds, r"TIME:([0-9.]+)"),
    _rule(_T, "PRINT.TIME", seconds),  # Cura for Griffin machines
    _rule(_T, "Print Time", seconds, r"Print Time: ?([0-9.]+)"),
    _rule(_T, "estimated_print_time_s", seconds),
    _rule(_T, "Build Time", _minutes, r"Calculated.*Build Time: ?([0-9.]+) minutes"),
    _rule(_T, "print time", seconds, r"--- print time: ?([0-9.]+)s"),
    _rule(_M, "filament_type", _names),
    _rule(_M, "Filament type", _names),
    _rule(_M, "printMaterial", _names, r"printMaterial,(.*)"),
    _rule(_M, "Filament Type #N", _names, r"Filament Type #[0-9]+: ?(.+)"),
    _rule(_P, "printer_model", name),
    _rule(_P, "TARGET_MACHINE.NAME", name),
    _rule(_P, "printer_settings_id", name),
    _rule(_S, "generated by", name, r"generated by (.+?)(?: on .*)?"),
    _rule(_S, "BambuStudio", name, r"(BambuStudio [0-9.]+)"),
    _rule(_S, "Generated with", name, r"Generated with (.+)"),
    _rule(_S, "GENERATOR.NAME", name),
    _rule(_S, "Simplify3D", name, r"G-Code generated by (Simplify3D.+)"),
    _rule(_S, "Sliced by", name, r"Sliced by (.+)"),
    _rule(_S, "Generated by", name, r"Generated by (Kiri.+)"),
    _rule(_S, "KISSlicer", name, r"(KISSlicer.*)"),
    _rule(_S, "IceSL", name, r"(IceSL.*)"),
)

_griffin_mm3 = re.compile(r"\nEXTRUDER_TRAIN\.[0-9]+\.MATERIAL\.VOLUME_USED:([0-9.]+)")
_own_density = re.compile(r"\nfilament_density ?[=:] ?([0-9.]+)")
_own_diameter = re.compile(r"\n(?:filament_diameter|Filament Diameter #1) ?[=:] ?([0-9.]+)")
_FILAMENT_MM = 1.75


def _work_out(text: str, found: Iterable[Said], density_g_cm3: float | None) -> Iterator[Said]:
    """A weight from what the file says of volume or length: m = L pi (d/2)^2 rho."""
    density = _float(_own_density.search(text)) or density_g_cm3
    if not density:
        return
    volumes = [number(each) or Decimal(0) for each in _griffin_mm3.findall(text)]
    mm3, key = float(sum(volumes)), "MATERIAL.VOLUME_USED × density"
    length = next((s for s in found if s.figure is Figure.LENGTH_MM), None)
    if not mm3 and length is not None and isinstance(length.value, Decimal):
        diameter = _float(_own_diameter.search(text)) or _FILAMENT_MM
        mm3, key = float(length.value) * math.pi * (diameter / 2) ** 2, f"{length.key} × density"
    weight = grams(f"{mm3 / 1000 * density:.4f}")
    if weight:
        yield Said(Figure.WEIGHT_G, weight, key, worked_out=True)


def _float(found: re.Match[str] | None) -> float:
    value = number(found[1]) if found else None
    return float(value) if value else 0.0
