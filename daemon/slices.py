"""What a sliced file says of weight, time and material, read from its head and tail only.

The slicers write it as comments: PrusaSlicer, SuperSlicer and OrcaSlicer as `; key = value`, Bambu
Studio as `; key : value`, Cura as `;KEY:value`. A key that is not there is unknown, never a guess.
"""

import re
import zipfile
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree

from schemas.naming import suffix_of

_EDGE = 1 << 20  # bytes looked at from either end of the file
_CURA_PLACEHOLDER_S = 6666
_MAX_XML = 1 << 20


@dataclass(frozen=True, slots=True)
class Slice:
    """Figures of a sliced file; None where it does not say."""

    weight_g: Decimal | None = None
    time_h: Decimal | None = None
    material: str | None = None


def read_slice(path: Path) -> Slice:
    """The figures of a `.gcode` or `.gcode.3mf`; all None for a file of another kind.

    Raises: OSError when the file cannot be read.
    """
    suffix = suffix_of(path.name)
    if suffix == ".gcode.3mf":
        return _read_project(path)
    if suffix not in (".gcode", ".gco", ".g"):
        return Slice()
    text = _edges(path)
    return Slice(weight_g=_weight_g(text), time_h=_time_h(text), material=_material(text))


def _edges(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(_EDGE)
        if size > 2 * _EDGE:
            file.seek(size - _EDGE)
        data += file.read(_EDGE)
    return data.decode("utf-8", "replace")


def _weight_g(text: str) -> Decimal | None:
    for key in ("total filament used", "total filament weight", "filament used"):
        found = re.search(rf"^; ?{key} \[g\] ?[=:] ?([0-9., ]+)$", text, re.M)
        numbers = [_number(part) for part in found[1].split(",")] if found else []
        total = sum((number for number in numbers if number is not None), Decimal(0))
        if total > 0:
            return total.quantize(Decimal("0.01"))
    return None


def _time_h(text: str) -> Decimal | None:
    found = re.search(r"^; estimated printing time \(normal mode\) = (.+)$", text, re.M)
    found = found or re.search(r"total estimated time: ([^;\n]+)", text)
    if found:
        return _hours(found[1])
    cura = re.search(r"^;TIME:([0-9]+)", text, re.M)
    if cura and int(cura[1]) != _CURA_PLACEHOLDER_S:
        return (Decimal(cura[1]) / 3600).quantize(Decimal("0.001"))
    return None


def _hours(words: str) -> Decimal | None:
    """Hours in a duration such as `1d 2h 3m 4s`."""
    seconds = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    parts = re.findall(r"([0-9]+)([dhms])", words)
    if not parts:
        return None
    total = sum(int(number) * seconds[unit] for number, unit in parts)
    return (Decimal(total) / 3600).quantize(Decimal("0.001"))


def _material(text: str) -> str | None:
    found = re.search(r"^; ?filament_type ?[=:] ?([^\n;,]+)", text, re.M | re.I)
    return found[1].strip() or None if found else None


def _read_project(path: Path) -> Slice:
    """Figures of a Bambu or Orca project: the sum over its plates."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("Metadata/slice_info.config") as entry:
            data = entry.read(_MAX_XML)
        if b"<!DOCTYPE" in data:
            return Slice()
        plates = ElementTree.fromstring(data).findall("plate")
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, NotImplementedError):
        return Slice()
    weight_g = sum((_plate_value(plate, "weight") for plate in plates), Decimal(0))
    time_s = sum((_plate_value(plate, "prediction") for plate in plates), Decimal(0))
    used = next((f.get("type") for plate in plates for f in plate.findall("filament")), None)
    return Slice(
        weight_g=weight_g.quantize(Decimal("0.01")) if weight_g > 0 else None,
        time_h=(time_s / 3600).quantize(Decimal("0.001")) if time_s > 0 else None,
        material=used,
    )


def _plate_value(plate: ElementTree.Element, name: str) -> Decimal:
    for item in plate.findall("metadata"):
        if item.get("key") == name:
            return _number(item.get("value", "")) or Decimal(0)
    return Decimal(0)


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
