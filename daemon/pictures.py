"""The thumbnails on the share, by the content of what they show: they outlive names and moves.

    .printsystem/thumbnails/AB/ABCDEF…-200.webp

What cannot be pictured is not noted here but in the job's sidecar, so that whatever lies here is a
picture, and a folder emptied by hand fills up again.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from daemon.drawing import SIZES
from daemon.share import Share, write_aside
from schemas.errors import FileInTheWay

_digest = re.compile(r"[0-9a-f]{64}").fullmatch


class Pictures:
    """The pictures on one share."""

    def __init__(self, share: Share) -> None:
        self._share = share

    def path(self, sha256: str, size: int) -> Path | None:
        """Where a picture lies, if it can: None for what is no digest or no size of ours."""
        if not _digest(sha256) or size not in SIZES:
            return None
        return self._share.thumbnails / sha256[:2] / f"{sha256}-{size}.webp"

    def has(self, sha256: str) -> bool:
        """Whether there are pictures of these bytes, in all sizes."""
        paths = [self.path(sha256, size) for size in SIZES]
        return all(path is not None and path.is_file() for path in paths)

    def put(self, sha256: str, pictures: Mapping[int, bytes]) -> None:
        """Keep the pictures; those that are there already stay. Raises: OSError."""
        for size, data in pictures.items():
            path = self.path(sha256, size)
            if path is None:
                raise ValueError(f"no picture can be kept as {sha256!r}")
            path.parent.mkdir(exist_ok=True)
            with suppress(FileInTheWay, FileExistsError):
                write_aside(path, data, self._share.incoming, expected=None)

    def known(self) -> set[str]:
        """The digests of everything that has a picture of the first size; a listing, no more."""
        ending = f"-{SIZES[0]}.webp"
        found: set[str] = set()
        with suppress(FileNotFoundError):
            for folder in os.listdir(self._share.thumbnails):
                with suppress(NotADirectoryError, FileNotFoundError):
                    names = os.listdir(self._share.thumbnails / folder)
                    found.update(n.removesuffix(ending) for n in names if n.endswith(ending))
        return found
