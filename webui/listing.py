"""The list of jobs: from the index, or from the names in the folders while the database is down."""

from collections.abc import Mapping
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
from schemas.naming import Role, parse, role_of
from schemas.status import Status
from webui.index import Index, original_names


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
    reviewed: bool = True
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of jobs. `from_folders`: read from names alone, since there is no index now."""

    rows: list[Row]
    total: int
    counts: dict[Status, int]
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
        rows, total = queries.list_jobs(connection, wanted)
        names = original_names(connection, [row["number"] for row in rows])
        counts = queries.counts(connection)
    return Listing([_row(row, names.get(row["number"], "")) for row in rows], total, counts)


def _row(row: Mapping[Any, Any], file_name: str) -> Row:
    same = {name: row[name] for name in _SAME}
    return Row(
        status=Status(row["status"]),
        file_name=file_name or row["stem"],
        flags=tuple(row["flags"]),
        **same,
    )


_SAME = (
    "number", "student_name", "class_number", "print_method", "color", "printer", "material",
    "weight_g", "time_h", "price_usd", "since", "reviewed",
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
