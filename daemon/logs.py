"""Log lines: one for each thing that happened, ids as fields, no e-mail addresses."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from schemas.clock import iso

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items())
        line = f"{_at(record)} {record.levelname:<7} {record.name}: {record.getMessage()} {fields}"
        return line.rstrip() + _trace(self, record)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": _at(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() + _trace(self, record),
        }
        return json.dumps({**entry, **_fields(record)}, default=str, ensure_ascii=False)


def set_up_logging(form: Literal["text", "json"]) -> None:
    """Send log lines of this process to stderr in the form chosen."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("alembic", "watchdog", "yagmail", "waitress"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _at(record: logging.LogRecord) -> str:
    return iso(datetime.fromtimestamp(record.created, UTC))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return f"\n{formatter.formatException(record.exc_info)}" if record.exc_info else ""
