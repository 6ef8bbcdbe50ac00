"""Bring files to the job they belong to: those of a job in conflict, or a foreign file.

The pages use this when a person has chosen. As with `handover` it is work on the share alone: files
are moved as a person would move them, nothing is replaced, nothing is deleted, and the daemon sees
the job lie together and writes down what that means. A claim in the sidecar tells it who chose.

Each step leaves a job that is either still in conflict or lies together, so whatever stops half way
is put right by choosing again.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from anyascii import anyascii

from daemon.handover import Found, names_below
from daemon.look import signature
from daemon.quarantine import settle
from daemon.share import Share
from daemon.snapshot import name_of, status_of
from schemas.errors import BadSidecar, FileInTheWay, NoSuchJob, ShareUnavailable, StaleState
from schemas.events import Via
from schemas.naming import JobNumber, Role, key, parse, role_of, suffix_of
from schemas.sidecar import Claim, Sidecar, is_seal_broken
from schemas.status import FOLDERS

_NUMBERED = re.compile(r" ?\(([0-9]{1,4})\)$")
_REST_LENGTH = 60  # of what is left of a foreign file's own name: paths stay under 240 characters


@dataclass(frozen=True, slots=True)
class Choice:
    """The folder in which a job is to lie, and who says so."""

    folder: str  # one in which files of the job lie: a status folder or one below it
    by: str
    via: Via
    at: datetime


@dataclass(slots=True)
class Gathered:
    """What was done: files moved, those among them that got another name, sidecars put aside."""

    moved: int = 0
    renamed: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)


def files_of(share: Share, number: JobNumber) -> list[str]:
    """Paths of every file that bears the job's stem, wherever in the status folders it lies.

    Lists the share, 0.1 s for 100,000 jobs. Raises: NoSuchJob without a sidecar; ShareUnavailable.
    """
    share.check()
    numbered = [
        path
        for folder in FOLDERS
        for path in names_below(share, folder)
        if (name := parse(name_of(path))) is not None and name.number == number
    ]
    sidecars = _sidecars(numbered)
    if not sidecars:
        raise NoSuchJob(f"no sidecar of job {number} lies on the share", possible="look again")
    stem = _stem(share.leading_sidecar(sidecars))
    return sorted(path for path in numbered if _stem(path) == stem)


def gather(share: Share, number: JobNumber, choice: Choice) -> Gathered:
    """Move all files of a job in conflict into the folder that was chosen; the sidecar goes last.

    A file whose name is taken there gets another, as `STEM (2).stl`. Of two sidecars the one that
    knows more stays, the other is kept in quarantine: to be looked at if it says anything else.

    Raises: StaleState when the job is not as the person saw it; FileBusy, FileInTheWay,
    ShareUnavailable: choose again, what was moved by then is in its place.
    """
    paths = files_of(share, number)
    _refuse_settled(number, paths, choice.folder)
    sidecars = _sidecars(paths)
    leading = share.leading_sidecar(sidecars)
    doc = _announce(share, leading, choice)
    done = Gathered()
    names = {key(name_of(path)) for path in paths}
    target = status_of(f"{choice.folder}/x")
    for path in paths:
        if path not in sidecars and status_of(path) is not target:
            _bring(share, path, choice.folder, names, done)
    for path in sidecars:
        if path != leading:
            _set_aside(share, path, doc, done)
    if status_of(leading) is not target:
        with _gone_is_stale(leading):
            share.move_file(leading, f"{choice.folder}/{name_of(leading)}")
        done.moved += 1
    return done


def _refuse_settled(number: JobNumber, paths: Sequence[str], folder: str) -> None:
    if len({status_of(path) for path in paths}) < 2:
        raise StaleState(
            f"job {number} lies together in {status_of(paths[0])} already",
            possible="nothing to be done",
        )
    if folder not in {path.rpartition("/")[0] for path in paths}:
        raise StaleState(
            f"no file of job {number} lies in {folder} now", possible="choose another folder"
        )


def _announce(share: Share, path: str, choice: Choice) -> Sidecar | None:
    """Leave the note that tells the daemon who chose; None when the sidecar cannot be read."""
    try:
        read = share.read_sidecar(path)
    except FileNotFoundError:
        raise StaleState(f"{path} is being moved by another hand", possible="look again") from None
    except BadSidecar:  # it is made anew from the index once the job lies together
        return None
    to = status_of(f"{choice.folder}/x")
    read.doc.claim = Claim(
        source=read.doc.status, to=to, by=choice.by, via=choice.via, at=choice.at
    )
    share.write_sidecar(path, read.doc, expected=read.sig)
    return read.doc


def _bring(share: Share, path: str, folder: str, names: set[str], done: Gathered) -> None:
    """Move a file, under the next free name where its own is taken there."""
    name = name_of(path)
    while True:
        try:
            with _gone_is_stale(path):
                share.move_file(path, f"{folder}/{name}")
            break
        except FileInTheWay:
            name = next_name(name, names)
            names.add(key(name))
    done.moved += 1
    if name != name_of(path):
        done.renamed.append(name)


def next_name(name: str, taken: set[str]) -> str:
    """`STEM (2).stl` for `STEM.stl`, or the next number that is free among the keys `taken`."""
    ending = name[len(name) - len(suffix_of(name)) :]
    base = name[: len(name) - len(ending)]
    numbered = _NUMBERED.search(base)
    plain = base[: numbered.start()] if numbered else base
    number = int(numbered[1]) + 1 if numbered else 2
    while key(f"{plain} ({number}){ending}") in taken:
        number += 1
    return f"{plain} ({number}){ending}"


def _set_aside(share: Share, path: str, leading: Sidecar | None, done: Gathered) -> None:
    """Keep the sidecar that does not stay; one that says nothing of its own is settled at once."""
    says_more = _says_more(share, path, leading)
    with _gone_is_stale(path):
        kept = share.quarantine(path)
    if says_more:
        done.aside.append(kept.name)
    else:
        settle(share, kept.name)


def _says_more(share: Share, path: str, leading: Sidecar | None) -> bool:
    """Whether a sidecar holds anything that the leading one does not."""
    try:
        read = share.read_sidecar(path)
    except (BadSidecar, FileNotFoundError):
        return True
    doc = read.doc
    if leading is None or not doc.seal or is_seal_broken(read.data):
        return True
    return doc.history != leading.history[: len(doc.history)]


# Foreign files


def join(share: Share, path: str, job: Found) -> str:
    """Make a foreign file part of a job: moved beside its sidecar, under the job's stem.

    Returns the new path. Raises: StaleState when it is gone; FileBusy, ShareUnavailable.
    """
    folder = job.path.rpartition("/")[0]
    name = joined_name(job.stem, name_of(path))
    taken = {key(one) for one in _names_in(share, folder)}
    if key(name) in taken:
        name = next_name(name, taken)
    while True:
        with suppress(FileInTheWay), _gone_is_stale(path):
            share.move_file(path, f"{folder}/{name}")
            return f"{folder}/{name}"
        name = next_name(name, taken)


def joined_name(stem: str, name: str) -> str:
    """What a foreign file is called as part of a job: the stem, then what can be kept of its name.

    It never becomes a sidecar by that, whatever its name was.
    """
    suffix = suffix_of(name)
    plain = re.sub(r"[^A-Za-z0-9 ._()-]+", "-", anyascii(name[: len(name) - len(suffix)]))
    rest = plain[:_REST_LENGTH].strip(" ._-") or "file"
    ending = re.sub(r"[^a-z0-9.]+", "", anyascii(suffix))[:20].rstrip(".")
    joined = f"{stem}_{rest}{ending}"
    return f"{joined}.txt" if role_of(joined) is Role.SIDECAR else joined


def _names_in(share: Share, folder: str) -> list[str]:
    try:
        return os.listdir(share.root / folder)  # noqa: PTH208 - names alone
    except OSError as error:
        raise ShareUnavailable(
            f"{folder} cannot be listed ({error.strerror})", possible="check the share"
        ) from error


def foreign_files(share: Share) -> Iterator[str]:
    """Files whose names say nothing of a job and that are no models: what is foreign by name alone.

    Raises: ShareUnavailable.
    """
    for folder in FOLDERS:
        for path in names_below(share, folder):
            name = name_of(path)
            if parse(name) is None and role_of(name) is not Role.MODEL:
                yield path


def torn_jobs(share: Share) -> dict[str, list[str]]:
    """Jobs whose files lie in more than one status, by their names alone: stem and paths.

    Raises: ShareUnavailable.
    """
    paths: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for path in names_below(share, folder):
            if stem := _stem(path):
                paths.setdefault(stem, []).append(path)
    torn = {s: found for s, found in paths.items() if len({status_of(p) for p in found}) > 1}
    return {stem: found for stem, found in sorted(torn.items()) if _sidecars(found)}


def is_there(share: Share, path: str) -> bool:
    """Whether a path from outside names a file in a status folder, just as a listing has it."""
    folder = path.partition("/")[0]
    return folder in FOLDERS and path in names_below(share, folder)


def signature_of(share: Share, path: str) -> tuple[int, int]:
    """Size and mtime of a file. Raises: StaleState when it is not there."""
    sig = signature(share.root / path)
    if sig is None:
        raise StaleState(f"{path} is not there any more", possible="load the list again")
    return sig


def _sidecars(paths: Sequence[str]) -> list[str]:
    return [path for path in paths if role_of(name_of(path)) is Role.SIDECAR]


def _stem(path: str) -> str:
    name = parse(name_of(path))
    return key(name.stem) if name is not None else ""


@contextmanager
def _gone_is_stale(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise StaleState(f"{path} moved on", possible="load the list again") from None
