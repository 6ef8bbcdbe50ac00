"""The index as the pages use it: read when it is there, done without when it is not.

The pages start and serve with PostgreSQL down. So the connection is made at the first use, and
anew after an outage; while nothing answers it is not tried at every click.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError

from daemon import queries
from daemon.database import connect
from daemon.index import database_faults, lock_job
from schemas.errors import DatabaseUnavailable, FileBusy
from schemas.naming import JobNumber, Role
from schemas.status import Status
from schemas.tables import files, jobs

DOWN_S = 2.0  # an outage is believed for so long before the next try
PATIENCE_S = 2.0  # how long a page waits for the daemon to take note of what was done
_POLL_S = 0.02


class Index:
    """PostgreSQL, perhaps. `address` is asked again after an outage: the port may have changed."""

    def __init__(self, address: Callable[[], str], *, patience_s: float = PATIENCE_S) -> None:
        self.patience_s = patience_s
        self._address = address
        self._engine: Engine | None = None
        self._down: tuple[float, DatabaseUnavailable] | None = None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that has just answered. Raises: DatabaseUnavailable."""
        connection = self._connection()
        try:
            with database_faults():
                yield connection
        finally:
            _close(connection)

    def lock(self, number: JobNumber) -> Connection | None:
        """Hold a job's lock until `release`; None while the database is down: go on without.

        Raises: FileBusy when another hand has held the job for 10 s.
        """
        try:
            connection = self._connection()
        except DatabaseUnavailable:
            return None
        try:
            lock_job(connection, number)
        except DBAPIError as error:
            _close(connection)
            if type(error.orig).__name__ == "LockNotAvailable":
                raise FileBusy(
                    f"job {number} is being worked on by another program",
                    possible="try again in a moment",
                ) from None
            return None
        return connection

    def release(self, held: Connection | None) -> None:
        """Give a lock back; what was done on the share stands, whatever the database says now."""
        if held is not None:
            _close(held)

    def paths_of(self, number: JobNumber) -> list[str]:
        """Where the files of a job were seen last; empty when nobody can tell."""
        with suppress(DatabaseUnavailable), self.reading() as connection:
            return [str(row["path"]) for row in queries.files_of(connection, number)]
        return []

    def jobs_with(self, email: str, sha256: str) -> list[JobNumber]:
        """Jobs on their way of this student with these bytes; empty when nobody can tell."""
        with suppress(DatabaseUnavailable), self.reading() as connection:
            return queries.jobs_with(connection, email, sha256)
        return []

    def is_in_step(self, number: JobNumber, revision: int, status: Status) -> bool:
        """Whether the index comes to know a revision of a job, and its status, in good time."""
        end_s = time.monotonic() + self.patience_s
        with suppress(DatabaseUnavailable):
            while True:
                with self.reading() as connection:
                    row = _standing(connection, number)
                if row is not None and row[0] >= revision and row[1] is status:
                    return True
                if time.monotonic() > end_s:
                    return False
                time.sleep(_POLL_S)
        return False

    def close(self) -> None:
        """Let all connections go."""
        if self._engine is not None:
            self._engine.dispose()

    def _connection(self) -> Connection:
        if self._down is not None and time.monotonic() < self._down[0]:
            raise self._down[1]
        try:
            try:
                return self._answering()
            except DatabaseUnavailable:  # connections from before a restart look alive and are not
                self._forget()
                return self._answering()
        except DatabaseUnavailable as error:
            self._forget()
            self._down = (time.monotonic() + DOWN_S, error)
            raise

    def _answering(self) -> Connection:
        if self._engine is None:
            self._engine = connect(self._address())
        connection = None
        try:
            with database_faults():
                connection = self._engine.connect()
                connection.execute(select(jobs.c.number).limit(1))
        except ProgrammingError as error:
            _close(connection)
            raise DatabaseUnavailable(
                "the database is not up to date", possible="run: python -m daemon init"
            ) from error
        except BaseException:
            _close(connection)
            raise
        self._down = None
        return connection

    def _forget(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()


def _standing(connection: Connection, number: JobNumber) -> tuple[int, Status] | None:
    columns = select(jobs.c.revision, jobs.c.status).where(jobs.c.number == number)
    row = connection.execute(columns).first()
    return (int(row[0]), Status(row[1])) if row is not None else None


def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(SQLAlchemyError):
            connection.close()


def original_names(connection: Connection, numbers: list[int]) -> dict[int, str]:
    """What students called their models, by job."""
    wanted: Any = select(files.c.job, files.c.original_name).where(
        files.c.job.in_(numbers), files.c.role == Role.MODEL, files.c.original_name.is_not(None)
    )
    return {job: name for job, name in connection.execute(wanted)}
