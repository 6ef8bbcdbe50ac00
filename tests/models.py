"""Models made for tests, small enough that their figures can be worked out by hand."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence

Point = tuple[float, float, float]
Face = tuple[int, int, int]

_CORNERS: tuple[Point, ...] = (
    (0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1),
)  # fmt: skip
BOX: tuple[Face, ...] = (
    (0, 2, 1), (0, 3, 2), (4, 5, 6), (4, 6, 7), (0, 1, 5), (0, 5, 4),
    (1, 2, 6), (1, 6, 5), (2, 3, 7), (2, 7, 6), (3, 0, 4), (3, 4, 7),
)  # fmt: skip


def corners(x: float, y: float, z: float, at: Point = (0, 0, 0)) -> list[Point]:
    """The eight corners of a box with these sides."""
    return [(at[0] + a * x, at[1] + b * y, at[2] + c * z) for a, b, c in _CORNERS]


def triangles(points: Sequence[Point], faces: Iterable[Face] = BOX) -> list[tuple[Point, ...]]:
    return [tuple(points[i] for i in face) for face in faces]


def stl(surface: Iterable[tuple[Point, ...]], header: bytes = b"") -> bytes:
    """A binary STL."""
    parts = list(surface)
    body = b"".join(struct.pack("<12fH", 0, 0, 0, *sum(map(tuple, t), ()), 0) for t in parts)
    return header.ljust(80, b"\0") + struct.pack("<I", len(parts)) + body


def text_stl(surface: Iterable[tuple[Point, ...]], end: str = "\n", name: str = "x") -> bytes:
    lines = [f"solid {name}"]
    for triangle in surface:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += ["vertex {} {} {}".format(*point) for point in triangle]
        lines += ["endloop", "endfacet"]
    return end.join([*lines, f"endsolid {name}", ""]).encode()


def box_stl(x: float, y: float, z: float, at: Point = (0, 0, 0)) -> bytes:
    return stl(triangles(corners(x, y, z, at)))


def obj(points: Sequence[Point], faces: Iterable[Sequence[int]] = BOX, before: str = "") -> bytes:
    lines = [before, *("v {} {} {}".format(*point) for point in points)]
    lines += ["f " + " ".join(str(i + 1) for i in face) for face in faces]
    return "\n".join([*lines, ""]).encode()


# 3MF

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELS = (
    '<?xml version="1.0"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel" '
    'Target="/3D/3dmodel.model"/></Relationships>'
)


def mesh(number: int, points: Sequence[Point], faces: Iterable[Face] = BOX) -> str:
    """An object of a 3MF."""
    corner = "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*point) for point in points)
    face = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*each) for each in faces)
    return (
        f'<object id="{number}" type="model"><mesh><vertices>{corner}</vertices>'
        f"<triangles>{face}</triangles></mesh></object>"
    )


def made_of(number: int, *parts: int) -> str:
    """An object made of others."""
    inner = "".join(f'<component objectid="{part}"/>' for part in parts)
    return f'<object id="{number}" type="model"><components>{inner}</components></object>'


def model(objects: str, *items: str, unit: str = "millimeter", before: str = "") -> str:
    """The model part; each item is the attributes of a build item."""
    build = "".join(f"<item {item}/>" for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<model unit="{unit}" xmlns="{CORE}">'
        f"<resources>{objects}</resources><build>{build}</build></model>"
    )


def package(part: str | bytes, more: dict[str, str | bytes] | None = None) -> bytes:
    """A 3MF with this model part, and other entries beside it."""
    own = {"[Content_Types].xml": _TYPES, "_rels/.rels": _RELS, "3D/3dmodel.model": part}
    return zipped({**own, **(more or {})})


def zipped(entries: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def box_3mf(x: float, y: float, z: float, unit: str = "millimeter") -> bytes:
    return package(model(mesh(1, corners(x, y, z)), 'objectid="1"', unit=unit))
