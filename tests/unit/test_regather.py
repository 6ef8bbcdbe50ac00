"""The names that files get when they are brought to a job."""

import pytest

from daemon.regather import joined_name, next_name
from schemas.naming import Role, parse, role_of

STEM = "JaneDoe_Filament_TrueRed_7"


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        (f"{STEM}.stl", [], f"{STEM} (2).stl"),
        (f"{STEM}.stl", [f"{STEM} (2).stl"], f"{STEM} (3).stl"),
        (f"{STEM} (2).stl", [], f"{STEM} (3).stl"),
        (f"{STEM}.STL", [f"{STEM} (2).stl"], f"{STEM} (3).STL"),
        (f"{STEM}_0.2mm.gcode.3mf", [], f"{STEM}_0.2mm (2).gcode.3mf"),
        (f"{STEM}_readme", [], f"{STEM}_readme (2)"),
    ],
    ids=["free", "taken", "numbered", "other case", "two endings", "no ending"],
)
def test_the_next_name_is_free_and_counts_as_a_copy(
    name: str, taken: list[str], expected: str
) -> None:
    found = next_name(name, {one.lower() for one in taken})
    assert found == expected
    assert role_of(found) is Role.COPY or "." not in found[len(STEM) :]


@pytest.mark.parametrize(
    ("name", "expected", "role"),
    [
        ("order form.pdf", f"{STEM}_order form.pdf", Role.OTHER),
        ("thing.gcode", f"{STEM}_thing.gcode", Role.SLICED),
        ("最終.bgcode", f"{STEM}_ZuiZhong.bgcode", Role.SLICED),
        ("2nd try.txt", f"{STEM}_2nd try.txt", Role.OTHER),
        ("foo.metadata.json", f"{STEM}_foo.metadata.json.txt", Role.OTHER),
        ("a/../b*?.txt", f"{STEM}_a-..-b-.txt".replace("-.txt", ".txt"), Role.OTHER),
        ("-_ .txt", f"{STEM}_file.txt", Role.OTHER),
        ("README", f"{STEM}_README", Role.OTHER),
    ],
    ids=["pdf", "sliced", "other script", "digit", "sidecar", "odd signs", "nothing", "no ending"],
)
def test_a_foreign_file_gets_the_stem_and_keeps_what_can_be_read(
    name: str, expected: str, role: Role
) -> None:
    found = joined_name(STEM, name)
    assert (found, role_of(found)) == (expected, role)
    parts = parse(found)
    assert parts is not None
    assert parts.number == 7


def test_a_very_long_name_is_cut_but_keeps_its_ending() -> None:
    found = joined_name(STEM, "x" * 300 + ".pdf")
    assert found.endswith("xxx.pdf")
    assert len(found) < 130
