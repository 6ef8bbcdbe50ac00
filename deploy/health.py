"""Ask the running pages whether all is well, as a person's monitor would: `GET /healthz`."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 3.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


@dataclass(frozen=True, slots=True)
class Health:
    """What the pages say of themselves and of all they need."""

    is_well: bool
    troubles: tuple[str, ...] = ()


def ask(url: str) -> Health | None:
    """The health at this address; None while nothing answers there."""
    try:
        with _direct.open(f"{url}/healthz", timeout=TIMEOUT_S) as answer:
            return Health(is_well=answer.status == 200)
    except urllib.error.HTTPError as error:
        with error:
            return Health(is_well=False, troubles=_troubles(error.read()) or (str(error),))
    except OSError:
        return None


def _troubles(body: bytes) -> tuple[str, ...]:
    try:
        said = json.loads(body)
    except ValueError:
        return ()
    return tuple(_not_well(said)) if isinstance(said, dict) else ()


def _not_well(said: dict[str, Any], prefix: str = "") -> list[str]:
    """The parts named in a health document as anything but well, however deep they lie."""
    found: list[str] = []
    for key, value in said.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            found += _not_well(value, f"{name} ") or ([name] if value.get("ok") is False else [])
        elif value is False and key != "ok":
            found.append(name)
    return found
