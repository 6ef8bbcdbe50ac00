"""An upload on its way in: written once, straight to the share, and hashed meanwhile.

What is too large or finds no room is drunk and thrown away, so that the rest of the form is still
read and nothing that was typed is lost.
"""

import hashlib
import io
import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO

from flask import Request, current_app

from schemas.naming import MODEL_SUFFIXES, suffix_of

MEGABYTE = 1_000_000
ENDING = ".upload"  # before the model's own ending; no name of a job
STALE_S = 3600.0


class Arrival(io.RawIOBase):
    """A file being received; takes itself away when closed, unless it was moved on (`keep`)."""

    def __init__(self, folder: Path, name: str, *, limit: int) -> None:
        suffix = suffix_of(name)
        known = suffix if suffix in MODEL_SUFFIXES else ".unknown"
        self.path = folder / f"{uuid.uuid4().hex}{ENDING}{known}"
        self.size = 0
        self.too_large = False
        self.error: OSError | None = None
        self._limit = limit
        self._digest = hashlib.sha256()
        self._kept = False
        self._file: IO[bytes] | None = None
        try:
            self._file = self.path.open("xb")
        except OSError as error:
            self.error = error

    @property
    def sha256(self) -> str:
        """The content hash so far, in hex."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        """A stream that is written; nothing is read back through it."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take the next piece; never raises, so that the form is read to its end."""
        self.size += len(data)
        if self.size > self._limit:
            self.too_large = True
        if self._file is not None and self.error is None and not self.too_large:
            try:
                self._file.write(data)
            except OSError as error:
                self.error = error
            self._digest.update(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Called by the form parser when the file has ended; what was written stays as it is."""
        return 0

    def flush_to_disk(self) -> None:
        """Have every byte on the disk before the file gets its name. Raises: OSError."""
        if self.error is not None:
            raise self.error
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def keep(self) -> None:
        """It has been moved on: closing takes nothing away any more."""
        self._kept = True

    def close(self) -> None:
        """Let go of the file, and of its bytes unless they were kept. Safe to repeat."""
        if not self.closed:
            if self._file is not None:
                with suppress(OSError):
                    self._file.close()
                if not self._kept:
                    with suppress(OSError):
                        self.path.unlink(missing_ok=True)
            super().close()


class PageRequest(Request):
    """A request whose file goes to the share at once, where the page asked for that."""

    upload_folder: Path | None = None
    _arrivals: tuple[Arrival, ...] = ()

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.upload_folder is None or not filename:
            return super()._get_file_stream(
                total_content_length, content_type, filename, content_length
            )
        limit = current_app.config["MAX_UPLOAD_BYTES"]
        arrival = Arrival(self.upload_folder, filename, limit=limit)
        self._arrivals = (*self._arrivals, arrival)
        return arrival  # type: ignore[return-value]

    def close(self) -> None:
        """At the end of the request: what was not taken in goes, even from a form cut short."""
        for arrival in self._arrivals:
            arrival.close()
        super().close()


def sweep(folder: Path, now_s: float) -> int:
    """Take away uploads that a process left half done when it was killed; how many."""
    taken = 0
    with suppress(OSError):
        for path in folder.glob(f"*{ENDING}.*"):
            if now_s - path.stat().st_mtime > STALE_S:
                path.unlink(missing_ok=True)
                taken += 1
    return taken
