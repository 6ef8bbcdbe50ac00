"""The real watcher on a real folder, and the ways in which it is known to go deaf."""

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.leader import Lease
from daemon.service import Loop
from daemon.share import Share
from daemon.watch import Watcher
from daemon.world import World, policy_of
from schemas.status import FOLDERS, Status
from tests.integration.running import Running, wait_for
from tests.lab import Lab, an_stl

NEVER_S = 3600.0


@pytest.fixture
def share(tmp_path: Path) -> Share:
    made = Share(tmp_path / "share")
    made.create()
    return made


@contextmanager
def watching(share: Share) -> Iterator[Watcher]:
    """A watcher that has begun; the look it asks for at first is taken."""
    watcher = Watcher(share.root, share.canary, lambda: None)
    watcher.start()
    watcher.ears.take()
    try:
        yield watcher
    finally:
        watcher.stop()


@contextmanager
def looping(lab: Lab, *, rescan_s: float) -> Iterator[Loop]:
    """The loop at work in a thread, on the lab's share and by the wall's clock."""
    lab.loop.lease.release()
    share = Share(lab.root)
    world = World(
        share=share,
        engine=lab.engine,
        policy=lambda: policy_of(lab.settings, share.catalog()),
        guard=lambda: None,
        new_nonce=lambda: "nonce",
    )
    loop = Loop(world, Lease(lab.engine, "watched"), rescan_s=rescan_s)
    stop = threading.Event()
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    try:
        wait_for(loop.watcher.canary_returned)
        yield loop
    finally:
        stop.set()
        loop.wake.set()
        thread.join(10)


def status_in_index(lab: Lab, job: int, status: Status) -> bool:
    return lab.status(job) is status  # type: ignore[arg-type]


def test_a_drag_is_in_the_index_within_a_second_though_nothing_is_rescanned(
    database: str, tmp_path: Path
) -> None:
    with Running(tmp_path, database, RESCAN_S=NEVER_S) as site:
        job = site.new_job()
        site.wait_for_rest()
        site.drag(job, Status.PENDING)
        site.wait_for(lambda: site.is_in(job, Status.PENDING), limit_s=1)


def test_a_file_that_comes_from_outside_and_one_that_goes_are_heard(share: Share) -> None:
    outside = share.root.parent / "vase.stl"
    outside.write_bytes(an_stl())
    with watching(share) as watcher:
        outside.rename(share.root / "Uploaded/vase.stl")
        wait_for(lambda: "Uploaded/vase.stl" in watcher.ears.take().paths, limit_s=3)
        (share.root / "Uploaded/vase.stl").rename(outside)
        wait_for(lambda: "Uploaded/vase.stl" in watcher.ears.take().paths, limit_s=3)


def test_files_in_a_folder_that_staff_made_are_heard(share: Share) -> None:
    with watching(share) as watcher:
        made = share.root / "Printing/Prusa XL"
        made.mkdir()
        wait_for(lambda: watcher.ears.take().everything, limit_s=3)
        (made / "vase.stl").write_bytes(an_stl())
        wait_for(lambda: "Printing/Prusa XL/vase.stl" in watcher.ears.take().paths, limit_s=3)


def test_the_canary_comes_back_and_asks_for_no_look(share: Share) -> None:
    with watching(share) as watcher:
        watcher.send_canary()
        wait_for(watcher.canary_returned, limit_s=3)
        assert not watcher.ears.take()


def test_a_canary_that_is_sent_to_the_deaf_does_not_come_back(share: Share) -> None:
    with watching(share) as watcher:
        watcher.stop()
        watcher.send_canary()
        assert not watcher.is_alive()
        assert not watcher.canary_returned()


@pytest.mark.parametrize("name", ["inotify_c", "inotify"])
def test_the_warning_of_a_full_queue_asks_for_a_look_at_everything(share: Share, name: str) -> None:
    with watching(share) as watcher:
        logging.getLogger(f"watchdog.observers.{name}").warning("Inotify queue overflowed")
        assert watcher.ears.take().everything


def test_a_watcher_that_cannot_start_leaves_nothing_open(share: Share) -> None:
    shutil.rmtree(share.root)
    watcher = Watcher(share.root, share.canary, lambda: None)
    watcher.start()
    before, threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for _ in range(20):
        watcher.stop()
        watcher.start()
    assert not watcher.is_alive()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert threading.active_count() <= threads


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_handler_that_fails_is_heard_with_again_after_a_moment(lab: Lab) -> None:
    job = lab.a_job()
    with looping(lab, rescan_s=NEVER_S) as loop:
        ears = loop.watcher.ears
        sound = ears.take
        failing = iter([True])

        def fail_once() -> None:
            if next(failing, False):
                raise RuntimeError("a bug in the handler")
            loop.wake.set()

        ears._wake = fail_once
        (lab.root / "Uploaded/notes.txt").write_text("the event of this kills watchdog's thread")
        wait_for(lambda: next(iter(failing), None) is None and loop.watcher.is_alive())
        assert ears.take == sound
        lab.drag(job, Status.PENDING)
        wait_for(lambda: status_in_index(lab, job, Status.PENDING), limit_s=8)


def test_a_reader_that_died_is_noticed_and_the_watcher_started_anew(lab: Lab) -> None:
    job = lab.a_job()
    with looping(lab, rescan_s=NEVER_S) as loop:
        (emitter,) = loop.watcher._observer.emitters  # type: ignore[union-attr]
        emitter.stop()
        emitter.join()
        assert not loop.watcher.is_alive()
        wait_for(loop.watcher.is_alive, limit_s=8)
        lab.drag(job, Status.PENDING)
        wait_for(lambda: status_in_index(lab, job, Status.PENDING), limit_s=2)


def test_a_root_that_was_deleted_and_made_again_is_watched_again(lab: Lab) -> None:
    job = lab.a_job()
    kept = lab.folder / "kept"
    with looping(lab, rescan_s=NEVER_S) as loop:
        shutil.copytree(lab.root, kept)
        shutil.rmtree(lab.root)
        wait_for(lambda: loop.health.share)
        kept.rename(lab.root)
        wait_for(lambda: not loop.health.share and loop.watcher.is_alive(), limit_s=12)
        lab.drag(job, Status.PENDING)
        wait_for(lambda: status_in_index(lab, job, Status.PENDING), limit_s=2)


def test_a_watcher_that_lives_but_hears_nothing_is_found_out_by_the_canary(lab: Lab) -> None:
    job = lab.a_job()
    away = lab.folder / "away"
    with looping(lab, rescan_s=6) as loop:
        deaf = loop.watcher._observer
        lab.root.rename(away)  # the watches go with the folder; another takes its place
        shutil.copytree(away, lab.root)
        wait_for(lambda: loop.watcher._observer is not deaf, limit_s=20)
        wait_for(loop.watcher.is_alive)
        lab.drag(job, Status.PENDING)
        wait_for(lambda: status_in_index(lab, job, Status.PENDING), limit_s=2)


def test_litter_and_our_own_room_ask_for_no_look(share: Share) -> None:
    with watching(share) as watcher:
        (share.root / ".printsystem/incoming/half").write_bytes(b"half")
        share.take_number()
        watcher.send_canary()
        wait_for(watcher.canary_returned, limit_s=3)
        assert not watcher.ears.take()


def test_every_status_folder_is_heard(share: Share) -> None:
    with watching(share) as watcher:
        for folder in FOLDERS:
            (share.root / folder / "x.stl").write_bytes(b"x")
        heard: set[str] = set()
        deadline = time.monotonic() + 5
        while len(heard) < len(FOLDERS) and time.monotonic() < deadline:
            heard |= watcher.ears.take().paths
        assert heard == {f"{folder}/x.stl" for folder in FOLDERS}
