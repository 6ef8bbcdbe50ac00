"""The sidecar document: unknown keys, seal, history."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from schemas.errors import BadSidecar, NewerSidecar
from schemas.events import EventType, Via, first_break
from schemas.naming import JobNumber
from schemas.sidecar import Sidecar, dumps, loads, seal_of
from schemas.status import Status

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def a_doc() -> Sidecar:
    doc = Sidecar(job=JobNumber(1), share="s", status=Status.UPLOADED)
    for kind in (EventType.JOB_CREATED, EventType.REVIEWED, EventType.NOTE_ADDED):
        doc.record(kind, by="Ada", via=Via.WEB, at=AT, data={"n": kind.value})
    return doc


def test_a_document_survives_writing_and_reading_unchanged() -> None:
    doc = a_doc()
    doc.print.weight_g = Decimal("12.50")
    assert loads(dumps(doc), name="x") == doc
    assert json.loads(dumps(doc))["print"]["weight_g"] == "12.50"


def test_keys_that_nobody_knows_stay_at_every_level() -> None:
    raw = json.loads(dumps(a_doc()))
    raw["lab"] = {"shelf": 3}
    raw["student"]["pronouns"] = "they"
    again = json.loads(dumps(loads(json.dumps(raw).encode(), name="x")))
    assert again["lab"] == {"shelf": 3}
    assert again["student"]["pronouns"] == "they"


def test_the_seal_tells_a_hand_edit_from_our_own_writing() -> None:
    doc = loads(dumps(a_doc()), name="x")
    assert doc.seal == seal_of(doc)
    doc.record(EventType.REVIEWED, by="Ada", via=Via.WEB, at=AT)
    assert doc.seal == seal_of(doc)
    doc.student.name = "Jane Roe"
    assert doc.seal != seal_of(doc)


def test_a_sound_history_has_no_break_and_a_forged_one_does() -> None:
    doc = a_doc()
    assert first_break(doc.history) is None
    doc.history[1] = doc.history[1].model_copy(update={"by": "Mallory"})
    assert first_break(doc.history) == 3


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"job": 1}', b"\xff\xfe"])
def test_what_is_no_sidecar_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(BadSidecar, match=r"here\.json"):
        loads(data, name="here.json")


def test_a_sidecar_of_a_later_program_is_not_taken_for_broken() -> None:
    raw = json.loads(dumps(a_doc())) | {"schema": 99}
    with pytest.raises(NewerSidecar, match="schema 99"):
        loads(json.dumps(raw).encode(), name="x")
