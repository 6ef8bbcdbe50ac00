"""What breaks in real life: database, disk, mount, the daemon itself. Nothing is lost."""

import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.database import migrate
from daemon.embedded import EmbeddedPostgres
from daemon.outbox import message_id
from daemon.share import Share
from schemas.errors import ShareUnavailable
from schemas.events import EventType
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.running import Running, mount, mounted, remount
from tests.integration.smtp_server import MailServer
from tests.lab import an_stl, dump


def _can_mount() -> bool:
    """Whether this user may mount a file system here; root in a container often may not."""
    if os.geteuid() != 0:
        return False
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


needs_mount = pytest.mark.skipif(
    not _can_mount(), reason="mounts a small file system, which takes root and the right to mount"
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own for a share."""
    with mounted(tmp_path / "mount", size="2m") as place:
        yield place


@pytest.fixture
def site(database: str, tmp_path: Path, place: Path) -> Iterator[Running]:
    """A running daemon whose share is a small file system, all of it."""
    with Running(tmp_path, database, share=place, RESCAN_S=2) as running:
        yield running


def red(site: Running) -> str:
    """What the daemon says of the share: empty when all is well."""
    return str(site.health().get("share", ""))


# The database


def test_postgresql_killed_amid_submissions_and_drags_misses_nothing_and_doubles_nothing(
    tmp_path: Path, server: MailServer
) -> None:
    postgres = EmbeddedPostgres(tmp_path / "postgres", fsync=False)
    try:
        migrate(postgres.start())
        with Running(tmp_path, postgres.url, smtp_port=server.port, UNDO_FOLDER_S=0) as site:
            before = [site.new_job() for _ in range(4)]
            during: list[JobNumber] = []
            site.drag(before[0], Status.REJECTED)
            postgres.kill()
            for job in before[1:]:
                site.drag(job, Status.REJECTED)
                during.append(site.submit())
            site.drag(during[0], Status.REJECTED)
            site.wait_for(lambda: "standing by" in site.daemon.log)
            postgres.start()
            site.engine.dispose()
            site.wait_for(lambda: all(site.is_known(job) for job in during))
            site.wait_for_rest()
            for job in before:
                assert site.moves(job) == [("Uploaded", "Rejected")]
            assert site.moves(during[0]) == [("Uploaded", "Rejected")]
            assert [site.status(job) for job in during[1:]] == [Status.UPLOADED] * 2
            told = Counter(str(one.message["Message-ID"]) for one in server.received)
            assert_told_once(site, told, [*before, *during])
    finally:
        postgres.stop()


def assert_told_once(site: Running, told: Counter[str], jobs: list[JobNumber]) -> None:
    """Each status that mails was told once; twice only where the log says that it is uncertain."""
    for job in jobs:
        sent = [event["data"] for event in site.events(job, EventType.EMAIL_SENT)]
        assert len({data["for"] for data in sent}) == len(sent), job
        for data in sent:
            times = told[message_id(site.share.uuid, job, data["for"])]
            assert times == 1 or (times == 2 and data.get("uncertain")), (job, data)


# The disk


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


@needs_mount
def test_a_full_share_is_said_and_work_goes_on_once_there_is_room(site: Running) -> None:
    job = site.new_job()
    site.wait_for_rest()
    filler = site.root / ".printsystem/filler"
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    before = site.doc(job)
    site.drag(job, Status.PRINTING)
    site.wait_for(lambda: "the disk is full" in red(site))
    assert site.doc(job) == before
    site.wait_for(lambda: site.incoming() == [])  # the daemon tries again now and then
    assert site.moves(job) == []
    with pytest.raises(ShareUnavailable, match="the disk is full"):
        site.share.check_writable()
    filler.unlink()
    site.wait_for(lambda: site.is_in(job, Status.PRINTING))
    site.wait_for(lambda: not red(site))
    site.wait_for_rest()
    assert site.moves(job) == [("Uploaded", "Printing")]


@needs_mount
def test_a_read_only_share_is_said_though_nothing_is_to_do_and_work_goes_on_afterwards(
    site: Running, place: Path
) -> None:
    job = site.new_job()
    site.wait_for_rest()
    before = dump(site.engine)
    remount(place, "ro")
    site.wait_for(lambda: "Read-only file system" in red(site))
    begun = time.monotonic()
    while time.monotonic() - begun < 5.5:  # it stays red, look after look
        assert red(site)
    assert dump(site.engine) == before
    remount(place, "rw")
    site.drag(job, Status.PRINTING)
    site.wait_for(lambda: site.is_in(job, Status.PRINTING))
    site.wait_for(lambda: not red(site))


@needs_mount
def test_an_unmounted_share_loses_nothing_and_the_daemon_stands_still(
    site: Running, place: Path, tmp_path: Path
) -> None:
    jobs = [site.new_job() for _ in range(2)]
    site.wait_for_rest()
    before, kept = dump(site.engine), tmp_path / "kept"
    subprocess.run(["mount", "--bind", str(place), str(kept_folder(kept))], check=True)
    try:
        subprocess.run(["umount", str(place)], check=True)
        site.wait_for(lambda: "no readable marker" in red(site) or "no folder" in red(site))
        assert list(place.iterdir()) == []
        assert dump(site.engine) == before
        subprocess.run(["mount", "--bind", str(kept), str(place)], check=True)
        site.wait_for(lambda: not red(site))
        site.drag(jobs[0], Status.PRINTING)
        site.wait_for(lambda: site.is_in(jobs[0], Status.PRINTING), limit_s=4)
        site.wait_for_rest()
        assert site.moves(jobs[1]) == []
        assert site.sql("SELECT 1 FROM events WHERE type = 'FileMissing'") == []
    finally:
        subprocess.run(["umount", "--lazy", str(kept)], check=True)


def kept_folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    return path


@needs_mount
def test_a_daemon_started_before_its_share_was_mounted_knows_everything_afterwards(
    site: Running, place: Path, tmp_path: Path
) -> None:
    jobs = [site.new_job() for _ in range(2)]
    site.wait_for_rest()
    assert site.daemon.stop() == 0
    before, kept = dump(site.engine), kept_folder(tmp_path / "kept")
    subprocess.run(["mount", "--bind", str(place), str(kept)], check=True)
    try:
        subprocess.run(["umount", str(place)], check=True)
        site.start(leading=False)
        site.wait_for(lambda: "no readable marker" in red(site))
        gone = kept / "Uploaded" / site_name(kept, jobs[0])
        gone.rename(kept / "Rejected" / gone.name)
        subprocess.run(["mount", "--bind", str(kept), str(place)], check=True)
        site.wait_for(lambda: site.is_in(jobs[0], Status.REJECTED))
        site.wait_for_rest()
        assert site.moves(jobs[0]) == [("Uploaded", "Rejected")]
        unchanged = [row for row in before["events"] if row[0]["job"] == jobs[1]]
        assert all(row in dump(site.engine)["events"] for row in unchanged)
        assert len(site.sql("SELECT 1 FROM jobs")) == 2
    finally:
        subprocess.run(["umount", "--lazy", str(kept)], check=True)


def site_name(root: Path, job: JobNumber) -> str:
    """The name of the job's model in Uploaded."""
    return next(path.name for path in (root / "Uploaded").glob(f"*_{job}.stl"))


@needs_mount
def test_another_share_mounted_in_its_place_is_left_alone(site: Running, place: Path) -> None:
    site.new_job()
    site.wait_for_rest()
    before = dump(site.engine)
    mount(place)  # over the first, which stays below
    other = Share(place)
    other.create()
    (place / "Uploaded/vase.stl").write_bytes(an_stl())
    site.wait_for(lambda: "is another share" in red(site))
    site.daemon.stop()
    site.start(leading=False)
    site.wait_for(lambda: "is another share" in site.daemons[-1].log)
    assert dump(site.engine) == before
    assert [path.name for path in (place / "Uploaded").iterdir()] == ["vase.stl"]
    subprocess.run(["umount", str(place)], check=True)
    site.wait_for(lambda: not red(site))
    site.wait_for_rest()
    assert dump(site.engine) == before


# The daemon


def test_kill_9_at_any_moment_of_a_burst_of_drags_loses_nothing_and_tells_everything_once(
    database: str, tmp_path: Path, server: MailServer
) -> None:
    chance = random.Random(20260302)
    with Running(tmp_path, database, smtp_port=server.port, UNDO_FOLDER_S=0) as site:
        jobs = [site.submit() for _ in range(40)]
        site.wait_for(lambda: all(site.is_known(job) for job in jobs))

        def drag_all() -> None:
            for job in jobs:
                site.slice(job)
                site.drag(job, Status.REJECTED)
                time.sleep(0.05)  # as fast as a person with a mouse, and faster

        hand = threading.Thread(target=drag_all)
        hand.start()
        while hand.is_alive():
            hand.join(chance.uniform(0.1, 0.8))
            site.daemons[-1].kill()
            site.sql("UPDATE lease SET expires_at = now()")  # as if its 9 s had passed
            site.start(leading=chance.random() < 0.7)
        for job in jobs:
            site.wait_for(lambda job=job: site.is_in(job, Status.REJECTED))  # type: ignore[misc]
        site.wait_for_rest(limit_s=40)
        site.wait_for(lambda: site.incoming() == [])
        for job in jobs:
            assert site.moves(job) == [("Uploaded", "Rejected")]
            assert len(site.paths(job)) == 3
            assert [event.seq for event in site.doc(job).history] == [
                row["seq"] for row in site.events(job)
            ]
        assert site.sql("SELECT 1 FROM jobs WHERE cardinality(flags) > 0") == []
        told = Counter(str(one.message["Message-ID"]) for one in server.received)
        assert_told_once(site, told, jobs)
        rejected = [e for job in jobs for e in site.events(job, EventType.EMAIL_SENT)]
        assert sum(event["data"]["template"] == "Rejected" for event in rejected) == len(jobs)
