"""Whether a file that has come to rest is whole, as far as its own structure tells.

Stillness alone does not prove it: Windows' copy gives a file its full size first, and a network
that pauses looks like an end. What geometry a model holds is not asked here.
"""

import hashlib
import zipfile
from pathlib import Path

from schemas.naming import suffix_of

_HEAD = 84
_PIECE = 1 << 20
_MOST_UNPACKED = 300 * 10**6  # bytes; no honest model comes near it, a bomb does


def structure_fault(path: Path) -> str:
    """Why the file cannot be whole, for a person to read; empty when nothing speaks against it.

    Raises: OSError when it cannot be read.
    """
    size = path.stat().st_size
    if size == 0:
        return "the file is empty"
    check = {".stl": _stl_fault, ".obj": _obj_fault}.get(suffix_of(path.name))
    if check is not None:
        return check(path, size)
    if suffix_of(path.name) in (".3mf", ".gcode.3mf", ".ufp"):
        return _zip_fault(path)
    return ""


def _stl_fault(path: Path, size: int) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, size - 256))
        tail = file.read()
    if len(head) == _HEAD:
        triangles = int.from_bytes(head[80:84], "little")
        if size == _HEAD + 50 * triangles:  # the size of a binary STL follows from its count
            return "" if triangles else "the STL holds no triangles"
    if head.lstrip()[:5].lower() == b"solid" and b"\0" not in head:
        if b"endsolid" in tail.lower() or b"end solid" in tail.lower():
            return "" if _holds(path, b"facet") else "the STL holds no triangles"
        return "the text STL has no end"
    return "the STL's size does not fit its triangle count"


def _obj_fault(path: Path, size: int) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if b"\0" in head:
        return "the OBJ is no text"
    return "" if _holds(path, b"v ") and _holds(path, b"f ") else "the OBJ holds no faces"


def _holds(path: Path, word: bytes) -> bool:
    """Whether a word stands at the start of a line, or after white space, in the file."""
    before = b"\n"
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            text = (before + piece).lower()
            if any(mark + word in text for mark in (b"\n", b"\r", b"\t", b" ")):
                return True
            before = text[-16:]
    return False


def _zip_fault(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()]
            size = sum(info.file_size for info in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        return f"the archive cannot be read ({error})"
    for name in names:
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            return "the archive holds a path that leads out of it"
    if not names:
        return "the archive is empty"
    if size > _MOST_UNPACKED:
        return f"the archive unpacks to {size // 10**6} MB, more than {_MOST_UNPACKED // 10**6}"
    if path.suffix.lower() == ".3mf" and not any(n.lower().endswith(".model") for n in names):
        return "the 3MF holds no model"
    return ""


def sha256_of(path: Path) -> str:
    """The content hash of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
