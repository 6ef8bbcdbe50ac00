"""Sliced files that are archives: `.gcode.3mf` of Bambu Studio and OrcaSlicer, `.ufp` of Cura.

Nothing is read beyond a bound, whatever the archive's directory claims.
"""

import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from daemon.slices.said import Figure, Said, Slice, grams, name, read_text, seconds, slice_of
from daemon.threemf import UNREADABLE

_MOST_XML = 1 << 20
_MOST_TEXT = 1 << 20
_MOST_PICTURE = 4 << 20
_INFO = "Metadata/slice_info.config"
# The picture of each plate, not those without lights, seen from above or for picking.
_picture = re.compile(
    r"/?Metadata/(plate_[0-9]+|thumbnail)\.(png|jpe?g)|/?Thumbnails/thumbnail\.png", re.I
)


def read_project(path: Path) -> Slice:
    """The sum over the plates of a `.gcode.3mf`. Raises: OSError."""
    plates = _plates(path)
    weights, times = _values(plates, "weight", grams), _values(plates, "prediction", seconds)
    used = [f for plate in plates for f in plate.findall("filament")]
    by_filament = grams(",".join(each.get("used_g", "") for each in used))
    kinds = dict.fromkeys(kind for each in used if (kind := name(each.get("type", ""))))
    printers = [_value(plate, "printer_model_id") for plate in plates]
    candidates: list[tuple[Figure, Decimal | str | None, str]] = [
        (Figure.WEIGHT_G, sum(weights, Decimal(0)), "weight"),
        (Figure.WEIGHT_G, by_filament, "filament used_g"),
        (Figure.TIME_H, sum(times, Decimal(0)), "prediction"),
        (Figure.MATERIAL, " + ".join(kinds), "filament type"),
        (Figure.PRINTER, next(filter(None, map(name, printers)), None), "printer_model_id"),
    ]
    said = [Said(figure, value, key) for figure, value, key in candidates if value]
    return slice_of(said, plates=max(1, len(plates)))


def _plates(path: Path) -> list[ElementTree.Element]:
    data = _entry(path, _INFO, _MOST_XML)
    if b"<!DOCTYPE" in data.replace(b"\0", b"").upper():
        return []
    try:
        return ElementTree.fromstring(data).findall("plate")
    except (ElementTree.ParseError, ValueError, LookupError):
        return []


def _value(plate: ElementTree.Element, key: str) -> str:
    found = (m.get("value", "") for m in plate.findall("metadata") if m.get("key") == key)
    return next(found, "")


def _values(
    plates: list[ElementTree.Element], key: str, read: Callable[[str], Decimal | None]
) -> list[Decimal]:
    values = [read(_value(plate, key)) for plate in plates]
    return [value for value in values if value]


def read_ufp(path: Path, density_g_cm3: float | None) -> Slice:
    """What the G-code in a `.ufp` says at its beginning, where Cura writes it. Raises: OSError."""
    for entry in ("/3D/model.gcode", "3D/model.gcode"):
        data = _entry(path, entry, _MOST_TEXT)
        if data:
            lines = data.decode("utf-8", "replace").splitlines()
            comments = (line[1:] for line in lines if line.startswith(";"))
            return slice_of(read_text(comments, density_g_cm3))
    return Slice()


def pictures(path: Path, most: int) -> list[bytes]:
    """The pictures of an archive's plates, or its own. Raises: OSError."""
    found: list[bytes] = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if _picture.fullmatch(n)]
            for each in names[:most]:
                with archive.open(each) as entry:
                    data = entry.read(_MOST_PICTURE + 1)
                if len(data) <= _MOST_PICTURE:
                    found.append(data)
    except UNREADABLE:
        pass
    return found


def _entry(path: Path, entry_name: str, most: int) -> bytes:
    """The first bytes of an entry; nothing where there is none that could be read."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry_name) as entry:
            return entry.read(most)
    except (KeyError, *UNREADABLE):
        return b""
