"""What needs a person: counted and listed from the index, the quarantine, and what is ignored."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from daemon import ignored, quarantine, troubles
from daemon.troubles import Kind
from schemas.errors import MailFailed, StaleState
from schemas.naming import JobNumber
from schemas.status import Status
from tests.lab import Lab, an_stl


def counted(lab: Lab) -> dict[str, int]:
    """The kinds of which there is any."""
    with lab.engine.connect() as connection:
        known = {one.path: one.sig for one in ignored.ignored(lab.share)}
        found = troubles.counts(connection, lab.now(), known)
        assert troubles.count(connection, lab.now(), known) == sum(found.values())
    return {kind.value: number for kind, number in found.items() if number}


def listed(lab: Lab, kind: Kind) -> list[JobNumber]:
    with lab.engine.connect() as connection:
        return [one.job["number"] for one in troubles.troubled(connection, kind, lab.now())]


def in_trouble(lab: Lab) -> dict[Kind, JobNumber]:
    """One job of each kind that a person can bring about in the folders."""
    jobs = {Kind.NEEDS_WEIGHT: lab.a_job(Status.PENDING)}
    jobs[Kind.CONFLICT] = lab.a_job()
    lab.model(jobs[Kind.CONFLICT]).rename(
        lab.root / "Printing" / lab.model(jobs[Kind.CONFLICT]).name
    )
    lab.sidecar(jobs[Kind.CONFLICT]).rename(
        lab.root / "Completed" / lab.sidecar(jobs[Kind.CONFLICT]).name
    )
    jobs[Kind.MISSING] = lab.a_job()
    lab.model(jobs[Kind.MISSING]).unlink()
    (lab.root / "Uploaded/cup.stl").write_bytes(an_stl())
    lab.rest()
    taken = (lab.root / ".printsystem/numbers").iterdir()
    jobs[Kind.WALK_IN] = JobNumber(max(int(path.name) for path in taken))
    return jobs


def test_a_lab_without_trouble_has_none(lab: Lab) -> None:
    lab.a_job()
    lab.a_job(Status.COMPLETED)
    assert counted(lab) == {}


def test_each_kind_is_counted_once_and_lists_the_job_that_was_counted(lab: Lab) -> None:
    jobs = in_trouble(lab)
    assert counted(lab) == {kind.value: 1 for kind in jobs}
    assert {kind: listed(lab, kind) for kind in jobs} == {kind: [job] for kind, job in jobs.items()}


def test_a_missing_file_is_listed_with_the_place_where_it_lay_last(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    path = lab.model(job).relative_to(lab.root).as_posix()
    lab.model(job).unlink()
    lab.rest()
    with lab.engine.connect() as connection:
        (one,) = troubles.troubled(connection, Kind.MISSING, lab.now())
    assert [row["path"] for row in one.files if row["missing"]] == [path]
    assert one.since > one.job["since"]


@pytest.mark.parametrize("status", [Status.REJECTED, Status.PAID_PICKED_UP])
def test_a_job_in_a_final_status_needs_nobody_for_a_lost_file(lab: Lab, status: Status) -> None:
    job = lab.a_job(status)
    lab.model(job).unlink()
    lab.rest()
    assert "missing" in lab.flags(job)
    assert counted(lab) == {}


def test_a_conflict_is_shown_whatever_status_the_job_had(lab: Lab) -> None:
    job = lab.a_job(Status.PAID_PICKED_UP)
    lab.model(job).rename(lab.root / "Printing" / lab.model(job).name)
    lab.sidecar(job).rename(lab.root / "Completed" / lab.sidecar(job).name)
    lab.rest()
    assert counted(lab) == {"conflict": 1}


def test_a_price_link_that_ended_is_trouble_until_the_job_moves_on(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    lab.weigh(job, "12.5")
    lab.rest()
    assert counted(lab) == {}
    lab.seconds += 169 * 3600
    assert listed(lab, Kind.EXPIRED) == [job]
    lab.drag(job, Status.READY_TO_PRINT)
    lab.rest()
    assert counted(lab) == {}


@pytest.mark.parametrize(("days", "expected"), [(6.9, {}), (7.1, {"uncollected": 1})])
def test_a_print_is_not_collected_after_a_week(
    lab: Lab, days: float, expected: dict[str, int]
) -> None:
    lab.a_job(Status.COMPLETED)
    lab.post(after_s=61)
    lab.seconds += days * 86400
    assert counted(lab) == expected


def test_a_mail_refused_for_good_is_listed_with_the_servers_words(lab: Lab) -> None:
    job = lab.a_job()
    lab.mailbox.refusal = MailFailed("550 no such user", permanent=True)
    lab.post(after_s=61)
    assert counted(lab) == {"mail": 1}
    with lab.engine.connect() as connection:
        (one,) = troubles.troubled(connection, Kind.MAIL, lab.now())
    assert one.mail is not None
    assert (one.job["number"], "550 no such user" in one.mail["error"]) == (job, True)


def test_a_mail_that_is_only_tried_again_is_no_trouble_before_the_third_try(lab: Lab) -> None:
    lab.a_job()
    lab.mailbox.refusal = MailFailed("connection refused")
    found = []
    for _ in range(3):
        lab.seconds += 600
        lab.outbox.send_due()
        found.append(counted(lab))
    assert found == [{}, {}, {"mail": 1}]


def test_a_mail_without_an_address_is_trouble_once_not_twice(lab: Lab) -> None:
    lab.a_job(email="")
    assert counted(lab) == {"mail": 1}
    (lab.root / "Uploaded/cup.stl").write_bytes(an_stl())
    lab.rest()
    assert counted(lab) == {"mail": 1, "walk_in": 1}


def test_mails_held_by_a_mass_change_are_counted_and_can_be_named(lab: Lab) -> None:
    jobs = [lab.submit() for _ in range(22)]
    lab.rest()
    lab.post(after_s=61)
    for job in jobs:
        lab.drag(job, Status.COMPLETED)
    lab.rest()
    lab.post(after_s=61)
    assert counted(lab) == {"held": 22}
    with lab.engine.connect() as connection:
        assert troubles.held(connection, 20) == [(job, Status.COMPLETED) for job in jobs[:20]]


def test_a_flag_that_somebody_else_raises_is_listed_by_its_name(lab: Lab) -> None:
    job = lab.a_job()
    with lab.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET flags = '{too_big}'"))
    assert listed(lab, Kind.TOO_BIG) == [job]


def test_a_page_holds_fifty_and_the_next_one_the_rest(lab: Lab) -> None:
    for _ in range(52):
        lab.submit()
    lab.rest()
    with lab.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET flags = '{walk_in}'"))
    with lab.engine.connect() as connection:
        pages = [troubles.troubled(connection, Kind.WALK_IN, lab.now(), page) for page in (1, 2)]
    assert [len(page) for page in pages] == [50, 2]


# Foreign files


def a_stray(lab: Lab, name: str = "Uploaded/notes.txt") -> str:
    (lab.root / name).write_text("hello")
    lab.rest()
    return name


def ignore(lab: Lab, path: str) -> None:
    found = (lab.root / path).stat()
    sig = (found.st_size, found.st_mtime_ns)
    ignored.ignore(lab.share, path, sig, by="Ada", at=lab.now())


def test_an_ignored_file_is_not_counted_until_it_changes(lab: Lab) -> None:
    path = a_stray(lab)
    a_stray(lab, "Pending/other.txt")
    assert counted(lab) == {"stray": 2}
    ignore(lab, path)
    assert counted(lab) == {"stray": 1}
    assert [(one.path, one.by) for one in ignored.ignored(lab.share)] == [(path, "Ada")]
    (lab.root / path).write_text("hello again")
    lab.rest()
    assert counted(lab) == {"stray": 2}


def test_a_file_can_be_listed_again(lab: Lab) -> None:
    path = a_stray(lab)
    ignore(lab, path)
    ignored.list_again(lab.share, path)
    ignored.list_again(lab.share, path)
    assert counted(lab) == {"stray": 1}


def test_what_is_gone_is_let_go_when_the_list_is_written_next(lab: Lab) -> None:
    first, second = a_stray(lab), a_stray(lab, "Uploaded/b.txt")
    ignore(lab, first)
    (lab.root / first).unlink()
    ignore(lab, second)
    assert [one.path for one in ignored.ignored(lab.share)] == [second]


def test_a_list_that_somebody_broke_counts_as_empty_and_is_kept_aside(lab: Lab) -> None:
    path = a_stray(lab)
    (lab.root / ignored.FILE).write_text("{ broken")
    assert ignored.ignored(lab.share) == []
    ignore(lab, path)
    assert [one.path for one in ignored.ignored(lab.share)] == [path]
    (aside,) = quarantine.listed(lab.share)
    assert (aside.original, aside.job) == ("ignored.json", None)


# The quarantine


def a_broken_sidecar(lab: Lab) -> JobNumber:
    job = lab.a_job()
    lab.sidecar(job).write_text("{ broken")
    lab.rest()
    return job


def test_a_sidecar_set_aside_is_listed_with_its_job_and_when_it_was(lab: Lab) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    job = a_broken_sidecar(lab)
    (aside,) = quarantine.listed(lab.share)
    assert (aside.job, aside.original, aside.size) == (job, lab.sidecar(job).name, 8)
    assert before < aside.at < datetime.now(UTC) + timedelta(seconds=5)
    assert quarantine.read(lab.share, aside) == b"{ broken"
    with lab.engine.connect() as connection:
        told = troubles.repairs(connection, [job])
    assert list(told) == [aside.name]


def test_what_is_settled_is_kept_but_asked_about_no_more(lab: Lab) -> None:
    a_broken_sidecar(lab)
    (aside,) = quarantine.listed(lab.share)
    quarantine.settle(lab.share, aside.name)
    quarantine.settle(lab.share, aside.name)
    assert (quarantine.listed(lab.share), quarantine.how_many(lab.share)) == ([], 0)
    assert (lab.root / quarantine.SETTLED / aside.name).read_bytes() == b"{ broken"
    with pytest.raises(StaleState):
        quarantine.read(lab.share, aside)


@pytest.mark.parametrize("name", ["../root.json", "", ".", "settled", "/etc/passwd"])
def test_nothing_but_a_file_that_lies_there_is_found_in_quarantine(lab: Lab, name: str) -> None:
    a_broken_sidecar(lab)
    (lab.root / quarantine.SETTLED).mkdir()
    assert quarantine.find(lab.share, name) is None
