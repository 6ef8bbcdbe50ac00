"""What a decision is given beside the job and what was asked for, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.catalog import Catalog
from schemas.events import Via
from schemas.status import Status


@dataclass(frozen=True, slots=True)
class Hand:
    """Who does it, through which door, and when."""

    by: str
    via: Via
    at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """The lab's rules, for the decisions that need them; a quote is open for `confirm_hours`."""

    catalog: Catalog
    confirm_hours: float
    new_nonce: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the job goes, None for nowhere, and what the daemon is to write of the move."""

    to: Status | None = None
    data: dict[str, Any] = field(default_factory=dict)
