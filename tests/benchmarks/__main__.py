"""`python -m tests.benchmarks`: each figure beside its physical limit, measured in the same run.

python -m tests.benchmarks                    everything, with 100,000 jobs
python -m tests.benchmarks --jobs 10000 drag  one of them, smaller
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from daemon.embedded import EmbeddedPostgres
from tests.benchmarks import drags, live, looks, pages, pixels, rebuilds
from tests.benchmarks.bench import Bench, Figure

PARTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "look": looks.measure,
    "rebuild": rebuilds.measure,
    "drag": drags.measure,
    "pages": pages.measure,
    "pixels": pixels.measure,
    "live": live.measure,
}


def main() -> int:
    """Measure what is asked for and print a table; the exit code says nothing of speed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--jobs", type=int, default=100_000, help="jobs in the large tree")
    options = parser.parse_args()
    unknown = set(options.parts) - PARTS.keys()
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    folder = Path(tempfile.mkdtemp(prefix="printsystem-benchmark-"))
    server = EmbeddedPostgres(folder / "postgres")
    console = Console(width=120)
    table = Table("what", "ours", "limit", "ratio", "target")
    try:
        bench = Bench(folder, server.start(), jobs=options.jobs, say=console.print)
        for part in options.parts or PARTS:
            for figure in PARTS[part](bench):
                console.print(figure.line())
                table.add_row(*figure.row())
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
