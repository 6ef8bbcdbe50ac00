"""How a job came to be where it is: the moves that stand, once those that were taken back are gone.

A move that was taken back is still in the history, and so is the undo, since a log only grows. For
everything that follows from a move (a quote, a mail) the two cancel out, and what counts is the
arrival before them: its mail is not sent again, its quote is as good as it was.
"""

from collections.abc import Iterable, Sequence

from schemas.events import Event, EventType

UNDO = "undo"  # in the data of a move: it took back the one before it
CANCELLED_BY_STUDENT = "cancelled_by_student"  # a rejection that the student asked for
REQUOTED = "requoted"  # a way back to Pending, where the student is asked for another price


def standing(history: Iterable[Event]) -> list[Event]:
    """The arrivals that stand, oldest first; the last one is how the job came to its status."""
    found: list[Event] = []
    for event in history:
        if not _is_arrival(event):
            continue
        if found and _takes_back(event, found[-1]):
            found.pop()
        else:
            found.append(event)
    return found


def way_in(history: Sequence[Event]) -> Event | None:
    """How the job came to the status it has: the last arrival that stands."""
    last = last_arrival(history)
    if last is None or not last.data.get(UNDO):
        return last  # so it is for nearly every job, and there are many
    return standing(history)[-1]


def undoable(history: Sequence[Event]) -> Event | None:
    """The move that can be taken back: the last one, unless it is an undo itself."""
    last = last_arrival(history)
    if last is None or last.type is not EventType.STATUS_CHANGED or last.data.get(UNDO):
        return None
    return last


def last_arrival(history: Sequence[Event]) -> Event | None:
    """The newest event that put the job into a status, be it an undo."""
    return next((event for event in reversed(history) if _is_arrival(event)), None)


def _is_arrival(event: Event) -> bool:
    """Compared one by one: a rebuild asks this of every event, and hashing an enum is slow."""
    return event.type is EventType.STATUS_CHANGED or event.type is EventType.JOB_CREATED


def _takes_back(event: Event, before: Event) -> bool:
    """Whether an undo mirrors the move before it, as every one does that was not tampered with."""
    if not event.data.get(UNDO) or before.type is not EventType.STATUS_CHANGED:
        return False
    there, back = (before.data["from"], before.data["to"]), (event.data["to"], event.data["from"])
    return bool(there == back)
