"""How the system is: for a monitor (`/healthz`), and for the banner on the staff's pages."""

import threading
import time

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from daemon import queries
from daemon.share import Share
from schemas.errors import PrintSystemError
from webui.place import web

blueprint = Blueprint("health", __name__)

PROBE_S = 5.0  # the share is written to this often at most, however often somebody asks

_BANNER = ("database", "daemon", "share", "brake", "look")
_probe_lock = threading.Lock()
_probed: dict[Share, tuple[float, str]] = {}


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """200 when every part is well, 503 naming those that are not."""
    faults = all_faults()
    return jsonify(ok=not faults, faults=faults), 503 if faults else 200


def all_faults() -> dict[str, str]:
    """Each part that is not well, and why; the share is asked directly as well."""
    faults = _told()
    seen = _share_fault(web().share)
    if seen:
        faults["share"] = seen
    return faults


def banners() -> list[str]:
    """What staff have to know on every page."""
    faults = all_faults()
    return [f"{name}: {faults[name]}" for name in _BANNER if name in faults]


def _told() -> dict[str, str]:
    """What the daemon has written to the index, or that there is none."""
    try:
        with web().index.reading() as connection:
            return dict(queries.health(connection).faults)
    except PrintSystemError as error:
        return {"database": str(error)}


def _share_fault(share: Share) -> str:
    with _probe_lock:
        until_s, fault = _probed.get(share, (0.0, ""))
        if time.monotonic() >= until_s:
            fault = _probe(share)
            _probed[share] = (time.monotonic() + PROBE_S, fault)
    return fault


def _probe(share: Share) -> str:
    try:
        share.check()
        share.check_writable()
    except PrintSystemError as error:
        return str(error)
    except OSError as error:
        return f"{share.root} cannot be written ({error.strerror})"
    return ""
