"""The trouble list: what needs a person, with the way out right there; it goes when settled."""

import pytest
from playwright.sync_api import Locator, Page, expect

from schemas.naming import JobNumber
from schemas.status import Status
from tests.browser.system import System, a_person, address_of
from tests.browser.test_live import listening
from tests.browser.windows import Windows
from tests.lab import an_stl

pytestmark = pytest.mark.slow


def list_of(windows: Windows, kind: str) -> Page:
    return listening(windows.open(f"/staff/trouble?kind={kind}", staff=True))


def entry(page: Page, kind: str, job: JobNumber) -> Locator:
    return page.locator(f"#{kind}-{job}")


def stray(page: Page, name: str) -> Locator:
    return page.locator("#stray").get_by_role("listitem").filter(has_text=name)


def test_a_weight_typed_on_the_list_makes_the_quote_and_settles_it(
    windows: Windows, system: System
) -> None:
    job = system.a_job(Status.PENDING)
    page = list_of(windows, "needs_weight")
    line = entry(page, "needs_weight", job)
    line.get_by_label("Weight, g").fill("30")
    line.get_by_label("Time, h").fill("3")
    line.get_by_label("Material").fill("PLA")

    line.get_by_role("button", name="Save and quote").click()

    expect(page.locator("#toasts")).to_contain_text("Details saved")
    expect(line).to_have_count(0)
    assert str(system.doc(job).print.price_usd) == "3.00"


def test_what_was_typed_on_one_line_stays_while_another_line_goes(
    windows: Windows, system: System
) -> None:
    first, second = system.a_job(Status.PENDING), system.a_job(Status.PENDING)
    page = list_of(windows, "needs_weight")
    weight = entry(page, "needs_weight", second).get_by_label("Weight, g")
    weight.fill("17")

    system.drag(first, Status.UPLOADED)

    expect(entry(page, "needs_weight", first)).to_have_count(0)
    expect(weight).to_have_value("17")
    expect(weight).to_be_focused()


def test_a_job_in_two_folders_is_brought_together_where_staff_say(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    system.slice(job)
    system.wait_for(lambda: len(system.doc(job).files) == 2)
    system.drag_model(job, Status.PENDING)
    sliced = next(path for path in system.paths(job) if path.suffix == ".gcode")
    sliced.rename(system.root / Status.PRINTING / sliced.name)
    system.wait_for(lambda: "conflict" in system.flags(job))
    page = list_of(windows, "conflict")
    line = entry(page, "conflict", job)

    line.get_by_role("button", name="Bring all to Printing").click()

    expect(page.locator("#toasts")).to_contain_text(f"#{job} lies together in Printing now")
    expect(line).to_have_count(0)
    system.wait_for(lambda: system.is_in(job, Status.PRINTING))


def test_a_file_that_is_gone_is_listed_and_leaves_the_list_when_it_is_back(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    model = system.model(job)
    aside = model.rename(system.folder / model.name)
    page = list_of(windows, "missing")
    line = entry(page, "missing", job)
    expect(line).to_contain_text(model.name, timeout=60_000)

    aside.rename(model)

    expect(line).to_have_count(0)


def test_a_walk_in_gets_its_student(windows: Windows, system: System) -> None:
    person = a_person()
    name = f"{person.split()[-1]} bracket.stl"
    (system.root / "Uploaded" / name).write_bytes(an_stl())
    found = "SELECT number FROM jobs WHERE 'walk_in' = ANY(flags) AND student_name <> :n"
    job = JobNumber(system.wait_for(lambda: system.sql(found, n=person))[-1][0])
    page = list_of(windows, "walk_in")
    line = entry(page, "walk_in", job)
    line.get_by_label("Name").fill(person)
    line.get_by_label("E-mail").fill(address_of(person))

    line.get_by_role("button", name="Save").click()

    expect(line).to_have_count(0)
    assert system.name(job) == person


def test_a_foreign_file_is_made_part_of_the_job_it_belongs_to(
    windows: Windows, system: System
) -> None:
    job = system.a_job()
    name = f"sketch for {job} by {a_person()}.pdf"
    (system.root / "Uploaded" / name).write_bytes(b"%PDF-1.4")
    page = list_of(windows, "stray")
    line = stray(page, name)
    line.get_by_label("Part of job").fill(str(job))

    line.get_by_role("button", name="Join it").click()

    expect(line).to_have_count(0)
    system.wait_for(lambda: any(path.suffix == ".pdf" for path in system.paths(job)))
    system.wait_for(lambda: any(e.name.endswith(".pdf") for e in system.doc(job).files))


def test_a_foreign_file_that_is_ignored_can_be_listed_again(
    windows: Windows, system: System
) -> None:
    name = f"notes of {a_person()}.txt"
    (system.root / "Printing" / name).write_text("buy tape")
    page = list_of(windows, "stray")
    stray(page, name).get_by_role("button", name="Ignore").click()
    expect(stray(page, name)).to_have_count(0)
    ignored = page.locator("#ignored")
    ignored.locator("summary").click()

    ignored.get_by_role("listitem").filter(has_text=name).get_by_role("button").click()

    expect(stray(page, name)).to_be_visible()


def test_the_count_in_the_header_leads_to_the_list(windows: Windows, system: System) -> None:
    job = system.a_job(Status.PENDING)
    page = windows.open("/staff/", staff=True)

    page.get_by_role("navigation", name="Staff").get_by_role("link", name="Trouble").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Trouble")
    page.get_by_role("navigation", name="Kinds of trouble").get_by_role(
        "link", name="Needs weight"
    ).click()
    expect(entry(page, "needs_weight", job)).to_be_attached()
