"""A sidecar's text that somebody broke: where the fault is, and what is taken over of it."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas import sidecar as sidecars
from schemas.errors import BadInput
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.sidecar import Note, Sidecar, Student
from schemas.status import Status
from webui.correction import changes, difference, fault_in, line_of, place, read, take_over
from webui.decisions import Hand

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ADA = Hand("Ada", Via.WEB, NOW)


def a_job() -> Sidecar:
    doc = Sidecar(job=JobNumber(7), share="s", status=Status.PENDING)
    doc.student = Student(name="Jane Doe", email="jane@example.edu", class_number="ART 101")
    doc.print.weight_g = Decimal("12.50")
    doc.record(EventType.JOB_CREATED, by="Jane", via=Via.WEB, at=NOW, data={"to": "Uploaded"})
    return doc


def the_text(doc: Sidecar) -> str:
    return sidecars.dumps(doc).decode()


def edited(**parts: Any) -> str:
    """The job's text with some parts of the document replaced."""
    return json.dumps(json.loads(the_text(a_job())) | parts, indent=2)


# Where the fault is


def test_a_missing_comma_is_named_by_its_line() -> None:
    text = the_text(a_job()).replace('"job": 7,', '"job": 7')
    line = text.splitlines().index('  "share": "s",') + 1
    with pytest.raises(BadInput, match=f"^line {line}, column "):
        read(text, JobNumber(7))


def test_a_value_of_the_wrong_form_is_named_by_its_line_column_and_key() -> None:
    text = edited(print={"weight_g": "heavy"})
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "heavy" in one)
    column = text.splitlines()[line - 1].index('"heavy"') + 1
    assert fault_in(text.encode()).startswith(f"line {line}, column {column}: print.weight_g: ")


def test_a_key_that_is_lacking_is_named_where_it_should_be() -> None:
    assert fault_in(b'{"schema": 1,\n "history": [ {"seq": 1} ] }').startswith("line 1, column 1:")


@pytest.mark.parametrize(
    ("text", "loc", "found"),
    [
        ('{"a": 1, "b": 2}', ("b",), "2}"),
        ('{"a": [10, {"x": "}"}, 30]}', ("a", 2), "30]}"),
        ('{"a": {"b": [[], {"c": null}]}}', ("a", "b", 1, "c"), "null}]}}"),
        ('{"a\\"}": 1,\n "a": 2, "a": 3}', ("a",), "3}"),
        (" [1, 2] ", (), "[1, 2] "),
        ('{"a": 5}', ("a", "b"), "5}"),
        ('{"a": 5}', ("z",), '{"a": 5}'),
        ("{}", ("a", 0), "{}"),
    ],
    ids=["key", "position", "deep", "equal keys", "nothing", "below a leaf", "lacking", "empty"],
)
def test_a_path_of_keys_and_positions_leads_to_its_value(
    text: str, loc: tuple[str | int, ...], found: str
) -> None:
    assert text[place(text, loc) :] == found


def test_the_text_of_another_job_is_not_taken_for_this_one() -> None:
    with pytest.raises(BadInput, match="line 3, column 10: this is about job 7, not 8"):
        read(edited(), JobNumber(8))


@pytest.mark.parametrize(
    ("fault", "line"),
    [("line 2, column 1: bad", "b"), ("line 9, column 1: bad", ""), ("", ""), ("too large", "")],
)
def test_the_line_that_is_at_fault_can_be_quoted(fault: str, line: str) -> None:
    assert line_of(fault, "a\n  b \nc") == line


# How it differs


def test_a_difference_marks_each_line_with_a_sign() -> None:
    lines = difference("a\nb\nc\nd\ne\nf", "a\nb\nc\nd\ne\nF")
    assert [(line.sign, line.text) for line in lines] == [
        ("@", "line 4"),
        (" ", "d"),
        (" ", "e"),
        ("-", "f"),
        ("+", "F"),
    ]


def test_equal_texts_have_no_difference() -> None:
    assert difference("a\nb", "a\nb") == []


def test_a_very_long_difference_is_cut_and_says_so() -> None:
    lines = difference("", "\n".join(str(n) for n in range(1000)))
    assert len(lines) == 401
    assert lines[-1].text == "601 more lines: see the file itself"


# What is taken over


def test_what_the_text_says_otherwise_is_taken_over_as_one_edit() -> None:
    doc = a_job()
    student = {"name": "Jane Roe", "email": "jane@example.edu", "class_number": ""}
    aside = read(edited(student=student, print={"weight_g": "20"}), JobNumber(7))
    assert [(one.name, one.now, one.then) for one in changes(doc, aside)] == [
        ("Name", "Jane Doe", "Jane Roe"),
        ("Weight, g", "12.5", "20"),
    ]
    take_over(doc, aside, ADA)
    assert (doc.student.name, doc.student.class_number) == ("Jane Roe", "ART 101")
    assert (doc.print.weight_g, doc.print.weight_source) == (Decimal(20), "staff")
    (event,) = doc.history[1:]
    assert (event.type, event.by) == (EventType.DETAILS_EDITED, "Ada")
    assert event.data["changed"]["student_name"] == ["Jane Doe", "Jane Roe"]


def test_the_history_and_the_status_of_the_text_are_not_taken_over() -> None:
    doc = a_job()
    before = list(doc.history)
    aside = read(edited(history=[], status="PaidPickedUp", confirmation={"nonce": "x"}), None)
    take_over(doc, aside, ADA)
    assert (doc.history, doc.status, doc.confirmation.nonce) == (before, Status.PENDING, None)


def test_a_note_that_was_only_in_the_text_is_added_and_logged() -> None:
    doc, other = a_job(), a_job()
    doc.notes.append(Note(at=NOW, by="Ben", text="thin walls"))
    other.notes += [*doc.notes, Note(at=NOW, by="Ben", text="ask about the color")]
    aside = read(the_text(other), JobNumber(7))
    take_over(doc, aside, ADA)
    assert [note.text for note in doc.notes] == ["thin walls", "ask about the color"]
    assert [event.type for event in doc.history[1:]] == [EventType.NOTE_ADDED]


def test_an_address_that_cannot_be_right_is_refused_and_nothing_is_changed() -> None:
    doc = a_job()
    aside = read(edited(student={"name": "Jane", "email": "jane at example"}), JobNumber(7))
    with pytest.raises(BadInput, match="student email"):
        take_over(doc, aside, ADA)
    assert doc == a_job()
