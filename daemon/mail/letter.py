"""One mail: the templates of a status filled with a job's facts, as a message any carrier takes.

Nothing here depends on the clock or on chance: the same facts, ids and date give the same bytes, so
a mail that had to be sent twice is recognisable as one.
"""

import hashlib
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.headerregistry import Address
from email.message import EmailMessage

import pytz
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from daemon.mail.headers import POLICY, mailbox, named_mailbox, one_line, subject_line
from schemas.errors import MailFailed
from schemas.status import Status

TEXT_COLUMNS = 72

_PRICE_LABELS = {Status.COMPLETED: "To pay", Status.PAID_PICKED_UP: "Paid"}

_TEMPLATES = Environment(
    loader=PackageLoader("daemon.mail", "templates"),
    undefined=StrictUndefined,
    autoescape=select_autoescape(enabled_extensions=("html",), default=False),
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a template may say of a job, as plain values.

    What is not known is None or empty, and is left out of the mail. `expires_at` is aware UTC,
    `note` is the free text of a rejection and `reply_to` an address, with or without a name.
    """

    number: int
    student_name: str
    student_email: str
    file_name: str
    print_method: str
    color: str
    printer: str
    price_usd: Decimal | None
    weight_g: Decimal | None
    time_h: Decimal | None
    reasons: tuple[str, ...]
    note: str
    job_url: str
    confirm_url: str
    expires_at: datetime | None
    lab_name: str
    reply_to: str
    timezone: str


def compose(
    template: Status, facts: Facts, *, sender: str, message_id: str, date: datetime
) -> EmailMessage:
    """The mail that `template` makes of `facts`, from `sender` (`Name <address>`).

    Raises: MailFailed for good where an address cannot be one; ValueError for a quote that has no
        price or no confirmation link, which the outbox holds back.
    """
    if template is Status.PENDING and (facts.price_usd is None or not facts.confirm_url):
        raise ValueError(f"job {facts.number}: a quote needs a price and a confirmation link")
    words = _words(template, facts)
    message = EmailMessage(policy=POLICY)
    message["Subject"] = subject_line(_render(f"{template}.subject.txt", words))
    message["From"] = named_mailbox(sender)
    message["To"] = _student(facts)
    message["Reply-To"] = named_mailbox(facts.reply_to)
    message["Date"] = date.astimezone(pytz.timezone(facts.timezone))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Job"] = str(facts.number)
    message.set_content(_in_columns(_render(f"{template}.txt", words)), cte="quoted-printable")
    html = _render(f"{template}.html", words)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(_boundary(message_id))
    return message


def _student(facts: Facts) -> Address:
    try:
        return mailbox(facts.student_email, name=facts.student_name)
    except ValueError:
        raise MailFailed(
            f"job {facts.number}: the student's e-mail address is not one",
            permanent=True,
            possible="correct it in the job's details, then resend",
        ) from None


def _boundary(message_id: str) -> str:
    """The line between the parts: fixed, and with `=_`, which quoted-printable text never holds."""
    return f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"


def _render(name: str, words: Mapping[str, object]) -> str:
    return _TEMPLATES.get_template(name).render(words)


def _words(template: Status, facts: Facts) -> dict[str, object]:
    """The names that templates know, each as people read it; what is unknown is empty."""
    return {
        "number": facts.number,
        "name": one_line(facts.student_name),
        "file": one_line(facts.file_name),
        "printer": one_line(facts.printer),
        "price": _money(facts.price_usd),
        "time": _hours(facts.time_h),
        "valid_until": _moment(facts.expires_at, facts.timezone),
        "reasons": [one_line(reason) for reason in facts.reasons],
        "note_lines": [one_line(line) for line in facts.note.splitlines() if line.strip()],
        "job_url": facts.job_url,
        "confirm_url": facts.confirm_url,
        "lab": one_line(facts.lab_name),
        "ask": named_mailbox(facts.reply_to).addr_spec,
        "rows": _rows(template, facts),
    }


def _rows(template: Status, facts: Facts) -> list[tuple[str, str]]:
    """The table in every mail: label and value of all that is known of the job and matters now."""
    wishes = (facts.print_method, facts.color, facts.printer)
    price = facts.price_usd if template is not Status.REJECTED else None
    until = facts.expires_at if template is Status.PENDING else None
    rows = [
        ("Job", str(facts.number)),
        ("File", one_line(facts.file_name)),
        ("Print", ", ".join(one_line(wish) for wish in wishes if wish)),
        ("Weight", f"{_plain(facts.weight_g)} g" if facts.weight_g is not None else ""),
        ("Print time", _hours(facts.time_h)),
        (_PRICE_LABELS.get(template, "Price"), _money(price)),
        ("Valid until", _moment(until, facts.timezone)),
    ]
    return [(label, value) for label, value in rows if value]


def _money(amount_usd: Decimal | None) -> str:
    return "" if amount_usd is None else f"${amount_usd:,.2f}"


def _hours(time_h: Decimal | None) -> str:
    if time_h is None:
        return ""
    return f"{_plain(time_h)} {'hour' if time_h == 1 else 'hours'}"


def _plain(number: Decimal) -> str:
    """A number without trailing zeros or exponent: 42.50 reads 42.5, 1E+2 reads 100."""
    return f"{number.normalize():f}"


def _moment(at: datetime | None, zone: str) -> str:
    """A moment in full, such as "Sunday, 29 November 2026, 3:15 PM CST": a date to rely on."""
    if at is None:
        return ""
    local = at.astimezone(pytz.timezone(zone))
    return f"{local:%A}, {local.day} {local:%B %Y}, {local.hour % 12 or 12}:{local:%M %p %Z}"


def _in_columns(text: str) -> str:
    """`text` with long lines wrapped, links left whole, and at most one empty line in a row."""
    lines = [_wrap(line.rstrip()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _wrap(line: str) -> str:
    return textwrap.fill(
        line,
        TEXT_COLUMNS,
        subsequent_indent="  " if line.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
