"""Files that only their owner may read, written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def replace_private(path: Path, text: str) -> None:
    """Write `path`, readable by its owner alone, in the place of what was there."""
    with _written_aside(path, text) as aside:
        aside.replace(path)


def create_private(path: Path, text: str) -> bool:
    """Write `path` unless it exists; whether it was this call that did.

    A hard link, and not O_EXCL on the name itself: of two processes at once the later one reads
    the whole text of the earlier, and a crash in between leaves no empty file that stays for ever.
    """
    with _written_aside(path, text) as aside:
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _written_aside(path: Path, text: str) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # O_EXCL, 0600
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)
