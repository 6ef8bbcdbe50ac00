"""A model measured, by a child."""

from pathlib import Path

from pydantic import ValidationError

from daemon import sandbox
from daemon.sandbox import CouldNot, Limits
from schemas.model import Measured
from schemas.naming import suffix_of

# A million triangles take 0.7 GB and 5 s; ten times that is a bomb, or somebody's mistake.
_MEASURING = Limits(memory_mb=1300, time_s=40, output_bytes=100_000)


def measure(path: Path) -> Measured:
    """The figures of a model that the guard has let pass. Raises: CouldNot."""
    answer = sandbox.run("daemon.measuring", [suffix_of(path.name), str(path)], _MEASURING)
    try:
        return Measured.model_validate_json(answer)
    except ValidationError:
        raise CouldNot("its size could not be made out") from None
