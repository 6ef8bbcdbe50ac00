"""Models measured: figures worked out by hand."""

import math
from pathlib import Path

import pytest

from daemon import measuring
from daemon.inspect_model import measure
from daemon.sandbox import CouldNot
from daemon.sandboxed import Refused
from schemas.model import Measured
from schemas.naming import suffix_of
from tests.models import (
    BOX,
    box_3mf,
    box_stl,
    corners,
    made_of,
    mesh,
    model,
    obj,
    package,
    stl,
    text_stl,
    triangles,
)

# numpy warns of corners that are no numbers, and trimesh takes a warning made an error for the end.
pytestmark = pytest.mark.filterwarnings("ignore")

CUBE = corners(20, 20, 20)
TWO = [*triangles(CUBE), *triangles(corners(10, 10, 10, at=(50, 0, 0)))]
INSIDE_OUT = [tuple(reversed(t)) for t in triangles(CUBE)]
NOWHERE = ((math.nan, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, math.inf, 0.0))
PLATES = "<config>" + "<plate><metadata/></plate>" * 2 + "</config>"
SIX = {"size_mm": (20, 20, 20), "volume_cm3": 8, "surface_cm2": 24, "triangles": 12, "bodies": 1,
       "watertight": True}  # fmt: skip

# name, file, and what is to be found in it: mm, cm3, cm2
TABLE: list[tuple[str, str, bytes, dict[str, object]]] = [
    ("binary", "a.stl", box_stl(20, 20, 20), SIX),
    ("text", "a.stl", text_stl(triangles(CUBE)), SIX),
    ("text, CRLF", "a.stl", text_stl(triangles(CUBE), end="\r\n"), SIX),
    ("text, CR", "a.stl", text_stl(triangles(CUBE), end="\r"), SIX),
    ("header says solid", "a.STL", stl(triangles(CUBE), header=b"solid x"), SIX),
    ("a brick", "a.stl", box_stl(10, 20, 40),
     {"size_mm": (10, 20, 40), "volume_cm3": 8, "surface_cm2": 28}),
    ("inside out", "a.stl", stl(INSIDE_OUT), {**SIX, "inverted": True}),
    ("a hole", "a.stl", stl(triangles(CUBE, BOX[1:])),
     {"watertight": False, "triangles": 11, "surface_cm2": 22}),
    ("two bodies", "a.stl", stl(TWO),
     {"size_mm": (60, 20, 20), "bodies": 2, "volume_cm3": 9, "triangles": 24}),
    ("no numbers", "a.stl", stl([*triangles(CUBE), NOWHERE]), {**SIX, "dropped": 1}),
    ("tiny", "a.stl", box_stl(1, 1, 1), {"size_mm": (1, 1, 1), "volume_cm3": 0.001}),
    ("quads", "a.obj", obj(CUBE, [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5),
                                 (2, 3, 7, 6), (3, 0, 4, 7)]), SIX),
    ("materials elsewhere", "a.obj", obj(CUBE, before="mtllib ../../../etc/passwd"), SIX),
    ("millimetres", "a.3mf", box_3mf(20, 20, 20), {**SIX, "unit": "millimeter"}),
    ("inches", "a.3mf", box_3mf(1, 1, 1, unit="inch"),
     {"size_mm": (25.4,) * 3, "volume_cm3": 16.3871, "surface_cm2": 38.7096, "unit": "inch"}),
    ("microns", "a.3mf", box_3mf(5000, 5000, 5000, unit="micron"),
     {"size_mm": (5, 5, 5), "volume_cm3": 0.125}),
    ("a component, twice", "a.3mf",
     package(model(mesh(1, CUBE) + made_of(2, 1), 'objectid="2"',
                   'objectid="2" transform="1 0 0 0 1 0 0 0 1 30 0 0"')),
     {"size_mm": (50, 20, 20), "triangles": 24, "bodies": 2, "volume_cm3": 16, "objects": 2}),
    ("two plates", "a.3mf",
     package(model(mesh(1, CUBE) + mesh(2, corners(30, 5, 5)), 'objectid="1"',
                   'objectid="2" transform="1 0 0 0 1 0 0 0 1 300 0 0"'),
             {"Metadata/model_settings.config": PLATES}),
     {"size_mm": (30, 5, 5), "plates": 2, "objects": 2, "volume_cm3": 8.75}),
]  # fmt: skip


def look(tmp_path: Path, name: str, data: bytes) -> Measured:
    path = tmp_path / name
    path.write_bytes(data)
    return measuring.measure(str(path), suffix_of(name))


@pytest.mark.parametrize(
    ("name", "data", "wanted"), [t[1:] for t in TABLE], ids=[t[0] for t in TABLE]
)
def test_the_figures_of_a_model(
    tmp_path: Path, name: str, data: bytes, wanted: dict[str, object]
) -> None:
    found = look(tmp_path, name, data).model_dump()
    for figure, value in wanted.items():
        close = value if isinstance(value, str) else pytest.approx(value, rel=1e-4)
        assert found[figure] == close, figure


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.stl", b"solid x\nendsolid x\n"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\n"),
        ("a.3mf", b"no archive"),
        ("a.stl", stl([NOWHERE])),
    ],
    ids=["no facets", "no faces", "no archive", "no numbers at all"],
)
def test_what_holds_no_surface_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(Refused):
        look(tmp_path, name, data)


def test_a_child_measures_and_tells(tmp_path: Path) -> None:
    path = tmp_path / "JaneDoe_Filament_Red_1.stl"
    path.write_bytes(box_stl(10, 20, 30))
    assert measure(path).size_mm == (10, 20, 30)


def test_a_child_says_why_it_cannot(tmp_path: Path) -> None:
    path = tmp_path / "a.stl"
    path.write_bytes(b"solid x\nendsolid x\n")
    with pytest.raises(CouldNot, match="no surface"):
        measure(path)
