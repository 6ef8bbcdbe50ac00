"""Every verb of `python -m daemon`, by its exit code and its words."""

import contextlib
import io
import logging
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import text

from daemon import index
from daemon.cli import main
from daemon.database import connect
from daemon.embedded import running_server
from daemon.share import Share
from schemas.events import EventType
from schemas.status import FOLDERS, Status
from tests.integration.running import Running
from tests.lab import Lab, an_stl, dump, empty_database

Done = subprocess.CompletedProcess
VERBS = ("init", "run", "once", "plan", "check", "rebuild", "status", "confirm-loss", "purge")


class Shell:
    """A terminal whose environment has the settings of one share and one database.

    Verbs run in this process, by the function that `python -m daemon` calls: a process for each
    would take ten times as long. `Running.verb` takes the long way.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.share = folder / "share"
        self.settings: dict[str, object] = {
            "SHARE": self.share,
            "DATA_DIR": folder / "data",
            "DATABASE_URL": url,
        }

    def __call__(self, *words: str, **changed: object) -> Done:
        given = {**self.settings, **changed}
        ours = {f"PRINTSYSTEM_{name}": str(value) for name, value in given.items()}
        output, errors = io.StringIO(), io.StringIO()
        handlers, level = logging.root.handlers[:], logging.root.level
        with (
            mock.patch.dict(os.environ, ours),
            contextlib.chdir(self.folder),  # where no `.env` of this project is found
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            try:
                code = main(list(words))
            except SystemExit as end:
                code = int(str(end.code or 0))
            finally:
                logging.root.handlers[:] = handlers
                logging.root.setLevel(level)
        return Done(words, code, output.getvalue(), errors.getvalue())


@pytest.fixture
def shell(database: str, tmp_path: Path) -> Shell:
    """A terminal on an empty database and an absent share."""
    engine = connect(database)
    empty_database(engine)
    engine.dispose()
    return Shell(tmp_path, database)


@pytest.fixture
def idle(lab: Lab, database: str) -> tuple[Lab, Shell]:
    """A share that nobody leads at the moment, and a terminal for it."""
    lab.loop.lease.release()
    return lab, Shell(lab.folder, database)


@pytest.fixture(scope="module")
def bare_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("bare") / "data") as url:
        yield url


def assert_refused(done: Done, *words: str) -> None:
    """One line that says why, and no traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


# Usage and settings


def test_every_verb_has_a_word_of_help(shell: Shell) -> None:
    done = shell("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert verb in done.stdout


@pytest.mark.parametrize("words", [(), ("dance",), ("status", "--loud")], ids=str)
def test_wrong_usage_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    done = shell(*words)
    assert done.returncode == 2
    assert "usage: python -m daemon" in done.stderr


def test_a_setting_that_nobody_knows_stops_every_verb_and_names_the_nearest(shell: Shell) -> None:
    assert_refused(shell("status", SHRE="/somewhere"), "PRINTSYSTEM_SHRE", "PRINTSYSTEM_SHARE")


def test_a_setting_that_does_not_fit_is_named_without_its_value(shell: Shell) -> None:
    done = shell("status", RESCAN_S="soonish")
    assert_refused(done, "PRINTSYSTEM_RESCAN_S")
    assert "soonish" not in done.stderr


def test_an_address_that_is_no_postgresql_is_refused(shell: Shell) -> None:
    assert_refused(shell("status", DATABASE_URL="mysql://u:p@h/d"), "PRINTSYSTEM_DATABASE_URL")


@pytest.mark.parametrize("verb", ["init", "plan", "rebuild"])
def test_a_database_that_does_not_answer_is_said_in_one_line(shell: Shell, verb: str) -> None:
    Share(shell.share).create()
    away = "postgresql://nobody:secret@127.0.0.1:1/none"
    done = shell(verb, DATABASE_URL=away)
    assert_refused(done, "PostgreSQL")
    assert "secret" not in done.stderr


@pytest.mark.parametrize("verb", ["once", "status", "check"])
def test_a_database_without_tables_is_said_in_one_line(
    tmp_path: Path, bare_database: str, verb: str
) -> None:
    shell = Shell(tmp_path, bare_database)
    Share(shell.share).create()
    done = shell(verb)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "init" in done.stderr + done.stdout


# init


def test_init_makes_a_share_of_an_absent_folder_and_can_be_repeated(shell: Shell) -> None:
    assert shell("init").returncode == 0
    marker = (shell.share / ".printsystem/root.json").read_bytes()
    assert all((shell.share / folder).is_dir() for folder in FOLDERS)
    assert shell("init").returncode == 0
    assert (shell.share / ".printsystem/root.json").read_bytes() == marker


def test_init_refuses_a_folder_with_something_else_in_it_and_leaves_it_as_it_was(
    shell: Shell,
) -> None:
    shell.share.mkdir()
    (shell.share / "thesis.txt").write_text("mine")
    assert_refused(shell("init"), "is not empty", "PRINTSYSTEM_SHARE")
    assert [path.name for path in shell.share.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("memory", ["the database", "the data folder"])
def test_init_refuses_the_empty_folder_of_an_unmounted_share_that_it_remembers(
    shell: Shell, memory: str
) -> None:
    assert shell("init").returncode == 0
    if memory == "the database":
        shell("once")
        (shell.folder / "data/share.uuid").unlink()
    else:
        engine = connect(str(shell.settings["DATABASE_URL"]))
        empty_database(engine)
        engine.dispose()
    shell.share.rename(shell.folder / "unmounted")
    shell.share.mkdir()
    assert_refused(shell("init"), "no readable marker", "mount the share")
    assert list(shell.share.iterdir()) == []


def test_init_refuses_another_share_than_the_one_it_remembers(shell: Shell) -> None:
    assert shell("init").returncode == 0
    other = Share(shell.folder / "other")
    other.create()
    assert_refused(shell("init", SHARE=other.root), "is another share")


def test_init_refuses_a_share_with_a_wrong_catalogue_and_names_what_is_wrong(shell: Shell) -> None:
    assert shell("init").returncode == 0
    catalog = shell.share / ".printsystem/catalog.toml"
    catalog.write_text(catalog.read_text().replace("[[methods]]", "[[methods", 1))
    assert_refused(shell("init"), "catalog.toml", "line")


# check


def test_check_finds_nothing_wrong_with_a_sound_system(shell: Shell) -> None:
    shell("init")
    done = shell("check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok ") == 6


def test_check_names_every_fault_and_not_just_the_first(shell: Shell) -> None:
    shell("init")
    (shell.share / ".printsystem/catalog.toml").write_text("lab = 7")
    away = "postgresql://nobody:secret@127.0.0.1:1/none"
    done = shell("check", DATABASE_URL=away, MAIL_BACKEND="smtp")
    assert done.returncode == 1
    failed = [line.split()[1].strip(":") for line in done.stdout.splitlines() if "FAILED" in line]
    assert failed == ["catalogue", "database", "mail"]


def test_check_says_that_another_share_is_mounted(shell: Shell) -> None:
    shell("init")
    shell("once")
    shell.share.rename(shell.folder / "away")
    Share(shell.share).create()
    done = shell("check")
    assert done.returncode == 1
    assert "is another share" in done.stdout


# once, plan, run, status


def test_plan_says_what_once_then_does_and_does_nothing_itself(idle: tuple[Lab, Shell]) -> None:
    lab, shell = idle
    job = lab.submit()
    before = dump(lab.engine)
    said = shell("plan")
    assert said.returncode == 0
    assert f"AdoptJob(job={job}" in said.stdout
    assert dump(lab.engine) == before
    assert shell("once").returncode == 0
    assert lab.status(job) is Status.UPLOADED
    assert "nothing to do" in shell("plan").stdout


def test_once_waits_until_a_walk_in_has_come_to_rest(idle: tuple[Lab, Shell]) -> None:
    lab, shell = idle
    (lab.root / "Uploaded/vase.stl").write_bytes(an_stl())
    assert shell("once").returncode == 0
    assert len(dump(lab.engine)["jobs"]) == 1


def test_once_is_refused_while_a_daemon_runs(lab: Lab, database: str) -> None:
    done = Shell(lab.folder, database)("once")
    assert_refused(done, "another daemon is running")


def test_status_counts_the_jobs_and_is_well_while_a_daemon_runs(
    database: str, tmp_path: Path
) -> None:
    with Running(tmp_path, database) as site:
        site.new_job()
        site.wait_for(lambda: site.health().get("jobs") is not None)
        done = site.verb("status")
        assert done.returncode == 0, done.stdout
        assert "Uploaded             1" in done.stdout
        assert "all is well" in done.stdout


def test_status_is_red_when_no_daemon_runs(shell: Shell) -> None:
    shell("init")
    done = shell("status")
    assert done.returncode == 1
    assert "RED  daemon" in done.stdout


def test_run_stops_at_a_terminate_within_seconds_and_with_0(database: str, tmp_path: Path) -> None:
    with Running(tmp_path, database) as site:
        assert site.daemon.stop() == 0
        assert site.holder() == ""


def test_run_refuses_a_mail_server_that_is_not_named(shell: Shell) -> None:
    shell("init")
    assert_refused(shell("run", MAIL_BACKEND="smtp"), "PRINTSYSTEM_SMTP_HOST")


def test_run_lives_on_with_a_wrong_catalogue_and_says_so(database: str, tmp_path: Path) -> None:
    with Running(tmp_path, database) as site:
        site.daemon.stop()
        catalog = site.root / ".printsystem/catalog.toml"
        sound = catalog.read_text()
        catalog.write_text("lab = 7")
        job = site.submit()
        daemon = site.start(leading=False)
        site.wait_for(lambda: "catalog.toml" in site.health().get("share", ""))
        assert daemon.is_alive()
        catalog.write_text(sound)
        site.wait_for(lambda: site.is_known(job))
        site.wait_for(lambda: site.verb("status").returncode == 0)


# rebuild


def test_rebuild_makes_the_same_index_and_counts_the_jobs(idle: tuple[Lab, Shell]) -> None:
    lab, shell = idle
    assert lab.loop.lead()
    lab.a_job(Status.PRINTING)
    lab.a_job()
    lab.loop.lease.release()
    before = dump(lab.engine)
    done = shell("rebuild")
    assert (done.returncode, done.stdout) == (0, "2 jobs\n")
    assert dump(lab.engine) == before


def test_rebuild_fills_a_database_that_was_dropped(tmp_path: Path, bare_database: str) -> None:
    shell = Shell(tmp_path, bare_database)
    share = Share(shell.share)
    share.create()
    done = shell("rebuild")
    assert (done.returncode, done.stdout) == (0, "0 jobs\n")
    engine = connect(bare_database)
    with engine.connect() as connection:
        assert index.said(connection, "share") == share.uuid
    with engine.begin() as connection:  # for the other tests that want it bare
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def test_rebuild_beside_a_running_daemon_is_followed_by_it(database: str, tmp_path: Path) -> None:
    with Running(tmp_path, database) as site:
        job = site.new_job()
        site.wait_for_rest()
        before = dump(site.engine)
        assert site.verb("rebuild").returncode == 0
        assert dump(site.engine) == before
        site.drag(job, Status.PRINTING)
        site.wait_for(lambda: site.is_in(job, Status.PRINTING))
        assert site.moves(job) == [("Uploaded", "Printing")]


def test_rebuild_refuses_an_empty_mount_point_and_keeps_the_index(idle: tuple[Lab, Shell]) -> None:
    lab, shell = idle
    assert lab.loop.lead()
    lab.a_job()
    lab.loop.lease.release()
    before = dump(lab.engine)
    lab.root.rename(lab.folder / "away")
    lab.root.mkdir()
    assert_refused(shell("rebuild"), "no readable marker")
    assert dump(lab.engine) == before


# confirm-loss


def test_confirm_loss_has_nothing_to_confirm_while_the_brake_is_off(shell: Shell) -> None:
    shell("init")
    done = shell("confirm-loss")
    assert done.returncode == 1
    assert "the brake is not on" in done.stdout


def test_a_great_loss_is_recorded_only_once_it_was_confirmed(database: str, tmp_path: Path) -> None:
    with Running(tmp_path, database) as site:
        jobs = [site.new_job() for _ in range(5)]
        site.wait_for_rest()
        for path in (path for job in jobs for path in site.paths(job)):
            path.unlink()
        site.wait_for(lambda: site.sql("SELECT 1 FROM control WHERE name = 'brake'"), limit_s=40)
        status = site.verb("status")
        assert status.returncode == 1
        assert "confirm-loss" in status.stdout
        assert site.sql("SELECT 1 FROM events WHERE type = 'FileMissing'") == []
        done = site.verb("confirm-loss")
        assert (done.returncode, done.stdout.split()[0]) == (0, "5")
        site.wait_for(lambda: len(site.sql("SELECT 1 FROM events WHERE type = 'FileMissing'")) == 5)


# purge


def test_purge_shows_what_is_due_and_removes_it_only_when_told(idle: tuple[Lab, Shell]) -> None:
    lab, shell = idle
    assert lab.loop.lead()
    old, young = lab.a_job(Status.REJECTED), lab.a_job(Status.PENDING)
    lab.loop.lease.release()
    shown = shell("purge", RETENTION_DAYS=1)
    assert shown.returncode == 0
    assert f"job {old} " in shown.stdout
    assert f"job {young} " not in shown.stdout
    assert len(lab.paths(old)) == 2
    assert shell("purge", "--yes", RETENTION_DAYS=1).returncode == 0
    assert [path.suffix for path in lab.paths(old)] == [".json"]
    assert lab.doc(old).student.email == ""
    assert lab.doc(old).history[-1].type is EventType.PURGED
    assert shell("once").returncode == 0
    assert "0 jobs" in shell("purge", RETENTION_DAYS=1).stdout
    assert lab.events(old, EventType.FILE_MISSING) == []
