"""Looking at a share in which nothing has changed."""

import os
import time

from daemon import index, rebuild
from daemon.look import Listings, look_at_all, look_at_changed
from daemon.plan import plan
from daemon.settle import Memory, remember
from daemon.share import Share
from daemon.snapshot import Known, Seen, compare
from schemas.status import FOLDERS
from tests.benchmarks.bench import Bench, Figure, best


def measure(bench: Bench) -> list[Figure]:
    """A whole look and a quick look, decided upon, beside the bare listing."""
    share, engine = bench.share(bench.jobs), bench.engine()
    world = bench.world(share, engine)
    rebuild.rebuild(world)
    known = index.load(engine)
    time.sleep(2.1)  # until no folder's time is too young to be trusted
    listings = Listings()

    def whole() -> None:
        decide(look_at_all(share.root, share.check, listings), known)

    def quick() -> None:
        decide(look_at_changed(share.root, share.check, listings, time.time_ns()), known)

    limit_s = best(5, lambda: bare_listing(share))
    return [
        Figure("whole look, nothing changed", best(5, whole) * 1e3, "ms", limit_s * 1e3, "<= 1.5x"),
        Figure("quick look, nothing changed", best(20, quick) * 1e3, "ms", None, "< 20 ms"),
    ]


def decide(seen: Seen, known: Known) -> None:
    """What the loop does with a look; nothing may come of it."""
    memory = remember(Memory(), seen, compare(seen, known), known, 0.0)
    assert plan(seen, known, memory, 0.0) == []


def bare_listing(share: Share) -> int:
    """Every name and its size and mtime, and nothing else."""
    count = 0
    for folder in FOLDERS:
        with os.scandir(share.root / folder) as entries:
            for entry in entries:
                entry.stat(follow_symlinks=False)
                count += 1
    return count
