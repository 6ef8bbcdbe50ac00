"""A page that listens to what happens: server-sent events, read as a browser reads them."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PATH = "/api/v1/changes"


@dataclass(frozen=True)
class Event:
    """One event; `at_s` is when it was there, by `time.perf_counter`."""

    name: str
    data: dict[str, Any]
    at_s: float


class Listener:
    """One open stream. `status` is 200 when it is one; otherwise there are no events."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.heard: list[Event] = []
        self.comments = 0
        self.has_ended = False
        self._more = threading.Condition()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._connection.request("GET", PATH, headers={"Cookie": cookie})
        self._socket = self._connection.sock  # forgotten by http.client when it reads to the end
        self._response = self._connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Go away, as a closed tab does."""
        with suppress(OSError):  # it may have ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._response.close()
        self._socket.close()
        self._connection.close()

    def wait_for(self, asked: Callable[[Event], bool], *, limit_s: float = 20.0) -> Event:
        """The first event that is asked for. Raises: AssertionError when none comes."""
        with self._more:
            self._more.wait_for(lambda: any(map(asked, self.heard)) or self.has_ended, limit_s)
            found = next(filter(asked, self.heard), None)
        assert found is not None, f"not heard within {limit_s:g} s: {self.heard}"
        return found

    def wait_for_job(self, job: int, *, limit_s: float = 20.0, after_s: float = 0.0) -> Event:
        """The first event after a moment that names a job."""

        def names_it(event: Event) -> bool:
            return event.at_s > after_s and job in event.data.get("jobs", ())

        return self.wait_for(names_it, limit_s=limit_s)

    def forget(self) -> None:
        """What was heard so far counts no more."""
        with self._more:
            self.heard.clear()

    def _read(self) -> None:
        lines: list[str] = []
        with suppress(OSError, http.client.HTTPException, ValueError):  # closed, by either side
            for raw in self._response:
                line = raw.decode().rstrip("\n")
                if line:
                    lines.append(line)
                else:
                    self._take(lines)
                    lines = []
        with self._more:
            self.has_ended = True
            self._more.notify_all()

    def _take(self, lines: list[str]) -> None:
        at_s = time.perf_counter()
        fields = {key: value for key, _, value in (line.partition(": ") for line in lines)}
        with self._more:
            self.comments += "" in fields
            if "event" in fields:
                self.heard.append(Event(fields["event"], json.loads(fields["data"]), at_s))
            self._more.notify_all()
