"""The command line, `python -m daemon VERB`.

Exit code 0: fine; 1: refused or failed, with one line that says why; 2: wrong usage.
"""

import argparse
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from sqlalchemy import select

from daemon import index, purging, queries, sandbox
from daemon import rebuild as rebuilding
from daemon.actions import Wait
from daemon.database import connect, migrate
from daemon.embedded import database_url
from daemon.inspector import Inspector
from daemon.keys import secret_key
from daemon.leader import Lease
from daemon.logs import set_up_logging
from daemon.look import look_at_all
from daemon.mail.carriers import carrier_for
from daemon.outbox import Outbox, Post
from daemon.plan import plan
from daemon.preview import missing_libraries
from daemon.service import Loop
from daemon.settle import GONE_S, Memory, remember
from daemon.share import Share
from daemon.snapshot import compare
from daemon.watch import Heard
from daemon.world import World, policy_of
from schemas.errors import NotLeader, PrintSystemError, ShareUnavailable
from schemas.settings import Settings
from schemas.tables import control

log = logging.getLogger(__name__)

Verb = Callable[[Settings, argparse.Namespace], int]

_ONCE_S = 15.0


def main(argv: list[str] | None = None) -> int:
    """Run one verb; the exit code."""
    options = _parser().parse_args(argv)
    try:
        settings = Settings.load()
        set_up_logging(settings.log_format)
        verb: Verb = options.verb
        return verb(settings, options)
    except PrintSystemError as error:
        print(f"{error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m daemon", description="Watches the folders and keeps the index in step."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def add(
        name: str, verb: Callable[[Settings, argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.set_defaults(verb=verb)
        return one

    add("init", _init, "bring the database up to date; make a new share of an empty folder")
    add("run", _run, "serve until told to stop")
    add("once", _once, "look and act until everything has come to rest, then stop")
    add("plan", _plan, "show what a look would do, and do nothing")
    add("check", _check, "say what is wrong with settings, share, database and catalogue")
    add("rebuild", _rebuild, "make the index anew from the folders; sends no mail")
    add("status", _status, "show how the system is")
    add("confirm-loss", _confirm_loss, "let a loss that pulled the brake be recorded")
    purge = add("purge", _purge, "show which jobs are past the retention time")
    purge.add_argument("--yes", action="store_true", help="remove their files and personal data")
    return parser


def _share(settings: Settings) -> Share:
    """The share, which has to be the one that this computer was made for, where it knows one."""
    known = _note_of_share(settings)
    return Share(
        settings.share, known.read_text(encoding="utf-8").strip() if known.exists() else ""
    )


def _note_of_share(settings: Settings) -> Path:
    return settings.data_dir / "share.uuid"


def _world(settings: Settings) -> World:
    share = _share(settings)
    return World(
        share=share,
        engine=connect(database_url(settings)),
        policy=lambda: policy_of(settings, share.catalog()),
        guard=lambda: None,
        new_nonce=lambda: secrets.token_urlsafe(16),
    )


def _lease(world: World) -> Lease:
    """A lease held under a name that no other process has, on this machine or another."""
    return Lease(world.engine, f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")


def _init(settings: Settings, options: argparse.Namespace) -> int:
    url = database_url(settings)
    migrate(url)
    share, engine = _share(settings), connect(url)
    with index.database_faults(), engine.begin() as connection:
        belongs_to = index.said(connection, "share")
    if share.uuid or belongs_to is not None:
        share.uuid = str(belongs_to or share.uuid)
        share.check()
    elif (share.root / ".printsystem").exists():
        share.check()
    else:
        share.create()
        log.info("new share made", extra={"share": str(share.root)})
    share.check_writable()
    share.catalog()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _note_of_share(settings).write_text(share.uuid, encoding="utf-8")
    return 0


def _run(settings: Settings, options: argparse.Namespace) -> int:
    world = _world(settings)
    lease = _lease(world)
    loop = Loop(world, lease, rescan_s=settings.rescan_s)
    post = Post(carrier_for(settings), secret_key(settings), settings)
    outbox = Outbox(world, post, is_leading=lease.is_held)
    inspector = Inspector(world, is_leading=lease.is_held, slicer=settings.slicer)
    loop.mail_fault = lambda: outbox.fault
    stop = threading.Event()

    def wake() -> None:
        outbox.wake.set()
        inspector.wake.set()

    loop.on_change = wake

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()
        sandbox.end_all()
        loop.wake.set()
        wake()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)

    def serve(work: Callable[[threading.Event], None]) -> None:
        try:
            work(stop)
        finally:  # a bug there ends the daemon, which is then started anew, rather than the work
            end(0, None)

    helpers = [
        threading.Thread(target=serve, args=(work,), name=name)
        for name, work in (("outbox", outbox.run), ("inspector", inspector.run))
        if name != "inspector" or settings.inspect
    ]
    for helper in helpers:
        helper.start()
    try:
        loop.run(stop)
    finally:
        end(0, None)
        for helper in helpers:
            helper.join(timeout=8)
    return 0


def _once(settings: Settings, options: argparse.Namespace) -> int:
    """As the daemon would, without a watcher: until a complete look has nothing left to do."""
    world = _world(settings)
    lease = _lease(world)
    loop = Loop(world, lease, rescan_s=settings.rescan_s)
    outbox = Outbox(
        world, Post(carrier_for(settings), secret_key(settings), settings), is_leading=lease.is_held
    )
    if not loop.lead():
        raise NotLeader("another daemon is running", possible="it does this work already")
    try:
        end_s = time.monotonic() + _ONCE_S + GONE_S
        while loop.look_and_act(Heard(everything=True)) and time.monotonic() < end_s:
            time.sleep(0.5)
        outbox.send_due()
        if settings.inspect:
            Inspector(world, is_leading=lease.is_held, slicer=settings.slicer).inspect_due()
    finally:
        lease.release()
    return 0


def _plan(settings: Settings, options: argparse.Namespace) -> int:
    world = _world(settings)
    world.known = index.load(world.engine)
    seen = look_at_all(world.share.root, world.share.check)
    memory = remember(Memory(), seen, compare(seen, world.known), world.known, 0.0)
    actions = plan(seen, world.known, memory, 0.0)
    for action in actions:
        print(action)
    if not actions:
        print("nothing to do: the index is in step with the folders")
    waits = sum(isinstance(action, Wait) for action in actions)
    if waits:
        print(f"({waits} still have to be seen at rest before anything is decided)")
    return 0


def _check(settings: Settings, options: argparse.Namespace) -> int:
    """Every part on its own, so that one fault does not hide another."""
    share = _share(settings)

    def database() -> None:
        with index.database_faults(), connect(database_url(settings)).begin() as connection:
            connection.execute(select(control.c.name))

    def catalog() -> None:
        fault = share.catalog_fault()
        if fault:
            raise ShareUnavailable(fault)

    parts: list[tuple[str, Callable[[], object]]] = [
        ("share", share.check),
        ("share writable", share.check_writable),
        ("catalogue", catalog),
        ("database", database),
        ("mail", lambda: carrier_for(settings)),
        ("pictures", _pictures),
    ]
    failed = 0
    for name, part in parts:
        try:
            part()
            print(f"ok      {name}")
        except PrintSystemError as error:
            failed += 1
            print(f"FAILED  {name}: {error}")
    return 1 if failed else 0


def _pictures() -> None:
    """Everything else works without them."""
    missing = missing_libraries()
    if missing:
        raise PrintSystemError(
            f"models get no pictures: {' and '.join(missing)} cannot be found",
            possible="install what is missing; everything else works without",
        )


def _rebuild(settings: Settings, options: argparse.Namespace) -> int:
    migrate(database_url(settings))
    world = _world(settings)
    world.share.check()
    lease = _lease(world)
    lease.take(force=True)  # a running daemon stands by meanwhile and then leads again
    world.epoch, world.guard = lease.epoch, lease.guard
    console = Console(stderr=True)
    try:
        with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as bar:
            task = bar.add_task("rebuilding the index", total=None)
            count = rebuilding.rebuild(
                world, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        with index.writing(world.engine, world.epoch) as connection:
            index.say(connection, "share", world.share.uuid)
    finally:
        lease.release()
    print(f"{count} jobs")
    return 0


def _status(settings: Settings, options: argparse.Namespace) -> int:
    engine = connect(database_url(settings))
    with index.database_faults(), engine.connect() as connection:
        counts = queries.counts(connection)
        health = queries.health(connection)
    for status, count in counts.items():
        print(f"{status:<14} {count:>7}")
    for name, fault in health.faults.items():
        print(f"RED  {name}: {fault}")
    if not health.faults:
        print("all is well")
    return 1 if health.faults else 0


def _confirm_loss(settings: Settings, options: argparse.Namespace) -> int:
    engine = connect(database_url(settings))
    with index.database_faults(), engine.begin() as connection:
        brake = index.confirm_loss(connection)
    if brake is None:
        print("the brake is not on: there is no loss to confirm")
        return 1
    print(f"{brake['missing']} jobs may now be recorded as missing; their sidecars stay")
    return 0


def _purge(settings: Settings, options: argparse.Namespace) -> int:
    world = _world(settings)
    due = purging.due(world, settings.retention_days)
    for job in due:
        print(f"job {job.number}  {job.status}  since {job.since:%Y-%m-%d}")
    if not due or not options.yes:
        print(
            f"{len(due)} jobs are past {settings.retention_days} days"
            + ("; --yes removes" if due else "")
        )
        return 0
    for job in due:
        purging.purge(job, world)
    print(f"{len(due)} jobs purged: files and personal data removed, numbers kept")
    return 0
