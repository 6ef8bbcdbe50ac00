"""Programs that a slicer's settings would have run: the settings travel in projects and G-code."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from daemon.threemf import UNREADABLE
from schemas.naming import suffix_of

_EDGE = 1 << 20  # bytes looked at from either end of a G-code
_MOST = 4 << 20  # bytes looked at of one settings file
_MOST_FILES = 200
# `; post_process = /bin/sh` in PrusaSlicer's text, `"post_process": ["…"]` in Orca's JSON, and what
# Cura's plug-in of that name is to run.
_run = re.compile(
    rb'(?:^[ \t;]*|")(post_process|post_processing_scripts)"?[ \t]*[=:][ \t]*'
    rb'(\[[^\]]*\]|"[^"]*"|[^\n]*)',
    re.M | re.I,
)
_NOTHING = re.compile(rb'[\s\[\]",;]*(nil|null|none)?[\s\[\]",;]*', re.I)


def script_in(path: Path) -> str:
    """That a file names a program for the slicer to run; empty when it does not.

    Raises: OSError when it cannot be read.
    """
    if suffix_of(path.name) in (".3mf", ".gcode.3mf", ".ufp"):
        texts = _settings(path)
    else:
        texts = iter((_edges(path),))
    if any(_names_a_program(text) for text in texts):
        return "its slicer settings run a program (post_process); save the model without them"
    return ""


def _names_a_program(text: bytes) -> bool:
    return any(not _NOTHING.fullmatch(found[2]) for found in _run.finditer(text))


def _settings(path: Path) -> Iterator[bytes]:
    """The settings files of an archive; one that cannot be read names nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [i for i in archive.infolist() if _is_settings(i.filename)]
            for info in names[:_MOST_FILES]:
                with archive.open(info) as entry:
                    yield entry.read(_MOST)
    except UNREADABLE:
        return


def _is_settings(name: str) -> bool:
    return name.lower().endswith((".config", ".cfg", ".ini", ".json"))


def _edges(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        data = file.read(_EDGE)
        if size > _EDGE:
            file.seek(max(_EDGE, size - _EDGE))
            data += file.read(_EDGE)
    return data
