"""The mails themselves: what each says, and that nothing a person types can bend them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest

from daemon.mail.letter import Facts, compose
from schemas.errors import MailFailed
from schemas.status import Status

MESSAGE_ID = "<job-123.4.Pending@share-7f>"
JOB_URL = "https://print.example.edu/job/AbC_123"
CONFIRM_URL = "https://print.example.edu/confirm/XyZ_456?a=1&b=2"

ALL = pytest.mark.parametrize("template", list(Status), ids=str)


def the_facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "number": 123,
        "student_name": "Jane Doe",
        "student_email": "jane@example.edu",
        "file_name": "bracket.stl",
        "print_method": "Filament",
        "color": "True Red",
        "printer": "Prusa MK4S",
        "price_usd": Decimal("12.34"),
        "weight_g": Decimal("42.50"),
        "time_h": Decimal("3.5"),
        "reasons": ("The walls are too thin",),
        "note": "At least 1.2 mm.\nCome by on Tuesday.",
        "job_url": JOB_URL,
        "confirm_url": CONFIRM_URL,
        "expires_at": datetime(2026, 11, 29, 21, 15, tzinfo=UTC),
        "lab_name": "3D Print Lab",
        "reply_to": "3D Print Lab <lab@example.edu>",
        "timezone": "America/Chicago",
    }
    return Facts(**{**known, **changes})


def a_letter(template: Status = Status.COMPLETED, **changes: Any) -> EmailMessage:
    return compose(
        template,
        the_facts(**changes),
        sender="3D Print Lab <print@example.edu>",
        message_id=MESSAGE_ID,
        date=datetime(2026, 11, 22, 21, 0, tzinfo=UTC),
    )


def the_text(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def the_html(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def unwrapped(letter: EmailMessage) -> str:
    return " ".join(the_text(letter).split())


def read_by_others(letter: EmailMessage, header: str) -> str:
    """A header as it is on the wire: encoded, on one line, by the other parser of the library."""
    return re.sub(r"\r?\n", "", str(message_from_bytes(letter.as_bytes())[header]))


# what each mail says


@ALL
def test_every_mail_names_job_file_link_and_whom_to_ask_in_both_parts(template: Status) -> None:
    letter = a_letter(template)

    assert "bracket.stl" in letter["Subject"]
    assert "job 123" in letter["Subject"]
    for part in (the_text(letter), the_html(letter)):
        assert "bracket.stl" in part
        assert "123" in part
        assert JOB_URL in part
        assert "lab@example.edu" in part
        assert "Jane Doe" in part
        assert "3D Print Lab" in part


def test_the_receipt_of_a_model_says_that_nothing_costs_before_a_confirmation() -> None:
    letter = a_letter(Status.UPLOADED, price_usd=None, weight_g=None, time_h=None)

    assert "nothing costs you anything, before you have confirmed" in unwrapped(letter)
    assert "$" not in the_text(letter)
    assert f'href="{JOB_URL}"' in the_html(letter)


def test_a_quote_has_price_weight_time_deadline_and_the_confirmation_link() -> None:
    letter = a_letter(Status.PENDING)

    assert "$12.34" in letter["Subject"]
    for part in (the_text(letter), the_html(letter)):
        assert "$12.34" in part
        assert "42.5 g" in part
        assert "3.5 hours" in part
        assert "Sunday, 29 November 2026, 3:15 PM CST" in part
    assert f"\n{CONFIRM_URL}\n" in the_text(letter)
    assert f'href="{CONFIRM_URL.replace("&", "&amp;")}"' in the_html(letter)


def test_a_rejection_lists_reasons_and_note_and_says_how_to_try_again_without_a_price() -> None:
    letter = a_letter(Status.REJECTED, reasons=("Too thin", "Too big"))

    text = the_text(letter)
    assert "- Too thin\n- Too big\n" in text
    assert "At least 1.2 mm.\nCome by on Tuesday.\n" in text
    assert "How to try again" in text
    assert "You owe nothing" in text
    assert "$" not in text
    assert the_html(letter).count("<li ") == 2


def test_a_rejection_without_reasons_offers_to_tell_them() -> None:
    letter = a_letter(Status.REJECTED, reasons=(), note="")

    assert "we tell you what stands in the way" in unwrapped(letter)
    assert "<ul" not in the_html(letter)


def test_a_confirmed_job_is_said_to_be_in_the_queue_and_payable_later() -> None:
    letter = a_letter(Status.READY_TO_PRINT)

    assert letter["Subject"].startswith("In the queue")
    assert "You pay $12.34 when you collect it." in the_text(letter)


def test_a_started_print_names_printer_and_time() -> None:
    text = unwrapped(a_letter(Status.PRINTING))

    assert "started on the Prusa MK4S. It takes about 3.5 hours." in text


def test_a_finished_print_asks_to_collect_it_and_names_the_amount() -> None:
    letter = a_letter(Status.COMPLETED)

    assert "come to the lab and collect it" in unwrapped(letter)
    assert "The amount to pay is $12.34." in the_text(letter)
    assert "To pay:      $12.34" in the_text(letter)


def test_a_finished_print_without_a_price_promises_to_name_it() -> None:
    letter = a_letter(Status.COMPLETED, price_usd=None)

    assert "We tell you the amount to pay when you come." in the_text(letter)
    assert "To pay" not in the_text(letter)


def test_a_collected_print_gets_a_receipt_for_what_was_paid() -> None:
    letter = a_letter(Status.PAID_PICKED_UP)

    assert letter["Subject"].startswith("Receipt")
    assert "paid ($12.34) and collected" in unwrapped(letter)
    assert "Paid:        $12.34" in the_text(letter)


@pytest.mark.parametrize("template", [s for s in Status if s is not Status.PENDING], ids=str)
def test_what_is_not_known_is_left_out(template: Status) -> None:
    letter = a_letter(
        template,
        student_name="",
        print_method="",
        color="",
        printer="",
        price_usd=None,
        weight_g=None,
        time_h=None,
        expires_at=None,
        confirm_url="",
        note="",
    )

    text = the_text(letter)
    assert text.startswith("Hello,\n")
    assert "None" not in text + the_html(letter)
    labels = re.findall(r"^([A-Z][\w ]+): {2,}", text, flags=re.M)
    assert labels == ["Job", "File"]


@pytest.mark.parametrize("missing", [{"price_usd": None}, {"confirm_url": ""}], ids=str)
def test_a_quote_without_price_or_link_is_not_written(missing: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="job 123: a quote needs a price"):
        a_letter(Status.PENDING, **missing)


# how values are shown


@pytest.mark.parametrize(
    ("expires_at", "shown"),
    [
        pytest.param(datetime(2026, 7, 4, 17, 5, tzinfo=UTC), "12:05 PM CDT", id="summer, noon"),
        pytest.param(datetime(2026, 12, 5, 6, 0, tzinfo=UTC), "12:00 AM CST", id="midnight"),
        pytest.param(
            datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "1 November 2026, 1:30 AM CDT", id="before"
        ),
        pytest.param(
            datetime(2026, 11, 1, 7, 30, tzinfo=UTC), "1 November 2026, 1:30 AM CST", id="after"
        ),
    ],
)
def test_a_deadline_is_shown_in_the_labs_zone(expires_at: datetime, shown: str) -> None:
    assert shown in the_text(a_letter(Status.PENDING, expires_at=expires_at))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({"price_usd": Decimal("3")}, "Price:       $3.00", id="whole dollars"),
        pytest.param({"price_usd": Decimal("1234.5")}, "$1,234.50", id="thousands"),
        pytest.param({"weight_g": Decimal("1E+2")}, "100 g", id="exponent"),
        pytest.param({"time_h": Decimal("1.0")}, "1 hour\n", id="one hour"),
    ],
)
def test_numbers_are_shown_as_people_write_them(changes: dict[str, Any], shown: str) -> None:
    assert shown in the_text(a_letter(Status.PENDING, **changes))


@ALL
def test_no_line_of_text_is_wider_than_72_columns_but_for_links(template: Status) -> None:
    letter = a_letter(template, reasons=("A reason that goes on and on " * 6,), note="words " * 50)

    lines = [line for line in the_text(letter).splitlines() if "https://" not in line]
    assert max(map(len, lines)) <= 72
    assert "\n\n\n" not in the_text(letter)


def test_a_long_link_is_never_broken_in_the_text() -> None:
    link = f"https://print.example.edu/job/{'a-b' * 60}"

    assert f"\n{link}\n" in the_text(a_letter(job_url=link))


def test_a_long_reason_stays_under_its_bullet() -> None:
    letter = a_letter(Status.REJECTED, reasons=("word " * 20,))

    assert re.search(r"^- word .*\n  word ", the_text(letter), flags=re.M)


def test_html_is_escaped_and_text_is_not() -> None:
    letter = a_letter(student_name="<b>Jane</b> & Co", file_name="a<b.stl")

    assert "&lt;b&gt;Jane&lt;/b&gt; &amp; Co" in the_html(letter)
    assert "<b>" not in the_html(letter)
    assert "a<b.stl" in the_text(letter)


# headers


def test_headers_say_who_writes_to_whom_and_that_a_program_does() -> None:
    letter = message_from_bytes(a_letter(Status.PENDING).as_bytes())

    assert getaddresses([letter["From"]]) == [("3D Print Lab", "print@example.edu")]
    assert getaddresses([letter["To"]]) == [("Jane Doe", "jane@example.edu")]
    assert getaddresses([letter["Reply-To"]]) == [("3D Print Lab", "lab@example.edu")]
    assert letter["Date"] == "Sun, 22 Nov 2026 15:00:00 -0600"
    assert letter["Message-ID"] == MESSAGE_ID
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Job"] == "123"
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Jane\r\nBcc: evil@example.org", id="line break"),
        pytest.param("Doe, Jane, evil@example.org, " * 4, id="long, with commas and an address"),
        pytest.param("Jane <evil@example.org>, x" * 3, id="angle brackets"),
        pytest.param('" <evil@example.org>, "', id="quotes"),
        pytest.param("Zoë, evil@example.org, " * 5, id="long, not ASCII"),
        pytest.param("=?utf-8?q?evil=40example.org=2C?=", id="encoded word"),
        pytest.param("=?utf-8?q?x=0D=0ABcc:_evil=40example.org?=", id="encoded line break"),
        pytest.param("Jane\x00\x1b[2J\u2028Doe", id="control characters"),
    ],
)
def test_a_name_cannot_add_a_recipient_or_a_header(name: str) -> None:
    letter = a_letter(student_name=name, file_name=name)

    raw = message_from_bytes(letter.as_bytes())
    [(label, address)] = getaddresses([read_by_others(letter, "To")])
    assert address == "jane@example.edu"
    on_one_line = " ".join(re.sub(r"[\x00-\x1f]", " ", name).split())
    assert str(make_header(decode_header(label))) == on_one_line
    assert raw["Bcc"] is None
    assert raw.keys() == message_from_bytes(a_letter().as_bytes()).keys()


@pytest.mark.parametrize(
    "words",
    [
        "Größe",
        "é 日本語 é Größe a,b v2 é Лев Größe v2",
        "v2 Лев façade-final.3mf 日本語 a,b é",
    ],
)
def test_words_beyond_ascii_arrive_exactly_in_name_and_subject(words: str) -> None:
    letter = a_letter(student_name=words, file_name=words)

    subject, to = read_by_others(letter, "Subject"), read_by_others(letter, "To")
    assert str(make_header(decode_header(subject))) == f"Ready to collect: {words} (job 123)"
    assert str(make_header(decode_header(getaddresses([to])[0][0]))) == words
    assert words in the_text(letter)


def test_no_line_on_the_wire_is_longer_than_mail_allows() -> None:
    letter = a_letter(student_name="Zoë " * 25, file_name="ü" * 200, note="x" * 3000)

    head, _, body = letter.as_bytes().partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, body.split(b"\r\n"))) <= 76


def test_a_file_name_that_is_not_unicode_is_still_written_about() -> None:
    letter = a_letter(file_name="caf\udce9.stl")

    assert letter["Subject"] == "Ready to collect: caf?.stl (job 123)"
    assert b"caf?.stl" in letter.as_bytes()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "jane@",
        "@example.edu",
        "jane doe@example.edu",
        "jane@example.edu, evil@example.org",
        "jane@example.edu\r\nBcc: evil@example.org",
        "Jane <jane@example.edu>",
        "jane\u202e@example.edu",
    ],
)
def test_what_is_not_one_address_is_refused_for_good_and_not_repeated(address: str) -> None:
    with pytest.raises(MailFailed) as caught:
        a_letter(student_email=address)

    assert caught.value.permanent
    assert str(caught.value) == (
        "job 123: the student's e-mail address is not one; "
        "possible: correct it in the job's details, then resend"
    )


# the same twice


@ALL
def test_the_same_facts_make_the_same_bytes(template: Status) -> None:
    assert a_letter(template).as_bytes() == a_letter(template).as_bytes()


def test_no_text_can_end_its_part_early() -> None:
    letter = a_letter(Status.REJECTED)
    boundary = f"--{letter.get_boundary()}--"

    forged = a_letter(Status.REJECTED, note=f"{boundary}\nthe rest")

    assert forged.as_bytes().count(boundary.encode()) == 1
    assert boundary in the_text(forged)
