"""Staff at an Explorer: a real Samba server on loopback, and smbclient for the other computer."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.embedded_cluster import free_port
from daemon.processes import ended_within, kill, with_descendants
from schemas.events import AT_THE_FOLDER, EventType
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.running import Running, wait_for
from tests.lab import an_stl

psutil = pytest.importorskip("psutil")
SMBD = shutil.which("smbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SMBCLIENT = shutil.which("smbclient")
pytestmark = pytest.mark.skipif(
    SMBD is None or SMBCLIENT is None,
    reason="needs Samba's smbd and smbclient (Debian: apt install samba smbclient)",
)
CONFIG = """
[global]
    server role = standalone server
    map to guest = Bad User
    guest account = {user}
    smb ports = {port}
    bind interfaces only = yes
    interfaces = 127.0.0.1/8
    disable netbios = yes
    load printers = no
    disable spoolss = yes
    private dir = {home}/private
    lock directory = {home}/lock
    state directory = {home}/state
    cache directory = {home}/cache
    pid directory = {home}/pid
    ncalrpc dir = {home}/ncalrpc
    passdb backend = smbpasswd:{home}/private/smbpasswd
    log file = {home}/log
    log level = 1
[prints]
    path = {root}
    guest ok = yes
    guest only = yes
    force user = {user}
    read only = no
"""


class Samba:
    """A server of its own for one folder, as a lab has it."""

    def __init__(self, home: Path, root: Path) -> None:
        for room in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
            (home / room).mkdir(parents=True)
        self._home = home
        self._config = home / "smb.conf"
        self.port = free_port()
        user = pwd.getpwuid(os.geteuid()).pw_name
        self._config.write_text(CONFIG.format(user=user, port=self.port, home=home, root=root))
        with (home / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [str(SMBD), "--foreground", "--no-process-group", "-s", str(self._config)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # told to end, it ends its whole process group: not ours
            )
        wait_for(self._answers, said=self._words)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self._words()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _words(self) -> str:
        logs = [path.read_text(errors="replace") for path in self._home.glob("log*")]
        return "\n".join([(self._home / "out").read_text(errors="replace"), *logs])[-3000:]

    def command(self, *orders: str) -> list[str]:
        return [
            *(str(SMBCLIENT), "//127.0.0.1/prints", "-p", str(self.port), "-N"),
            *("-s", str(self._config), "-c", "; ".join(orders)),
        ]

    def do(self, *orders: str) -> str:
        """Carry out orders of smbclient, such as `rename "a" "b"`; what it says."""
        done = subprocess.run(
            self.command(*orders), capture_output=True, text=True, timeout=20, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert "NT_STATUS_" not in said, said
        return said

    def end(self) -> None:
        family = with_descendants(psutil.Process(self._process.pid))
        self._process.send_signal(signal.SIGTERM)
        if not ended_within(family, 3):
            kill(family)
        self._process.wait(5)


@pytest.fixture
def site(database: str, tmp_path: Path) -> Iterator[Running]:
    """A running daemon that learns of what other computers do from the watcher alone."""
    with Running(tmp_path, database, RESCAN_S=3600) as running:
        yield running


@pytest.fixture
def samba(site: Running, tmp_path: Path) -> Iterator[Samba]:
    server = Samba(tmp_path / "samba", site.root)
    yield server
    server.end()


def moved_by(site: Running, job: JobNumber) -> list[tuple[str, str, str]]:
    rows = site.events(job, EventType.STATUS_CHANGED)
    return [(row["data"]["from"], row["data"]["to"], row["by"]) for row in rows]


def smb(path: Path, site: Running) -> str:
    """A path as the other computer names it, in quotation marks."""
    return '"' + path.relative_to(site.root).as_posix().replace("/", "\\") + '"'


@contextmanager
def half_put(
    samba: Samba, site: Running, folder: Path, data: bytes
) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[bytes], object]]]:
    """A put of `data` as vase.stl that has come half way; the client, and what sends it more."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    client = subprocess.Popen(
        samba.command(f'put "{pipe}" "Uploaded\\vase.stl"'),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    arriving = site.root / "Uploaded/vase.stl"
    try:
        with pipe.open("wb", buffering=0) as end:
            end.write(data[: len(data) // 2])
            site.wait_for(lambda: arriving.exists() and arriving.stat().st_size > 0)
            yield client, end.write
    finally:
        if client.poll() is None and sys.exc_info()[0] is not None:
            client.kill()
        client.wait(10)


def test_a_model_put_into_a_folder_from_another_computer_is_a_walk_in(
    site: Running, samba: Samba, tmp_path: Path
) -> None:
    model = tmp_path / "My Vase.stl"
    model.write_bytes(an_stl(triangles=500))
    samba.do(f'put "{model}" "Uploaded\\My Vase.stl"')
    site.wait_for(lambda: site.sql("SELECT 1 FROM jobs"))
    site.wait_for_rest()
    (job,) = (JobNumber(number) for (number,) in site.sql("SELECT number FROM jobs"))
    assert [path.name for path in site.paths(job)] == [
        "MyVase_Unknown_Unknown_1.stl",
        "MyVase_Unknown_Unknown_1.metadata.json",
    ]
    assert site.model(job).read_bytes() == model.read_bytes()
    assert "walk_in" in site.flags(job)


def test_a_model_dragged_alone_from_another_computer_takes_its_companions_along(
    site: Running, samba: Samba
) -> None:
    job = site.new_job()
    sliced = site.slice(job)
    site.wait_for(lambda: site.events(job, EventType.FILE_ADDED))
    name = site.model(job).name
    samba.do(f'rename "Uploaded\\{name}" "Pending\\{name}"')
    site.wait_for(lambda: site.is_in(job, Status.PENDING))
    site.wait_for_rest()
    assert {path.name for path in site.paths(job)} >= {name, sliced.name}
    assert moved_by(site, job) == [("Uploaded", "Pending", AT_THE_FOLDER)]


def test_a_model_dragged_back_from_another_computer_is_two_moves_and_no_mail(
    site: Running, samba: Samba
) -> None:
    site.daemon.stop()
    site.start(UNDO_FOLDER_S=30)
    job = site.new_job()
    name = site.model(job).name
    samba.do(f'rename "Uploaded\\{name}" "Rejected\\{name}"')
    site.wait_for(lambda: site.is_in(job, Status.REJECTED))
    samba.do(f'rename "Rejected\\{name}" "Uploaded\\{name}"')
    site.wait_for(lambda: site.is_in(job, Status.UPLOADED))
    assert [(a, b) for a, b, _ in moved_by(site, job)] == [
        ("Uploaded", "Rejected"),
        ("Rejected", "Uploaded"),
    ]
    assert ("Rejected", "cancelled") in site.mail_states(job)


def test_a_folder_of_jobs_dragged_from_another_computer_takes_its_jobs_along(
    site: Running, samba: Samba
) -> None:
    jobs = [site.new_job() for _ in range(3)]
    site.wait_for_rest()
    samba.do('mkdir "Uploaded\\batch"')
    for path in (path for job in jobs for path in site.paths(job)):
        samba.do(f'rename {smb(path, site)} "Uploaded\\batch\\{path.name}"')
    site.wait_for_rest()
    samba.do('rename "Uploaded\\batch" "Printing\\batch"')
    for job in jobs:
        site.wait_for(lambda job=job: site.status(job) is Status.PRINTING)  # type: ignore[misc]
    site.wait_for_rest()
    assert {path.parent for job in jobs for path in site.paths(job)} == {
        site.root / "Printing/batch"
    }
    assert [moved_by(site, job) for job in jobs] == [
        [("Uploaded", "Printing", AT_THE_FOLDER)]
    ] * len(jobs)


def test_a_put_that_breaks_off_half_way_is_taken_only_once_it_was_repeated(
    site: Running, samba: Samba, tmp_path: Path
) -> None:
    data, whole = an_stl(triangles=700_000), tmp_path / "whole.stl"
    whole.write_bytes(data)
    arriving = site.root / "Uploaded/vase.stl"
    with half_put(samba, site, tmp_path, data) as (client, _):
        client.kill()
        client.wait(5)
    site.wait_for(lambda: site.sql("SELECT 1 FROM files WHERE path = 'Uploaded/vase.stl'"))
    assert 0 < arriving.stat().st_size < len(data)
    assert site.sql("SELECT 1 FROM jobs") == []
    samba.do(f'put "{whole}" "Uploaded\\vase.stl"')
    site.wait_for(lambda: site.sql("SELECT 1 FROM jobs"))
    site.wait_for_rest()
    assert site.model(JobNumber(1)).read_bytes() == data


def test_a_put_that_pauses_for_longer_than_the_quiet_time_is_taken_only_once_it_is_whole(
    site: Running, samba: Samba, tmp_path: Path
) -> None:
    data = an_stl(triangles=700_000)
    with half_put(samba, site, tmp_path, data) as (client, send):
        site.wait_for(lambda: site.sql("SELECT 1 FROM files WHERE path = 'Uploaded/vase.stl'"))
        assert site.sql("SELECT 1 FROM jobs") == []
        send(data[len(data) // 2 :])
    assert client.wait(10) == 0
    site.wait_for(lambda: site.sql("SELECT 1 FROM jobs"))
    site.wait_for_rest()
    assert site.model(JobNumber(1)).read_bytes() == data
    assert len(site.sql("SELECT 1 FROM jobs")) == 1


def test_a_name_that_comes_back_in_other_letters_is_still_the_same_job(
    site: Running, samba: Samba
) -> None:
    job = site.new_job()
    site.wait_for_rest()
    name = site.model(job).name
    samba.do(f'rename "Uploaded\\{name}" "Pending\\{name.upper()}"')
    site.wait_for(lambda: site.status(job) is Status.PENDING)
    site.wait_for_rest()
    assert len(site.sql("SELECT 1 FROM jobs")) == 1
    assert {path.parent.name for path in site.paths(job)} == {"Pending"}
    assert moved_by(site, job) == [("Uploaded", "Pending", AT_THE_FOLDER)]
    assert site.events(job, EventType.FILE_MISSING) == []


def test_names_that_differ_in_case_alone_are_two_walk_ins(
    site: Running, samba: Samba, tmp_path: Path
) -> None:
    for name, folder in (("vase.stl", "Uploaded"), ("VASE.STL", "Pending")):
        (tmp_path / name).write_bytes(an_stl())
        samba.do(f'put "{tmp_path / name}" "{folder}\\{name}"')
    site.wait_for(lambda: len(site.sql("SELECT 1 FROM jobs")) == 2)
    site.wait_for_rest()
    stems = {stem for (stem,) in site.sql("SELECT stem FROM jobs")}
    assert len(stems) == 2


def test_a_burst_of_drags_from_another_computer_is_seen_whole_and_soon(
    site: Running, samba: Samba
) -> None:
    jobs = [site.new_job() for _ in range(12)]
    site.wait_for_rest()
    names = [site.model(job).name for job in jobs]
    begun = time.monotonic()
    samba.do(*(f'rename "Uploaded\\{name}" "Printing\\{name}"' for name in names))
    for job in jobs:
        site.wait_for(lambda job=job: site.status(job) is Status.PRINTING)  # type: ignore[misc]
    assert time.monotonic() - begun < 10
    site.wait_for_rest()
    assert [len(site.moves(job)) for job in jobs] == [1] * len(jobs)
