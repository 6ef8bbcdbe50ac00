"""One start of the system: real processes, signals, PostgreSQL and HTTP.

The daemon and the pages are small stand-ins, so that what is seen is the start itself; the whole
system is in `test_whole_system`.
"""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from daemon.processes import ended_within
from deploy.owned import Notes
from tests.integration.started import PAGES, Started, eventually, with_stand_ins

IGNORING = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
STUBBORN, STUBBORN_PAGES = IGNORING + "while True: signal.pause()", IGNORING + PAGES
REFUSED = "import sys; sys.exit('this is not our share')"
Starter = Callable[..., Started]
NO_DATABASE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Starts the system on a folder of this test; all of it is gone at the end."""
    made: list[Started] = []

    def begin(*arguments: str, programs: dict[str, str] | None = None, **given: str) -> Started:
        command = with_stand_ins(*arguments, **programs or {})
        made.append(Started(tmp_path, command=command, **given))
        return made[-1]

    yield begin
    for started in made:
        if started.process.poll() is None:
            started.stop()
    assert not [p for p in psutil.process_iter() if is_of(p, tmp_path)]


def is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.environ().get("PRINTSYSTEM_SHARE") == str(folder / "share")
    except psutil.Error:
        return False


def gone(family: list[psutil.Process]) -> bool:
    return ended_within(family, limit_s=5)


def answer(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5) as response:
        return int(response.status)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_when_it_says_ready_and_ends_all_it_began_when_told_to(
    start: Starter, how: signal.Signals
) -> None:
    started = start()
    assert answer(started.url() + "/healthz") == 200
    assert f"share={started.share}\n" in started.output
    family = started.family()

    code, seconds = started.stop(how)

    assert (code, seconds < 10) == (0, True)
    assert len(family) > 3
    assert gone(family)
    assert not (started.data_dir / "programs.json").exists()


def test_programs_that_ignore_the_signal_are_ended_within_ten_seconds(start: Starter) -> None:
    started = start(programs={"daemon": STUBBORN, "pages": STUBBORN_PAGES}, **NO_DATABASE)
    eventually(lambda: started.output or (started.data_dir / "programs.json").exists())
    stubborn = eventually(lambda: [p for p in started.family() if "SIG_IGN" in str(p.cmdline())])

    code, seconds = started.stop()

    assert (code, seconds < 10) == (0, True)
    assert gone(stubborn)


def test_a_second_start_on_the_same_data_is_refused_and_names_the_first(start: Starter) -> None:
    first = start(**NO_DATABASE)
    url = first.url()

    second = start(**NO_DATABASE)

    assert second.process.wait(30) == 1
    assert f"already runs on {first.data_dir}, as process {first.process.pid}" in second.messages
    assert f"kill {first.process.pid}" in second.messages
    assert answer(url) == 200


@pytest.mark.parametrize("name", ["daemon", "web"])
def test_a_program_that_dies_is_started_again(start: Starter, name: str) -> None:
    started = start(**NO_DATABASE)
    url = started.url()
    before = started.pid_of(name)

    os.kill(before, signal.SIGKILL)

    after = eventually(lambda: started.pid_of(name) != before and started.pid_of(name))
    assert psutil.pid_exists(after)
    assert f"{name} ended; starting it again" in started.messages
    eventually(lambda: can_answer(url))


def can_answer(url: str) -> bool:
    try:
        return answer(url) == 200
    except OSError:
        return False


def test_a_postgres_that_dies_is_started_again_where_it_was(start: Starter) -> None:
    started = start()
    started.url()
    address = (started.data_dir / "database.url").read_text()
    before = started.postgres()

    before.kill()

    eventually(lambda: "postgres ended; starting it again" in started.messages)
    eventually(lambda: ready_postgres(started.data_dir) not in {None, before.pid})
    assert (started.data_dir / "database.url").read_text() == address


def ready_postgres(data_dir: Path) -> int | None:
    """The number of the server that says it is ready, alive or not."""
    noted = data_dir / "postgres" / "data" / "postmaster.pid"
    lines = noted.read_text().splitlines() if noted.exists() else []
    return int(lines[0]) if lines[7:8] == ["ready   "] else None


def test_after_kill_9_the_next_start_ends_what_was_left_and_serves(start: Starter) -> None:
    killed = start()
    killed.url()
    leftovers = killed.family()
    killed.stop(signal.SIGKILL)

    started = start()

    assert answer(started.url()) == 200
    assert gone(leftovers)
    assert "ended daemon, left running by a start that was killed" in started.messages


@pytest.mark.parametrize(
    ("began_before_s", "command"),
    [
        pytest.param(3600, ["/bin/cat"], id="another began"),
        pytest.param(0, ["python", "-m", "daemon", "run"], id="another command"),
    ],
)
def test_a_noted_number_that_another_process_bears_now_is_left_alone(
    tmp_path: Path, began_before_s: float, command: list[str]
) -> None:
    stranger = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    Notes(tmp_path).add("daemon", stranger.pid, command)
    noted = json.loads((tmp_path / "programs.json").read_text())
    noted["daemon"]["created"] -= began_before_s
    (tmp_path / "programs.json").write_text(json.dumps(noted))

    assert Notes(tmp_path).end_leftovers() == []

    assert stranger.poll() is None
    stranger.communicate()


def test_a_noted_program_that_still_runs_is_ended(tmp_path: Path) -> None:
    left_running = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    Notes(tmp_path).add("daemon", left_running.pid, ["/bin/cat"])

    assert Notes(tmp_path).end_leftovers() == ["daemon"]

    assert left_running.wait(5) == -signal.SIGTERM
    left_running.communicate()


def test_the_staff_password_is_shown_at_the_first_start_only(start: Starter) -> None:
    shown = re.compile(r"^The staff's password is  \w{4}-\w{4}-\w{4}-\w{4}$", re.MULTILINE)
    first = start(**NO_DATABASE)
    first.url()
    first.stop()

    second = start(**NO_DATABASE)
    second.url()

    assert len(shown.findall(first.output)) == 1
    assert shown.findall(second.output + second.messages + first.messages) == []


def test_a_given_staff_password_is_not_shown(start: Starter) -> None:
    started = start(STAFF_PASSWORD="from-the-lab", **NO_DATABASE)
    started.url()

    assert "staff's password" not in started.output
    assert "from-the-lab" not in started.output + started.messages
    assert (started.data_dir / "staff_password.hash").exists()


def test_when_the_share_is_refused_nothing_runs_and_the_reason_is_shown(start: Starter) -> None:
    started = start(programs={"init": REFUSED})

    assert started.process.wait(30) == 1
    assert "this is not our share" in started.messages
    assert "ready" not in started.output
    assert not (started.data_dir / "programs.json").exists()


def test_pages_that_die_at_once_end_the_start_instead_of_a_long_wait(start: Starter) -> None:
    started = start(programs={"pages": "import sys; sys.exit('no template')"}, **NO_DATABASE)

    assert started.process.wait(30) == 1
    assert "no template" in started.messages
    assert "error: the pages do not answer on http://127.0.0.1:" in started.messages


def test_a_taken_port_is_refused_with_what_to_do(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        started = start(PORT=str(port), **NO_DATABASE)
        assert started.process.wait(30) == 1

    assert f"cannot listen on 127.0.0.1, port {port}" in started.messages
    assert "PRINTSYSTEM_PORT (0: any free one)" in started.messages


def test_a_wrongly_spelt_setting_stops_the_start_and_is_named(start: Starter) -> None:
    started = start(SHAER="x")

    assert started.process.wait(30) == 1
    assert "unknown setting PRINTSYSTEM_SHAER" in started.messages
    assert "PRINTSYSTEM_SHARE" in started.messages


def test_a_data_folder_that_cannot_be_written_is_refused_and_named(
    start: Starter, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    started = start(DATA_DIR=str(tmp_path / "file" / "var"))

    assert started.process.wait(30) == 1
    assert f"PRINTSYSTEM_DATA_DIR: {tmp_path}/file/var cannot be written" in started.messages


def test_pages_that_are_not_well_are_served_with_a_warning_that_says_what_is_not(
    start: Starter, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "sick").touch()

    started = start(**NO_DATABASE)

    started.url()
    assert "warning: mail: no server\n" in started.messages


def test_the_demo_hands_jobs_in_by_the_form_and_moves_two_on(start: Starter) -> None:
    started = start("--demo", **NO_DATABASE)

    started.url()

    assert len(list((started.share / "Uploaded").iterdir())) == 3
    assert len(list((started.share / "Pending").iterdir())) == 1
    assert len(list((started.share / "Rejected").iterdir())) == 1
    assert "demo: 5 jobs handed in" in started.messages


def test_the_demo_leaves_a_share_with_jobs_alone(start: Starter) -> None:
    first = start("--demo", **NO_DATABASE)
    first.url()
    first.stop()

    second = start("--demo", **NO_DATABASE)
    second.url()

    assert "demo: the share has jobs already" in second.messages
    assert len(list(second.share.glob("*/*"))) == 5
