"""A 3MF looked at from outside: the archive's entries in pieces, its XML without building a tree.

The format is that of the 3MF Core Specification (3mf.io): a zip with `[Content_Types].xml`,
`_rels/.rels` that names the model part, and in it objects that are meshes or are made of others.
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from xml.parsers import expat

MOST_UNPACKED = 300 * 10**6  # bytes; no honest model comes near it, a bomb does
MOST_TRIANGLES = 5_000_000
MOST_ELEMENTS = 12_000_000  # in one part
MOST_INSTANCES = 10_000
MOST_ENTRIES = 5_000
_DEEPEST = 50
_PIECE = 1 << 16
_MODEL_PART = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"

Key = tuple[str, str]  # the part an object is in, its id
Start = Callable[[str, list[str]], None]  # of an element: its name, names and values of attributes


# All that zipfile raises at an archive that is damaged, locked or made to be so.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, ValueError,
    EOFError, OverflowError,
)  # fmt: skip


class _Bad(Exception):
    """What is wrong, for a person to read."""


@dataclass(slots=True)
class _Contents:
    """What the model parts hold, as far as it matters for how much they unfold to."""

    triangles: dict[Key, int] = field(default_factory=dict)
    components: dict[Key, list[Key]] = field(default_factory=dict)
    items: list[Key] = field(default_factory=list)


def package_danger(path: Path, *, is_model: bool) -> str:
    """Why an archive must not be unpacked; empty when nothing speaks against it.

    With `is_model` it has to be a 3MF whose model part unfolds to a reasonable number of triangles.
    Raises: OSError when it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_names(archive)
            part = _model_part(archive) if is_model else ""
            contents = _read_all(archive)
            if is_model:
                _check_unfolding(contents, part)
    except _Bad as fault:
        return str(fault)
    except UNREADABLE as error:
        return f"the archive cannot be unpacked ({error})"
    return ""


def _check_names(archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES:
        raise _Bad(f"the archive holds {len(infos)} entries")
    for info in infos:
        name = info.filename.replace("\\", "/")
        if name.startswith("/") or ":" in name or ".." in name.split("/"):
            raise _Bad("the archive holds a path that leads out of it")
        if info.flag_bits & 1:
            raise _Bad("the archive is locked with a password")
    size = sum(info.file_size for info in infos)
    if size > MOST_UNPACKED:
        raise _Bad(f"the archive unpacks to {size // 10**6} MB, more than {MOST_UNPACKED // 10**6}")


def _model_part(archive: zipfile.ZipFile) -> str:
    """The name of the part that the package says is its model."""
    names = {_plain(name): name for name in archive.namelist()}
    if _plain("[Content_Types].xml") not in names or _plain("_rels/.rels") not in names:
        raise _Bad("the 3MF is no package: its list of contents is missing")
    targets: list[str] = []

    def start(tag: str, attributes: list[str]) -> None:
        if _local(tag) == "Relationship" and _MODEL_PART in attributes[1::2]:
            targets.append(
                dict(zip(attributes[::2], attributes[1::2], strict=True)).get("Target", "")
            )

    with archive.open(names[_plain("_rels/.rels")]) as entry:
        _parse(_Unpacking().pieces(entry), start)
    part = next((names[p] for t in targets if (p := _plain(t)) in names), None)
    if part is None:
        raise _Bad("the 3MF holds no model")
    return part


def _read_all(archive: zipfile.ZipFile) -> _Contents:
    """Unpack every entry in pieces that nobody keeps, the models through a parser."""
    contents, unpacking = _Contents(), _Unpacking()
    for info in archive.infolist():
        with archive.open(info) as entry:
            pieces = unpacking.pieces(entry)
            if info.filename.lower().endswith(".model"):
                _parse(pieces, _Reader(contents, _plain(info.filename)).start)
            elif info.filename.lower().endswith((".rels", ".xml", ".config")):
                _refuse_doctype(pieces)
            else:
                for _ in pieces:
                    pass
    return contents


class _Unpacking:
    """Reads entries in pieces and counts what they come to: the directory may lie about it."""

    def __init__(self) -> None:
        self._left = MOST_UNPACKED

    def pieces(self, entry: IO[bytes]) -> Iterator[bytes]:
        """The entry, piece by piece."""
        while piece := entry.read(_PIECE):
            self._left -= len(piece)
            if self._left < 0:
                raise _Bad(f"the archive unpacks to more than {MOST_UNPACKED // 10**6} MB")
            yield piece


def _refuse_doctype(pieces: Iterator[bytes]) -> None:
    before = b""
    for piece in pieces:
        if b"<!DOCTYPE" in (before + piece).replace(b"\0", b"").upper():  # UTF-16 has NULs between
            raise _Bad(_DOCTYPE)
        before = piece[-32:]


_DOCTYPE = "it holds a document type declaration, which no 3MF needs and some use to do harm"


def _parse(pieces: Iterator[bytes], start: Start) -> None:
    """Go through XML and call `start` for each element; a DTD ends it before it is read."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _Bad(f"the XML in the 3MF is broken ({expat.errors.messages[error.code]})") from None


def _refuse(*_: object) -> None:
    raise _Bad(_DOCTYPE)


class _Reader:
    """Takes the elements of one model part, in order; most of them are vertices and triangles."""

    def __init__(self, contents: _Contents, part: str) -> None:
        self._contents = contents
        self._part = part
        self._object: Key = (part, "")
        self._left = MOST_ELEMENTS

    def start(self, tag: str, attributes: list[str]) -> None:
        """An element begins."""
        self._left -= 1
        if self._left < 0:
            raise _Bad(f"the model has more than {MOST_ELEMENTS} elements")
        if tag[-7:] == "}vertex":
            return
        name = _local(tag)
        triangles = self._contents.triangles
        if name == "triangle":
            triangles[self._object] = triangles.get(self._object, 0) + 1
        elif name in ("object", "component", "item"):
            self._take(name, dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def _take(self, name: str, attributes: dict[str, str]) -> None:
        if name == "object":
            self._object = (self._part, attributes.get("id", ""))
        elif name == "component":
            self._contents.components.setdefault(self._object, []).append(self._key(attributes))
        else:
            self._contents.items.append(self._key(attributes))

    def _key(self, attributes: dict[str, str]) -> Key:
        """The object that is named, in another part where the production extension says so."""
        path = next((v for name, v in attributes.items() if _local(name) == "path"), None)
        part = self._part if path is None else _plain(path)
        return part, attributes.get("objectid", "")


def _check_unfolding(contents: _Contents, part: str) -> None:
    """How much the build comes to once every component is put in its place."""
    known: dict[Key, tuple[int, int]] = {}

    def unfold(key: Key, above: tuple[Key, ...]) -> tuple[int, int]:
        """Instances of meshes and triangles of an object with all it is made of."""
        if key in known:
            return known[key]
        if key in above:
            raise _Bad("an object of the 3MF is a part of itself")
        if len(above) > _DEEPEST:
            raise _Bad(f"the objects of the 3MF are nested more than {_DEEPEST} deep")
        triangles = contents.triangles.get(key, 0)
        instances = 1 if triangles else 0
        for each in contents.components.get(key, ()):
            found = unfold(each, (*above, key))
            instances, triangles = instances + found[0], triangles + found[1]
        known[key] = instances, triangles
        return known[key]

    totals = [unfold(item, ()) for item in contents.items if item[0]]
    instances = sum(each[0] for each in totals)
    triangles = sum(each[1] for each in totals)
    if instances > MOST_INSTANCES or triangles > MOST_TRIANGLES:
        raise _Bad(f"the 3MF unfolds to {instances} objects with {triangles} triangles")
    if not triangles:
        raise _Bad("the 3MF holds no triangles")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _plain(name: str) -> str:
    """A part's name in one form: 3MF allows a leading slash, and case to differ."""
    return str(PurePosixPath("/", name.replace("\\", "/"))).lower()
