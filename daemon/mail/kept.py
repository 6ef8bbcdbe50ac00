"""Sent mails as files on the share, so that staff can read what a student was told.

A copy is a comfort, nothing follows from it: what was sent stands in the job's history.
"""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from daemon.mail.headers import as_bytes
from daemon.share import Share
from schemas.naming import JobNumber


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail as it went out. `to` is the recipient with name and address; `date` is aware."""

    subject: str
    to: str
    date: datetime | None
    text: str
    html: str


def keep(share: Share, job: JobNumber, seq: int, again: int, message: EmailMessage) -> None:
    """Write a mail down; one that had to be sent twice is the same mail.

    Not flushed to the disk, which would cost as much as the sending. Raises: OSError when the share
    cannot take it.
    """
    path = share.sent_mail(job, seq, again)
    aside = share.incoming / f"{path.name}.tmp"  # the share sweeps what a crash leaves of it
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(exist_ok=True)  # not its parents: an unmounted share stays an empty folder
    try:
        aside.write_bytes(as_bytes(message))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read(share: Share, job: JobNumber, seq: int, again: int = 0) -> Kept | None:
    """The mail of an event; `again` counts its repeats. None when no copy was kept."""
    try:
        data = share.sent_mail(job, seq, again).read_bytes()
    except OSError:
        return None
    message = message_from_bytes(data, policy=default)
    date = message["Date"]
    return Kept(
        subject=str(message["Subject"] or ""),
        to=str(message["To"] or ""),
        date=date.datetime if date is not None else None,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def forget(share: Share, job: JobNumber) -> None:
    """Remove every mail that was kept of a job. Raises: OSError."""
    for path in share.sent_mail(job, 0).parent.glob(f"{job}-*.eml"):
        path.unlink(missing_ok=True)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""
