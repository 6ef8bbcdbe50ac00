"""How each kind of trouble reads on the list."""

from dataclasses import dataclass

from daemon.troubles import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """How a kind of trouble reads: its name, what it is in one sentence, its icon."""

    title: str
    text: str
    icon: str


KINDS = {
    Kind.CONFLICT: Words(
        "In two folders",
        "Files of one job lie in different folders, so nobody can tell its status. Nothing is "
        "moved until you choose the folder that stays.",
        "folders",
    ),
    Kind.MISSING: Words(
        "Files missing",
        "A file of the job is gone from the folders. Put it back under its name, and the job is "
        "whole again by itself.",
        "file-x",
    ),
    Kind.DANGER: Words(
        "Not to be opened",
        "The file could do harm to the computer that opens it: a bomb, or a program hidden in it.",
        "shield-alert",
    ),
    Kind.NEEDS_WEIGHT: Words(
        "Needs weight",
        "Without a weight there is no price, so the student’s quote waits.",
        "weight",
    ),
    Kind.MAIL: Words(
        "Mail failed",
        "The student has not heard: the mail server did not take the mail, or there is no address.",
        "mail-warning",
    ),
    Kind.HELD: Words(
        "Mails held",
        "Many jobs were moved at once in the folders, so their mails wait for your word.",
        "pause",
    ),
    Kind.NEW_PRICE: Words(
        "Another price",
        "A sliced file was saved after the price had been told, and it comes to another one.",
        "scale",
    ),
    Kind.TOO_BIG: Words(
        "Too big for the printer", "The model does not fit the printer that was asked for.", "ruler"
    ),
    Kind.WALK_IN: Words(
        "Walk-ins without details",
        "Somebody dropped a model into a folder. Say whose it is, so that they can be told.",
        "user-plus",
    ),
    Kind.EXPIRED: Words(
        "Price link expired", "The student did not confirm the price in time.", "calendar-x"
    ),
    Kind.UNCOLLECTED: Words(
        "Not collected", "Printed more than a week ago and still on the shelf.", "shopping-bag"
    ),
    Kind.STRAY: Words(
        "Foreign files",
        "Files in the status folders that belong to no job. They are never touched.",
        "file-question-mark",
    ),
    Kind.SIDECAR: Words(
        "Sidecars set aside",
        "A sidecar could not be used, so it was kept aside and written anew from the index. "
        "Nothing is lost; see whether an edit of yours was in it.",
        "braces",
    ),
}
