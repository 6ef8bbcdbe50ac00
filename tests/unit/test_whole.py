"""Whether a file is whole, by its structure alone."""

import io
import zipfile
from pathlib import Path

import pytest

from daemon.whole import structure_fault
from tests.lab import an_stl

ASCII = b"solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nendloop\nendfacet\nendsolid x\n"
CUBE = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def a_zip(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.stl", an_stl(3)),
        ("a.STL", b"solid made by CAD".ljust(80) + an_stl(2)[80:]),
        ("a.stl", ASCII),
        ("a.stl", ASCII.replace(b"\n", b"\r\n")),
        ("a.stl", ASCII.replace(b"\n", b"\r")),
        ("a.obj", CUBE),
        ("a.3mf", a_zip("3D/3dmodel.model")),
        ("a.gcode", b"G1 X1\n"),
    ],
    ids=["binary", "binary that begins solid", "text", "CRLF", "CR", "obj", "3mf", "gcode"],
)
def test_a_whole_file_has_no_fault(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    assert structure_fault(tmp_path / name) == ""


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.stl", b"", "empty"),
        ("a.stl", an_stl(3)[:-1], "does not fit"),
        ("a.stl", an_stl(3)[:84], "does not fit"),
        ("a.stl", an_stl(0), "no triangles"),
        ("a.stl", bytes(80) + b"\xff\xff\xff\xff" + bytes(50), "does not fit"),
        ("a.stl", b"<!doctype html><html></html>", "does not fit"),
        ("a.stl", ASCII[:-12], "no end"),
        ("a.stl", b"solid x\nendsolid x\n", "no triangles"),
        ("a.obj", b"hello\n", "no faces"),
        ("a.obj", b"v 0 0 0\0", "no text"),
        ("a.3mf", a_zip("3D/3dmodel.model")[:-10], "cannot be read"),
        ("a.3mf", a_zip("readme.txt"), "no model"),
        ("a.3mf", a_zip("3D/3dmodel.model", "../../escaped"), "leads out"),
    ],
)
def test_a_broken_file_says_what_is_wrong(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert words in structure_fault(tmp_path / name)
