"""Foreign files that a person does not want to be asked about again, remembered on the share.

Path, size and mtime are kept, so that a file which changed shows up again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from daemon.look import signature
from daemon.share import Share, write_aside
from daemon.snapshot import Sig
from schemas.clock import iso
from schemas.errors import FileInTheWay, ShareUnavailable, StaleState

FILE = ".printsystem/ignored.json"
_TRIES = 5
Entries = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Ignored:
    """One file that nobody is to be asked about, and who said so."""

    path: str
    sig: Sig
    by: str


def ignored(share: Share) -> list[Ignored]:
    """The files that are ignored, as they were then: one that changed since is another file.

    Raises: ShareUnavailable.
    """
    try:
        entries = _read(share)[0]
    except orjson.JSONDecodeError:  # somebody is at it with an editor
        return []
    found = [(path, _sig(entry), entry) for path, entry in sorted(entries.items())]
    return [
        Ignored(path, sig, str(entry.get("by", "")))
        for path, sig, entry in found
        if sig is not None
    ]


def ignore(share: Share, path: str, sig: Sig, *, by: str, at: datetime) -> None:
    """Ask nobody about this file as long as it stays as it is. Raises: ShareUnavailable."""
    entry = {"size": sig[0], "mtime_ns": sig[1], "by": by, "at": iso(at)}
    _change(share, lambda entries: entries.update({path: entry}))


def list_again(share: Share, path: str) -> None:
    """Ask about the file again. Safe to repeat. Raises: ShareUnavailable."""
    _change(share, lambda entries: entries.pop(path, None))


def _sig(entry: Any) -> Sig | None:
    try:
        return int(entry["size"]), int(entry["mtime_ns"])
    except (KeyError, TypeError, ValueError):
        return None


def _read(share: Share) -> tuple[Entries, Sig | None]:
    """The entries, and what the file was as they were read.

    Raises: JSONDecodeError; ShareUnavailable.
    """
    path = share.root / FILE
    with _faults("read"):
        sig = signature(path)
        data = orjson.loads(path.read_bytes()) if sig is not None else {}
    return (data if isinstance(data, dict) else {}), sig


def _change(share: Share, how: Callable[[Entries], object]) -> None:
    """Read, change and write, again when another hand wrote meanwhile; what is gone is let go."""
    share.check()
    for _ in range(_TRIES):
        try:
            entries, sig = _read(share)
        except orjson.JSONDecodeError:
            share.quarantine(FILE)
            continue
        how(entries)
        data = orjson.dumps(_still_there(share, entries), option=orjson.OPT_INDENT_2)
        with _faults("written"), suppress(FileNotFoundError, FileInTheWay):
            write_aside(share.root / FILE, data, share.incoming, expected=sig)
            return
    raise StaleState(f"{FILE} is being written by others", possible="try again")


def _still_there(share: Share, entries: Entries) -> Entries:
    return {
        path: entry
        for path, entry in entries.items()
        if (sig := _sig(entry)) is not None and signature(share.root / path) == sig
    }


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ShareUnavailable(
            f"{FILE} cannot be {what} ({error.strerror})", possible="check the share"
        ) from error
