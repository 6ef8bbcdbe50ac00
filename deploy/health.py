"""Ask the running pages whether all is well, as a person's monitor would: `GET /healthz`."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

TIMEOUT_S = 3.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback needs no proxy


@dataclass(frozen=True, slots=True)
class Health:
    """What the pages say of themselves and of all they need."""

    is_well: bool
    faults: Mapping[str, str] = field(default_factory=dict)  # the part, and why


def ask(url: str) -> Health | None:
    """The health at this address; None while nothing answers there."""
    try:
        with _direct.open(f"{url}/healthz", timeout=TIMEOUT_S) as answer:
            return Health(is_well=answer.status == 200)
    except urllib.error.HTTPError as error:
        with error:
            return Health(is_well=False, faults=_faults(error.read()) or {"pages": str(error)})
    except OSError:
        return None


def _faults(body: bytes) -> dict[str, str]:
    try:
        said = json.loads(body)["faults"]
        return {str(part): str(why) for part, why in said.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}  # whatever answered there, it is not ours
