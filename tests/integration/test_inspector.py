"""What the daemon finds out about a job's files, and what it writes of it."""

from pathlib import Path

import pytest

from daemon import inspector as inspecting
from daemon.inspector import Inspector
from daemon.pictures import Pictures
from daemon.rebuild import rebuild
from daemon.sandbox import CouldNot
from schemas.flags import Flag, flags
from schemas.inspections import to_inspect
from schemas.naming import JobNumber
from schemas.sidecar import Sidecar
from schemas.status import Status
from tests.integration.web import waiting_for_word
from tests.lab import Lab, an_stl
from tests.models import box_stl, corners, mesh, model, package

RUNS = package(
    model(mesh(1, corners(9, 9, 9)), 'objectid="1"'),
    {"Metadata/Slic3r_PE.config": "; post_process = /bin/sh\n"},
)
WEBP = b"RIFF\0\0\0\0WEBP"


class Studio:
    """The inspector of a lab, its children replaced by what they would answer."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab = lab
        self.asked: list[str] = []
        self.fault = ""
        self.inspector = Inspector(
            lab.world, is_leading=lambda: True, clock=lambda: self.lab.seconds
        )
        self.pictures = Pictures(lab.share)
        monkeypatch.setattr(inspecting, "make_picture", self._draw)

    def _draw(self, path: Path, role: object) -> dict[int, bytes]:
        self.asked.append(path.name)
        if self.fault:
            raise CouldNot(self.fault)
        return dict.fromkeys((96, 200, 400), WEBP)

    def work(self) -> None:
        """Everything that is due; then the loop notes what was written."""
        self.inspector.inspect_due()
        self.lab.rest()

    def doc(self, job: JobNumber) -> Sidecar:
        return self.lab.doc(job)


@pytest.fixture
def studio(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Studio:
    return Studio(lab, monkeypatch)


def a_box(lab: Lab, *sides: float, status: Status = Status.UPLOADED) -> JobNumber:
    job = lab.submit(data=box_stl(*(sides or (20.0, 20.0, 20.0))))
    lab.rest()
    if status is not Status.UPLOADED:
        lab.drag(job, status)
        lab.rest()
    return job


def test_a_model_gets_its_picture_and_its_size(studio: Studio, lab: Lab) -> None:
    job = a_box(lab, 10, 20, 30)
    assert lab.row(job)["to_inspect"]

    studio.work()

    doc = studio.doc(job)
    assert doc.model_file is not None
    assert doc.model.measured is not None
    assert doc.model.measured.size_mm == (10, 20, 30)
    assert doc.model.fits == ["Prusa MK4S", "Prusa XL", "Raise3D Pro 2 Plus"]
    assert studio.pictures.has(str(doc.model_file.sha256))
    row = lab.row(job)
    assert [float(side) for side in row["size_mm"]] == [10, 20, 30]
    assert row["picture"] == doc.model_file.sha256
    assert not row["to_inspect"]


def test_nothing_is_looked_into_twice(studio: Studio, lab: Lab) -> None:
    a_box(lab)
    studio.work()
    before = list(studio.asked)
    studio.work()
    assert studio.asked == before


def test_the_newest_job_comes_first(studio: Studio, lab: Lab) -> None:
    jobs = [a_box(lab, 5, 5, side) for side in (5, 6, 7)]
    studio.inspector.inspect_due()
    assert [int(name.split("_")[-1].split(".")[0]) for name in studio.asked] == jobs[::-1]


def test_a_model_that_is_replaced_is_looked_into_again(studio: Studio, lab: Lab) -> None:
    job = a_box(lab, 10, 10, 10)
    studio.work()
    lab.model(job).write_bytes(box_stl(12, 12, 12))
    lab.rest()
    studio.work()
    measured = studio.doc(job).model.measured
    assert measured is not None
    assert measured.size_mm == (12, 12, 12)
    assert len(studio.asked) == 2


def test_a_picture_that_was_lost_is_made_anew(studio: Studio, lab: Lab) -> None:
    job = a_box(lab)
    studio.work()
    sha256 = str(studio.doc(job).model_file.sha256)  # type: ignore[union-attr]
    for size in (96, 200, 400):
        studio.pictures.path(sha256, size).unlink()  # type: ignore[union-attr]
    lab.seconds += inspecting.AUDIT_S
    studio.work()
    assert studio.pictures.has(sha256)
    assert len(studio.asked) == 2


def test_a_picture_of_the_same_bytes_is_made_once(studio: Studio, lab: Lab) -> None:
    for _ in range(2):
        a_box(lab, 5, 5, 5)
    studio.work()
    assert len(studio.asked) == 1


def test_what_cannot_be_pictured_is_tried_twice_and_then_said(studio: Studio, lab: Lab) -> None:
    job = a_box(lab)
    studio.fault = "it took more than 30 s"
    studio.work()
    entry = studio.doc(job).model_file
    assert entry is not None
    assert entry.picture is None
    assert entry.no_picture == "it took more than 30 s"
    assert len(studio.asked) == 2
    assert studio.doc(job).model.measured is not None  # its size is another matter


def test_what_cannot_be_measured_says_why_and_is_left_alone(studio: Studio, lab: Lab) -> None:
    job = lab.submit(data=b"solid x\nfacet normal\nendsolid x\n")
    lab.rest()
    studio.work()
    assert "no surface" in studio.doc(job).model.could_not
    assert to_inspect(studio.doc(job)) == []


def test_a_dangerous_file_from_the_folder_joins_its_job_unopened(studio: Studio, lab: Lab) -> None:
    (lab.root / "Uploaded" / "from a stick.3mf").write_bytes(RUNS)
    lab.rest()
    job = JobNumber(1)

    studio.work()

    doc = studio.doc(job)
    assert studio.asked == []
    assert Flag.DANGER in flags(doc)
    assert "post_process" in doc.files[0].danger
    assert doc.model.measured is None
    assert "danger" in lab.row(job)["flags"]
    assert lab.paths(job)[0].read_bytes() == RUNS


def test_a_dangerous_file_that_is_replaced_is_no_danger_any_more(studio: Studio, lab: Lab) -> None:
    (lab.root / "Uploaded" / "from a stick.3mf").write_bytes(RUNS)
    lab.rest()
    studio.work()
    lab.paths(JobNumber(1))[0].write_bytes(
        package(model(mesh(1, corners(9, 9, 9)), 'objectid="1"'))
    )
    lab.rest()
    studio.work()
    doc = studio.doc(JobNumber(1))
    assert Flag.DANGER not in flags(doc)
    assert doc.model.measured is not None


@pytest.mark.parametrize(
    ("sides", "is_too_big"),
    [((249, 209, 219), False), ((219, 249, 209), False), ((300, 10, 10), True)],
)
def test_a_model_that_does_not_fit_its_printer_is_flagged(
    studio: Studio, lab: Lab, sides: tuple[float, ...], is_too_big: bool
) -> None:
    job = a_box(lab, *sides)
    studio.work()
    assert (Flag.TOO_BIG in flags(studio.doc(job))) is is_too_big
    assert ("too_big" in lab.row(job)["flags"]) is is_too_big


def test_finished_jobs_are_left_alone(studio: Studio, lab: Lab) -> None:
    a_box(lab, status=Status.REJECTED)
    studio.work()
    assert studio.asked == []


def test_staff_who_act_meanwhile_lose_nothing(
    studio: Studio, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_box(lab)
    draw = studio._draw

    def and_drag(path: Path, role: object) -> dict[int, bytes]:
        lab.drag(job, Status.PENDING)
        return draw(path, role)

    monkeypatch.setattr(inspecting, "make_picture", and_drag)
    studio.inspector.inspect_due()
    lab.rest()
    monkeypatch.setattr(inspecting, "make_picture", draw)
    lab.seconds += 60
    studio.work()
    doc = studio.doc(job)
    assert doc.status is Status.PENDING
    assert doc.model.measured is not None
    assert doc.model_file is not None
    assert doc.model_file.picture is not None


def test_a_sidecar_lost_is_looked_into_again(studio: Studio, lab: Lab) -> None:
    job = a_box(lab)
    studio.work()
    lab.sidecar(job).write_text("{ no json", encoding="utf-8")
    lab.rest()
    studio.work()
    assert studio.doc(job).model.measured is not None


def test_a_rebuild_knows_what_was_found(studio: Studio, lab: Lab) -> None:
    job = a_box(lab)
    waiting = lab.submit(data=an_stl(2))
    lab.rest()
    studio.work()
    before = lab.row(job)
    rebuild(lab.world)
    after = lab.row(job)
    for column in ("size_mm", "picture", "to_inspect", "flags"):
        assert after[column] == before[column], column
    assert not lab.row(waiting)["to_inspect"]


# A sliced file and the price


def test_before_the_price_is_told_a_sliced_file_fills_it_in(lab: Lab) -> None:
    job = lab.a_job(Status.PENDING)
    lab.slice(job, 40)
    lab.rest()
    figures = lab.doc(job).print
    assert str(figures.weight_g) == "40.00"
    assert figures.weight_source is not None
    assert figures.weight_source.startswith("sliced file")
    assert str(figures.price_usd) == "4.00"
    assert figures.offer is None


def test_after_it_was_told_another_price_is_shown_and_nothing_is_sent(lab: Lab) -> None:
    job = waiting_for_word(lab)
    lab.post(after_s=120)
    sent = len(lab.mailbox.sent)
    lab.slice(job, 40)
    lab.post(after_s=120)

    doc = lab.doc(job)
    assert str(doc.print.price_usd) == "3.00"
    assert str(doc.print.weight_g) == "12.5"
    assert doc.print.offer is not None
    assert str(doc.print.offer.price_usd) == "4.00"
    assert Flag.NEW_PRICE in flags(doc)
    assert len(lab.mailbox.sent) == sent


def test_a_sliced_file_that_says_the_told_price_changes_nothing(lab: Lab) -> None:
    job = waiting_for_word(lab)
    lab.post(after_s=120)
    lab.slice(job, 20)  # still the minimum charge
    lab.rest()
    assert lab.doc(job).print.offer is None
    assert str(lab.doc(job).print.weight_g) == "12.5"
