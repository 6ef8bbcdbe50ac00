"""The plan as a pure function: equal sides give nothing, and order does not matter."""

import random

from hypothesis import given
from hypothesis import strategies as st

from daemon.plan import plan
from daemon.settle import Memory, remember
from daemon.snapshot import Known, KnownJob, Seen, Sig, compare
from schemas.naming import SIDECAR_SUFFIX, JobNumber
from schemas.status import FOLDERS, Status

folders = st.sampled_from(FOLDERS)
sigs = st.tuples(st.integers(0, 9), st.integers(0, 9))


@st.composite
def shares(draw: st.DrawFn) -> dict[str, dict[str, Sig]]:
    """Folders with files of a few jobs, copies and foreign files."""
    names = [
        f"Jane_Filament_Red_{number}{rest}"
        for number in range(1, 5)
        for rest in (".stl", ".gcode", " - Copy.stl", SIDECAR_SUFFIX)
    ] + ["notes.txt", "vase.stl", "Thumbs.db"]
    return {
        folder: draw(st.dictionaries(st.sampled_from(names), sigs, max_size=5))
        for folder in FOLDERS
    }


def known_of(files: dict[str, dict[str, Sig]]) -> Known:
    """An index in which every job of the listing is known, wherever its files lie."""
    known = Known()
    found: dict[JobNumber, dict[str, Sig]] = {}
    for folder, names in files.items():
        for name, sig in names.items():
            if name.startswith("Jane"):
                number = JobNumber(int(name[18]))
                found.setdefault(number, {})[f"{folder}/{name}"] = sig
            elif name != "Thumbs.db":
                known.put(f"{folder}/{name}", sig)
    for number, paths in found.items():
        status = Status(min(paths).partition("/")[0])
        job = KnownJob(number, f"Jane_Filament_Red_{number}", status)
        job.conflict = len({path.partition("/")[0] for path in paths}) > 1
        known.replace(job, paths)
    return known


@given(shares())
def test_equal_sides_give_no_plan(files: dict[str, dict[str, Sig]]) -> None:
    known, seen = known_of(files), Seen(folders=files, complete=True)
    with_sidecars = {
        number
        for number, job in known.jobs.items()
        if any(path.endswith(SIDECAR_SUFFIX) for path in job.paths)
    }
    memory = remember(Memory(), seen, compare(seen, known), known, 0.0)
    actions = plan(seen, known, memory, 100.0)
    assert [a for a in actions if getattr(a, "job", None) in with_sidecars] == []


@given(shares(), shares(), st.randoms(use_true_random=False), st.sampled_from([0.0, 2.0, 11.0]))
def test_the_order_of_a_listing_does_not_matter(
    before: dict[str, dict[str, Sig]],
    after: dict[str, dict[str, Sig]],
    dice: random.Random,
    now: float,
) -> None:
    shuffled = {}
    for folder in dice.sample(list(after), len(after)):
        names = list(after[folder].items())
        dice.shuffle(names)
        shuffled[folder] = dict(names)
    plans = []
    for files in (after, shuffled):
        known, seen = known_of(before), Seen(folders=files, complete=True)
        memory = remember(Memory(), seen, compare(seen, known), known, 0.0)
        plans.append(plan(seen, known, memory, now))
    assert plans[0] == plans[1]


@given(shares(), shares())
def test_planning_changes_neither_side(
    before: dict[str, dict[str, Sig]], after: dict[str, dict[str, Sig]]
) -> None:
    known, seen = known_of(before), Seen(folders=after, complete=True)
    memory = remember(Memory(), seen, compare(seen, known), known, 0.0)
    plan(seen, known, memory, 5.0)
    assert known == known_of(before)
    assert plan(seen, known, memory, 5.0) == plan(seen, known, memory, 5.0)


@given(shares(), shares(), st.sampled_from(FOLDERS))
def test_a_look_with_an_error_authorises_no_loss(
    before: dict[str, dict[str, Sig]], after: dict[str, dict[str, Sig]], unread: str
) -> None:
    known = known_of(before)
    seen = Seen(folders={f: names for f, names in after.items() if f != unread}, errors=(unread,))
    memory = remember(Memory(), seen, compare(seen, known), known, 0.0)
    memory = remember(memory, seen, compare(seen, known), known, 60.0)
    kinds = {type(action).__name__ for action in plan(seen, known, memory, 120.0)}
    assert "RecordMissing" not in kinds
