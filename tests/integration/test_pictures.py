"""Pictures of models and of what slicers put into their files: looked at, pixel by pixel."""

import base64
import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from daemon import preview, sandbox
from daemon.drawing import SIZES, missing_libraries, unpack
from daemon.pictures import Pictures
from daemon.sandbox import CouldNot, Limits
from daemon.share import Share
from schemas.naming import Role
from tests.models import box_3mf, box_stl, corners, obj, text_stl, triangles, zipped

needs_libraries = pytest.mark.skipif(
    bool(missing_libraries()), reason=f"pictures lack {' and '.join(missing_libraries())}"
)
SHA = "ab" * 32
_BRIEF = Limits(memory_mb=1000, time_s=20, output_bytes=2_000_000)


def shown(pictures: dict[int, bytes], size: int = 200) -> Image.Image:
    assert tuple(pictures) == SIZES
    image = Image.open(io.BytesIO(pictures[size]))
    assert image.format == "WEBP"
    assert image.size == (size, size)
    return image.convert("RGBA")


def seen(image: Image.Image) -> tuple[int, int, int, int]:
    """The part of the picture that is not transparent: left, top, right, bottom."""
    box = image.getchannel("A").point(lambda alpha: 255 * (alpha > 128)).getbbox()
    assert box is not None, "nothing is to be seen"
    return box


def drawn(tmp_path: Path, name: str, data: bytes) -> Image.Image:
    path = tmp_path / name
    path.write_bytes(data)
    return shown(preview.make_picture(path, Role.MODEL))


@needs_libraries
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.stl", box_stl(20, 20, 20)),
        ("a.STL", text_stl(triangles(corners(20, 20, 20)), end="\r")),
        ("a.obj", obj(corners(20, 20, 20), before="mtllib ../../etc/passwd")),
        ("a.3mf", box_3mf(20, 20, 20)),
    ],
)
def test_a_cube_is_drawn_in_the_middle_of_a_transparent_square(
    tmp_path: Path, name: str, data: bytes
) -> None:
    image = drawn(tmp_path, name, data)
    left, top, right, bottom = seen(image)
    assert abs(left - (200 - right)) <= 2
    assert abs(top - (200 - bottom)) <= 2
    assert max(right - left, bottom - top) > 170
    assert image.getpixel((0, 0)) == (0, 0, 0, 0) or image.getpixel((0, 0))[3] == 0  # type: ignore[index]


@needs_libraries
def test_the_sides_of_a_cube_differ_in_brightness(tmp_path: Path) -> None:
    image = drawn(tmp_path, "a.stl", box_stl(20, 20, 20)).convert("L")
    top, left, right = (image.getpixel(at) for at in ((100, 35), (55, 120), (145, 120)))
    assert len({int(value) // 8 for value in (top, left, right)}) == 3  # type: ignore[arg-type]


@needs_libraries
def test_a_tall_model_stands_and_a_flat_one_lies(tmp_path: Path) -> None:
    left, top, right, bottom = seen(drawn(tmp_path, "tall.stl", box_stl(5, 5, 60)))
    assert bottom - top > 3 * (right - left)
    left, top, right, bottom = seen(drawn(tmp_path, "flat.stl", box_stl(60, 60, 2)))
    assert bottom - top < right - left


@needs_libraries
def test_an_obj_that_stands_on_y_is_laid_down(tmp_path: Path) -> None:
    pyramid = [(0, 0, 0), (20, 0, 0), (20, 0, 20), (0, 0, 20), (10, 60, 10)]
    faces = [(0, 1, 2, 3), (0, 4, 1), (1, 4, 2), (2, 4, 3), (3, 4, 0)]
    left, top, right, bottom = seen(drawn(tmp_path, "a.obj", obj(pyramid, faces)))
    assert bottom - top > 1.5 * (right - left)


@needs_libraries
def test_what_cannot_be_drawn_says_why(tmp_path: Path) -> None:
    path = tmp_path / "a.stl"
    path.write_bytes(b"solid x\nendsolid x\n")
    with pytest.raises(CouldNot, match="no surface"):
        preview.make_picture(path, Role.MODEL)


# Pictures in sliced files

RED = Image.new("RGBA", (30, 20), (200, 30, 30, 255))
GREEN = Image.new("RGBA", (300, 200), (30, 160, 30, 255))


def encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    (image.convert("RGB") if kind == "JPEG" else image).save(out, kind)
    return out.getvalue()


def qoi(width: int, height: int, color: bytes) -> bytes:
    """One colour in the Quite OK Image Format: the pixel, then runs of it (qoiformat.org)."""
    left = width * height - 1
    runs = b"".join(bytes([0xC0 | (min(62, left - i) - 1)]) for i in range(0, left, 62))
    head = b"qoif" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x04\x00"
    return head + b"\xff" + color + runs + b"\0" * 7 + b"\1"


def thumbnail(data: bytes, width: int, height: int, mark: str = "") -> str:
    text = base64.b64encode(data).decode()
    lines = [f"; {text[i : i + 78]}" for i in range(0, len(text), 78)]
    head = f"; thumbnail{mark} begin {width}x{height} {len(text)}"
    return "\n".join([head, *lines, f"; thumbnail{mark} end", ""])


@needs_libraries
@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "a.gcode",
            (
                thumbnail(encoded(RED, "PNG"), 30, 20)
                + thumbnail(encoded(GREEN, "PNG"), 300, 200)
                + "G1 X1\n"
            ).encode(),
        ),
        ("a.gcode", thumbnail(encoded(GREEN, "JPEG"), 300, 200, "_JPG").encode()),
        ("a.gcode", thumbnail(qoi(30, 20, b"\x1e\xa0\x1e\xff"), 30, 20, "_QOI").encode()),
        ("a.gcode.3mf", zipped({"Metadata/plate_1.png": encoded(GREEN, "PNG")})),
        ("a.ufp", zipped({"Metadata/thumbnail.png": encoded(GREEN, "PNG")})),
    ],
    ids=["the larger of two", "JPG", "QOI", "plate", "ufp"],
)
def test_the_picture_of_a_sliced_file_is_the_slicers_own(
    tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    image = shown(preview.make_picture(path, Role.SLICED))
    red, green, blue, alpha = image.getpixel((100, 100))  # type: ignore[misc]
    assert alpha == 255
    assert abs(red - 30) < 12
    assert abs(green - 160) < 12
    assert abs(blue - 30) < 12


@needs_libraries
@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("png", b"text:/etc/hostname", "cannot be read"),
        ("png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read"),
        ("jpg", encoded(GREEN, "PNG")[:60], "cannot be read"),
        ("qoi", b"qoif" + (60_000).to_bytes(4, "big") * 2 + b"\4\0" + b"\xfd" * 99, "pixels"),
    ],
)
def test_a_hostile_picture_is_refused(kind: str, data: bytes, reason: str) -> None:
    with pytest.raises(CouldNot) as caught:
        sandbox.run("daemon.drawing", [kind], _BRIEF, given=data)
    assert reason in str(caught.value)


def test_a_sliced_file_without_a_picture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.gcode"
    path.write_bytes(b"G1 X1\n")
    with pytest.raises(CouldNot, match="holds no picture"):
        preview.make_picture(path, Role.SLICED)


def test_without_the_libraries_it_is_said_which_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    monkeypatch.setitem(sys.modules, "wand.api", None)
    assert [name.split()[0] for name in missing_libraries()] == ["OSMesa", "ImageMagick's"]


def test_an_answer_that_is_no_picture_is_none() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        unpack(b"\4\0\0\0RIFF" * 2 + b"\4\0\0\0NOPE")


# Where they are kept


@pytest.fixture
def kept(tmp_path: Path) -> Pictures:
    share = Share(tmp_path / "share")
    share.create()
    return Pictures(share)


def test_pictures_are_kept_by_content_and_found_by_looking(kept: Pictures) -> None:
    assert not kept.has(SHA)
    kept.put(SHA, dict.fromkeys(SIZES, b"RIFF"))
    assert kept.has(SHA)
    assert kept.known() == {SHA}
    path = kept.path(SHA, 200)
    assert path is not None
    assert path.parts[-3:] == ("thumbnails", "ab", f"{SHA}-200.webp")
    path.unlink()
    assert not kept.has(SHA)
    kept.put(SHA, dict.fromkeys(SIZES, b"RIFF"))
    assert kept.has(SHA)


@pytest.mark.parametrize("name", ["", "../../x", "AB" * 32, "ab" * 31, f"{SHA}/..", "g" * 64])
def test_only_a_digest_names_a_picture(kept: Pictures, name: str) -> None:
    assert kept.path(name, 200) is None
    with pytest.raises(ValueError, match="no picture"):
        kept.put(name, {200: b"RIFF"})


def test_only_our_sizes_are_kept(kept: Pictures) -> None:
    assert kept.path(SHA, 100_000) is None
