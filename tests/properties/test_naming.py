"""Names under any text that a student may type."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.naming import JobNumber, format_stem, is_ignored, is_reserved, key, parse


@given(st.text(), st.text(), st.text(), st.integers(1, 999_999_999))
def test_a_stem_is_read_back_to_its_number(
    student: str, method: str, color: str, number: int
) -> None:
    stem = format_stem(student, method, color, JobNumber(number))
    for rest in ("", ".stl", "_0.2mm.gcode", " - Copy.stl", ".metadata.json"):
        parts = parse(stem + rest)
        assert parts is not None
        assert (parts.stem, parts.number, parts.rest) == (stem, number, rest)


@given(st.text(), st.text(), st.text(), st.integers(1, 999_999_999))
def test_a_stem_is_short_safe_and_never_ignored(
    student: str, method: str, color: str, number: int
) -> None:
    name = format_stem(student, method, color, JobNumber(number)) + ".stl"
    assert name.isascii()
    assert len(name) <= 110
    assert not is_reserved(name)
    assert not is_ignored(name)
    assert not set(name) & set('<>:"/\\|?* ')


@given(st.text())
def test_the_key_of_a_name_is_its_own_key(name: str) -> None:
    assert key(key(name)) == key(name)


@given(st.text())
def test_any_text_is_a_name_or_none(name: str) -> None:
    parts = parse(name)
    assert parts is None or name == parts.stem + parts.rest
