"""The seven statuses, which are the seven folders, and the moves that the daily work expects."""

from enum import StrEnum


class Status(StrEnum):
    """A job's status: the exact name of the folder its files lie in."""

    UPLOADED = "Uploaded"
    PENDING = "Pending"
    REJECTED = "Rejected"
    READY_TO_PRINT = "ReadyToPrint"
    PRINTING = "Printing"
    COMPLETED = "Completed"
    PAID_PICKED_UP = "PaidPickedUp"


FOLDERS: tuple[str, ...] = tuple(status.value for status in Status)

EXPECTED_MOVES: dict[Status, frozenset[Status]] = {
    Status.UPLOADED: frozenset({Status.PENDING, Status.REJECTED}),
    Status.PENDING: frozenset({Status.READY_TO_PRINT, Status.REJECTED, Status.UPLOADED}),
    Status.REJECTED: frozenset({Status.UPLOADED}),
    Status.READY_TO_PRINT: frozenset({Status.PRINTING, Status.PENDING}),
    Status.PRINTING: frozenset({Status.COMPLETED, Status.READY_TO_PRINT}),
    Status.COMPLETED: frozenset({Status.PAID_PICKED_UP, Status.PRINTING}),
    Status.PAID_PICKED_UP: frozenset({Status.COMPLETED}),
}

FINAL = frozenset({Status.REJECTED, Status.PAID_PICKED_UP})

_FORWARD = (
    Status.UPLOADED,
    Status.PENDING,
    Status.READY_TO_PRINT,
    Status.PRINTING,
    Status.COMPLETED,
    Status.PAID_PICKED_UP,
)


def is_expected(source: Status, target: Status) -> bool:
    """Whether the daily work knows this move; one that it does not is obeyed but irregular."""
    return target in EXPECTED_MOVES[source]


def is_news(source: Status, target: Status) -> bool:
    """Whether a student would want to hear of this move: on in the job's life, or a rejection.

    A way back (a print failed, a slip) tells nobody by itself.
    """
    if target is Status.REJECTED:
        return True
    if source is Status.REJECTED:
        return target is not Status.UPLOADED
    return _FORWARD.index(target) > _FORWARD.index(source)
