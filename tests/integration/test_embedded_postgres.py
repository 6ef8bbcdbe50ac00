"""The embedded PostgreSQL: a real server, killed, restarted and got in the way of."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from pydantic import SecretStr

from daemon import embedded_user
from daemon.embedded import EmbeddedPostgres, database_url, running_server
from daemon.processes import ended_within
from schemas.errors import BadSetting, DatabaseUnavailable
from schemas.settings import Settings

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server that has not been started; whatever runs at the end is stopped."""
    made = EmbeddedPostgres(tmp_path, fsync=False)
    yield made
    made.stop()


def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(question)
        return cursor.fetchall() if cursor.description else []


def pid_of_server(folder: Path) -> int:
    return int((folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def test_a_running_server_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    with running_server(tmp_path) as url:
        assert ask(url, "SELECT current_database(), lower('É')") == [("printsystem", "é")]

    with pytest.raises(psycopg2.OperationalError, match="refused"):
        ask(url, "SELECT 1")


def test_address_and_rows_stay_over_a_restart(server: EmbeddedPostgres) -> None:
    before = server.start()
    ask(before, "CREATE TABLE kept AS SELECT 1 AS n")
    server.stop()

    assert server.start() == before
    assert ask(before, "SELECT n FROM kept") == [(1,)]


def test_a_killed_server_comes_back_at_once_on_the_same_address(server: EmbeddedPostgres) -> None:
    before = server.start()
    ask(before, "CREATE TABLE kept AS SELECT 1 AS n")

    server.kill()

    assert not server.is_running()
    assert server.start() == before
    assert ask(before, "SELECT n FROM kept") == [(1,)]


def test_only_the_server_killed_and_not_its_children_still_comes_back(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    before = server.start()
    with closing(psycopg2.connect(before.replace("+psycopg2", ""))):
        psutil.Process(pid_of_server(tmp_path)).kill()

        assert server.start() == before


def test_a_taken_port_is_left_to_its_owner_and_the_new_one_noted(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    before = server.start()
    server.stop()
    port = int(before.rpartition(":")[2].partition("/")[0])

    with socket.create_server(("127.0.0.1", port)):
        after = server.start()

    assert after != before
    assert database_url(Settings(data_dir=tmp_path)) == after
    assert ask(after, "SELECT 1") == [(1,)]


def test_a_server_left_behind_by_a_killed_owner_is_replaced(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    left_behind = EmbeddedPostgres(tmp_path, fsync=False)
    before = left_behind.start()
    old = psutil.Process(pid_of_server(tmp_path))

    assert server.start() == before

    assert not left_behind._process or left_behind._process.poll() is not None
    assert pid_of_server(tmp_path) != old.pid


def test_a_stale_number_that_another_process_bears_now_does_not_stop_the_start(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.start()
    pid_file = tmp_path / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.kill()
    owner = pid_file.parent.stat().st_uid
    stranger = subprocess.Popen(
        ["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE, user=owner, cwd="/"
    )
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")

        server.start()

        assert stranger.poll() is None
    finally:
        stranger.communicate()


def test_only_who_knows_the_password_gets_in(server: EmbeddedPostgres, tmp_path: Path) -> None:
    url = server.start()
    scheme, _, address = url.partition("printsystem:")

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(f"{scheme}printsystem:guess@{address.partition('@')[2]}", "SELECT 1")
    assert stat.S_IMODE((tmp_path / "database.url").stat().st_mode) == 0o600
    assert "trust" not in effective_lines(tmp_path / "postgres" / "data" / "pg_hba.conf")


def effective_lines(path: Path) -> str:
    return "\n".join(x for x in path.read_text().splitlines() if not x.startswith("#"))


def test_nobody_can_reach_it_from_outside_or_by_a_socket_file(server: EmbeddedPostgres) -> None:
    url = server.start()

    assert ask(url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert ask(url, "SHOW unix_socket_directories") == [("",)]


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_a_server_for_tests_dies_with_the_tests(tmp_path: Path) -> None:
    source = (
        "import sys; from pathlib import Path; from daemon.embedded import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1]), fsync=False).start(); print('up', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        server = psutil.Process(pid_of_server(tmp_path))

        owner.kill()

        assert ended_within([server], limit_s=10)


def test_the_product_flushes_to_disk(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    try:
        assert ask(server.start(), "SHOW fsync") == [("on",)]
    finally:
        server.stop()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            lambda folder: (folder / "postgres" / "data" / "PG_VERSION").write_text("9\n"),
            id="another major version",
        ),
        pytest.param(lambda folder: (folder / "database.url").unlink(), id="password lost"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_set_aside_for_a_new_one(
    server: EmbeddedPostgres, tmp_path: Path, spoil: Any
) -> None:
    ask(server.start(), "CREATE TABLE old AS SELECT 1 AS n")
    server.stop()
    spoil(tmp_path)

    url = server.start()

    assert ask(url, "SELECT to_regclass('old')") == [(None,)]
    assert (tmp_path / "postgres" / "unusable-1" / "PG_VERSION").exists()


def test_a_dropped_database_is_made_again_at_the_next_start(server: EmbeddedPostgres) -> None:
    url = server.start()
    ask(url.removesuffix("printsystem") + "postgres", "DROP DATABASE printsystem")

    server.stop()

    assert ask(server.start(), "SELECT 1") == [(1,)]


def test_a_spoilt_cluster_is_reported_with_what_postgres_said(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.embedded.RETRY_S", 0.0)
    server.start()
    server.stop()
    (tmp_path / "postgres" / "data" / "postgresql.conf").write_text("nonsense = on\n")

    with pytest.raises(DatabaseUnavailable, match=r"nonsense.*possible: see .*postgres\.log"):
        server.start()


@needs_root
def test_started_by_root_it_runs_as_somebody_else_even_below_a_private_folder(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)

    server.start()

    running_as = psutil.Process(pid_of_server(tmp_path)).uids().effective
    assert running_as != 0
    assert (tmp_path / "postgres").stat().st_uid == running_as
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@needs_root
def test_binaries_in_a_private_folder_are_copied_to_where_the_server_can_run_them(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "venv"
    private.symlink_to(embedded_user._installed())
    tmp_path.chmod(0o700)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(embedded_user, "CACHE", Path(cache) / "printsystem")
        monkeypatch.setattr(embedded_user, "_installed", lambda: private)

        assert ask(server.start(), "SELECT 1") == [(1,)]

        copies = [path.name for path in (Path(cache) / "printsystem").iterdir()]
        server.stop()
    assert copies == [f"postgresql-{embedded_user.wheel_version()}"]


@needs_root
def test_an_ordinary_user_is_told_when_the_cluster_is_not_theirs(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    told = """
import os, sys
from pathlib import Path
from daemon.embedded_user import account_for
from schemas.errors import DatabaseUnavailable
home = Path(sys.argv[1])
os.chdir(home.parent)
os.setuid(65534)
try:
    account_for(Path("postgres"))
except DatabaseUnavailable as error:
    print(error)
"""
    tmp_path.chmod(0o755)
    result = subprocess.run(
        [sys.executable, "-c", told, str(tmp_path / "postgres")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "belongs to another user; possible: start as that user" in result.stdout


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_a_given_database_is_used_through_our_driver(tmp_path: Path, scheme: str) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr(f"{scheme}://u:p@db/jobs"))

    assert database_url(settings) == "postgresql+psycopg2://u:p@db/jobs"


def test_another_kind_of_database_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=SecretStr("mysql://u:hunter2@db/jobs"))

    with pytest.raises(BadSetting, match="not an address of a PostgreSQL") as caught:
        database_url(settings)
    assert "hunter2" not in str(caught.value)


def test_without_any_database_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"python3 deploy/start\.py"):
        database_url(Settings(data_dir=tmp_path))
