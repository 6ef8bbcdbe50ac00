"""File names: the job's number and stem, what role a file has, and which names are not for us.

A job is every file whose name starts with its stem, `JaneDoe_Filament_TrueRed_123`. Matching
ignores case and Unicode form, since Windows, macOS and Samba each have their own idea of both. The
number is the identity; the rest is for people.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from anyascii import anyascii

JobNumber = NewType("JobNumber", int)

SIDECAR_SUFFIX = ".metadata.json"
MODEL_SUFFIXES = (".stl", ".obj", ".3mf")
SLICED_SUFFIXES = (".gcode", ".bgcode", ".gcode.3mf", ".ufp", ".form", ".gco", ".g", ".x3g")

_STUDENT_LENGTH = 40
_PART_LENGTH = 24

_NAME = re.compile(
    r"(?P<stem>[^_./\\]+_[^_./\\]+_[^_./\\]+_(?P<number>[0-9]{1,9}))(?P<rest>(?:[^0-9].*)?)", re.S
)
_COPY = re.compile(r"(?: - [^\W\d_]+)?(?: ?\([0-9]+\))|(?: - [^\W\d_]+)$|^ copy", re.I)
_IGNORED = re.compile(
    r"""
    thumbs\.db | desktop\.ini | \.ds_store | \._.* | ~\$.* | \.~lock.* | @eadir | \$recycle\.bin
    | system\ volume\ information | \.trashes | __macosx | .*\.(lnk|tmp|part|crdownload) | \..*
    """,
    re.X | re.I | re.S,
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.I)


class Role(StrEnum):
    """What a file is for its job."""

    MODEL = "model"
    SIDECAR = "sidecar"
    SLICED = "sliced"
    COPY = "copy"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Name:
    """A file name taken apart: `stem` as written, the job's `number`, and what follows the stem."""

    stem: str
    number: JobNumber
    rest: str


def key(name: str) -> str:
    """The form in which two names are the same name: composed Unicode, case folded."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def parse(name: str) -> Name | None:
    """The parts of a job's file name, or None for a name of another form."""
    match = _NAME.fullmatch(name)
    if match is None or int(match["number"]) == 0:
        return None
    return Name(match["stem"], JobNumber(int(match["number"])), match["rest"])


def format_stem(student: str, method: str, color: str, number: JobNumber) -> str:
    """The stem of a job's files: plain ASCII, at most 102 characters, joined by underscores."""
    parts = (
        _camel(student, _STUDENT_LENGTH) or "Unnamed",
        _camel(method, _PART_LENGTH) or "Unknown",
        _camel(color, _PART_LENGTH) or "Unknown",
    )
    return "_".join((*parts, str(number)))


def role_of(name: str) -> Role:
    """What a file of a job is, by its name alone."""
    folded = key(name)
    if folded.endswith(SIDECAR_SUFFIX):
        return Role.COPY if _is_copy(name, SIDECAR_SUFFIX) else Role.SIDECAR
    suffix = suffix_of(name)
    if suffix and _is_copy(name, suffix):
        return Role.COPY
    if suffix in SLICED_SUFFIXES:
        return Role.SLICED
    if suffix in MODEL_SUFFIXES:
        return Role.MODEL
    return Role.OTHER


def suffix_of(name: str) -> str:
    """The ending that says what a file is, in lower case: `.stl`, but `.gcode.3mf` as a whole."""
    folded = key(name)
    for suffix in (".gcode.3mf", SIDECAR_SUFFIX):
        if folded.endswith(suffix):
            return suffix
    dot = folded.rfind(".")
    return folded[dot:] if dot > 0 else ""


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is litter of some program and never concerns us."""
    return _IGNORED.fullmatch(name) is not None


def is_reserved(name: str) -> bool:
    """Whether Windows keeps this name for a device, whatever its ending."""
    return _RESERVED.fullmatch(name.rstrip(" .")) is not None


def _is_copy(name: str, suffix: str) -> bool:
    parts = parse(name)
    return parts is not None and _COPY.search(parts.rest[: -len(suffix)]) is not None


def _camel(text: str, length: int) -> str:
    words = re.findall(r"[A-Za-z0-9]+", anyascii(text))
    joined = "".join(word[0].upper() + word[1:] for word in words)[:length]
    return f"{joined}X" if is_reserved(joined) else joined
