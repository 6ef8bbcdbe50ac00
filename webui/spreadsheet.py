"""Rows as a CSV file that Excel opens as it should, and that does nothing when it is opened.

RFC 4180, UTF-8 with a byte order mark, moments in ISO form on the lab's clock. A text that a
spreadsheet would take for a formula gets an apostrophe before it: students choose their names.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytz

MARK = "\ufeff"
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_is_number = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?").fullmatch


def pieces(
    columns: Sequence[str], partitions: Iterable[Sequence[Sequence[Any]]], zone: str
) -> Iterator[bytes]:
    """The file, piece by piece: the names of the columns, then the rows."""
    place = pytz.timezone(zone)
    yield (MARK + _lines([columns])).encode()
    for rows in partitions:
        yield _lines([[cell(value, place) for value in row] for row in rows]).encode()


def cell(value: Any, place: pytz.BaseTzInfo) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(place).isoformat(timespec="seconds")
    return defused(value) if isinstance(value, str) else str(value)


def defused(words: str) -> str:
    """A text that no spreadsheet takes for a formula; a plain number stays as it is."""
    if words.startswith(_STARTS) and not _is_number(words):
        return f"'{words}"
    return words


def _lines(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
