"""What students hear of a refusal: no paths and no folders, which are for staff and for the log."""

import logging

from flask.typing import ResponseReturnValue

from daemon.handover import Found
from schemas.errors import (
    FileBusy,
    FileInTheWay,
    NoSuchJob,
    NotPossible,
    PrintSystemError,
    ShareUnavailable,
    StaleState,
)
from schemas.naming import JobNumber
from webui import answers
from webui.place import web

log = logging.getLogger(__name__)


class TooLate(NotPossible):
    """What a student asked for can no longer be done; the message is meant for them."""


def find(number: JobNumber) -> Found:
    """The job as it lies on the share. Raises: see `handover.find`."""
    try:
        return web().desk.find(number)
    except NoSuchJob:
        raise NoSuchJob("this request is no longer here", possible="ask the lab") from None


def refused(error: PrintSystemError) -> ResponseReturnValue:
    """The page of a refusal on a student's way."""
    log.warning("refused on a student's page: %s", error)
    return answers.refusal(plain(error))


def plain(error: PrintSystemError) -> PrintSystemError:
    """The same refusal in words that mean something to a student."""
    match error:
        case NoSuchJob() | TooLate():
            return error
        case StaleState() | NotPossible() | FileBusy() | FileInTheWay():
            return StaleState(
                "the lab is working on this request at this moment",
                possible="load the page again in a minute",
            )
        case _:
            return ShareUnavailable(
                "our system cannot be reached at this moment",
                possible="try again in a few minutes; nothing is lost",
            )
