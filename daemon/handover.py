"""Move a job as a person would, but announced: claim, all files, the sidecar last; or nothing.

The pages use this. They never write to the index: the daemon sees the files in their new folder,
reads the claim, and so knows who moved them and why. Everything here is work on the share alone, so
it goes on while the database is down.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from daemon.look import signature
from daemon.share import Read, Share
from daemon.snapshot import Sig, name_key, name_of, status_of
from schemas import sidecar as sidecars
from schemas.errors import NoSuchJob, NotPossible, PrintSystemError, ShareUnavailable, StaleState
from schemas.events import Via
from schemas.naming import JobNumber, Role, is_ignored, key, parse, role_of
from schemas.sidecar import Claim, Sidecar
from schemas.status import FOLDERS, Status


@dataclass(frozen=True, slots=True)
class Found:
    """A job where it lies: the path of its sidecar, relative to the root, and what was read."""

    path: str
    read: Read

    @property
    def doc(self) -> Sidecar:
        """What is known of the job."""
        return self.read.doc

    @property
    def status(self) -> Status:
        """The folder it lies in, which the document may not know yet."""
        return status_of(self.path)

    @property
    def stem(self) -> str:
        """What the names of its files start with."""
        return _stem(self.path)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a job goes, by whose hand; `data` is for the event that the daemon will write."""

    to: Status
    by: str
    via: Via
    at: datetime
    data: dict[str, Any]


# Finding


def find(share: Share, number: JobNumber, known: Iterable[str] = ()) -> Found:
    """The job of this number; `known` are paths at which its files were said to lie.

    Raises: NoSuchJob; StaleState while it is on the move; NotPossible when it lies in two places;
    BadSidecar; ShareUnavailable.
    """
    share.check()
    paths = _where_known(share, known) or _where_listed(share, number)
    if not paths:
        raise NoSuchJob(f"no job {number} lies on the share", possible="check the number")
    if len(paths) > 1:
        raise NotPossible(
            f"job {number} lies in two places: {', '.join(sorted(paths))}",
            possible="leave its files in one folder only; nothing was changed",
        )
    try:
        return Found(paths[0], share.read_sidecar(paths[0]))
    except FileNotFoundError:
        raise StaleState(
            f"job {number} is being moved by another hand", possible="try again in a moment"
        ) from None


def _where_known(share: Share, known: Iterable[str]) -> list[str]:
    """The sidecar's places among the paths known and the same name in the seven folders."""
    paths = [path for path in known if role_of(name_of(path)) is Role.SIDECAR]
    wanted = {*paths, *(f"{folder}/{name_of(path)}" for path in paths for folder in FOLDERS)}
    return [path for path in wanted if signature(share.root / path) is not None]


def _where_listed(share: Share, number: JobNumber) -> list[str]:
    """The sidecar's places by listing the share: 0.1 s for 100,000 jobs, and needs no index."""
    return [
        path
        for folder in FOLDERS
        for path in names_below(share, folder)
        if role_of(name_of(path)) is Role.SIDECAR
        and (name := parse(name_of(path))) is not None
        and name.number == number
    ]


def names_below(share: Share, folder: str) -> Iterator[str]:
    """Paths of the files in a folder of the share and in those below it; litter left out.

    Raises: ShareUnavailable when it cannot be listed.
    """
    try:
        with os.scandir(share.root / folder) as entries:
            listed = [entry for entry in entries if not is_ignored(entry.name)]
    except OSError as error:
        raise ShareUnavailable(
            f"{folder} cannot be listed ({error.strerror})", possible="check the share"
        ) from error
    for entry in listed:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from names_below(share, path)
        elif entry.is_file(follow_symlinks=False):
            yield path


# Changing


def rewrite(share: Share, job: Found) -> Sig:
    """Write the job's changed document where it lies. Raises: StaleState; ShareUnavailable."""
    with _gone_is_stale(job):
        return share.write_sidecar(job.path, job.doc, expected=job.read.sig)


def hand_over(share: Share, job: Found, move: Move) -> str:
    """Move all files of a job, its changed document with them; the sidecar's new path.

    The document goes with a claim. When one file cannot be moved, those that were go back, the
    document is as it was, and the error says which file and why.

    Raises: StaleState, FileBusy, FileInTheWay, ShareUnavailable; then nothing was changed.
    """
    companions = _companions(share, job)
    job.doc.claim = Claim(
        source=job.status, to=move.to, by=move.by, via=move.via, at=move.at, data=move.data
    )
    announced = rewrite(share, job)
    moved: list[str] = []
    try:
        for path in [*companions, job.path]:
            with _gone_is_stale(job):
                share.move_file(path, _target(path, move.to))
            moved.append(path)
    except PrintSystemError:
        _take_back(share, job, moved, move, announced)
        raise
    return _target(job.path, move.to)


def _target(path: str, to: Status) -> str:
    return f"{to}/{name_of(path)}"


def _companions(share: Share, job: Found) -> list[str]:
    """Every file of the job but its sidecar, the listed and the loose. Raises: StaleState."""
    stem = key(job.stem)
    here = [
        path
        for path in names_below(share, job.status)
        if path != job.path and key(_stem(path)) == stem
    ]
    names = {name_key(path) for path in here}
    for entry in job.doc.files:
        elsewhere = key(entry.name) not in names and _is_elsewhere(share, entry.name)
        if elsewhere or (entry.folder is not None and entry.folder is not job.status):
            raise StaleState(
                f"job {job.doc.job}: {entry.name} is not in {job.status} with the rest",
                possible="wait until it has arrived, or put it back",
            )
    return sorted(here)


def _is_elsewhere(share: Share, name: str) -> bool:
    return any(signature(share.root / folder / name) is not None for folder in FOLDERS)


def _stem(path: str) -> str:
    name = parse(name_of(path))
    return name.stem if name is not None else ""


def _take_back(share: Share, job: Found, moved: list[str], move: Move, announced: Sig) -> None:
    """Put files and document back as they were; what resists is left to the daemon to see."""
    for path in reversed(moved):
        with suppress(PrintSystemError, FileNotFoundError):
            share.move_file(_target(path, move.to), path)
    before = sidecars.loads(job.read.data, name=job.path)
    before.revision = job.doc.revision
    with suppress(PrintSystemError, FileNotFoundError):
        share.write_sidecar(job.path, before, expected=announced)


@contextmanager
def _gone_is_stale(job: Found) -> Iterator[None]:
    """Says that a job has moved on where the share says that a file is not there."""
    try:
        yield
    except FileNotFoundError:
        raise StaleState(
            f"job {job.doc.job} is being moved by another hand",
            possible="look where it is now, then try again",
        ) from None
