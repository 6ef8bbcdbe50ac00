"""Small solids and the three file formats students hand in, written with the standard library."""

import io
import math
import struct
import zipfile
from collections.abc import Sequence

Point = tuple[float, float, float]
Triangle = tuple[int, int, int]
Solid = tuple[list[Point], list[Triangle]]  # points in mm; corners counter-clockwise from outside

RELATION = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"


def turned(outline_mm: Sequence[tuple[float, float]], *, sides: int) -> Solid:
    """The closed solid that a lathe makes: `outline_mm` is (radius, height) from the foot up."""
    rings, top = len(outline_mm), len(outline_mm) * sides
    points = [
        (radius * math.cos(turn), radius * math.sin(turn), height)
        for radius, height in outline_mm
        for turn in (2 * math.pi * side / sides for side in range(sides))
    ]
    points += [(0.0, 0.0, outline_mm[-1][1]), (0.0, 0.0, outline_mm[0][1])]
    triangles: list[Triangle] = []
    for side in range(sides):
        after = (side + 1) % sides
        for low in range(0, (rings - 1) * sides, sides):
            a, b, c, d = low + side, low + after, low + sides + side, low + sides + after
            triangles += [(a, b, d), (a, d, c)]
        triangles += [(top - sides + side, top - sides + after, top), (after, side, top + 1)]
    return points, triangles


def box(width_mm: float, depth_mm: float, height_mm: float) -> Solid:
    """A block that stands on the bed."""
    half = math.sqrt(0.5)
    points, triangles = turned([(half, 0), (half, height_mm)], sides=4)
    turn = math.sqrt(0.5)  # by 45 degrees, so that the sides lie along x and y
    return [
        ((x - y) * turn * width_mm, (x + y) * turn * depth_mm, z) for x, y, z in points
    ], triangles


def binary_stl(solid: Solid) -> bytes:
    """80 bytes of anything, the count, 50 bytes for each triangle."""
    points, triangles = solid
    facets = (
        struct.pack("<12fH", 0, 0, 0, *(x for corner in triangle for x in points[corner]), 0)
        for triangle in triangles
    )
    return b"demo".ljust(80) + struct.pack("<I", len(triangles)) + b"".join(facets)


def text_stl(solid: Solid) -> bytes:
    """The same in words."""
    points, triangles = solid
    lines = ["solid demo"]
    for triangle in triangles:
        lines += ["facet normal 0 0 0", " outer loop"]
        lines += [f"  vertex {_spaced(points[corner])}" for corner in triangle]
        lines += [" endloop", "endfacet"]
    return "\n".join([*lines, "endsolid demo", ""]).encode()


def obj(solid: Solid) -> bytes:
    """Wavefront: points, then faces that count from 1."""
    points, triangles = solid
    lines = [f"v {_spaced(point)}" for point in points]
    lines += [f"f {_spaced([corner + 1 for corner in triangle])}" for triangle in triangles]
    return "\n".join([*lines, ""]).encode()


def three_mf(solid: Solid) -> bytes:
    """A zip with the model and the two parts that point to it."""
    points, triangles = solid
    vertices = "".join(f'<vertex x="{x:g}" y="{y:g}" z="{z:g}"/>' for x, y, z in points)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in triangles)
    model = (
        f'<model unit="millimeter" xmlns="{CORE}"><resources><object id="1" type="model"><mesh>'
        f"<vertices>{vertices}</vertices><triangles>{faces}</triangles></mesh></object>"
        '</resources><build><item objectid="1"/></build></model>'
    )
    return _zipped(
        {
            "[Content_Types].xml": _content_types(),
            "_rels/.rels": _relations(),
            "3D/3dmodel.model": model,
        }
    )


def _content_types() -> str:
    package = "http://schemas.openxmlformats.org/package/2006/content-types"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    model = "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"
    return (
        f'<Types xmlns="{package}"><Default Extension="rels" ContentType="{relations}"/>'
        f'<Default Extension="model" ContentType="{model}"/></Types>'
    )


def _relations() -> str:
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return (
        f'<Relationships xmlns="{package}"><Relationship Id="rel0" '
        f'Target="/3D/3dmodel.model" Type="{RELATION}"/></Relationships>'
    )


def _zipped(parts: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}')
    return written.getvalue()


def _spaced(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.6g}" for number in numbers)
