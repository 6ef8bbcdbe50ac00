"""What every page needs, made once with the app; `web()` gives it inside a request."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from flask import current_app

from daemon.embedded import database_url
from daemon.keys import secret_key
from daemon.share import Share
from schemas.catalog import Catalog
from schemas.errors import ShareUnavailable
from schemas.settings import Settings
from webui.desk import Desk
from webui.hands import Rules
from webui.index import Index
from webui.throttle import HOUR_S, SUBMISSIONS, FreshLinks, LogIns, Quota

_KEY = "printsystem"


@dataclass(slots=True)
class Web:
    """The surroundings of the pages."""

    settings: Settings
    share: Share
    index: Index
    desk: Desk
    secret: str
    now: Callable[[], datetime]
    submissions: Quota = field(default_factory=lambda: Quota(SUBMISSIONS, HOUR_S))
    fresh_links: FreshLinks = field(default_factory=FreshLinks)
    log_ins: LogIns = field(default_factory=LogIns)
    last_catalog: Catalog | None = None

    def catalog(self) -> Catalog:
        """The catalogue; the last good one while the share is away.

        Raises: BadCatalog or ShareUnavailable when none was ever read.
        """
        try:
            self.last_catalog = self.share.catalog()
        except (ShareUnavailable, OSError) as error:
            if self.last_catalog is None:
                raise ShareUnavailable(
                    f"the catalogue cannot be read ({error})", possible="try again later"
                ) from None
        return self.last_catalog

    def rules(self) -> Rules:
        """The lab's rules, for a decision that needs them. Raises: as `catalog`."""
        return self.desk.rules()


def open_place(settings: Settings, now: Callable[[], datetime], patience_s: float) -> Web:
    """The surroundings that the settings name. Nothing is connected or looked at yet."""
    share = Share(settings.share, _known_share(settings.data_dir))
    index = Index(lambda: database_url(settings), patience_s=patience_s)
    return Web(
        settings=settings,
        share=share,
        index=index,
        desk=Desk(share, index, now, lambda: _rules(settings, share)),
        secret=secret_key(settings),
        now=now,
    )


def _rules(settings: Settings, share: Share) -> Rules:
    return Rules(share.catalog(), settings.confirm_hours, lambda: secrets.token_urlsafe(16))


def _known_share(data_dir: Path) -> str:
    """The UUID of the share that this computer works for; empty before the first start."""
    with suppress(OSError):
        return (data_dir / "share.uuid").read_text(encoding="utf-8").strip()
    return ""


def web() -> Web:
    """The surroundings of the running app."""
    return cast(Web, current_app.extensions[_KEY])
