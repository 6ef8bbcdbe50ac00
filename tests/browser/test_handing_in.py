"""A student hands a model in by the form."""

import re

import pytest
from playwright.sync_api import expect

from schemas.status import Status
from tests.browser.student import (
    KILOBYTE,
    choose_file,
    fault,
    fill_in,
    hand_in,
    jobs_of,
    slow_down,
)
from tests.browser.system import System, a_person, address_of
from tests.browser.windows import Windows
from tests.lab import an_stl

pytestmark = pytest.mark.slow

RECEIVED = re.compile(r"/submitted/")


def test_a_model_handed_in_has_a_number_and_lies_in_the_folder(
    windows: Windows, system: System
) -> None:
    person = a_person()
    page = windows.open("/")
    fill_in(page, person)
    choose_file(page, name="gear wheel.stl")

    hand_in(page)

    page.wait_for_url(RECEIVED)
    (job,) = system.wait_for(lambda: jobs_of(system, person))
    expect(page.locator("#job-number")).to_have_text(str(job))
    expect(page.get_by_role("main")).to_contain_text(address_of(person))
    doc = system.doc(job)
    assert system.is_in(job, Status.UPLOADED)
    assert doc.files[0].original_name == "gear wheel.stl"
    assert (doc.student.discipline, doc.request.color) == ("Engineering", "Lime Green")
    page.get_by_role("link", name="Follow your request").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("We have your model")


def test_the_button_says_how_much_has_been_sent(windows: Windows, system: System) -> None:
    person = a_person()
    page = windows.open("/")
    fill_in(page, person)
    choose_file(page, an_stl(20_000))
    slow_down(page, bytes_a_second=400 * KILOBYTE)

    hand_in(page)

    expect(page.get_by_role("button", name=re.compile(r"Sending, [1-9]\d? %"))).to_be_visible()
    expect(page.locator("#fields")).to_have_attribute("inert", "")
    page.wait_for_url(RECEIVED)
    system.wait_for(lambda: jobs_of(system, person))


def test_a_cancelled_upload_leaves_the_form_as_it_was_and_no_job(
    windows: Windows, system: System
) -> None:
    person = a_person()
    page = windows.open("/")
    fill_in(page, person)
    choose_file(page, an_stl(40_000))
    throttle = slow_down(page, bytes_a_second=50 * KILOBYTE)
    hand_in(page)
    expect(page.get_by_role("button", name="Sending")).to_be_visible()

    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("button", name="Hand in")).to_be_enabled()
    expect(page.get_by_label("Your name")).to_have_value(person)
    expect(page.locator("#drop-name")).to_have_text("thing.stl")
    throttle.detach()
    system.wait_for(lambda: not system.incoming())
    assert jobs_of(system, person) == []


def test_what_is_missing_is_said_beside_each_field_and_the_first_has_the_focus(
    windows: Windows, system: System
) -> None:
    page = windows.open("/")
    page.get_by_role("textbox", name="E-mail").fill("robin@example.edu")

    hand_in(page)

    expect(page.get_by_label("Your name")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Your name")).to_have_accessible_description(
        "Enter your name, at least 2 characters."
    )
    for name in ("discipline", "class_number", "print_method", "file", "minimum_charge"):
        expect(fault(page, name)).to_be_visible()
    expect(fault(page, "student_email")).to_have_count(0)
    expect(page.get_by_role("textbox", name="E-mail")).to_have_value("robin@example.edu")


def test_a_fault_goes_as_soon_as_the_field_is_right(windows: Windows, system: System) -> None:
    page = windows.open("/")
    page.get_by_role("textbox", name="E-mail").fill("robin@example")
    page.get_by_role("textbox", name="E-mail").press("Tab")
    expect(fault(page, "student_email")).to_contain_text("complete e-mail address")

    page.get_by_role("textbox", name="E-mail").fill("robin@example.edu")

    expect(fault(page, "student_email")).to_have_count(0)
    expect(page.get_by_role("textbox", name="E-mail")).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        pytest.param("photo.png", b"x", "Only these kinds of files", id="a picture"),
        pytest.param("thing.stl", b"", "the file is empty", id="an empty file"),
    ],
)
def test_a_file_that_cannot_be_printed_is_said_as_soon_as_it_is_chosen(
    windows: Windows, system: System, name: str, data: bytes, words: str
) -> None:
    page = windows.open("/")

    choose_file(page, data, name=name)

    expect(fault(page, "file")).to_contain_text(words)


def test_what_only_the_server_sees_is_said_beside_the_file_and_nothing_typed_is_lost(
    windows: Windows, system: System
) -> None:
    windows.expect("status of 4")
    person = a_person()
    page = windows.open("/")
    fill_in(page, person)
    choose_file(page, an_stl(10)[:-20], name="cut short.stl")

    hand_in(page)

    expect(fault(page, "file")).to_contain_text("This file cannot be printed")
    expect(page.get_by_label("Your name")).to_have_value(person)
    choose_file(page)
    hand_in(page)
    page.wait_for_url(RECEIVED)


def test_the_same_file_handed_in_twice_is_the_same_request(
    windows: Windows, system: System
) -> None:
    person, model = a_person(), an_stl()
    page = windows.open("/")
    for _ in range(2):
        page.goto("/")
        fill_in(page, person)
        choose_file(page, model)
        hand_in(page)
        page.wait_for_url(RECEIVED)

    expect(page.get_by_role("heading", level=1)).to_contain_text("handed this file in already")
    (job,) = system.wait_for(lambda: jobs_of(system, person))
    expect(page.locator("#job-number")).to_have_text(str(job))


def test_colors_and_printers_are_those_of_the_method(windows: Windows, system: System) -> None:
    page = windows.open("/")
    color, printer = page.get_by_label("Color"), page.get_by_label("Printer")
    expect(color).to_be_disabled()
    expect(printer).to_be_disabled()

    page.get_by_role("radio", name="Resin").check()

    expect(color).to_be_enabled()
    color.select_option("Black")
    printer.select_option("Formlabs Form 3")
    page.get_by_role("radio", name="Filament").check()
    expect(color).to_have_value("")
    expect(printer).to_have_value("")


def test_a_model_dropped_on_the_form_is_chosen(windows: Windows, system: System) -> None:
    page = windows.open("/")
    held = page.evaluate_handle(
        "() => { const held = new DataTransfer();"
        " held.items.add(new File(['solid x'], 'dropped.stl')); return held; }"
    )

    page.locator("#drop").dispatch_event("drop", {"dataTransfer": held})

    expect(page.locator("#drop-name")).to_have_text("dropped.stl")
