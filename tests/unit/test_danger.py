"""What must not be opened, told before anything parses it."""

import struct
import zipfile
from pathlib import Path

import pytest

from daemon.danger import danger
from daemon.whole import structure_fault
from tests.models import (
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
    zipped,
)

CUBE = corners(10, 10, 10)
ONE = mesh(1, CUBE)
BUILD = 'objectid="1"'
LAUGHS = (
    '<!DOCTYPE model [<!ENTITY a "lol">'
    + "".join(
        f'<!ENTITY {b} "&{a};&{a};&{a};&{a};">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
READS = '<!DOCTYPE model [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def judged(tmp_path: Path, name: str, data: bytes) -> str:
    path = tmp_path / name
    path.write_bytes(data)
    return structure_fault(path) or danger(path)


def doubled(depth: int) -> bytes:
    """Every object is twice the one before it."""
    parts = "".join(made_of(n, n - 1, n - 1) for n in range(2, depth + 1))
    return package(model(ONE + parts, f'objectid="{depth}"'))


HONEST = {
    "a box.stl": box_stl(1, 2, 3),
    "text.stl": text_stl(triangles(CUBE)),
    "old mac.stl": text_stl(triangles(CUBE), end="\r"),
    "from cad.stl": stl(triangles(CUBE), header=b"solid made by CAD"),
    "quads.obj": obj(CUBE, [(0, 1, 2, 3), (4, 5, 6, 7)]),
    "materials.obj": obj(CUBE, before="mtllib ../../secret.mtl"),
    "behind.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -3\n",
    "textured.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/1/1 2//2 3\n",
    "a box.3mf": box_3mf(1, 2, 3),
    "parts.3mf": package(model(ONE + made_of(2, 1, 1), 'objectid="2"')),
    "elsewhere.3mf": package(
        model("", 'p:path="/3D/other.model" objectid="1" xmlns:p="urn:production"'),
        {"3D/other.model": model(ONE)},
    ),
    "settings.3mf": package(
        model(ONE, BUILD),
        {
            "Metadata/Slic3r_PE.config": "; post_process = \n; layer_height = 0.2\n",
            "Metadata/project_settings.config": '{"post_process": [], "name": "x"}',
        },
    ),
    "plain.gcode": b"; post_process = \nG1 X1\n",
}

HOSTILE = {
    "nothing.stl": (b"", "is empty"),
    "no triangles.stl": (b"\0" * 84, "no triangles"),
    "half.stl": (box_stl(1, 1, 1)[:300], "does not fit"),
    "a page.stl": (b"<!doctype html><html><body>log in</body></html>", "does not fit"),
    "four billion.stl": (b"\0" * 80 + struct.pack("<I", 2**32 - 1) + b"\0" * 50, "does not fit"),
    "far.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 2000000000\n", "vertex 2000000000 of 3"),
    "far behind.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -1 -2 -900\n", "vertex 900 of 3"),
    "from zero.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "vertex 0"),
    "half.3mf": (box_3mf(1, 1, 1)[:-40], "cannot be read"),
    "a zip.3mf": (zipped({"3D/x.model": "x"}), "no package"),
    "points elsewhere.3mf": (
        zipped({"[Content_Types].xml": "", "_rels/.rels": "<x/>", "3D/x.model": "x"}),
        "no model",
    ),
    "broken.3mf": (package("<model"), "broken"),
    "empty.3mf": (package(model("")), "no triangles"),
    "laughs.3mf": (package(model(ONE, BUILD, before=LAUGHS)), "document type"),
    "reads.3mf": (package(model(ONE, BUILD, before=READS)), "document type"),
    "wide.3mf": (
        package(model(ONE, BUILD, before=READS).replace("UTF-8", "UTF-16").encode("utf-16")),
        "document type",
    ),
    "beside.3mf": (
        package(model(ONE, BUILD), {"Metadata/x.config": READS.encode("utf-16") + b"<x/>"}),
        "document type",
    ),
    "slips.3mf": (package(model(ONE, BUILD), {"../../../out": "x"}), "leads out"),
    "rooted.3mf": (package(model(ONE, BUILD), {"/etc/out": "x"}), "leads out"),
    "drive.3mf": (package(model(ONE, BUILD), {"C:/out": "x"}), "leads out"),
    "cycle.3mf": (
        package(model(ONE + made_of(2, 3) + made_of(3, 2), 'objectid="2"')),
        "part of itself",
    ),
    "doubles.3mf": (doubled(21), "unfolds to 1048576 objects"),
    "deep.3mf": (doubled(60), "nested"),
    "runs.3mf": (
        package(
            model(ONE, BUILD), {"Metadata/Slic3r_PE.config": "; post_process = /bin/sh -c id\n"}
        ),
        "post_process",
    ),
    "runs too.3mf": (
        package(
            model(ONE, BUILD),
            {"Metadata/project_settings.config": '{"post_process": [\n"/bin/sh -c id"\n]}'},
        ),
        "post_process",
    ),
    "runs.gcode": (b"G1 X1\n" * 9 + b"; post_process = C:\\evil.exe\n", "post_process"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_file_may_be_opened(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, name, HONEST[name]) == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_broken_file_is_named_for_what_it_is(tmp_path: Path, name: str) -> None:
    data, reason = HOSTILE[name]
    assert reason in judged(tmp_path, name, data)


def test_an_archive_that_says_how_large_it_is_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.3mf"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("3D/3dmodel.model", "w", force_zip64=True) as entry,
    ):
        for _ in range(320):
            entry.write(b" " * 1_000_000)
    assert "320 MB, more than 300" in structure_fault(path)
    assert "320 MB, more than 300" in danger(path)


def test_an_archive_that_lies_about_it_is_left_when_it_has_become_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.threemf.MOST_UNPACKED", 200_000)
    parts = {f"Metadata/{n}.png": b"\0" * 90_000 for n in range(4)}
    data = package(model(ONE, BUILD), parts)  # type: ignore[arg-type]
    lies = data.replace(struct.pack("<I", 90_000), struct.pack("<I", 1_000))
    path = tmp_path / "lies.3mf"
    path.write_bytes(lies)
    assert danger(path)


def test_a_model_of_too_many_elements_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.threemf.MOST_ELEMENTS", 100)
    path = tmp_path / "many.3mf"
    path.write_bytes(package(model(ONE + "<a/>" * 100, BUILD)))
    assert "more than 100 elements" in danger(path)


def test_an_archive_with_a_password_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "locked.3mf"
    data = bytearray(box_3mf(1, 1, 1))
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        at = data.find(mark)
        data[at + offset] |= 1
    path.write_bytes(data)
    assert "password" in danger(path)
