"""A state machine of everything people and faults can do, against a real share and database.

After any sequence, once all has come to rest: the index equals the folders and can be rebuilt to
the same; nothing is left to plan; no byte of a model is lost; histories only grew and are chained;
no mail went twice; no temporary file stays.
"""

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from daemon.database import connect
from daemon.watch import Heard
from schemas.errors import DatabaseUnavailable, PrintSystemError
from schemas.events import EventType, Via, first_break
from schemas.naming import SIDECAR_SUFFIX, JobNumber, parse
from schemas.status import FOLDERS, Status
from tests.lab import Lab, a_gcode, an_stl, dump, empty_database
from webui import asked
from webui.decisions import ACTIONS, Hand, withdraw

statuses = st.sampled_from(list(Status))
picks = st.integers(0, 10_000)


class Crash(BaseException):
    """The process ends here."""


class Machine(RuleBasedStateMachine):
    """People, faults and the daemon, in any order."""

    engine: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.limbo = self.folder / "limbo"
        self.limbo.mkdir()
        self.models: set[bytes] = set()
        self.logged: dict[int, list[str]] = {}
        self.names = itertools.count()

    @initialize()
    def open_the_lab(self) -> None:
        empty_database(self.engine)
        self.lab = Lab(self.folder, self.engine)
        self.lab.share.create()
        self.lab.start_daemon()

    def teardown(self) -> None:
        try:
            if hasattr(self, "lab"):
                self.comes_to_rest()
        finally:
            if hasattr(self, "lab"):
                self.lab.loop.lease.step_down()
            shutil.rmtree(self.folder)

    # What people do

    @rule()
    def a_student_submits(self) -> None:
        data = an_stl()
        self.models.add(data)
        self.lab.submit(data=data)

    @rule(status=statuses)
    def a_walk_in_is_dropped(self, status: Status) -> None:
        data = an_stl()
        self.models.add(data)
        (self.lab.root / status / f"thing{next(self.names)}.stl").write_bytes(data)

    @rule(status=statuses)
    def a_foreign_file_is_dropped(self, status: Status) -> None:
        (self.lab.root / status / f"notes{next(self.names)}.txt").write_text("notes")

    @precondition(lambda self: self._jobs())
    @rule(pick=picks, status=statuses)
    def a_whole_job_is_dragged(self, pick: int, status: Status) -> None:
        for path in self.lab.paths(self._job(pick)):
            self._rename(path, self.lab.root / status / path.name)

    @precondition(lambda self: self._files())
    @rule(pick=picks, status=statuses)
    def one_file_is_dragged(self, pick: int, status: Status) -> None:
        path = self._file(pick)
        self._rename(path, self.lab.root / status / path.name)

    @precondition(lambda self: self._files())
    @rule(pick=picks, status=statuses)
    def one_file_is_copied(self, pick: int, status: Status) -> None:
        path = self._file(pick)
        target = self.lab.root / status / path.name
        if not target.exists():
            shutil.copy2(path, target)

    @precondition(lambda self: self._files())
    @rule(pick=picks)
    def one_file_is_copied_beside(self, pick: int) -> None:
        path = self._file(pick)
        target = path.with_name(f"{path.stem} - Copy{path.suffix}")
        if not target.exists():
            shutil.copy2(path, target)

    @precondition(lambda self: self._files())
    @rule(pick=picks)
    def one_file_is_renamed(self, pick: int) -> None:
        path = self._file(pick)
        self._rename(path, path.with_name(f"renamed{next(self.names)}{path.suffix}"))

    @precondition(lambda self: self._files())
    @rule(pick=picks)
    def one_file_is_taken_away(self, pick: int) -> None:
        path = self._file(pick)
        self._rename(path, self.limbo / path.name)

    @precondition(lambda self: any(self.limbo.iterdir()))
    @rule(pick=picks, status=statuses)
    def one_file_is_brought_back(self, pick: int, status: Status) -> None:
        paths = sorted(self.limbo.iterdir())
        path = paths[pick % len(paths)]
        self._rename(path, self.lab.root / status / path.name)

    @precondition(lambda self: self._jobs())
    @rule(pick=picks, weight=st.integers(1, 500))
    def a_sliced_file_is_saved(self, pick: int, weight: int) -> None:
        models = [path for path in self.lab.paths(self._job(pick)) if path.suffix == ".stl"]
        if models:
            models[0].with_suffix(".gcode").write_bytes(a_gcode(weight))

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks)
    def a_sidecar_is_edited_by_hand(self, pick: int) -> None:
        path = self._pick(self._sidecars(), pick)
        typed = f'"class_number": "ART {next(self.names)}"'
        path.write_text(re.sub('"class_number": "[^"]*"', typed, path.read_text(), count=1))

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks)
    def a_sidecar_is_broken(self, pick: int) -> None:
        path = self._pick(self._sidecars(), pick)
        path.write_text(path.read_text()[:-200])
        os.utime(path, (1_700_000_000, 1_700_000_000 + next(self.names)))

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks, status=statuses)
    def staff_move_a_job_on_the_web(self, pick: int, status: Status) -> None:
        path = self._pick(self._sidecars(), pick)
        name = parse(path.name)
        with suppress(PrintSystemError, FileExistsError):
            if name is not None and len({p.parent for p in self.lab.paths(name.number)}) == 1:
                self.lab.move_on_the_web(name.number, status)

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks, weight=st.integers(1, 500))
    def staff_type_a_weight(self, pick: int, weight: int) -> None:
        name = parse(self._pick(self._sidecars(), pick).name)
        with suppress(PrintSystemError):
            if name is not None:
                self.lab.weigh(name.number, str(weight))

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks)
    def staff_take_a_move_back(self, pick: int) -> None:
        self._decide(pick, "undo")

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks)
    def staff_have_a_mail_sent_once_more(self, pick: int) -> None:
        self._decide(pick, "resend")

    @precondition(lambda self: self._sidecars())
    @rule(pick=picks)
    def a_student_withdraws(self, pick: int) -> None:
        self._decide(pick, "withdraw")

    # What the daemon does, and what befalls it

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 11.0, 70.0]))
    def time_passes(self, seconds: float) -> None:
        self.lab.seconds += seconds

    @rule()
    def the_daemon_looks_at_everything(self) -> None:
        self.lab.look()

    @precondition(lambda self: self._jobs())
    @rule(pick=picks)
    def the_daemon_hears_of_one_job(self, pick: int) -> None:
        job = self._job(pick)
        paths = {path.relative_to(self.lab.root).as_posix() for path in self.lab.paths(job)}
        self.lab.look(Heard(jobs={job: paths}))

    @rule()
    def mails_are_sent(self) -> None:
        self.lab.outbox.send_due()

    @rule(after=st.integers(0, 6))
    def the_daemon_crashes_while_it_acts(self, after: int) -> None:
        """Between any two touches of the share, or just before a commit."""
        self.lab.loop.world.guard = _countdown(after, Crash)
        with suppress(Crash):
            self.lab.look()
        self._restart()

    @rule(after=st.integers(0, 12))
    def the_daemon_crashes_while_it_mails(self, after: int) -> None:
        self.lab.loop.world.guard = _countdown(after, Crash)
        with suppress(Crash):
            self.lab.outbox.send_due()
        self._restart()

    @rule(after=st.integers(0, 10))
    def the_database_goes_away_while_the_daemon_acts(self, after: int) -> None:
        gone = psycopg2.OperationalError("gone")
        fail = _countdown(after, lambda: OperationalError("x", None, gone))

        def before(*_: Any) -> None:
            fail()

        event.listen(self.engine, "before_cursor_execute", before)
        try:
            with suppress(DatabaseUnavailable, OperationalError):
                self.lab.look()
        finally:
            event.remove(self.engine, "before_cursor_execute", before)
        self._restart()

    @rule()
    def the_database_is_dropped(self) -> None:
        self.lab.loop.lease.step_down()
        empty_database(self.engine)
        self.logged = {}
        self.lab.start_daemon()

    @rule()
    def it_comes_to_rest(self) -> None:
        self.comes_to_rest()

    # What always holds

    @invariant()
    def no_model_is_lost(self) -> None:
        if not hasattr(self, "lab"):
            return
        found = {
            path.read_bytes()
            for place in [self.lab.root, self.limbo]
            for path in place.rglob("*")
            if path.is_file() and path.suffix == ".stl"
        }
        assert self.models <= found

    def comes_to_rest(self) -> None:
        lab = self.lab
        lab.rest(limit=200)
        lab.post(after_s=100)
        lab.rest(limit=200)
        self._each_job_has_one_status_or_a_conflict()
        self._histories_are_sound_and_only_grew()
        self._no_mail_went_twice()
        assert not list(lab.share.incoming.iterdir())
        sent, before = list(lab.mailbox.ids), dump(self.engine)
        empty_database(self.engine)
        lab.loop.lease.step_down()
        lab.start_daemon()
        lab.rest(limit=200)
        lab.outbox.send_due()
        after = dump(self.engine)
        found = [line for name in before for line in difference(name, before[name], after[name])]
        assert not found, "\n".join(found)
        assert lab.mailbox.ids == sent

    def _each_job_has_one_status_or_a_conflict(self) -> None:
        for job in self.lab.world.known.jobs.values():
            places = {path.partition("/")[0] for path in job.paths}
            assert job.conflict or places <= {job.status.value}, (job, places)

    def _histories_are_sound_and_only_grew(self) -> None:
        for job in self.lab.world.known.jobs:
            kinds = [f"{row['seq']} {row['type']}" for row in self.lab.events(job)]
            before = self.logged.get(job, [])
            assert kinds[: len(before)] == before
            self.logged[job] = kinds
            paths = self.lab.world.known.jobs[job].paths
            sidecars = [path for path in paths if path.endswith(SIDECAR_SUFFIX)]
            doc = self.lab.share.read_sidecar(self.lab.share.leading_sidecar(sidecars)).doc
            assert first_break(doc.history) is None
            assert [f"{e.seq} {e.type}" for e in doc.history] == kinds

    def _no_mail_went_twice(self) -> None:
        ids = self.lab.mailbox.ids
        uncertain = {
            f".{job}.{row['data']['for']}{_repeat(row['data'])}@"
            for job in self.lab.world.known.jobs
            for row in self.lab.events(job, EventType.EMAIL_SENT)
            if row["data"].get("uncertain")
        }
        twice = {one for one in ids if ids.count(one) > 1}
        assert all(any(mark in one for mark in uncertain) for one in twice), (twice, uncertain)

    # Helpers of the rules

    def _decide(self, pick: int, name: str) -> None:
        """What the pages do, on a job whose files lie together."""
        found = parse(self._pick(self._sidecars(), pick).name)
        if found is None or len({path.parent for path in self.lab.paths(found.number)}) > 1:
            return
        with suppress(PrintSystemError, FileExistsError):
            path = self.lab.sidecar(found.number).relative_to(self.lab.root).as_posix()
            read = self.lab.share.read_sidecar(path)
            if read.doc.status.value != path.partition("/")[0]:
                return  # the pages wait here until the daemon has noted the move
            hand = Hand("Ada", Via.WEB, self.lab.now())
            if name == "withdraw":
                decision = withdraw(read.doc, hand)
            else:
                decision = ACTIONS[name].decide(read.doc, asked.Nothing(), hand)
            self.lab.share.write_sidecar(path, read.doc, expected=read.sig)
            if decision.to is not None:
                self.lab.move_on_the_web(found.number, decision.to, **decision.data)

    def _restart(self) -> None:
        self.lab.loop.lease.step_down()
        self.lab.start_daemon()

    def _rename(self, path: Path, target: Path) -> None:
        if not target.exists():
            path.rename(target)

    def _files(self) -> list[Path]:
        if not hasattr(self, "lab"):
            return []
        return sorted(
            path
            for folder in FOLDERS
            for path in (self.lab.root / folder).iterdir()
            if path.is_file()
        )

    def _sidecars(self) -> list[Path]:
        return [path for path in self._files() if path.name.endswith(SIDECAR_SUFFIX)]

    def _jobs(self) -> list[JobNumber]:
        names = [parse(path.name) for path in self._files()]
        return sorted({name.number for name in names if name is not None})

    def _pick(self, things: list[Any], pick: int) -> Any:
        return things[pick % len(things)]

    def _job(self, pick: int) -> JobNumber:
        job: JobNumber = self._pick(self._jobs(), pick)
        return job

    def _file(self, pick: int) -> Path:
        path: Path = self._pick(self._files(), pick)
        return path


def _repeat(data: dict[str, Any]) -> str:
    """What the Message-ID of a repeat ends in."""
    return f".{data['again']}" if data.get("again") else ""


def difference(name: str, before: list[Any], after: list[Any]) -> list[str]:
    """The rows in which two dumps of a table differ, one line each."""
    lost = [f"- {name} {row}" for row in before if row not in after]
    return lost + [f"+ {name} {row}" for row in after if row not in before]


def _countdown(after: int, error: Callable[[], BaseException]) -> Callable[[], None]:
    """Raises at its call number `after`, and not before."""
    left = [after]

    def count() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise error()

    return count


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_any_sequence_comes_to_rest_with_the_index_equal_to_the_folders(database: str) -> None:
    Machine.engine = connect(database)
    try:
        from hypothesis.stateful import run_state_machine_as_test

        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Machine,
            settings=settings(
                # The same examples each time, so that a red run means a change; to go hunting, set
                # MACHINE_EXAMPLES (and MACHINE_STEPS): then each run takes other ones.
                derandomize="MACHINE_EXAMPLES" not in os.environ,
                max_examples=int(os.environ.get("MACHINE_EXAMPLES", "40")),
                stateful_step_count=int(os.environ.get("MACHINE_STEPS", "25")),
                deadline=None,
                database=None,
                phases=(Phase.generate,),  # shrinking takes minutes: add Phase.shrink by hand
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        Machine.engine.dispose()
