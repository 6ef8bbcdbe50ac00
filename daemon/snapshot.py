"""What a look sees and what the index knows, as plain values, and the difference between the two.

A path is relative to the share's root, with forward slashes; its first part is a status. Both sides
are kept per folder as `{name: (size, mtime_ns)}`, because comparing two dictionaries is the one
thing that costs nothing when nothing has changed: 200,000 files in about 20 ms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.naming import JobNumber, key, parse
from schemas.status import Status

Sig = tuple[int, int]  # size in bytes, mtime in ns: a file that keeps both is the same file


@dataclass(slots=True)
class Seen:
    """One look. What is neither in `folders` nor in `paths` was not looked at and is as known."""

    folders: dict[str, dict[str, Sig]] = field(default_factory=dict)  # folders read whole
    paths: dict[str, Sig | None] = field(default_factory=dict)  # single paths; None: not there
    complete: bool = False  # every folder read without an error, marker good before and after
    errors: tuple[str, ...] = ()


@dataclass(slots=True)
class KnownJob:
    """What the index holds of one job."""

    number: JobNumber
    stem: str
    status: Status
    last_seq: int = 0
    paths: frozenset[str] = frozenset()
    missing: dict[str, Sig] = field(default_factory=dict)  # name key -> as it was last seen
    conflict: bool = False
    restless: bool = False


@dataclass(slots=True)
class Known:
    """The index as a value: files by folder, strays among them, and the jobs."""

    folders: dict[str, dict[str, Sig]] = field(default_factory=dict)
    jobs: dict[JobNumber, KnownJob] = field(default_factory=dict)
    restless: set[JobNumber] = field(default_factory=set)
    loss_confirmed: bool = False

    def sig(self, path: str) -> Sig | None:
        """What is known of the file at `path`; None when nothing is known there."""
        folder, _, name = path.rpartition("/")
        return self.folders.get(folder, {}).get(name)

    def put(self, path: str, sig: Sig) -> None:
        """Know a file."""
        folder, _, name = path.rpartition("/")
        self.folders.setdefault(folder, {})[name] = sig

    def drop(self, path: str) -> None:
        """Know it no longer; repeating this is harmless."""
        folder, _, name = path.rpartition("/")
        self.folders.get(folder, {}).pop(name, None)

    def replace(self, job: KnownJob, files: dict[str, Sig]) -> None:
        """Know `job` with exactly these files, whatever was known of it before."""
        before = self.jobs.get(job.number)
        if before is not None:
            for path in before.paths - files.keys():
                self.drop(path)
        for path, sig in files.items():
            self.put(path, sig)
        job.paths = frozenset(files)
        self.jobs[job.number] = job
        scattered = any(status_of(path) is not job.status for path in files)
        if job.restless or (scattered and not job.conflict):
            self.restless.add(job.number)
        else:
            self.restless.discard(job.number)


@dataclass(slots=True)
class Changes:
    """Where a look and the index differ. A changed file is in `arrived` alone."""

    arrived: dict[str, Sig] = field(default_factory=dict)
    gone: dict[str, Sig] = field(default_factory=dict)  # with what was known of it


def compare(seen: Seen, known: Known) -> Changes:
    """The difference between a look and the index, for what the look covers."""
    changes = Changes()
    for folder, names in _covered(seen, known):
        was = known.folders.get(folder, {})
        if names == was:
            continue
        for name, sig in names.items() - was.items():
            changes.arrived[f"{folder}/{name}"] = sig
        for name in was.keys() - names.keys():
            changes.gone[f"{folder}/{name}"] = was[name]
    for path, sig_now in seen.paths.items():
        sig_was = known.sig(path)
        if sig_now is not None and sig_now != sig_was:
            changes.arrived[path] = sig_now
        elif sig_now is None and sig_was is not None:
            changes.gone[path] = sig_was
    return changes


def covers(seen: Seen, path: str) -> bool:
    """Whether the look says anything about `path`."""
    return path in seen.paths or path.rpartition("/")[0] in seen.folders or seen.complete


def status_of(path: str) -> Status:
    """The status that a path lies in: its first folder."""
    return Status(path.partition("/")[0])


def name_of(path: str) -> str:
    """The file name at the end of a path."""
    return path.rpartition("/")[2]


def name_key(path: str) -> str:
    """The form in which the names of two paths compare."""
    return key(name_of(path))


def job_of(path: str, known: Known) -> JobNumber | None:
    """The job that a path belongs to by its name: the number, and a stem that is known for it.

    A name with a number that nobody knows yet belongs to that number; a name with the number of a
    job but another stem (a student's own `vase_v2_final_12.stl`) belongs to nobody.
    """
    name = parse(name_of(path))
    if name is None:
        return None
    job = known.jobs.get(name.number)
    if job is not None and key(job.stem) != key(name.stem):
        return None
    return name.number


def _covered(seen: Seen, known: Known) -> Iterator[tuple[str, dict[str, Sig]]]:
    yield from seen.folders.items()
    if seen.complete:  # folders below a status folder that are there no more
        for folder in known.folders.keys() - seen.folders.keys():
            yield folder, {}
