"""The outbox against a real mail server on loopback that can also misbehave.

Where only time has to pass, the lab's clock is turned; where a process matters, a real one runs.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from daemon import index
from daemon.mail import kept
from daemon.mail.carriers import SmtpCarrier
from daemon.outbox import Outbox, Post, message_id
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.integration.running import Running
from tests.integration.smtp_server import Behaviour, MailServer
from tests.lab import Lab
from webui import asked
from webui.hands import Hand
from webui.mail_decisions import resend


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def posting(lab: Lab, server: MailServer) -> Lab:
    """A lab whose mails go to the real server."""
    carrier = SmtpCarrier(host="127.0.0.1", port=server.port, security="none", timeout_s=2)
    post = Post(carrier, "secret", lab.settings)
    lab.outbox = Outbox(lab.world, post, is_leading=lab.loop.lease.is_held)
    return lab


def ids(server: MailServer) -> list[str]:
    return [str(one.message["Message-ID"]) for one in server.received]


def rejected(site: Lab, job: JobNumber) -> str:
    """The Message-ID of the mail about the job's rejection."""
    (seq,) = [
        event["seq"]
        for event in site.events(job, EventType.STATUS_CHANGED)
        if event["data"]["to"] == "Rejected"
    ]
    return message_id(site.share.uuid, job, seq)


def row_of(lab: Lab, job: JobNumber) -> dict[str, Any]:
    """The job's newest row in the outbox."""
    query = text("SELECT * FROM emails WHERE job = :job ORDER BY seq DESC LIMIT 1")
    with lab.engine.connect() as connection:
        return dict(connection.execute(query, {"job": job}).mappings().one())


def ask_again(lab: Lab, job: JobNumber) -> None:
    """Staff want the mail about the job's status to go once more."""
    path = lab.sidecar(job).relative_to(lab.root).as_posix()
    read = lab.share.read_sidecar(path)
    resend(read.doc, asked.Nothing(), Hand("Ada", Via.WEB, lab.now()))
    lab.share.write_sidecar(path, read.doc, expected=read.sig)
    lab.rest()


def test_a_due_mail_arrives_once_with_the_message_id_of_its_event(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    posting.post(after_s=61)
    posting.post(after_s=600)
    assert ids(server) == [message_id(posting.share.uuid, job, 1)]
    assert server.received[0].recipients == ["jane@example.edu"]
    assert posting.mail_states(job) == [("Uploaded", "sent")]


def test_nothing_goes_before_its_time(posting: Lab, server: MailServer) -> None:
    job = posting.a_job()
    posting.post(after_s=61)
    posting.drag(job, Status.REJECTED)
    posting.rest()
    posting.seconds += 50
    posting.outbox.send_due()
    assert len(server.received) == 1
    posting.post(after_s=10)
    assert ids(server)[1:] == [rejected(posting, job)]


def test_a_mail_that_is_refused_for_now_goes_at_a_later_try(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    server.behaviour = Behaviour.REFUSE_FOR_NOW
    posting.post(after_s=61)
    assert "451" in row_of(posting, job)["error"]
    assert posting.outbox.fault
    server.behaviour = Behaviour.ACCEPT
    posting.post(after_s=40)
    assert len(server.received) == 1
    assert posting.mail_states(job) == [("Uploaded", "sent")]
    assert posting.outbox.fault == ""


def test_the_waits_between_tries_grow_to_an_hour_and_no_further(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    server.behaviour = Behaviour.REFUSE_FOR_NOW
    waits = []
    for _ in range(10):
        posting.seconds += 4600
        posting.outbox.send_due()
        waits.append((row_of(posting, job)["retry_at"] - posting.now()).total_seconds())
    assert 20 <= waits[0] <= 40
    assert waits[3] > waits[0]
    assert max(waits) <= 4500


def test_a_mail_that_is_refused_for_good_fails_with_the_servers_words_and_others_still_go(
    posting: Lab, server: MailServer
) -> None:
    bad, good = posting.submit(email="gone@example.edu"), posting.submit()
    posting.rest()
    server.behaviour = Behaviour.REFUSE
    posting.seconds += 61
    row = posting.outbox._claim()
    assert row is not None
    assert row["job"] == bad
    posting.outbox._handle(row)
    server.behaviour = Behaviour.ACCEPT
    posting.post(after_s=600)
    (failed,) = posting.events(bad, EventType.EMAIL_FAILED)
    assert "550 5.1.1" in failed["data"]["why"]
    assert "nobody of that name here" in failed["data"]["why"]
    assert "gone@example.edu" not in failed["data"]["why"]
    assert posting.mail_states(bad) == [("Uploaded", "failed")]
    assert ids(server) == [message_id(posting.share.uuid, good, 1)]


def test_a_mail_due_while_the_server_was_out_goes_once_it_is_back(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    working = posting.outbox._post
    nobody = SmtpCarrier(host="127.0.0.1", port=1, security="none", timeout_s=1)
    posting.outbox._post = Post(nobody, "secret", posting.settings)
    posting.post(after_s=61)
    assert posting.outbox.fault
    assert posting.mail_states(job) == [("Uploaded", "queued")]
    posting.outbox._post = working
    posting.post(after_s=120)
    assert posting.mail_states(job) == [("Uploaded", "sent")]
    assert len(server.received) == 1


def test_send_now_does_not_wait_for_the_next_try_after_an_outage(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    server.behaviour = Behaviour.REFUSE_FOR_NOW
    for _ in range(5):
        posting.post(after_s=2000)
    server.behaviour = Behaviour.ACCEPT
    path = posting.sidecar(job).relative_to(posting.root).as_posix()
    read = posting.share.read_sidecar(path)
    read.doc.record(
        EventType.EMAIL_QUEUED,
        by="Ada",
        via=read.doc.history[0].via,
        at=posting.now(),
        data={"for": 1, "template": "Uploaded", "not_before": posting.now().isoformat()},
    )
    posting.share.write_sidecar(path, read.doc, expected=read.sig)
    posting.rest()
    posting.outbox.send_due()
    assert len(server.received) == 1


def test_a_mail_whose_job_moved_on_is_cancelled_and_never_sent(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    posting.post(after_s=61)
    server.behaviour = Behaviour.REFUSE_FOR_NOW
    posting.drag(job, Status.REJECTED)
    posting.post(after_s=61)
    posting.drag(job, Status.UPLOADED)
    posting.rest()
    server.behaviour = Behaviour.ACCEPT
    posting.post(after_s=600)
    assert len(server.received) == 1
    assert ("Rejected", "cancelled") in posting.mail_states(job)


def test_a_share_that_is_out_when_a_mail_is_due_costs_no_mail(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    posting.seconds += 61
    marker = posting.root / ".printsystem/root.json"
    away = posting.folder / "marker"
    marker.rename(away)
    with pytest.raises(Exception, match="no readable marker"):
        posting.outbox.send_due()
    away.rename(marker)
    posting.post(after_s=10)
    assert len(server.received) == 1
    assert row_of(posting, job)["uncertain"] is False


def test_a_mail_that_went_while_the_database_failed_is_not_sent_again(
    posting: Lab, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = posting.a_job()
    posting.seconds += 61
    marker = posting.root / ".printsystem/root.json"
    away = posting.folder / "marker"
    carrier = posting.outbox._post.carrier

    class Cutting:
        """Hands the mail over; then the share is out, as it may be at any moment."""

        def send(self, message: Any, *, recipient: str) -> None:
            carrier.send(message, recipient=recipient)
            marker.rename(away)

    posting.outbox._post = Post(Cutting(), "secret", posting.settings)
    with pytest.raises(Exception, match="no readable marker"):
        posting.outbox.send_due()
    away.rename(marker)
    with index.writing(posting.engine, posting.world.epoch) as connection:
        index.reclaim_mails(connection)  # as the loop does when it leads again
    posting.outbox._post = Post(carrier, "secret", posting.settings)
    posting.post(after_s=600)
    assert len(server.received) == 1
    assert posting.mail_states(job) == [("Uploaded", "sent")]
    assert len(posting.events(job, EventType.EMAIL_SENT)) == 1


def test_a_stalled_server_delays_no_look(database: str, tmp_path: Path, server: MailServer) -> None:
    server.behaviour = Behaviour.STALL
    with Running(tmp_path, database, smtp_port=server.port) as site:
        stuck, dragged = site.new_job(), site.new_job()
        site.wait_for(lambda: server.texts_begun)
        site.drag(dragged, Status.PRINTING)
        site.wait_for(lambda: site.is_in(dragged, Status.PRINTING), limit_s=3)
        assert site.mail_states(stuck) == [("Uploaded", "sending")]


class Mute(MailServer):
    """Keeps the first mail and never says so; whoever waits for the answer waits in vain."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.received) == 1:
            await asyncio.Event().wait()
        return answer


def test_a_mail_whose_reply_was_lost_with_the_daemon_goes_once_more_and_is_marked_uncertain(
    database: str, tmp_path: Path
) -> None:
    with Mute() as server, Running(tmp_path, database, smtp_port=server.port) as site:
        job = site.new_job()
        site.wait_for(lambda: server.received)
        site.daemon.kill()
        site.start()
        site.wait_for_rest()
        (sent,) = site.events(job, EventType.EMAIL_SENT)
        assert sent["data"]["uncertain"] is True
        assert ids(server) == [message_id(site.share.uuid, job, 1)] * 2


def test_a_mail_whose_reply_was_lost_is_tried_again_under_the_same_message_id(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    server.behaviour = Behaviour.LOSE_REPLY
    posting.post(after_s=61)
    server.behaviour = Behaviour.ACCEPT
    posting.post(after_s=60)
    assert ids(server) == [message_id(posting.share.uuid, job, 1)] * 2
    assert len(posting.events(job, EventType.EMAIL_SENT)) == 1


def test_a_rebuild_sends_nothing_and_forgets_nothing_that_is_due(
    database: str, tmp_path: Path, server: MailServer
) -> None:
    with Running(tmp_path, database, smtp_port=server.port) as site:
        told = site.new_job()
        site.wait_for_rest()
        site.daemon.stop()
        assert site.verb("rebuild").returncode == 0
        waiting = site.submit()
        assert site.verb("rebuild").returncode == 0
        assert ids(server) == [message_id(site.share.uuid, told, 1)]
        site.start()
        site.wait_for(lambda: site.is_known(waiting))
        site.wait_for_rest()
        assert ids(server) == [
            message_id(site.share.uuid, told, 1),
            message_id(site.share.uuid, waiting, 1),
        ]


def test_a_repeat_is_tried_again_under_its_own_message_id(posting: Lab, server: MailServer) -> None:
    job = posting.a_job()
    posting.post(after_s=61)
    ask_again(posting, job)
    server.behaviour = Behaviour.LOSE_REPLY
    posting.outbox.send_due()
    server.behaviour = Behaviour.ACCEPT
    posting.post(after_s=60)
    first, repeat = (message_id(posting.share.uuid, job, 1, again) for again in (0, 1))
    assert ids(server) == [first, repeat, repeat]
    assert [e["data"].get("again") for e in posting.events(job, EventType.EMAIL_SENT)] == [None, 1]


def test_a_mail_that_failed_for_good_goes_when_it_is_asked_for_again(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    server.behaviour = Behaviour.REFUSE
    posting.post(after_s=61)
    assert posting.mail_states(job) == [("Uploaded", "failed")]
    server.behaviour = Behaviour.ACCEPT
    ask_again(posting, job)
    posting.outbox.send_due()
    assert ids(server) == [message_id(posting.share.uuid, job, 1)]
    assert posting.mail_states(job) == [("Uploaded", "sent")]


def test_the_copy_on_the_share_is_the_mail_that_the_server_got(
    posting: Lab, server: MailServer
) -> None:
    job = posting.a_job()
    posting.post(after_s=61)
    kept_text = posting.share.sent_mail(job, 1).read_text()
    assert kept_text.splitlines()[-20:] == server.received[0].message.as_string().splitlines()[-20:]
    copy = kept.read(posting.share, job, 1)
    assert copy is not None
    assert copy.subject == server.received[0].message["Subject"]
