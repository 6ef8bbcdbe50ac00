"""How values read on a page: money, times, ages, sizes, and the words for statuses and flags."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask

from schemas.catalog import Catalog
from schemas.clock import show
from schemas.events import Event, EventType, Via
from schemas.mails import Hold, Mail, MailState
from schemas.model import show_mm
from schemas.sidecar import Request
from schemas.status import Status
from webui.inspected import told, words
from webui.place import web

STATUS_WORDS = {
    Status.UPLOADED: "Uploaded",
    Status.PENDING: "Pending",
    Status.REJECTED: "Rejected",
    Status.READY_TO_PRINT: "Ready to print",
    Status.PRINTING: "Printing",
    Status.COMPLETED: "Completed",
    Status.PAID_PICKED_UP: "Picked up",
}

FLAG_WORDS = {
    "needs_weight": "needs weight",
    "missing": "files missing",
    "conflict": "in two folders",
    "walk_in": "details missing",
    "irregular": "irregular",
    "copy": "has a copy",
    "too_big": "too big",
    "danger": "do not open",
    "new_price": "other price",
}

ACTION_WORDS = {
    "approve": "Approve",
    "reject": "Reject",
    "confirm": "Confirm for student",
    "start": "Start printing",
    "fail": "Print failed",
    "complete": "Complete",
    "collect": "Paid and collected",
    "move": "Move anywhere",
    "note": "Add a note",
    "edit": "Edit details",
    "review": "Mark as reviewed",
    "unreview": "Mark as new again",
    "undo": "Undo the last move",
    "resend": "Send the mail again",
    "renew": "Send a fresh price link",
    "requote": "Send a new quote",
    "keep-price": "Keep the price",
    "send-now": "Send the mail now",
    "cancel-email": "Don’t send the mail",
}

# Shorter words for the button in a row of the list.
STEP_WORDS = {**ACTION_WORDS, "confirm": "Confirm", "start": "Start", "collect": "Collect"}

# What can be done with many jobs at once, and whether it has to be asked more for it.
BULK = {
    "review": False,
    "confirm": False,
    "start": False,
    "complete": False,
    "reject": True,
    "move": True,
    "send-now": False,
    "cancel-email": False,
}

STATUS_ICONS = {
    Status.UPLOADED: "inbox",
    Status.PENDING: "hourglass",
    Status.REJECTED: "x",
    Status.READY_TO_PRINT: "list-checks",
    Status.PRINTING: "printer",
    Status.COMPLETED: "package-check",
    Status.PAID_PICKED_UP: "wallet",
}

# Nothing to say with it: one click.
DIRECT = (
    "confirm", "start", "complete", "review", "unreview", "undo", "resend", "renew", "requote",
    "keep-price", "send-now", "cancel-email",
)  # fmt: skip

_EVENT_WORDS = {
    EventType.JOB_CREATED: "Handed in",
    EventType.FILE_ADDED: "File added",
    EventType.FILE_CHANGED: "File changed",
    EventType.FILE_MISSING: "File missing",
    EventType.FILE_RESTORED: "File is back",
    EventType.DETAILS_EDITED: "Details edited",
    EventType.NOTE_ADDED: "Note",
    EventType.PRINT_FAILED: "Print failed",
    EventType.PAYMENT_RECORDED: "Payment",
    EventType.EMAIL_HELD: "Mail held",
    EventType.EMAIL_QUEUED: "Mail queued",
    EventType.EMAIL_SENT: "Mail sent",
    EventType.EMAIL_FAILED: "Mail failed",
    EventType.EMAIL_CANCELLED: "Mail cancelled",
    EventType.CONFLICT_FOUND: "Lies in two folders",
    EventType.CONFLICT_RESOLVED: "Lies together again",
    EventType.SIDECAR_REPAIRED: "Sidecar repaired",
}


def set_up(app: Flask) -> None:
    """Make these the words and filters of all templates."""
    filters = {
        "money": money, "grams": grams, "hours": hours, "size": size, "when": when,
        "age": age, "age_step": age_step, "status_words": status_words,
        "flag_words": lambda flag: FLAG_WORDS.get(flag, flag),
        "event_words": event_words, "event_facts": event_facts, "door": door,
        "mail_words": mail_words, "discipline_options": discipline_options,
        "color_groups": color_groups, "printer_groups": printer_groups,
        "pairs": pairs, "with": offered_with, "source_words": source_words,
        "mm": show_mm, "told": told, "words": words,
    }  # fmt: skip
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        ACTION_WORDS=ACTION_WORDS,
        BULK=BULK,
        DIRECT=DIRECT,
        STEP_WORDS=STEP_WORDS,
        STATUSES=tuple(Status),
        STATUS_ICONS=STATUS_ICONS,
        FLAG_WORDS=FLAG_WORDS,
    )


Options = list[tuple[str, str, bool]]  # value, text, not to be had


def discipline_options(catalog: Catalog) -> Options:
    """The disciplines, to choose from."""
    return [(name, name, False) for name in catalog.disciplines]


def pairs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Values that are their own words, for a select."""
    return [(name, name) for name in names]


def offered_with(names: Iterable[str], present: str) -> Options:
    """What can be chosen, and what a job has already though it is offered no more."""
    offered = dict.fromkeys([*names, present])
    return [(name, name, False) for name in offered if name]


def color_groups(catalog: Catalog, has: Request | None = None) -> list[tuple[str, Options]]:
    """The colours of each method, out of stock ones off; and the one a job `has` already."""
    return [
        (
            method.name,
            [
                *(_color(name, [] if has else method.out_of_stock) for name in method.colors),
                *_besides(method.name, method.colors, has, "color"),
            ],
        )
        for method in catalog.methods
    ]


def _besides(method: str, offered: list[str], has: Request | None, part: str) -> Options:
    """What a job of this method has though the catalogue does not offer it any more."""
    present = getattr(has, part) if has is not None and has.print_method == method else ""
    return [(present, present, False)] if present and present not in offered else []


def _color(name: str, out_of_stock: list[str]) -> tuple[str, str, bool]:
    is_off = name in out_of_stock
    return name, f"{name} (out of stock)" if is_off else name, is_off


def printer_groups(catalog: Catalog, has: Request | None = None) -> list[tuple[str, Options]]:
    """The printers of each method with their build volumes; and the one a job `has` already."""
    return [(method.name, _printers(catalog, method.name, has)) for method in catalog.methods]


def _printers(catalog: Catalog, method: str, has: Request | None) -> Options:
    printers = catalog.printers_for(method)
    offered = [printer.name for printer in printers]
    return [
        *((one.name, f"{one.name}, {show_mm(one.volume_mm)}", False) for one in printers),
        *_besides(method, offered, has, "printer"),
    ]


def source_words(source: str | None) -> str:
    """Where a figure came from."""
    if not source:
        return ""
    return "typed by staff" if source == "staff" else f"from {source}"


def money(amount_usd: Decimal | None) -> str:
    """Dollars and cents."""
    return "" if amount_usd is None else f"${amount_usd:,.2f}"


def grams(weight_g: Decimal | None) -> str:
    """A weight without needless zeros."""
    return "" if weight_g is None else f"{weight_g.normalize():f} g"


def hours(time_h: Decimal | None) -> str:
    """A print time."""
    return "" if time_h is None else f"{time_h.normalize():f} h"


def size(count: int) -> str:
    """A file's size."""
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def when(at: datetime | None) -> str:
    """A moment in the lab's zone."""
    return "" if at is None else show(at, web().settings.timezone)


def age(at: datetime | None) -> str:
    """How long ago, in the two largest units: "2d 4h"."""
    if at is None:
        return ""
    minutes = max(0, int((web().now() - at).total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    if days:
        return f"{days}d {rest // 60}h"
    return f"{rest // 60}h {rest % 60}m" if rest >= 60 else f"{rest}m"


def age_step(at: datetime | None) -> int:
    """How pressing: 1 under a day, 2 under two, 3 under three, 4 beyond."""
    if at is None:
        return 1
    return min(4, max(0, (web().now() - at) // timedelta(days=1)) + 1)


def status_words(status: str) -> str:
    """A status for a person."""
    return STATUS_WORDS[Status(status)]


def door(event: Event) -> str:
    """Through which door it came, where that is not plain from who did it."""
    return {Via.WEB: "on the web", Via.LINK: "by the link in the mail"}.get(event.via, "")


def event_words(event: Event) -> str:
    """What happened."""
    if event.type is EventType.STATUS_CHANGED:
        return f"{status_words(event.data['from'])} → {status_words(event.data['to'])}"
    return _EVENT_WORDS.get(event.type, event.type.value)


_UNSAID = {"from", "to", "for", "sha256"}
_TIMES = {"not_before", "expires_at"}


def event_facts(event: Event) -> list[tuple[str, str]]:
    """The data of an event as names and values, without what is said already."""
    return [
        (name.replace("_", " "), _fact(name, value))
        for name, value in event.data.items()
        if name not in _UNSAID and value not in (None, "", [])
    ]


def _fact(name: str, value: Any) -> str:
    if name in _TIMES:
        return when(datetime.fromisoformat(str(value)))
    return status_words(value) if name == "template" else _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(f"{name} {_change(change)}" for name, change in value.items())
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


def _change(change: Any) -> str:
    if isinstance(change, list) and len(change) == 2:
        return f"{change[0] or 'nothing'} → {change[1] or 'nothing'}"
    return _plain(change)


def mail_words(mail: Mail) -> str:
    """How far a mail is."""
    if mail.state is MailState.HELD:
        return f"held: {_HOLD_WORDS[mail.hold] if mail.hold else ''}"
    if mail.state is MailState.QUEUED and mail.not_before is not None:
        left_s = int((mail.not_before - web().now()).total_seconds())
        return f"goes in {left_s} s" if left_s > 0 else "about to go"
    if mail.state is MailState.SENT:
        return f"sent {when(mail.sent_at)}"
    return f"{mail.state.value}{f': {mail.remark}' if mail.remark else ''}"


_HOLD_WORDS = {
    Hold.NEEDS_WEIGHT: "goes once the weight is known",
    Hold.NO_ADDRESS: "there is no e-mail address",
    Hold.MASS_CHANGE: "many jobs moved at once; release it with “send now”",
}
