"""Thumbnails of a model, drawn, or of a sliced file, as its slicer has drawn it; by a child."""

from pathlib import Path

from daemon import sandbox
from daemon.drawing import KINDS, missing_libraries, unpack
from daemon.sandbox import CouldNot, Limits
from daemon.slices.read import pictures_in
from schemas.naming import Role, suffix_of

__all__ = ["make_picture", "missing_libraries"]

# A million triangles take 1 GB of address space and 3 s; VTK's own threads want room of their own.
_DRAWING = Limits(memory_mb=2500, time_s=30, output_bytes=2_000_000)
_FINISHING = Limits(memory_mb=1000, time_s=10, output_bytes=2_000_000)


def make_picture(path: Path, role: Role) -> dict[int, bytes]:
    """WebP pictures by their side in pixels. Raises: CouldNot; OSError when it cannot be read."""
    answer = _of_slicer(path) if role is Role.SLICED else _of_model(path)
    try:
        return unpack(answer)
    except (ValueError, IndexError) as error:
        raise CouldNot(f"its picture could not be made ({error})") from None


def _of_model(path: Path) -> bytes:
    return sandbox.run("daemon.drawing", [suffix_of(path.name), str(path)], _DRAWING)


def _of_slicer(path: Path) -> bytes:
    """The largest picture in a sliced file that can be read."""
    fault = "the sliced file holds no picture"
    for picture in sorted(pictures_in(path), key=lambda each: -each.width * each.height):
        if picture.kind not in KINDS:
            continue
        try:
            return sandbox.run("daemon.drawing", [picture.kind], _FINISHING, given=picture.data)
        except CouldNot as error:
            fault = str(error)
    raise CouldNot(fault)
