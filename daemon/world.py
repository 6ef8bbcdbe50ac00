"""What an action needs to be carried out, handed in: the share, the index, the clock, the rules."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine

from daemon.consequences import Policy
from daemon.share import Share
from daemon.snapshot import Known
from schemas.catalog import Catalog
from schemas.settings import Settings


@dataclass(slots=True)
class World:
    """The daemon's surroundings. `guard` raises NotLeader unless the lease still holds."""

    share: Share
    engine: Engine
    policy: Callable[[], Policy]
    guard: Callable[[], None]
    new_nonce: Callable[[], str]
    epoch: int = 0
    known: Known = field(default_factory=Known)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def policy_of(settings: Settings, catalog: Catalog) -> Policy:
    """The rules that the settings and the catalogue make together."""
    return Policy(
        mailed=frozenset(catalog.mail.send),
        rates={m.name: (m.price_per_gram, m.minimum_charge) for m in catalog.methods},
        undo_folder_s=settings.undo_folder_s,
        undo_web_s=settings.undo_web_s,
        confirm_hours=settings.confirm_hours,
        densities={m.name: m.density_g_cm3 for m in catalog.methods},
    )
