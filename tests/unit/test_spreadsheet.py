"""CSV that a spreadsheet opens as it should, and that does nothing there."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import pytz

from webui.spreadsheet import cell, defused, pieces

CHICAGO = pytz.timezone("America/Chicago")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_takes_for_a_formula_is_defused(start: str) -> None:
    assert defused(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("number", ["-5", "+3.50", "-0,25", "12.5"])
def test_a_plain_number_stays_one(number: str) -> None:
    assert defused(number) == number


@pytest.mark.parametrize("words", ["Jane", "a=b", "'=1", "1-2", "", "jane@example.edu"])
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert defused(words) == words


@pytest.mark.parametrize("words", ["-5+A1", "+49 231 7550", "--1", "-", "=1"])
def test_what_only_begins_like_a_number_is_defused(words: str) -> None:
    assert defused(words) == f"'{words}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (Decimal("-4.50"), "-4.50"),
        (7, "7"),
        (datetime(2026, 1, 5, 6, 7, 8, 999, tzinfo=UTC), "2026-01-05T00:07:08-06:00"),
        (datetime(2026, 7, 5, 6, 7, 8, tzinfo=UTC), "2026-07-05T01:07:08-05:00"),
    ],
    ids=["nothing", "money", "a number", "winter", "summer"],
)
def test_a_value_has_one_form(value: Any, text: str) -> None:
    assert cell(value, CHICAGO) == text


def test_a_file_is_marked_as_utf8_quoted_and_read_back_as_it_was() -> None:
    rows = [('Ünal, "Jo"', "two\r\nlines"), ("=1+1", None)]
    made = b"".join(pieces(["name", "note"], [rows[:1], rows[1:]], "America/Chicago"))
    assert made.startswith(b"\xef\xbb\xbfname,note\r\n")
    read = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert read == [["name", "note"], ['Ünal, "Jo"', "two\r\nlines"], ["'=1+1", ""]]


def test_a_file_without_rows_has_its_header() -> None:
    assert list(pieces(["a", "b"], [], "UTC")) == [b"\xef\xbb\xbfa,b\r\n"]
