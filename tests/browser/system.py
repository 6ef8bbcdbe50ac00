"""The whole system as it runs in a lab: daemon, pages, folders; and the people's jobs in it.

One system serves all tests of a process, so nothing in it is ever alone: each test brings jobs of
its own, under names and addresses that no other test has.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import make_url, text

from daemon.database import connect, migrate
from schemas.links import job_token
from schemas.mails import Mail, MailState, mails
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.running import Running
from tests.integration.served import Served

STAFF = ("Ann", "Ben")
SECRET = "the key of the browser tests, long enough"
UNDO_S = 30  # longer than any test takes before it takes something back
_number = itertools.count(101)


def a_person() -> str:
    """A name that no other test has, and that a search finds alone."""
    return f"Robin Vale{next(_number)}"


def address_of(person: str) -> str:
    """The e-mail address of a person of `a_person`."""
    return f"{person.replace(' ', '.').lower()}@example.edu"


class System(Running):
    """Daemon and pages on a share of their own; mails go into a folder."""

    def __init__(self, folder: Path, url: str, **more: Any) -> None:
        given = {
            "SECRET_KEY": SECRET,
            "UNDO_FOLDER_S": UNDO_S,
            "UNDO_WEB_S": UNDO_S,
            "RESCAN_S": 5,
            **more,
        }
        super().__init__(folder, url, **given)
        self.pages: Served

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._name_the_staff()
            limits = {"listeners": 12}  # as ever; but the pages look more often what they missed
            self.pages = Served(self.folder, self.environment, **limits).__enter__()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pages.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)

    def _name_the_staff(self) -> None:
        catalog = self.root / ".printsystem" / "catalog.toml"
        names = ", ".join(f'"{name}"' for name in STAFF)
        written = re.sub(r"(?m)^staff = .*$", f"staff = [{names}]", catalog.read_text("utf-8"))
        catalog.write_text(written, encoding="utf-8")

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.pages.port}"

    # What people do

    def a_job(self, status: Status = Status.UPLOADED, **student: str) -> JobNumber:
        """A job at rest in a status, having come there in one drag; its student is a new person."""
        name = student.pop("name", "") or a_person()
        job = self.new_job(name=name, **{"email": address_of(name), **student})
        if status is not Status.UPLOADED:
            self.drag(job, status)
            self.wait_for(lambda: self.is_in(job, status))
        return job

    def a_quote(self, weight_g: str = "42.5", **student: str) -> JobNumber:
        """A job that waits for its student's word."""
        job = self.a_job(Status.PENDING, **student)
        self.weigh(job, weight_g)
        self.wait_for(lambda: self.doc(job).confirmation.nonce)
        return job

    @contextmanager
    def without_a_daemon(self) -> Iterator[None]:
        """The daemon has been stopped for a while, and is back at work afterwards."""
        self.daemons.pop().stop()
        self.sql("UPDATE control SET at = at - interval '1 minute' WHERE name = 'health'")
        try:
            yield
        finally:
            self.start()

    def student_page(self, job: JobNumber) -> str:
        """The path of the page that a student follows the job on."""
        return f"/job/{job_token(SECRET, job)}"

    # What can be asked

    def name(self, job: JobNumber) -> str:
        return self.doc(job).student.name

    def mail(self, job: JobNumber, status: Status) -> Mail:
        """How far the last mail about a status is. Raises: StopIteration when none is known."""
        told = reversed(mails(self.doc(job).history))
        return next(mail for mail in told if mail.template is status)

    def is_mailed(self, job: JobNumber, status: Status) -> bool:
        return any(
            mail.template is status and mail.state is MailState.SENT
            for mail in mails(self.doc(job).history)
        )

    def letters(self, job: JobNumber) -> list[EmailMessage]:
        """The mails about a job that have gone."""
        found = sorted((self.settings.data_dir / "mail").glob(f"*_job{job}_*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=default) for path in found]  # type: ignore[misc]


def a_database_beside(url: str, name: str) -> str:
    """An empty, migrated database on the same server: other tests empty theirs at any time."""
    server = connect(url)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    server.dispose()
    beside = make_url(url).set(database=name).render_as_string(hide_password=False)
    migrate(beside)
    return beside
