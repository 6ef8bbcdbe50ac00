"""Two real daemons on one share and one database: one acts, whatever happens to the other."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import index
from daemon.database import connect
from daemon.leader import Lease
from daemon.outbox import message_id
from schemas.errors import DatabaseUnavailable, NotLeader
from schemas.events import EventType
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.running import Daemon, Running, wait_for
from tests.integration.smtp_server import MailServer
from tests.lab import Lab, dump

TAKE_OVER_S = 15.0


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def site(database: str, tmp_path: Path, server: MailServer) -> Iterator[Running]:
    """A share with two daemons, the first of which leads. No mass rule: its window is nothing."""
    with Running(tmp_path, database, smtp_port=server.port, UNDO_FOLDER_S=0) as running:
        running.start(leading=False)
        yield running


def other(site: Running) -> Daemon:
    return site.daemons[1]


def tree(site: Running) -> dict[str, tuple[int, int]]:
    """Every file on the share with size and mtime, but for the canary, which is always touched."""
    return {
        path.relative_to(site.root).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in site.root.rglob("*")
        if path.is_file() and path.name != "canary"
    }


def assert_each_moved_and_was_told_once(
    site: Running, server: MailServer, jobs: list[JobNumber], target: Status
) -> None:
    assert [site.moves(job) for job in jobs] == [[("Uploaded", target.value)]] * len(jobs)
    told = Counter(str(one.message["Message-ID"]) for one in server.received)
    for job in jobs:
        (moved,) = site.events(job, EventType.STATUS_CHANGED)
        sent = [
            event
            for event in site.events(job, EventType.EMAIL_SENT)
            if event["data"]["for"] == moved["seq"]
        ]
        assert len(sent) == 1, job
        times = told[message_id(site.share.uuid, job, moved["seq"])]
        assert times == 1 or (times == 2 and sent[0]["data"].get("uncertain")), job


def test_of_two_daemons_one_leads_and_the_other_stands_by(site: Running) -> None:
    job = site.new_job()
    site.drag(job, Status.PRINTING)
    site.wait_for(lambda: site.is_in(job, Status.PRINTING))
    site.wait_for_rest()
    assert site.leader() is site.daemon
    assert other(site).is_alive()
    assert not other(site).leads()
    assert "INFO" not in other(site).log
    assert site.moves(job) == [("Uploaded", "Printing")]


def test_a_leader_that_ends_in_order_hands_over_at_once(site: Running) -> None:
    assert site.daemon.stop() == 0
    site.wait_for(other(site).leads, limit_s=4)


def test_after_kill_9_of_the_leader_the_other_takes_over_within_15_s(
    site: Running, server: MailServer
) -> None:
    job = site.new_job()
    site.wait_for_rest()
    site.daemon.kill()
    begun = time.monotonic()
    site.drag(job, Status.REJECTED)
    site.wait_for(lambda: site.is_in(job, Status.REJECTED), limit_s=TAKE_OVER_S + 2)
    assert time.monotonic() - begun < TAKE_OVER_S
    site.wait_for_rest()
    assert_each_moved_and_was_told_once(site, server, [job], Status.REJECTED)


def test_a_leader_frozen_past_its_lease_in_the_midst_of_work_writes_nothing_when_it_goes_on(
    site: Running, server: MailServer
) -> None:
    jobs = [site.new_job() for _ in range(15)]
    site.wait_for_rest()
    for job in jobs[:8]:
        site.drag(job, Status.REJECTED)
    site.daemon.freeze()
    begun = time.monotonic()
    for job in jobs[8:]:
        site.drag(job, Status.REJECTED)
    site.wait_for(other(site).leads, limit_s=TAKE_OVER_S + 2)
    assert time.monotonic() - begun < TAKE_OVER_S
    site.wait_for(lambda: all(site.is_in(job, Status.REJECTED) for job in jobs))
    site.wait_for_rest()
    before, index_before = tree(site), dump(site.engine)
    site.daemon.thaw()
    site.new_job()  # meanwhile it has found out that it leads no more
    site.wait_for_rest()
    assert site.daemon.stop() == 0
    assert site.leader() is other(site)
    assert before.items() <= tree(site).items()
    for table, rows in dump(site.engine).items():
        assert all(row in rows for row in index_before[table]), table
    assert_each_moved_and_was_told_once(site, server, jobs, Status.REJECTED)


def test_a_writer_frozen_within_its_transaction_does_not_keep_the_lease_from_another(
    lab: Lab, database: str
) -> None:
    lab.loop.lease.release()
    frozen, fresh = connect(database), connect(database)
    stale, heir = Lease(frozen, "stale", lease_s=3), Lease(fresh, "heir", lease_s=3)
    assert stale.take()
    epoch = stale.epoch
    stale.step_down()  # it renews no more, like a process that was stopped
    with pytest.raises(DatabaseUnavailable), index.writing(frozen, epoch):
        wait_for(heir.take, limit_s=TAKE_OVER_S)
    with pytest.raises(NotLeader), index.writing(frozen, epoch):
        pass
    heir.release()
    frozen.dispose()
    fresh.dispose()


def test_a_long_transaction_does_not_cost_the_leader_its_lease(lab: Lab, database: str) -> None:
    lab.loop.lease.release()
    engine = connect(database)
    lease = Lease(engine, "busy", lease_s=5)
    assert lease.take()
    with index.writing(lab.engine, lease.epoch):
        end = time.monotonic() + 6
        wait_for(lambda: time.monotonic() > end or not lease.is_held())
        assert lease.is_held()
    lease.release()
    engine.dispose()
