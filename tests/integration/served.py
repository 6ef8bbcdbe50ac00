"""The real pages, `python -m webui`, in a process of their own, and a browser before them."""

import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.integration.running import wait_for
from tests.listener import PATH, Listener

PASSWORD = "open sesame"
# The same program with other limits, so that a test need not wait for minutes.
_HURRIED = """
import sys
from functools import partial
from webui import __main__, health, listening, live
live.Limits = partial(live.Limits, **{limits})
health.PROBE_S, listening.ASK_S, listening.COMPARE_S = 0.1, 0.2, 0.5
sys.exit(__main__.main())
"""


class Served:
    """The pages on a free port; `limits` are those of `webui.live`, by default the real ones."""

    def __init__(self, folder: Path, environment: Mapping[str, str], **limits: float) -> None:
        self.port = _free_port()
        self.listeners: list[Listener] = []
        self._log = folder / f"pages-{self.port}.log"
        program = ["-c", _HURRIED.format(limits=limits)] if limits else ["-m", "webui"]
        ours = {"PRINTSYSTEM_PORT": str(self.port), "PRINTSYSTEM_STAFF_PASSWORD": PASSWORD}
        with self._log.open("wb") as messages:
            self.process = subprocess.Popen(
                [sys.executable, *program],
                cwd=folder,
                env={**environment, **ours},
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=messages,
            )
        self.browser = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    def __enter__(self) -> Self:
        wait_for(self.answers, said=lambda: self.log)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for listener in self.listeners:
            listener.close()
        self.browser.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    @property
    def program(self) -> psutil.Process:
        """The program as the system sees it."""
        return psutil.Process(self.process.pid)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def answers(self) -> bool:
        try:
            return self.browser.get("/healthz").status_code in (200, 503)
        except httpx.TransportError:
            return False

    def log_in(self) -> Self:
        """Staff log in with the password."""
        found = re.search(
            r'name="csrf_token" value="([^"]+)"', self.browser.get("/staff/login").text
        )
        assert found is not None
        form = {"password": PASSWORD, "csrf_token": found[1]}
        assert self.browser.post("/staff/login", data=form).status_code == 303
        return self

    def listen(self) -> Listener:
        """One more page that wants to listen with the browser's cookies; it may be refused."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        listener = Listener(self.port, cookies)
        self.listeners.append(listener)
        return listener

    def listening(self) -> Listener:
        """A page that listens and has been greeted, once there is a place for it."""
        listener = wait_for(self._listen_if_possible)
        listener.wait_for(lambda event: event.name == "hello")
        return listener

    def _listen_if_possible(self) -> Listener | None:
        listener = self.listen()
        return listener if listener.status == 200 else None

    def has_room(self) -> bool:
        """Whether one more page could listen."""
        return self.browser.head(PATH).status_code == 200

    def stall_an_upload(self) -> socket.socket:
        """Somebody begins to send a model and stops in the middle."""
        upload = socket.create_connection(("127.0.0.1", self.port))
        upload.sendall(
            b"POST /submit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        return upload

    def stop(self) -> int:
        """End the program in order; its exit code."""
        self.process.terminate()
        return self.process.wait(30)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
