"""Whether a file that is whole may be opened: looked at in pieces, before anything parses it.

A stranger's model can be a bomb, an archive that unpacks to gigabytes, a document that reads other
files, a project that has the slicer run a program. What is said here is for a student to read.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from daemon.scripts import script_in
from daemon.threemf import package_danger
from schemas.naming import suffix_of

_PIECE = 1 << 20
_index = re.compile(rb"[ \t](-?[0-9]+)").findall
_face = re.compile(rb"^[ \t]*f([ \t].*)$", re.M).findall
_vertex = re.compile(rb"^[ \t]*v[ \t]", re.M).findall


def danger(path: Path) -> str:
    """Why nobody should open the file; empty when nothing speaks against it.

    Raises: OSError when it cannot be read.
    """
    suffix = suffix_of(path.name)
    if suffix == ".obj":
        return _obj_danger(path)
    if suffix in (".3mf", ".gcode.3mf", ".ufp"):
        return package_danger(path, is_model=suffix == ".3mf") or script_in(path)
    return "" if suffix == ".stl" else script_in(path)


def _obj_danger(path: Path) -> str:
    """A face that names a vertex far beyond the last has a reader make room for all between."""
    vertices, most = 0, 0
    for text in _lines(path):
        vertices += len(_vertex(text))
        named = _index(b"".join(_face(text)))
        if named:
            numbers = [*map(int, named)]
            if 0 in numbers:
                return "a face of the OBJ names vertex 0, and they count from 1"
            most = max(most, *map(abs, numbers))
    return "" if most <= vertices else f"a face of the OBJ names vertex {most} of {vertices}"


def _lines(path: Path) -> Iterator[bytes]:
    """The text in pieces of whole lines."""
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            whole, _, rest = (rest + piece.replace(b"\r", b"\n")).rpartition(b"\n")
            yield whole
    yield rest
