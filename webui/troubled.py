"""What the trouble list shows: each kind with its entries, from the index and from the share.

With the database down, what the names in the folders tell is shown: jobs in two folders, foreign
files, and whatever lies in quarantine.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon import ignored, quarantine, regather, troubles
from daemon.look import signature
from daemon.quarantine import Aside
from daemon.share import Share
from daemon.snapshot import Sig, name_of, status_of
from daemon.troubles import PAGE, Kind, Troubled
from schemas.errors import DatabaseUnavailable, ShareUnavailable, StaleState
from schemas.naming import Role, parse, role_of
from schemas.status import FOLDERS
from webui.correction import fault_in
from webui.index import Index, original_names
from webui.strays import File, a_file, foreign_by_name, strays

READABLE = 200_000  # bytes of a sidecar that are shown and can be corrected on a page


@dataclass(frozen=True, slots=True)
class Job:
    """A job on the list. `places`: where its files lie, by folder, if that is the trouble."""

    about: Mapping[str, Any]  # the columns of `jobs`; number, stem and name without an index
    since: datetime | None = None
    file_name: str = ""
    mail: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()  # paths at which files lay last
    places: dict[str, list[File]] = field(default_factory=dict)

    @property
    def is_together(self) -> bool:
        """Whether its files lie in one status by now, which the daemon will soon have noted."""
        return len({status_of(f"{folder}/x") for folder in self.places}) == 1


@dataclass(frozen=True, slots=True)
class SetAside:
    """A sidecar in quarantine and why it was refused; empty when it can be read."""

    aside: Aside
    fault: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Section:
    """A kind of trouble: how much there is in all, and a page of it."""

    kind: Kind
    total: int
    entries: list[Any]
    page: int = 1

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True, slots=True)
class Trouble:
    """The list. `from_folders`: as far as names alone tell, since there is no index now."""

    sections: list[Section]
    counts: dict[Kind, int]
    ignored: list[ignored.Ignored]
    from_folders: bool = False

    @property
    def total(self) -> int:
        """How much there is in all."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which page of which kind; of all kinds when none is named."""

    only: Kind | None
    page: int

    def is_shown(self, kind: Kind, total: int) -> bool:
        return total > 0 and self.only in (None, kind)

    def cut(self, entries: list[Any]) -> list[Any]:
        return entries[(self.page - 1) * PAGE : self.page * PAGE]


def how_much(index: Index, share: Share, now: datetime) -> int:
    """How much there is on the list, for every page's header; 0 while nobody can tell."""
    try:
        with index.reading() as connection:
            known = troubles.count(connection, now, _sigs(ignored.ignored(share)))
        return known + quarantine.how_many(share)
    except (DatabaseUnavailable, ShareUnavailable):
        return 0


def trouble(
    index: Index, share: Share, now: datetime, *, only: Kind | None = None, page: int = 1
) -> Trouble:
    """All that needs a person, or a page of one kind.

    Raises: ShareUnavailable when neither the share nor the index can be read.
    """
    wanted = _Wanted(only, max(1, page))
    silenced = ignored.ignored(share)
    try:
        with index.reading() as connection:
            return _from_index(connection, share, now, wanted, silenced)
    except DatabaseUnavailable:
        return _from_folders(share, wanted, silenced)


def _sigs(silenced: list[ignored.Ignored]) -> dict[str, Sig]:
    return {one.path: one.sig for one in silenced}


def _from_index(
    connection: Connection,
    share: Share,
    now: datetime,
    wanted: _Wanted,
    silenced: list[ignored.Ignored],
) -> Trouble:
    known = _sigs(silenced)
    found = troubles.counts(connection, now, known)
    found[Kind.SIDECAR] = quarantine.how_many(share)
    sections = []
    for kind, total in found.items():
        if not wanted.is_shown(kind, total):
            continue
        if kind is Kind.STRAY:
            rows = troubles.strays(connection, known, wanted.page)
            sigs = {row["path"]: (row["size"], row["mtime_ns"]) for row in rows}
            entries: list[Any] = strays(share, sigs, connection)
        elif kind is Kind.SIDECAR:
            entries = _set_aside(share, wanted, connection)
        else:
            listed = troubles.troubled(connection, kind, now, wanted.page)
            entries = _jobs(connection, share, kind, listed)
        sections.append(Section(kind, total, entries, wanted.page))
    return Trouble(sections, found, silenced)


def _jobs(connection: Connection, share: Share, kind: Kind, found: list[Troubled]) -> list[Job]:
    names = original_names(connection, [one.job["number"] for one in found])
    is_torn = kind is Kind.CONFLICT
    return [
        Job(
            about=one.job,
            since=one.since,
            file_name=names.get(one.job["number"], "") or one.job["stem"],
            mail=one.mail,
            missing=tuple(row["path"] for row in one.files if row["missing"]),
            places=places(share, [row["path"] for row in one.files]) if is_torn else {},
        )
        for one in found
    ]


def places(share: Share, paths: list[str]) -> dict[str, list[File]]:
    """Which of the files lie in which folder now, or under their names in the status folders."""
    wanted = {*paths, *(f"{folder}/{name_of(path)}" for path in paths for folder in FOLDERS)}
    found: dict[str, list[File]] = {}
    for path in sorted(wanted):
        sig = signature(share.root / path)
        if sig is not None:
            found.setdefault(path.rpartition("/")[0], []).append(a_file(path, sig))
    return found


def _set_aside(
    share: Share, wanted: _Wanted, connection: Connection | None = None
) -> list[SetAside]:
    found = wanted.cut(quarantine.listed(share))
    numbers = sorted({one.job for one in found if one.job is not None})
    told = troubles.repairs(connection, numbers) if connection is not None and numbers else {}
    return [SetAside(one, reason(share, one), told.get(one.name, one.at)) for one in found]


def reason(share: Share, aside: Aside) -> str:
    """Why the reader refuses a sidecar; empty when it can be read."""
    if aside.size > READABLE:
        return "it is too large for a sidecar"
    with suppress(StaleState):  # settled by another hand since it was listed
        return fault_in(quarantine.read(share, aside))
    return ""


def _from_folders(share: Share, wanted: _Wanted, silenced: list[ignored.Ignored]) -> Trouble:
    """What names alone tell."""
    share.check()
    torn = regather.torn_jobs(share)
    foreign = foreign_by_name(share, _sigs(silenced))
    counts = {
        Kind.CONFLICT: len(torn),
        Kind.STRAY: len(foreign),
        Kind.SIDECAR: quarantine.how_many(share),
    }
    entries: dict[Kind, list[Any]] = {
        Kind.CONFLICT: [_torn(share, torn[stem]) for stem in wanted.cut(list(torn))],
        Kind.STRAY: strays(share, {path: foreign[path] for path in wanted.cut(list(foreign))}),
        Kind.SIDECAR: _set_aside(share, wanted),
    }
    sections = [
        Section(kind, total, entries[kind], wanted.page)
        for kind, total in counts.items()
        if wanted.is_shown(kind, total)
    ]
    return Trouble(sections, counts, silenced, from_folders=True)


def _torn(share: Share, paths: list[str]) -> Job:
    sidecar = next(path for path in paths if role_of(name_of(path)) is Role.SIDECAR)
    name = parse(name_of(sidecar))
    stem, number = (name.stem, name.number) if name is not None else ("", 0)
    about = {"number": number, "stem": stem, "student_name": stem.partition("_")[0]}
    return Job(about, places=places(share, paths))
