"""Run the whole system in front until it is told to stop: PostgreSQL, the daemon, the pages.

`deploy.start` becomes this once the virtual environment stands. The order is that of need:
PostgreSQL, `daemon init`, the staff's password, daemon and pages, the ready line; then whatever
dies is started again. What stops, stops in the opposite order and within ten seconds.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from daemon import keys
from daemon.embedded import EmbeddedPostgres
from deploy import demo, health
from deploy.owned import Notes, only_start_on
from deploy.supervise import Program, Supervisor
from schemas.errors import BadSetting, PrintSystemError
from schemas.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
HEALTHY_S = 30.0  # then the pages only have to answer
ANSWER_S = 60.0
HOPELESS_STARTS = 4  # pages that never answered and died this often will not come up
TICK_S = 0.1


class StartFailed(PrintSystemError):
    """A part of the system could not be brought up."""

    code = "start_failed"


@dataclass(frozen=True)
class Commands:
    """The programs that make up the system; tests put small ones in their place."""

    init: tuple[str, ...] = (sys.executable, "-m", "daemon", "init")
    daemon: tuple[str, ...] = (sys.executable, "-m", "daemon", "run")
    pages: tuple[str, ...] = (sys.executable, "-m", "webui")


def say(text: str, *, to: TextIO = sys.stderr) -> None:
    """Tell the person at the terminal, who may have closed it by now."""
    with contextlib.suppress(OSError):
        print(text, file=to, flush=True)


def main(arguments: list[str], commands: Commands | None = None) -> int:
    """Run until a signal; 0 for a stop in order, 1 when something was refused or failed."""
    stop = _stop_on_signals()
    try:
        settings = Settings.load(env_file=ROOT / ".env")
        start = Start(settings, commands or Commands(), stop, with_demo="--demo" in arguments)
        with only_start_on(start.data_dir), contextlib.ExitStack() as running:
            start.bring_up(running)
            start.watch()
            say("stopping")
    except PrintSystemError as error:
        if stop.is_set():  # it failed because it was told to stop
            return 0
        say(f"error: {error}")
        return 1
    return 0


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; they interrupt nothing else."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a job in the background
            signal.signal(number, lambda *_: stop.set())
    return stop


class Start:
    """One start of the system on one DATA_DIR."""

    def __init__(
        self, settings: Settings, commands: Commands, stop: threading.Event, *, with_demo: bool
    ) -> None:
        self.data_dir = settings.data_dir.absolute()
        self._settings = settings
        self._commands = commands
        self._stop = stop
        self._with_demo = with_demo
        self._notes = Notes(self.data_dir)
        self._database: EmbeddedPostgres | None = None
        self._programs: tuple[Program, ...] = ()
        self._supervisor = Supervisor((), say=say)
        self._url = ""

    def bring_up(self, running: contextlib.ExitStack) -> None:
        """Start everything and say so; `running` holds what has to be stopped at the end.

        Raises: PrintSystemError when a part cannot be brought up.
        """
        for name in self._notes.end_leftovers():
            say(f"ended {name}, left running by a start that was killed")
        self._choose_address()
        self._start_database(running)
        self._init()
        self._tell_new_password()
        self._start_programs(running)
        if self._wait_until_serving():
            self._fill_demo()
            share = self._settings.share.absolute()
            say(f"ready {self._url} share={share}", to=sys.stdout)

    def watch(self) -> None:
        """Start again whatever dies, until told to stop."""
        address = self._database.url if self._database else ""
        while not self._stop.wait(TICK_S):
            self._supervisor.look()
            if self._database and self._database.url != address:
                address = self._database.url
                say("PostgreSQL had to change its port; starting the programs again")
                for program in self._programs:
                    program.stop()

    def _choose_address(self) -> None:
        host, port = self._settings.host, self._settings.port
        with _listening(host, port) as found:
            port = found
        self._settings = self._settings.model_copy(update={"port": port})
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        self._url = f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}"

    def _start_database(self, running: contextlib.ExitStack) -> None:
        if self._settings.database_url.get_secret_value():
            return
        self._database = EmbeddedPostgres(self.data_dir, wanted=lambda: not self._stop.is_set())
        running.callback(self._database.stop)
        self._database.start()

    def _environment(self) -> dict[str, str]:
        port = str(self._settings.port)
        return {**os.environ, "PRINTSYSTEM_PORT": port, "PYTHONUNBUFFERED": "1"}

    def _init(self) -> None:
        """Migrate the database and make the share; what it refuses it says itself."""
        with subprocess.Popen(
            self._commands.init, cwd=ROOT, env=self._environment(), start_new_session=True
        ) as process:
            while process.poll() is None:
                if self._stop.wait(0.02):
                    process.kill()
        if process.returncode != 0:
            raise StartFailed(
                f"the share and the database could not be made ready (exit {process.returncode})",
                possible="see the lines above",
            )

    def _tell_new_password(self) -> None:
        if keys.has_staff_password(self._settings):
            keys.staff_password_hash(self._settings)  # hashed once, here, and not by each program
            return
        password = keys.new_staff_password()
        keys.set_staff_password(self.data_dir, password)
        say(
            f"\nThe staff's password is  {password}\n"
            "It is shown only now and kept only as a hash. For another one set "
            "PRINTSYSTEM_STAFF_PASSWORD,\n"
            f"or delete {self.data_dir / 'staff_password.hash'} and start again.\n",
            to=sys.stdout,
        )

    def _start_programs(self, running: contextlib.ExitStack) -> None:
        self._programs = tuple(
            Program(name, command, environment=self._environment(), folder=ROOT, notes=self._notes)
            for name, command in (("daemon", self._commands.daemon), ("web", self._commands.pages))
        )
        database = (self._database,) if self._database else ()
        self._supervisor = Supervisor((*database, *self._programs), say=say)
        running.callback(self._notes.clear)
        running.callback(self._supervisor.stop)
        self._supervisor.look()

    def _wait_until_serving(self) -> bool:
        """Whether the pages serve now; False when told to stop meanwhile."""
        begun = time.monotonic()
        while not self._stop.wait(TICK_S):
            self._supervisor.look()
            found, waited_s = health.ask(self._url), time.monotonic() - begun
            if found and (found.is_well or waited_s > HEALTHY_S):
                for part, why in found.faults.items():
                    say(f"warning: {part}: {why}")
                return True
            pages = self._programs[-1]
            if not found and (waited_s > ANSWER_S or pages.starts > HOPELESS_STARTS):
                raise StartFailed(
                    f"the pages do not answer on {self._url}", possible="see the lines above"
                )
        return False

    def _fill_demo(self) -> None:
        if not self._with_demo:
            return
        try:
            made = demo.fill(self._settings.share, self._url)
            say(f"demo: {made} jobs handed in" if made else "demo: the share has jobs already")
        except demo.DemoRefused as refused:
            say(f"warning: the demo could not be filled in: {refused}")


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[int]:
    """Take the address for a moment, to learn whether it is free, and which port 0 becomes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise BadSetting(
            f"the pages cannot listen on {host}, port {port} ({error.strerror})",
            possible="stop what does, or set PRINTSYSTEM_PORT (0: any free one) "
            "and PRINTSYSTEM_HOST to an address of this machine",
        ) from None
    with listener:
        yield int(listener.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
