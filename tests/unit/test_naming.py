"""File names: what belongs to which job, and what is not for us."""

import pytest

from schemas.naming import (
    JobNumber,
    Role,
    format_stem,
    is_ignored,
    is_reserved,
    key,
    parse,
    role_of,
    suffix_of,
)

STEM = "JaneDoe_Filament_TrueRed_123"


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        (f"{STEM}.stl", ".stl"),
        (f"{STEM}.metadata.json", ".metadata.json"),
        (f"{STEM}_0.2mm_PLA_MK4S_3h12m.gcode", "_0.2mm_PLA_MK4S_3h12m.gcode"),
        (f"{STEM} - Copy.stl", " - Copy.stl"),
        (f"{STEM} (2).stl", " (2).stl"),
        (STEM, ""),
    ],
)
def test_whatever_follows_the_stem_the_job_is_the_same(name: str, rest: str) -> None:
    parts = parse(name)
    assert parts is not None
    assert (parts.stem, parts.number, parts.rest) == (STEM, 123, rest)


@pytest.mark.parametrize(
    "name", ["vase.stl", "a_b_c.stl", "a_b_c_0.stl", "_b_c_1.stl", "a_b_c_1234567890.stl", ""]
)
def test_a_name_of_another_form_is_no_jobs(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize(
    ("student", "stem"),
    [
        ("Jane Doe", "JaneDoe_Filament_TrueRed_7"),
        ("Zoë Müller-Łukasz", "ZoeMullerLukasz_Filament_TrueRed_7"),
        ("最終", "ZuiZhong_Filament_TrueRed_7"),
        ("../../etc/passwd", "EtcPasswd_Filament_TrueRed_7"),
        ("con", "ConX_Filament_TrueRed_7"),
        ("!?", "Unnamed_Filament_TrueRed_7"),
    ],
    ids=["plain", "accents", "ideographs", "traversal", "device", "nothing"],
)
def test_a_stem_is_plain_ascii_whatever_the_student_is_called(student: str, stem: str) -> None:
    assert format_stem(student, "Filament", "True Red", JobNumber(7)) == stem


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("a_b_c_1.stl", Role.MODEL),
        ("a_b_c_1.STL", Role.MODEL),
        ("a_b_c_1.3mf", Role.MODEL),
        ("a_b_c_1.gcode.3mf", Role.SLICED),
        ("a_b_c_1_0.2mm.bgcode", Role.SLICED),
        ("a_b_c_1.metadata.json", Role.SIDECAR),
        ("a_b_c_1 - Copy.metadata.json", Role.COPY),
        ("a_b_c_1 - Kopie.stl", Role.COPY),
        ("a_b_c_1 (2).stl", Role.COPY),
        ("a_b_c_1.pdf", Role.OTHER),
    ],
)
def test_a_files_name_tells_its_role(name: str, role: Role) -> None:
    assert role_of(name) is role


@pytest.mark.parametrize(
    "name",
    ["Thumbs.db", "desktop.ini", "x.lnk", ".DS_Store", "._x.stl", "~$x.docx", ".~lock.x#", "x.TMP",
     "x.gcode.tmp", "x.part", "x.crdownload", "@eaDir", "$RECYCLE.BIN", "System Volume Information",
     ".Trashes", "__MACOSX", ".hidden"],
)  # fmt: skip
def test_the_litter_of_other_programs_is_ignored(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["x - Copy.stl", "x (2).stl", "partition.stl", "x.stl", "tmp.stl"])
def test_what_may_be_a_model_is_never_ignored(name: str) -> None:
    assert not is_ignored(name)


@pytest.mark.parametrize("name", ["CON", "con.stl", "Nul.txt", "COM1", "lpt9.x", "COM¹", "CONIN$"])
def test_a_device_name_of_windows_is_reserved(name: str) -> None:
    assert is_reserved(name)


def test_names_in_either_unicode_form_and_case_are_one_name() -> None:
    assert key("Schlu\u0308ssel.STL") == key("schlüssel.stl")


def test_a_double_ending_is_one() -> None:
    assert suffix_of("x.GCODE.3MF") == ".gcode.3mf"
