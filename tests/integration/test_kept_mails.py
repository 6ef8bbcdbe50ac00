"""Sent mails stay readable on the share: each sending a file, gone with the job's personal data."""

import logging
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from daemon import index, purging
from daemon.mail import kept
from daemon.outbox import message_id
from schemas.errors import DatabaseUnavailable
from schemas.events import EventType, Via
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import START, Lab, dump, empty_database


def sent_folder(lab: Lab) -> Path:
    return lab.root / ".printsystem/sent"


def copies(lab: Lab) -> list[str]:
    return sorted(path.relative_to(sent_folder(lab)).as_posix() for path in lab_files(lab))


def lab_files(lab: Lab) -> list[Path]:
    return [path for path in sent_folder(lab).rglob("*") if path.is_file()]


def ask_again(lab: Lab, job: JobNumber, again: int) -> None:
    """What the pages write when staff want the receipt to go once more."""
    path = lab.sidecar(job).relative_to(lab.root).as_posix()
    read = lab.share.read_sidecar(path)
    now = lab.now().isoformat()
    data = {"for": 1, "template": "Uploaded", "not_before": now, "released": True, "again": again}
    read.doc.record(EventType.EMAIL_QUEUED, by="Ada", via=Via.WEB, at=lab.now(), data=data)
    lab.share.write_sidecar(path, read.doc, expected=read.sig)
    lab.rest()


def test_a_sent_mail_can_be_read_as_it_went_out(lab: Lab) -> None:
    job = lab.a_job(name="Zoë Doe, Jr.")
    lab.post(after_s=100)
    mail, original = kept.read(lab.share, job, 1), lab.mailbox.sent[0]
    assert mail is not None
    assert mail.subject == original["Subject"]
    assert mail.to == '"Zoë Doe, Jr." <jane@example.edu>'
    assert mail.date is not None
    assert mail.date.astimezone(UTC) - START > timedelta(seconds=1000)
    assert "/job/" in mail.text
    assert "<html" in mail.html
    assert "=\n" not in mail.text  # decoded


def test_an_address_beyond_ascii_is_read_back_whole(lab: Lab) -> None:
    job = lab.a_job(email="zoë@exämple.edu")
    lab.post(after_s=100)
    mail = kept.read(lab.share, job, 1)
    assert mail is not None
    assert "zoë@exämple.edu" in mail.to


def test_each_sending_is_a_file_of_its_own(lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    ask_again(lab, job, 1)
    lab.post()
    assert copies(lab) == [f"0/{job}-1.1.eml", f"0/{job}-1.eml"]
    first, repeat = (path.read_text() for path in sorted(lab_files(lab), reverse=True))
    assert f".{job}.1@printsystem" in first
    assert f".{job}.1.1@printsystem" in repeat
    assert kept.read(lab.share, job, 1, 1) is not None
    assert kept.read(lab.share, job, 1, 2) is None


def test_a_share_that_cannot_take_the_copy_undoes_no_sending(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    sent_folder(lab).rmdir()
    sent_folder(lab).write_text("in the way, as a full disk is")
    job = lab.a_job()
    with caplog.at_level(logging.WARNING):
        lab.post(after_s=100)
    lab.post(after_s=1000)
    assert lab.mail_states(job) == [("Uploaded", "sent")]
    assert len(lab.mailbox.sent) == 1
    assert "no copy of a sent mail" in caplog.text
    assert list(lab.share.incoming.iterdir()) == []


def test_a_share_from_before_there_were_copies_gets_its_folder(lab: Lab) -> None:
    sent_folder(lab).rmdir()
    job = lab.a_job()
    lab.post(after_s=100)
    assert copies(lab) == [f"0/{job}-1.eml"]


def test_a_purge_removes_the_copies_of_its_job_and_of_no_other(lab: Lab) -> None:
    jobs = [lab.a_job(Status.PAID_PICKED_UP) for _ in range(12)]
    for job in jobs:
        kept_path = lab.share.sent_mail(job, 1)
        kept_path.parent.mkdir(exist_ok=True)
        kept_path.write_bytes(b"")
        lab.share.sent_mail(job, 1, 1).write_bytes(b"")
    lab.seconds += 100 * 24 * 3600
    first = next(due for due in purging.due(lab.world, 90) if due.number == jobs[0])
    purging.purge(first, lab.world)
    left = {int(Path(name).name.partition("-")[0]) for name in copies(lab)}
    assert left == {int(job) for job in jobs[1:]}


def test_a_repeat_asked_for_while_the_first_was_not_written_down_is_sent_and_counted_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sidecar knew that it went, the index did not; then staff asked for it once more."""
    job = lab.a_job()
    lab.seconds += 100
    write = index.write

    def failing(connection: Any, records: Any) -> None:
        monkeypatch.setattr(index, "write", write)
        raise DatabaseUnavailable("gone just now")

    monkeypatch.setattr(index, "write", failing)
    with pytest.raises(DatabaseUnavailable):
        lab.outbox.send_due()
    ask_again(lab, job, 1)
    lab.post(after_s=10)
    lab.post(after_s=1000)
    uuid = lab.share.uuid
    assert lab.mailbox.ids == [message_id(uuid, job, 1), message_id(uuid, job, 1, 1)]
    assert [row["data"].get("again") for row in lab.events(job, EventType.EMAIL_SENT)] == [None, 1]
    before = dump(lab.engine)
    empty_database(lab.engine)
    lab.loop.lease.step_down()
    lab.start_daemon()
    lab.rest()
    assert dump(lab.engine) == before


def test_a_repeat_starts_anew_after_the_tries_of_the_first(lab: Lab) -> None:
    job = lab.a_job()
    lab.post(after_s=100)
    with lab.engine.begin() as connection:
        connection.execute(text("UPDATE emails SET attempts = 9, uncertain = true"))
    ask_again(lab, job, 1)
    with lab.engine.connect() as connection:
        row = connection.execute(text("SELECT attempts, uncertain, state::text FROM emails")).one()
    assert tuple(row) == (0, False, "queued")
    lab.post()
    assert "uncertain" not in lab.events(job, EventType.EMAIL_SENT)[-1]["data"]
