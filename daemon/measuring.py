"""A child of `sandbox`: measures a model with trimesh.

    python -m daemon.sandboxed … measuring SUFFIX PATH

The answer is a `schemas.model.Measured` as JSON. Nothing is rescaled but what a 3MF says in another
unit.
"""

import re
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import trimesh

from daemon.sandboxed import Refused
from daemon.scenes import load
from schemas.model import Measured

# The units of the 3MF Core Specification, in mm; millimetres where it names none.
_UNITS_MM = {
    "micron": 0.001, "millimeter": 1.0, "centimeter": 10.0, "inch": 25.4, "foot": 304.8,
    "meter": 1000.0,
}  # fmt: skip
_MOST_SETTINGS = 4 << 20
_plates = re.compile(rb"<plate[\s>]").findall


def main(arguments: list[str]) -> None:
    """Write the figures of the model to the standard output. Raises: Refused."""
    suffix, path = arguments
    sys.stdout.write(measure(path, suffix).model_dump_json())


def measure(path: str, suffix: str) -> Measured:
    """The figures of a model that the guard has let pass. Raises: Refused."""
    scene = load(path, suffix)
    unit = str(scene.units or "millimeter").lower().rstrip("s") if suffix == ".3mf" else ""
    to_mm = _UNITS_MM.get(unit, 1.0)
    plates = _count_plates(path) if suffix == ".3mf" else 1
    whole = scene.to_mesh()
    if not len(whole.faces) or not np.isfinite(whole.bounds).all():
        raise Refused("it holds no surface")
    objects = len(scene.graph.nodes_geometry)
    sides = _largest(scene) if plates > 1 else whole.extents
    volume = float(whole.volume)
    watertight = bool(whole.is_watertight)
    x, y, z = (round(float(side) * to_mm, 4) for side in sides)
    return Measured(
        size_mm=(x, y, z),
        volume_cm3=round(abs(volume) * to_mm**3 / 1000, 4),
        surface_cm2=round(float(whole.area) * to_mm**2 / 100, 4),
        triangles=len(whole.faces),
        bodies=int(whole.body_count),
        watertight=watertight,
        inverted=watertight and volume < 0,
        unit=unit,
        objects=objects,
        plates=plates,
        dropped=_dropped(path, suffix, len(whole.faces)),
    )


def _largest(scene: trimesh.Scene) -> np.ndarray:
    """The sides of the object that takes the most room, where they lie on several plates."""
    boxes = []
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        corners = trimesh.transform_points(scene.geometry[name].bounding_box.vertices, matrix)
        boxes.append(np.ptp(corners, axis=0))
    return max(boxes, key=lambda box: float(np.sort(box)[::-1].dot((1e6, 1e3, 1))))


def _count_plates(path: str) -> int:
    """The plates of a project of Bambu Studio or OrcaSlicer; 1 for any other 3MF."""
    with (
        suppress(KeyError, zipfile.BadZipFile),
        zipfile.ZipFile(path) as archive,
        archive.open("Metadata/model_settings.config") as entry,
    ):
        return max(1, len(_plates(entry.read(_MOST_SETTINGS))))
    return 1


def _dropped(path: str, suffix: str, kept: int) -> int:
    """Triangles of a binary STL with a corner that is no number, which trimesh leaves out."""
    if suffix != ".stl":
        return 0
    with Path(path).open("rb") as file:
        file.seek(80)
        count = int.from_bytes(file.read(4), "little")
        file.seek(0, 2)
        is_binary = file.tell() == 84 + 50 * count
    if not is_binary or count == kept:
        return 0
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", 9), ("more", "<u2")])
    corners = np.fromfile(path, dtype=kind, offset=84)["corners"]
    return int((~np.isfinite(corners).all(axis=1)).sum())
