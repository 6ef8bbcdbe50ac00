"""A sidecar nobody could read: what is wrong with its text and where, and what it would change.

What a person meant by an edit is taken over as an edit: the student, what was asked for, the
figures and the notes. The history stays ours, and so does everything that follows from it.
"""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas import sidecar as sidecars
from schemas.errors import BadInput, BadSidecar
from schemas.events import EventType
from schemas.naming import JobNumber
from schemas.sidecar import Note, Sidecar
from webui import asked
from webui.decisions import Decision, Hand, edit

_CONTEXT = 2
_MOST_LINES = 400
_LINE = re.compile(r"line (\d+),")
_AT = re.compile(r" at line (\d+) column (\d+)$")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the text says otherwise than the sidecar in use."""

    name: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference: `-` set aside only, `+` in use only, a space: both, `@`: a gap."""

    sign: str
    text: str


def read(text: str, job: JobNumber | None) -> Sidecar:
    """The document that the text is. Raises: BadInput with line and column of what is wrong."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        doc = sidecars.loads(data, name="this text")
    except BadSidecar as error:
        fault = fault_in(data) or error.message
        raise BadInput(fault, field="text", possible="correct that place and try again") from None
    if job is not None and doc.job != job:
        at = _line_and_column(text, place(text, ("job",)))
        raise BadInput(
            f"{at}: this is about job {doc.job}, not {job}",
            field="text",
            possible=f"correct the number, if it is about job {job} all the same",
        )
    return doc


def fault_in(data: bytes) -> str:
    """Where the text cannot be understood and why; empty when it can."""
    try:
        Sidecar.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    else:
        return ""
    said = _AT.search(first["msg"])
    if said is not None:  # no JSON at all
        message = first["msg"][: said.start()].removeprefix("Invalid JSON: ")
        return f"line {said[1]}, column {said[2]}: {message}"
    text = data.decode("utf-8", "replace")
    name = ".".join(str(part) for part in first["loc"])
    at = _line_and_column(text, place(text, first["loc"]))
    return f"{at}: {name}: {first['msg']}" if name else f"{at}: {first['msg']}"


def line_of(fault: str, text: str) -> str:
    """The line of the text that a fault names, without the space around it; empty for no fault."""
    said, lines = _LINE.match(fault), text.splitlines()
    number = int(said[1]) if said is not None else 0
    return lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""


def place(text: str, loc: Sequence[str | int]) -> int:
    """Where in a JSON text the value lies that a path of keys and positions names.

    Where the path leads to nothing, it is the last value on the way.
    """
    at = _past_space(text, 0)
    for part in loc:
        found = [start for name, start in _members(text, at) if name == part]
        if not found:
            break
        at = found[-1]  # of two equal keys the last one counts
    return at


def _members(text: str, at: int) -> Iterator[tuple[str | int, int]]:
    """Keys or positions in the object or array that starts at `at`, and where each value starts."""
    opening = text[at : at + 1]
    if opening not in ("{", "["):
        return
    scan = json.JSONDecoder(strict=False).raw_decode
    position, at = 0, _past_space(text, at + 1)
    while text[at : at + 1] not in ("}", "]", ""):
        name: str | int = position
        if opening == "{":
            name, at = scan(text, at)
            at = _past_space(text, _past_space(text, at) + 1)
        yield name, at
        _, at = scan(text, at)
        at = _past_space(text, at)
        if text[at : at + 1] == ",":
            at = _past_space(text, at + 1)
        position += 1


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\n", "\r"):
        at += 1
    return at


def _line_and_column(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind(chr(10), 0, at)}"


# Comparing


def difference(aside: str, in_use: str) -> list[Line]:
    """The unified difference, at most some hundred lines of it."""
    lines = difflib.unified_diff(aside.splitlines(), in_use.splitlines(), lineterm="", n=_CONTEXT)
    found = [_line(line) for line in list(lines)[2:]]
    if len(found) > _MOST_LINES:
        left = len(found) - _MOST_LINES
        found = [*found[:_MOST_LINES], Line("@", f"{left} more lines: see the file itself")]
    return found


def _line(line: str) -> Line:
    if line.startswith("@@"):
        return Line("@", f"line {line.split()[1].lstrip('-').partition(',')[0]}")
    return Line(line[:1], line[1:])


def changes(doc: Sidecar, aside: Sidecar) -> list[Change]:
    """What taking the text over would change in the document in use."""
    now, then = _details(doc), _given(doc, aside)
    found = [Change(_NAMES[name], now[name], value) for name, value in then.items()]
    return [*found, *(Change("Note", "", note.text) for note in _new_notes(doc, aside))]


_NAMES = {
    "student_name": "Name",
    "student_email": "E-mail",
    "discipline": "Discipline",
    "class_number": "Class number",
    "print_method": "Method",
    "color": "Color",
    "printer": "Printer",
    "weight_g": "Weight, g",
    "time_h": "Time, h",
    "material": "Material",
}


def _details(doc: Sidecar) -> dict[str, str]:
    student, request, figures = doc.student, doc.request, doc.print
    values: dict[str, Any] = {
        "student_name": student.name,
        "student_email": student.email,
        "discipline": student.discipline,
        "class_number": student.class_number,
        "print_method": request.print_method,
        "color": request.color,
        "printer": request.printer,
        "weight_g": figures.weight_g and figures.weight_g.normalize(),
        "time_h": figures.time_h and figures.time_h.normalize(),
        "material": figures.material,
    }
    return {
        name: "" if value is None else f"{value:f}" if name in ("weight_g", "time_h") else value
        for name, value in values.items()
    }


def _given(doc: Sidecar, aside: Sidecar) -> dict[str, str]:
    """What the text says and the document in use does not; what it leaves empty stays as it is."""
    now = _details(doc)
    return {name: value for name, value in _details(aside).items() if value and value != now[name]}


def _new_notes(doc: Sidecar, aside: Sidecar) -> list[Note]:
    known = {note.text for note in doc.notes}
    return [note for note in aside.notes if note.text not in known]


def take_over(doc: Sidecar, aside: Sidecar, hand: Hand) -> Decision:
    """Edit the document in use as the text says. Raises: BadInput when a detail cannot be right."""
    decision = edit(doc, asked.read(asked.Edit, _given(doc, aside)), hand)
    for note in _new_notes(doc, aside):
        doc.notes.append(Note(at=note.at, by=note.by, text=note.text))
        data = {"text": note.text, "written_by": note.by}
        doc.record(EventType.NOTE_ADDED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return decision
