"""The outbox: what is due is claimed, handed to a carrier, and written down as sent.

The order makes every crash harmless but one: row claimed and committed, carrier, EmailSent in the
sidecar, row closed. Between the carrier's yes and the sidecar a crash cannot be told from a failure
(RFC 1047), so such a mail goes out once more with the same Message-ID and is marked uncertain.
Just before a mail goes, the job must still be in the status the mail speaks of.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection, text

from daemon import editing, index
from daemon.mail import kept
from daemon.mail.carriers import Carrier
from daemon.mail.letter import Facts, compose
from daemon.snapshot import status_of
from daemon.world import World
from schemas.errors import (
    BadCatalog,
    BadSetting,
    BadSidecar,
    DatabaseUnavailable,
    MailFailed,
    NoSuchJob,
    NotLeader,
    PrintSystemError,
    ShareUnavailable,
    StaleState,
)
from schemas.events import THE_SYSTEM, EventType, Via
from schemas.links import confirm_token, job_token
from schemas.mails import MOVED_ON, Hold, Mail, MailState, mails
from schemas.naming import JobNumber, Role
from schemas.settings import Settings
from schemas.sidecar import Sidecar
from schemas.status import Status

log = logging.getLogger(__name__)

MASS = 20  # more moves at the folder than this within one undo window hold their mails
POLL_S = 1.0
_FIRST_RETRY_S = 30.0
_LAST_RETRY_S = 3600.0
_SOON = timedelta(seconds=5)  # the job is on the move, or something is out for a moment

_CLAIM = text(
    """
    UPDATE emails SET state = 'sending', attempts = attempts + 1
    WHERE id = (
        SELECT id FROM emails
        WHERE state = 'queued' AND greatest(not_before, retry_at) <= :now
        ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, job, seq, template, attempts, uncertain, via, arrived_at, released
    """
)
_CROWD = text(
    """
    SELECT count(*) FROM emails
    WHERE via = 'folder' AND NOT released AND state <> 'cancelled'
      AND arrived_at BETWEEN :since AND :until
    """
)
_RETRY = text(
    "UPDATE emails SET state = 'queued', retry_at = :retry_at, error = :error, "
    "uncertain = uncertain OR :uncertain, attempts = greatest(attempts - :off, 0) "
    "WHERE id = :id AND state IN ('sending', 'queued')"
)
_CLOSE = text("UPDATE emails SET state = :state, error = :error WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Post:
    """What mails need beside the job: the carrier, the secret of the links, the settings."""

    carrier: Carrier
    secret: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Taken:
    """A row that this process has taken up, and what became of its mail, once that is known."""

    row: Mapping[str, Any]
    fate: EventType | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Outbox:
    """Sends what is due, in a thread of its own, so that a slow mail server delays no look."""

    def __init__(self, world: World, post: Post, *, is_leading: Callable[[], bool]) -> None:
        self._world = world
        self._post = post
        self._is_leading = is_leading
        self.wake = threading.Event()
        self.fault = ""
        self._taken: dict[int, _Taken] = {}  # rows marked as being sent, by their id

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        while not stop.is_set():
            try:
                if self._is_leading():
                    self.send_due(stop)
            except (DatabaseUnavailable, NotLeader, ShareUnavailable) as error:
                log.info("mails wait: %s", error)
            self.wake.wait(POLL_S)
            self.wake.clear()

    def send_due(self, stop: threading.Event | None = None) -> int:
        """Send every mail that is due now, in order; how many were taken up.

        Raises: DatabaseUnavailable, NotLeader, ShareUnavailable.
        """
        self._close_taken()
        count = 0
        while stop is None or not stop.is_set():
            row = self._claim()
            if row is None:
                break
            count += 1
            self._handle(row)
        return count

    def _claim(self) -> Mapping[str, Any] | None:
        with index.writing(self._world.engine, self._world.epoch) as connection:
            row = connection.execute(_CLAIM, {"now": self._world.now()}).mappings().first()
        if row is None:
            return None
        self._taken[row["id"]] = _Taken(dict(row))
        return dict(row)

    def _close_taken(self) -> None:
        """Write down what an outage kept from it: that a mail is gone, or still to go."""
        for taken in list(self._taken.values()):
            if taken.fate is None:
                self._put_back(taken.row, StaleState("put off by an outage"), _SOON, counts=False)
            else:
                self._finish(taken.row, taken.fate, taken.facts)

    def _handle(self, row: Mapping[str, Any]) -> None:
        try:
            doc = self._still_due(row)
        except (StaleState, BadSidecar, NoSuchJob) as error:
            self._put_back(row, error, _SOON, counts=False)
            return
        mail = _mail_of(doc, row) if doc is not None else None
        if doc is None or mail is None:
            del self._taken[row["id"]]
        else:
            self._send(row, doc, again=mail.again)

    def _still_due(self, row: Mapping[str, Any]) -> Sidecar | None:
        """The job's sidecar if the mail is still to go; otherwise its end is written down."""
        doc: Sidecar | None = None
        with self._writing(row) as connection:
            job = self._open(row, connection)
            if any(status_of(path) is not job.doc.status for path in job.files):
                raise StaleState(f"job {job.doc.job} is being moved", possible="look again")
            mail = _mail_of(job.doc, row)
            if mail is None or mail.state is not MailState.QUEUED:
                _close(connection, row, mail)
                return None
            if job.doc.status is not Status(row["template"]):
                _note(job.doc, EventType.EMAIL_CANCELLED, row, self._world.now(), why=MOVED_ON)
            elif self._is_mass_change(row, connection):
                _note(job.doc, EventType.EMAIL_HELD, row, self._world.now(), hold=Hold.MASS_CHANGE)
            else:
                return job.doc
            _close(connection, row, _mail_of(job.doc, row))
            index.write(connection, [editing.close_job(job, self._world)])
        return doc

    def _is_mass_change(self, row: Mapping[str, Any], connection: Connection) -> bool:
        if row["via"] != Via.FOLDER or row["released"]:
            return False
        window = timedelta(seconds=self._world.policy().undo_folder_s)
        span = {"since": row["arrived_at"] - window, "until": row["arrived_at"] + window}
        return bool(connection.execute(_CROWD, span).scalar_one() > MASS)

    def _send(self, row: Mapping[str, Any], doc: Sidecar, *, again: int) -> None:
        self._world.guard()
        facts = {"again": again} if again else {}
        try:
            message = compose(
                Status(row["template"]),
                facts_of(doc, self._world, self._post),
                sender=self._post.settings.mail_from,
                message_id=message_id(doc.share, doc.job, row["seq"], again),
                date=self._world.now(),
            )
            self._post.carrier.send(message, recipient=doc.student.email)
        except MailFailed as error:
            self.fault = str(error)
            self._failed(row, error, facts)
            return
        except (BadSetting, BadCatalog) as error:
            self.fault = str(error)
            self._failed(row, MailFailed(str(error)), facts)
            return
        self.fault = ""
        log.info("mail sent", extra={"job": doc.job, "template": row["template"]})
        self._keep(row, message, again)
        uncertain = {"uncertain": True} if row["uncertain"] else {}
        self._finish(row, EventType.EMAIL_SENT, facts | uncertain)

    def _keep(self, row: Mapping[str, Any], message: EmailMessage, again: int) -> None:
        """Keep a copy for staff to read; it went, whether there is room for the copy or not."""
        try:
            self._world.guard()
            kept.keep(self._world.share, JobNumber(row["job"]), row["seq"], again, message)
        except (OSError, PrintSystemError) as error:
            log.warning("no copy of a sent mail: %s", error, extra={"job": row["job"]})

    def _failed(self, row: Mapping[str, Any], error: MailFailed, facts: dict[str, Any]) -> None:
        log.warning("mail failed: %s", error, extra={"job": row["job"]})
        if error.permanent:
            self._finish(row, EventType.EMAIL_FAILED, {**facts, "why": str(error)})
            return
        wait_s = min(_LAST_RETRY_S, _FIRST_RETRY_S * 2 ** (row["attempts"] - 1))
        wait = timedelta(seconds=wait_s * random.uniform(0.75, 1.25))
        self._put_back(row, error, wait, counts=True, uncertain=error.uncertain)

    def _put_back(
        self,
        row: Mapping[str, Any],
        error: PrintSystemError,
        wait: timedelta,
        *,
        counts: bool,
        uncertain: bool = False,
    ) -> None:
        """To be tried again; `counts` tells whether a carrier was asked, so that the waits grow."""
        values = {
            "id": row["id"],
            "retry_at": self._world.now() + wait,
            "error": str(error),
            "off": 0 if counts else 1,
            "uncertain": uncertain,
        }
        with index.writing(self._world.engine, self._world.epoch) as connection:
            connection.execute(_RETRY, values)
        self._taken.pop(row["id"], None)

    def _finish(self, row: Mapping[str, Any], what: EventType, facts: dict[str, Any]) -> None:
        """Write down what became of a mail; while that cannot be done it is kept in mind."""
        self._taken[row["id"]] = _Taken(row, what, facts)
        try:
            with self._writing(row) as connection:
                job = self._open(row, connection)
                mail = _mail_of(job.doc, row)
                if mail is None or _is_open(mail, facts.get("again", 0)):
                    _note(job.doc, what, row, self._world.now(), **facts)
                _close(connection, row, _mail_of(job.doc, row))
                index.write(connection, [editing.close_job(job, self._world)])
        except (StaleState, BadSidecar, NoSuchJob) as error:
            log.info("mail of job %s: %s", row["job"], error)
            return
        del self._taken[row["id"]]

    def _writing(self, row: Mapping[str, Any]) -> AbstractContextManager[Connection]:
        return index.writing(self._world.engine, self._world.epoch, [JobNumber(row["job"])])

    def _open(self, row: Mapping[str, Any], connection: Connection) -> editing.OpenJob:
        number = JobNumber(row["job"])
        if number not in self._world.known.jobs:
            raise StaleState(f"job {number} is not known yet", possible="look again")
        return editing.open_job(number, (), self._world, connection)


def _mail_of(doc: Sidecar, row: Mapping[str, Any]) -> Mail | None:
    return next((mail for mail in mails(doc.history) if mail.for_seq == row["seq"]), None)


def _is_open(mail: Mail, again: int) -> bool:
    """Whether the history does not say yet that this sending of the mail was the one that went."""
    return mail.again == again and mail.state is not MailState.SENT


def _close(connection: Connection, row: Mapping[str, Any], mail: Mail | None) -> None:
    """The row says what the history says."""
    state = mail.state if mail is not None else MailState.CANCELLED
    values = {"id": row["id"], "state": state.value, "error": mail.remark if mail else ""}
    connection.execute(_CLOSE, values)


def _note(
    doc: Sidecar, what: EventType, row: Mapping[str, Any], at: datetime, **facts: Any
) -> None:
    data = {"for": row["seq"], "template": str(Status(row["template"])), **facts}
    doc.record(what, by=THE_SYSTEM, via=Via.SYSTEM, at=at, data=data)


def message_id(share: str, job: JobNumber, seq: int, again: int = 0) -> str:
    """The Message-ID of a mail: the same however often it has to be tried.

    A repeat that staff asked for is another mail to whoever gets it: `again` counts from 1.
    """
    repeat = f".{again}" if again else ""
    return f"<{share}.{job}.{seq}{repeat}@printsystem.invalid>"


def facts_of(doc: Sidecar, world: World, post: Post) -> Facts:
    """What the templates may say of a job."""
    base, nonce = post.settings.public_url, doc.confirmation.nonce
    model = next((entry for entry in doc.files if entry.role is Role.MODEL), None)
    return Facts(
        number=doc.job,
        student_name=doc.student.name,
        student_email=doc.student.email,
        file_name=(model.original_name or model.name) if model else "",
        print_method=doc.request.print_method,
        color=doc.request.color,
        printer=doc.request.printer,
        price_usd=doc.print.price_usd,
        weight_g=doc.print.weight_g,
        time_h=doc.print.time_h,
        reasons=tuple(doc.review.reasons),
        note=doc.review.text,
        job_url=f"{base}/job/{job_token(post.secret, doc.job)}",
        confirm_url=f"{base}/confirm/{confirm_token(post.secret, doc.job, nonce)}" if nonce else "",
        expires_at=doc.confirmation.expires_at,
        lab_name=world.share.catalog().lab.name,
        reply_to=parseaddr(post.settings.mail_from)[1],
        timezone=post.settings.timezone,
    )
