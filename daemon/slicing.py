"""A child of `sandbox`: slices a model with the lab's slicer, to see what it would take.

    python -m daemon.sandboxed … daemon.slicing PROFILE MODEL COMMAND…

COMMAND is PrusaSlicer's, or one that takes the same options. Its working folder is empty and goes
with the child; the answer is the weight, the time and the slicer's name as JSON.
"""

import json
import subprocess
import sys
from pathlib import Path

from daemon.sandboxed import Refused
from daemon.slices.read import read_slice

_OUT = Path("estimate.gcode")
_WORDS = 200


def main(arguments: list[str]) -> None:
    """Write what the sliced file says to the standard output. Raises: Refused."""
    profile, model, *command = arguments
    options = ["--export-gcode", "--load", profile, "--output", str(_OUT), model]
    try:
        done = subprocess.run(
            [*command, *options], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except OSError as error:
        raise Refused(f"the slicer {command[0]} cannot be started ({error.strerror})") from None
    if done.returncode != 0 or not _OUT.exists():
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        last = said[-1][:_WORDS] if said else f"exit code {done.returncode}"
        raise Refused(f"the slicer could not slice it ({last})")
    found = read_slice(_OUT)
    told = {"weight_g": found.weight_g, "time_h": found.time_h, "slicer": found.slicer}
    sys.stdout.write(json.dumps({k: str(v) if v is not None else None for k, v in told.items()}))
