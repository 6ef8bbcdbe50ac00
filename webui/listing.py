"""The list of jobs: from the index, or from the names in the folders while the database is down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from daemon import queries
from daemon.handover import names_below
from daemon.queries import PAGE, Filter
from daemon.share import Share
from daemon.snapshot import name_of
from schemas.errors import DatabaseUnavailable
from schemas.mails import MailState
from schemas.naming import Role, parse, role_of
from schemas.status import Status
from webui.index import Index, original_names


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that has not gone yet: when it will, or why it does not."""

    state: MailState
    not_before: datetime | None
    hold: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One job in the list. What only the index knows is None or empty without it."""

    number: int
    status: Status
    student_name: str
    file_name: str
    class_number: str = ""
    print_method: str = ""
    color: str = ""
    printer: str = ""
    material: str | None = None
    weight_g: Decimal | None = None
    time_h: Decimal | None = None
    price_usd: Decimal | None = None
    since: datetime | None = None
    expires_at: datetime | None = None
    reviewed: bool = True
    flags: tuple[str, ...] = ()
    mail: Waiting | None = None
    picture: str | None = None  # the digest it is kept under


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of jobs. `from_folders`: read from names alone, since there is no index now."""

    rows: list[Row]
    total: int
    counts: dict[Status, int]
    newest: int = 0  # the highest number of a job, on whatever page; 0: not known
    from_folders: bool = False

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE))


def listing(index: Index, share: Share, wanted: Filter) -> Listing:
    """What staff see. Raises: ShareUnavailable when neither can be read."""
    try:
        return from_index(index, wanted)
    except DatabaseUnavailable:
        return from_folders(share, wanted)


def from_index(index: Index, wanted: Filter) -> Listing:
    """A page of the index. Raises: DatabaseUnavailable."""
    with index.reading() as connection:
        found = queries.list_jobs(connection, wanted)
        numbers = [row["number"] for row in found]
        names = original_names(connection, numbers)
        mails = queries.open_mails(connection, numbers)
        counts = queries.counts(connection)
        newest = queries.newest(connection)
        total = _total(found, wanted, counts)
        if not found and wanted.page > 1:  # beyond the last page
            total = queries.how_many(connection, wanted)
    rows = [_row(row, names.get(row["number"], ""), mails.get(row["number"])) for row in found]
    return Listing(rows, total, counts, newest)


def _total(found: Sequence[Mapping[Any, Any]], wanted: Filter, counts: dict[Status, int]) -> int:
    """How many there are on all pages."""
    if wanted.is_narrowed:
        return int(found[0]["total"]) if found else 0
    return sum(counts.values()) if wanted.status is None else counts[wanted.status]


def _row(row: Mapping[Any, Any], file_name: str, mail: Mapping[Any, Any] | None) -> Row:
    same = {name: row[name] for name in _SAME}
    return Row(
        status=Status(row["status"]),
        file_name=file_name or row["stem"],
        flags=tuple(row["flags"]),
        mail=Waiting(MailState(mail["state"]), mail["not_before"], mail["hold"]) if mail else None,
        **same,
    )


_SAME = (
    "number", "student_name", "class_number", "print_method", "color", "printer", "material",
    "weight_g", "time_h", "price_usd", "since", "expires_at", "reviewed",
    "picture",
)  # fmt: skip


def from_folders(share: Share, wanted: Filter) -> Listing:
    """A page of what the names of the sidecars say, highest number first."""
    share.check()
    everything = {status: _named(share, status) for status in Status}
    counts = {status: len(rows) for status, rows in everything.items()}
    statuses = [wanted.status] if wanted.status is not None else list(Status)
    rows = [row for status in statuses for row in everything[status] if _fits(row, wanted.q)]
    rows.sort(key=lambda row: -row.number)
    start = (max(1, wanted.page) - 1) * PAGE
    return Listing(rows[start : start + PAGE], len(rows), counts, from_folders=True)


def _named(share: Share, status: Status) -> list[Row]:
    rows = []
    for path in names_below(share, status):
        name = parse(name_of(path)) if role_of(name_of(path)) is Role.SIDECAR else None
        if name is not None:
            student, method, color, _ = name.stem.split("_")
            rows.append(
                Row(name.number, status, student, name.stem, print_method=method, color=color)
            )
    return rows


def _fits(row: Row, q: str) -> bool:
    return q.casefold() in f"{row.file_name} {row.number}".casefold()
