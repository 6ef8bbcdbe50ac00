"""The ear of the pages: hears what the daemon commits, and looks now and then what it missed.

PostgreSQL tells of each commit at once (NOTIFY), but repeats nothing: whatever is written while the
connection is lost, or by somebody who does not tell, goes unheard. So a cheap mark of the index is
compared as well, and after every outage anything may have changed.
"""

import logging
import select
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any

import psycopg2
from sqlalchemy import make_url

from daemon.index import CHANNEL
from schemas.errors import PrintSystemError
from webui.feed import Feed, Health

log = logging.getLogger(__name__)

PULSE_S = 0.5  # how long a turn takes at most when nothing is heard
COMPARE_S = 10.0
ASK_S = 5.0  # the health is asked for this often
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0

_CONNECTION: dict[str, Any] = {
    "application_name": "printsystem pages",
    "connect_timeout": 5,
    "options": "-c statement_timeout=10000",
    # A server that is gone without a word is noticed by the comparison, not after a quarter hour.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 30,
}
_MARK = """
    SELECT count(*), max(updated_at), sum(revision), (SELECT count(*) FROM files WHERE job IS NULL)
    FROM jobs
"""


class Ear:
    """One connection that listens. Turn it from one thread, again and again."""

    def __init__(
        self,
        feed: Feed,
        address: Callable[[], str],
        banners: Callable[[], Sequence[str]],
    ) -> None:
        self._feed = feed
        self._address = address  # asked anew after an outage: the port may have changed
        self._banners = banners
        self._connection: psycopg2.extensions.connection | None = None
        self._mark: tuple[Any, ...] = ()
        self._explained = False  # whether something was heard since the last comparison
        self._fault = ""  # as it was last logged
        self._retry_s = FIRST_RETRY_S
        self._connect_at_s = self._compare_at_s = self._ask_at_s = 0.0

    def turn(self) -> None:
        """Pass on what is heard or found within PULSE_S; outages are outlived."""
        try:
            self._listen()
        except (psycopg2.Error, PrintSystemError) as error:
            self._lost(error)
        if time.monotonic() >= self._ask_at_s:
            self._ask_at_s = time.monotonic() + ASK_S
            self._feed.say(Health(tuple(self._banners()), hears=self._connection is not None))

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg2.Error):
                connection.close()

    def _listen(self) -> None:
        if self._connection is None:
            if time.monotonic() < self._connect_at_s:
                time.sleep(PULSE_S)
                return
            self._connect()
        self._hear()
        if time.monotonic() >= self._compare_at_s:
            self._compare()

    def _connect(self) -> None:
        """Listen from now on. Anything may have changed before."""
        address = make_url(self._address()).set(drivername="postgresql")
        connection = psycopg2.connect(address.render_as_string(hide_password=False), **_CONNECTION)
        self._connection = connection
        connection.autocommit = True
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._mark = self._read_mark()
        self._fault, self._retry_s = "", FIRST_RETRY_S
        self._compare_at_s = time.monotonic() + COMPARE_S
        self._ask_at_s = 0.0
        self._feed.change(())

    def _hear(self) -> None:
        """Wait for a notification, and pass on whatever has come by then."""
        connection = self._open()
        select.select([connection], [], [], PULSE_S)
        connection.poll()
        self._pass_on()

    def _pass_on(self) -> None:
        connection = self._open()
        heard, connection.notifies = list(connection.notifies), []
        if heard:
            self._explained = True
            self._feed.change(jobs_in([notice.payload for notice in heard]))

    def _compare(self) -> None:
        """Tell of a change that nobody told of. What was just heard explains a new mark."""
        mark = self._read_mark()
        self._pass_on()  # of what came with the answer
        if mark != self._mark and not self._explained:
            self._feed.change(())
        self._mark, self._explained = mark, False
        self._compare_at_s = time.monotonic() + COMPARE_S

    def _read_mark(self) -> tuple[Any, ...]:
        with closing(self._open().cursor()) as cursor:
            cursor.execute(_MARK)
            return tuple(cursor.fetchone() or ())

    def _open(self) -> "psycopg2.extensions.connection":
        if self._connection is None:
            raise psycopg2.InterfaceError("not connected")
        return self._connection

    def _lost(self, error: Exception) -> None:
        if self._fault != str(error):
            log.warning("changes are not heard: %s", str(error).strip())
        self._fault = str(error)
        self.close()
        self._connect_at_s = time.monotonic() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        self._ask_at_s = 0.0


def jobs_in(payloads: Sequence[str]) -> set[int]:
    """The job numbers in some notifications; empty when one of them may mean any job."""
    words = [word for payload in payloads for word in payload.split(",")]
    return {int(word) for word in words} if all(word.isdecimal() for word in words) else set()
