"""The inspector: looks into every model and every sliced file, in children that can hurt nobody.

It runs in a thread of the leading daemon, so that a slow model delays no look. What is to be done
is found by looking: the index knows which jobs have a file whose picture or size is not that of its
present bytes, and now and then the pictures on the share are counted. Newest jobs come first, and
each step ends in the sidecar, so that a crash costs one step.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from daemon import editing, index, queries
from daemon.danger import danger
from daemon.estimates import estimate, is_due, profile_for
from daemon.handover import find
from daemon.inspect_model import measure
from daemon.pictures import Pictures
from daemon.preview import make_picture
from daemon.sandbox import CouldNot
from daemon.whole import structure_fault
from daemon.world import World
from schemas.catalog import Printer
from schemas.errors import (
    BadCatalog,
    BadSidecar,
    DatabaseUnavailable,
    NoSuchJob,
    NotLeader,
    NotPossible,
    ShareUnavailable,
    StaleState,
)
from schemas.inspections import is_to_be_measured, to_inspect
from schemas.model import Measured, fitting
from schemas.naming import JobNumber
from schemas.sidecar import Estimate, FileEntry, Model, Sidecar
from schemas.status import Status

log = logging.getLogger(__name__)

POLL_S = 5.0
AUDIT_S = 600.0  # how often it is seen whether every picture is still there
_PAGE = 20
_TRIES = 2

T = TypeVar("T")
Write = Callable[[Sidecar, FileEntry], None]


class Inspector:
    """Looks into what nobody has looked into yet. `wake` may be set from any thread."""

    def __init__(
        self,
        world: World,
        *,
        is_leading: Callable[[], bool],
        slicer: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._world = world
        self._is_leading = is_leading
        self._pictures = Pictures(world.share)
        self._slicer = slicer
        self._clock = clock
        self._aside: dict[JobNumber, float] = {}  # jobs left alone for a while, until when
        self._audit_at_s = 0.0
        self._to_estimate: list[JobNumber] = []  # newest last; made anew from time to time
        self.wake = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set."""
        while not stop.is_set():
            try:
                if self._is_leading():
                    self.inspect_due(stop)
            except (DatabaseUnavailable, NotLeader, ShareUnavailable, BadCatalog) as error:
                log.info("inspections wait: %s", error)
            self.wake.wait(POLL_S)
            self.wake.clear()

    def inspect_due(self, stop: threading.Event | None = None) -> int:
        """Look into every file that waits for it, newest job first; how many steps that took.

        Raises: DatabaseUnavailable, NotLeader, ShareUnavailable, BadCatalog.
        """
        steps = 0
        if self._clock() >= self._audit_at_s:
            self._miss_pictures()
            self._list_estimates()
            self._audit_at_s = self._clock() + AUDIT_S
        while stop is None or not stop.is_set():
            if (job := self._next()) is not None:
                self._step(job)
            elif self._to_estimate:  # only while nobody waits for a picture
                self._estimate(self._to_estimate.pop())
            else:
                break
            steps += 1
        return steps

    def _next(self) -> JobNumber | None:
        """The newest job with a file to look into; asked anew each time, since newer ones come."""
        with index.database_faults(), self._world.engine.connect() as connection:
            due = queries.to_inspect(connection, _PAGE + len(self._aside))
        now_s = self._clock()
        self._aside = {job: until_s for job, until_s in self._aside.items() if until_s > now_s}
        return next((job for job in due if job not in self._aside), None)

    def _step(self, number: JobNumber) -> None:
        """One thing for one file of the job: its picture first, then its size."""
        try:
            job = find(self._world.share, number, self._paths(number))
            entry = next(iter(to_inspect(job.doc)), None)
            if number not in self._world.known.jobs:
                raise StaleState(f"job {number} is not known yet", possible="look again")
            if entry is None:  # the index is behind its sidecar
                self._change(number, lambda doc: None)
                return
            folder = entry.folder or job.path.rpartition("/")[0]
            path = self._world.share.root / folder / entry.name
            self._write_down(number, entry, self._look_into(path, job.doc, entry))
            if self._slicer:
                self._to_estimate = [n for n in self._to_estimate if n != number] + [number]
        except (StaleState, BadSidecar, NoSuchJob, NotPossible, OSError) as error:
            log.info("not inspected now: %s", error, extra={"job": number})
            self._aside[number] = self._clock() + POLL_S  # it is on the move, or half saved

    def _paths(self, number: JobNumber) -> list[str]:
        known = self._world.known.jobs.get(number)
        return sorted(known.paths) if known is not None else []

    # Looking

    def _look_into(self, path: Path, doc: Sidecar, entry: FileEntry) -> Write:
        """What was found, as what is to be written down. Raises: OSError when it is gone."""
        self._world.guard()
        if entry.pictured != entry.sha256:
            harm = structure_fault(path) or danger(path)
            if harm:
                log.warning("not to be opened: %s", harm, extra={"job": doc.job})
                return partial(_note_danger, harm=harm)
            return partial(_note_picture, fault=self._picture(path, entry))
        measured, fault = _try_twice(lambda: measure(path), path)
        printers = self._world.share.catalog().printers
        return partial(_note_size, measured=measured, fault=fault, printers=printers)

    def _picture(self, path: Path, entry: FileEntry) -> str:
        """See to it that there is a picture of these bytes; why there is none."""
        sha256 = entry.sha256 or ""
        if self._pictures.has(sha256):
            return ""
        pictures, fault = _try_twice(lambda: make_picture(path, entry.role), path)
        self._world.guard()
        if pictures is not None:
            self._pictures.put(sha256, pictures)
        return fault

    def _miss_pictures(self) -> None:
        """Jobs whose picture is not on the share any more are to be looked into again."""
        with index.database_faults(), self._world.engine.connect() as connection:
            wanted = queries.pictured(connection)
        there = self._pictures.known()
        for number, sha256 in wanted.items():
            if sha256 not in there:
                log.info("a picture is gone; it is made anew", extra={"job": number})
                with suppress(StaleState, BadSidecar, NoSuchJob):
                    self._change(number, lambda doc: _forget_pictures(doc, there))

    def _list_estimates(self) -> None:
        """The jobs that may still want an estimate; which of them do, their sidecars tell."""
        if self._slicer:
            with index.database_faults(), self._world.engine.connect() as connection:
                self._to_estimate = queries.numbers_in(connection, Status.UPLOADED)[::-1]

    def _estimate(self, number: JobNumber) -> None:
        share = self._world.share
        try:
            job = find(share, number, self._paths(number))
            entry, profile = job.doc.model_file, profile_for(share, job.doc)
            if entry is None or profile is None or entry.danger or not is_due(share, job.doc):
                return
            path = share.root / (entry.folder or job.path.rpartition("/")[0]) / entry.name
            made = estimate(path, entry.sha256 or "", profile, self._slicer)
            self._write_down(number, entry, partial(_note_estimate, made=made))
        except (StaleState, BadSidecar, NoSuchJob, NotPossible, OSError) as error:
            log.info("not estimated now: %s", error, extra={"job": number})

    # Writing

    def _write_down(self, number: JobNumber, seen: FileEntry, note: Write) -> None:
        """Into the sidecar and the index, unless the file has other bytes by now."""

        def change(doc: Sidecar) -> None:
            entry = doc.file(seen.name)
            if entry is None or entry.sha256 != seen.sha256:
                raise StaleState(f"{seen.name} has changed", possible="look again")
            note(doc, entry)

        self._change(number, change)

    def _change(self, number: JobNumber, change: Callable[[Sidecar], None]) -> None:
        with index.writing(self._world.engine, self._world.epoch, [number]) as connection:
            job = editing.open_job(number, (), self._world, connection)
            change(job.doc)
            index.write(connection, [editing.close_job(job, self._world)])


def _try_twice(work: Callable[[], T], path: Path) -> tuple[T | None, str]:
    """What a child has made, or why it could not: a second time, since a machine may be busy."""
    for _ in range(_TRIES):
        try:
            return work(), ""
        except CouldNot as error:
            fault = str(error)
            if not path.is_file():
                raise StaleState(f"{path.name} moved on", possible="look again") from None
            log.warning("could not look into %s: %s", path.name, fault)
    return None, fault


# What is written down


def _note_danger(doc: Sidecar, entry: FileEntry, *, harm: str) -> None:
    """Nobody opens the file, so there is neither picture nor size."""
    entry.danger, entry.pictured, entry.no_picture = harm, entry.sha256, harm
    if is_to_be_measured(doc, entry):
        doc.model = Model(sha256=entry.sha256, could_not=harm)


def _note_picture(doc: Sidecar, entry: FileEntry, *, fault: str) -> None:
    entry.danger, entry.pictured, entry.no_picture = "", entry.sha256, fault


def _note_size(
    doc: Sidecar,
    entry: FileEntry,
    *,
    measured: Measured | None,
    fault: str,
    printers: Sequence[Printer],
) -> None:
    method = doc.request.print_method
    able = [printer for printer in printers if not method or printer.method == method]
    fits = fitting(measured.size_mm, able) if measured is not None else []
    doc.model = Model(sha256=entry.sha256, could_not=fault, measured=measured, fits=fits)


def _note_estimate(doc: Sidecar, entry: FileEntry, *, made: Estimate) -> None:
    doc.model.estimate = made


def _forget_pictures(doc: Sidecar, there: set[str]) -> None:
    for entry in doc.files:
        if entry.picture is not None and entry.picture not in there:
            entry.pictured = None
