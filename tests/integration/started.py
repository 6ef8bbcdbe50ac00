"""A start of the system in a process of its own, with small programs in place of the real ones."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
PAGES = """
import os, re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

UPLOADED = Path(os.environ["PRINTSYSTEM_SHARE"], "Uploaded")

class Pages(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/healthz" and Path(os.environ["PRINTSYSTEM_DATA_DIR"], "sick").exists():
            return self.answer(503, b'{"ok": false, "faults": {"mail": "no server"}}')
        self.answer(200, b'<form><input name="csrf_token" value="from the form"></form>')

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if b"from the form" not in body:
            return self.answer(400, b"no token")
        name = re.search(rb'name="student_name"\\r\\n\\r\\n(.+?)\\r\\n', body)[1].decode()
        file = re.search(rb'filename="(.+?)"', body)[1].decode()
        (UPLOADED / f"{name.replace(' ', '')}_{file}").write_bytes(body)
        self.send_response(303)
        self.send_header("Location", "/submitted/token")
        self.end_headers()

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PRINTSYSTEM_PORT"])), Pages).serve_forever()
"""
DAEMON = "import signal; signal.pause()"
INIT = """
import os
from pathlib import Path
from schemas.status import FOLDERS
for folder in FOLDERS:
    Path(os.environ["PRINTSYSTEM_SHARE"], folder).mkdir(parents=True, exist_ok=True)
"""
DRIVER = """
import sys
from deploy import run
python = lambda source: (sys.executable, "-c", source)
init, daemon, pages, *arguments = sys.argv[1:]
run.HEALTHY_S = 0.5
sys.exit(run.main(arguments, run.Commands(python(init), python(daemon), python(pages))))
"""


def eventually(ask: Callable[[], T], *, limit_s: float = 30.0) -> T:
    """What `ask` answers once that is true or full."""
    deadline = time.monotonic() + limit_s
    while not (answer := ask()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return answer


def with_stand_ins(
    *arguments: str, init: str = INIT, daemon: str = DAEMON, pages: str = PAGES
) -> tuple[str, ...]:
    """The command that starts the system with these sources as its programs."""
    return (sys.executable, "-c", DRIVER, init, daemon, pages, *arguments)


class Started:
    """A start of the system in a process of its own, on `folder`."""

    def __init__(self, folder: Path, *, command: Sequence[str], **settings: str) -> None:
        self.data_dir = folder / "var"
        self.share = folder / "share"
        given = {"DATA_DIR": self.data_dir, "SHARE": self.share, "PORT": 0, **settings}
        ours = {f"PRINTSYSTEM_{name}": str(value) for name, value in given.items()}
        count = len(list(folder.glob("output-*")))
        self._output = folder / f"output-{count}"
        self._messages = folder / f"messages-{count}"
        with self._output.open("wb") as output, self._messages.open("wb") as messages:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **ours},
                stdout=output,
                stderr=messages,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def messages(self) -> str:
        return self._messages.read_text()

    def url(self) -> str:
        """The address in the ready line, once it is there."""
        ready = eventually(self._ready_or_ended, limit_s=70)
        assert ready != "ended", self.messages
        found = re.search(r"^ready (http://127\.0\.0\.1:\d+) share=(.+)$", ready, re.MULTILINE)
        assert found is not None, ready
        return found[1]

    def _ready_or_ended(self) -> str:
        if "ready" in self.output:
            return self.output
        return "ended" if self.process.poll() is not None else ""

    def pid_of(self, name: str) -> int:
        noted = json.loads((self.data_dir / "programs.json").read_text())
        return int(noted[name]["pid"])

    def postgres(self) -> psutil.Process:
        noted = self.data_dir / "postgres" / "data" / "postmaster.pid"
        return psutil.Process(int(noted.read_text().split()[0]))

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """The exit code, and the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(how)
        return self.process.wait(30), time.monotonic() - begun
