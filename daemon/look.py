"""Look at the share: list the seven folders, or check the places where a few jobs could be.

A look never guesses. Whatever could not be read is named in `Seen.errors`, and such a look is not
`complete`, so that nothing is taken as gone on its word. Symbolic links are not looked at: what
lies behind one may be anywhere.
"""

import errno
import gc
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from daemon.snapshot import Known, Seen, Sig, name_of
from schemas.naming import JobNumber, is_ignored
from schemas.status import FOLDERS

# A folder's mtime younger than this (by the share's own clock) may still hide a change: two
# changes within one tick of the file system's clock leave one mtime.
RACY_NS = 2_000_000_000


@dataclass(slots=True)
class Listings:
    """What the last looks read of each folder, so that a quick look may skip one that stands."""

    stamps: dict[str, int] = field(default_factory=dict)  # folder -> mtime_ns when it was read
    below: dict[str, list[str]] = field(default_factory=dict)  # folder -> folders in it


def look_at_all(root: Path, check: Callable[[], None], listings: Listings | None = None) -> Seen:
    """List every status folder and the folders below it.

    `check` raises unless the share is the right one; it is called before and after, so that a share
    that vanishes half way authorises nothing.
    """
    check()
    seen = Seen()
    errors: list[str] = []
    with _no_collecting():
        for folder in FOLDERS:
            _list_folder(root, folder, seen, errors, listings)
    check()
    seen.errors = tuple(errors)
    seen.complete = not errors
    return seen


@contextmanager
def _no_collecting() -> Iterator[None]:
    """No garbage collection meanwhile: a listing makes no cycles, only very many live tuples.

    Each time their number has grown by a quarter, the collector would go through all of them.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def look_at_changed(root: Path, check: Callable[[], None], listings: Listings, now_ns: int) -> Seen:
    """List only the folders whose mtime says that a name came or went since `listings`.

    `now_ns` is the share's own clock. Never `complete`: an edit inside a file does not show here.
    """
    check()
    seen = Seen()
    errors: list[str] = []
    queue = list(FOLDERS)
    while queue:
        folder = queue.pop()
        try:
            stamp = os.stat(root / folder).st_mtime_ns
        except OSError as error:
            errors.append(f"{folder}: {error.strerror}")
            continue
        if stamp != listings.stamps.get(folder) or now_ns - stamp < RACY_NS:
            _list_folder(root, folder, seen, errors, listings)
        else:
            queue += listings.below.get(folder, [])
    seen.errors = tuple(errors)
    return seen


def look_at_jobs(
    root: Path, check: Callable[[], None], known: Known, heard: dict[JobNumber, set[str]]
) -> Seen:
    """Check where the files of a few jobs are, by the names known and the paths heard of.

    Costs the same beside a hundred jobs or a hundred thousand.
    """
    check()
    seen = Seen()
    for number, paths in heard.items():
        job = known.jobs.get(number)
        wanted = set(paths)
        if job is not None:
            wanted |= job.paths
            names = {name_of(path) for path in wanted}
            wanted.update(f"{folder}/{name}" for folder in FOLDERS for name in names)
        for path in wanted:
            seen.paths[path] = signature(f"{root}/{path}")
    return seen


def signature(path: str | Path) -> Sig | None:
    """Size and mtime of a regular file; None where there is none."""
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns


def _list_folder(
    root: Path, folder: str, seen: Seen, errors: list[str], listings: Listings | None
) -> None:
    """Read one folder, and those below it, into `seen`."""
    names: dict[str, Sig] = {}
    below: list[str] = []
    try:
        path = f"{root}/{folder}"
        stamp = os.stat(path).st_mtime_ns
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # moved on since the listing
                        continue
                    names[entry.name] = (found.st_size, found.st_mtime_ns)
                elif entry.is_dir(follow_symlinks=False):
                    below.append(entry.name)
    except OSError as error:
        errors.append(f"{folder}: {error.strerror}")
        return
    seen.folders[folder] = names
    children = [f"{folder}/{name}" for name in below if not is_ignored(name)]
    if listings is not None:
        listings.stamps[folder] = stamp
        listings.below[folder] = children
    for child in children:
        _list_folder(root, child, seen, errors, listings)
