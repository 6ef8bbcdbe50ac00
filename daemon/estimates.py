"""What a slicer makes of a model by itself, with one of the lab's own profiles: not a quote.

The profiles lie on the share, `.printsystem/profiles/PRINTER.ini` or else `METHOD.ini`, as
PrusaSlicer exports them.
"""

import shlex
from decimal import Decimal
from pathlib import Path
from typing import TypedDict

import orjson

from daemon import sandbox
from daemon.sandbox import CouldNot, Limits
from daemon.share import Share
from schemas.pricing import round_time_h
from schemas.sidecar import Estimate, Sidecar
from schemas.status import Status

# A slicer maps far more than it uses; the G-code it writes has to fit in as well.
_SLICING = Limits(memory_mb=6000, time_s=60, output_bytes=300_000_000)


class _Told(TypedDict):
    weight_g: str | None
    time_h: str | None
    slicer: str | None


def profile_for(share: Share, doc: Sidecar) -> Path | None:
    """The profile of the job's printer, or of its method; None where the lab has given none."""
    for name in (doc.request.printer, doc.request.print_method):
        path = share.profiles / f"{name}.ini"
        if name and path.parent == share.profiles and path.is_file():
            return path
    return None


def is_due(share: Share, doc: Sidecar) -> bool:
    """Whether an estimate would help somebody and there is none of these bytes yet."""
    model = doc.model
    if doc.status is not Status.UPLOADED or model.measured is None:
        return False
    is_known = model.estimate is not None and model.estimate.sha256 == model.sha256
    return not is_known and profile_for(share, doc) is not None


def estimate(path: Path, sha256: str, profile: Path, command: str) -> Estimate:
    """Slice the model; an estimate, or why there is none."""
    made = Estimate(sha256=sha256, profile=profile.stem)
    arguments = [str(profile), str(path), *shlex.split(command)]
    try:
        answer = sandbox.run("daemon.slicing", arguments, _SLICING)
    except CouldNot as error:
        made.could_not = str(error)
        return made
    told: _Told = orjson.loads(answer)
    made.slicer = told["slicer"] or ""
    made.weight_g = Decimal(told["weight_g"]) if told["weight_g"] else None
    made.time_h = round_time_h(Decimal(told["time_h"])) if told["time_h"] else None
    if made.weight_g is None:
        made.could_not = "the slicer names no weight; set filament_density in the profile"
    return made
