"""The share: its marker, its sidecars, its job numbers. Every touch of the folders is here.

Both the daemon and the web pages use this; both write a sidecar aside, flush it, and rename it over
the old one only if that is still the one they read. Without the marker `.printsystem/root.json`
nothing is done at all: an unmounted share is an empty folder that looks just like a loss.

    Uploaded/ … PaidPickedUp/    the seven status folders
    .printsystem/root.json       which share this is
                 catalog.toml    what the lab edits
                 incoming/       what is not whole yet, on the same file system
                 numbers/        the job numbers that were given out
                 thumbnails/     pictures of models, by content hash
                 profiles/       PRINTER.ini or METHOD.ini for estimates, if the lab likes
                 quarantine/     sidecars that nobody could read
                 sent/           mails as they went out: JOB // 1000/JOB-SEQ.eml
"""

import errno
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from daemon.look import signature
from daemon.moving import exchange, move
from daemon.snapshot import Sig
from schemas import catalog as catalogs
from schemas import sidecar as sidecars
from schemas.errors import BadCatalog, BadSidecar, FileInTheWay, ShareUnavailable, StaleState
from schemas.naming import SIDECAR_SUFFIX, JobNumber, format_stem
from schemas.sidecar import Sidecar
from schemas.status import FOLDERS

LAYOUT = 1
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
_OURS = ".printsystem"
_ASIDE, _PROBE = ".tmp", "probe-"  # names of files that live for less than a moment
_ASIDE_NS = 5_000_000_000
_ROOMS = ("incoming", "numbers", "thumbnails", "quarantine", "sent")


@dataclass(frozen=True, slots=True)
class Read:
    """A sidecar as it was read: the document, its exact bytes, and the file's size and mtime."""

    doc: Sidecar
    data: bytes
    sig: Sig


class Share:
    """The folders at `root`. `uuid` empty: take the marker's word for which share it is."""

    def __init__(self, root: Path, expected_uuid: str = "") -> None:
        self.root = root.absolute()
        self.uuid = expected_uuid
        self._own = self.root / _OURS
        self._last_number = 0
        self._catalog: tuple[Sig, catalogs.Catalog] | None = None
        self._marker_read: tuple[Sig | None, str] | None = None

    @property
    def incoming(self) -> Path:
        """Where files lie that are not whole yet, on the share's own file system."""
        return self._own / "incoming"

    @property
    def thumbnails(self) -> Path:
        """Where pictures of models lie."""
        return self._own / "thumbnails"

    @property
    def profiles(self) -> Path:
        """Where the lab may lay slicer profiles for estimates."""
        return self._own / "profiles"

    @property
    def canary(self) -> Path:
        """The file that the watcher is tested with."""
        return self._own / "canary"

    def sent_mail(self, job: JobNumber, seq: int, again: int = 0) -> Path:
        """Where the mail about an event is kept once it went; `again` counts its repeats."""
        name = f"{job}-{seq}.{again}.eml" if again else f"{job}-{seq}.eml"
        return self._own / "sent" / str(job // 1000) / name

    def create(self) -> None:
        """Make a new share of an empty or absent folder.

        Raises: ShareUnavailable when the folder holds something or cannot be written.
        """
        with _faults("the share", self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            if any(self.root.iterdir()):
                raise ShareUnavailable(
                    f"{self.root} is no share of this system and is not empty",
                    possible="name an empty folder, or the right one, in PRINTSYSTEM_SHARE",
                )
            for folder in (*FOLDERS, *(f"{_OURS}/{room}" for room in _ROOMS)):
                (self.root / folder).mkdir(parents=True)
            (self._own / "catalog.toml").write_text(catalogs.DEFAULT, encoding="utf-8")
            self.uuid = str(uuid.uuid4())
            marker = orjson.dumps({"share": self.uuid, "layout": LAYOUT})
            write_aside(self._own / "root.json", marker, self.incoming, expected=None)

    def check(self) -> None:
        """Raises: ShareUnavailable unless this is the share meant, with all seven folders."""
        marker = self._marker()
        if not self.uuid:
            self.uuid = marker
        if marker != self.uuid:
            raise ShareUnavailable(
                f"{self.root} is another share ({marker}, not {self.uuid})",
                possible="mount the right share, or name it in PRINTSYSTEM_SHARE",
            )
        for folder in FOLDERS:
            if not os.path.isdir(f"{self.root}/{folder}"):
                raise ShareUnavailable(
                    f"the folder {folder} is missing from {self.root}",
                    possible="bring it back by hand; it is never made anew silently",
                )

    def check_writable(self) -> None:
        """Raises: ShareUnavailable when nothing can be written there: it is full or read-only."""
        probe = self.incoming / f"{_PROBE}{uuid.uuid4().hex}"
        with _faults("the share", self.root):
            try:
                _write_flushed(probe, b"x" * 4096)
            finally:
                probe.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what somebody who was killed left half written; the good file is still in place.

        Whoever is that slow and still alive finds its file gone, which it takes for a change by
        another hand. Uploads are another matter: they take minutes, and the pages sweep them.
        """
        before_ns = self.clock_ns() - _ASIDE_NS
        with _faults("the share", self.root), os.scandir(self.incoming) as entries:
            for entry in entries:
                if not (entry.name.endswith(_ASIDE) or entry.name.startswith(_PROBE)):
                    continue
                with suppress(FileNotFoundError):
                    found = entry.stat(follow_symlinks=False)
                    if max(found.st_mtime_ns, found.st_ctime_ns) < before_ns:
                        os.unlink(entry.path)

    def clock_ns(self) -> int:
        """What time the share's own file system thinks it is, in ns; touches the canary."""
        try:
            with _faults("the share", self.root):
                self.canary.touch()
                return self.canary.stat().st_mtime_ns
        except FileNotFoundError:
            raise ShareUnavailable(
                f"{self.root} has no folder {_OURS}",
                possible="mount the share; if it is new, start with an empty folder",
            ) from None

    def _marker(self) -> str:
        """The UUID the marker names; read again only when the file has changed."""
        try:
            sig = signature(self._own / "root.json")
            if self._marker_read is None or self._marker_read[0] != sig or sig is None:
                self._marker_read = (sig, self._read_marker())
        except OSError as error:
            raise ShareUnavailable(
                f"{self.root} cannot be read ({error.strerror})", possible="check the share"
            ) from None
        return self._marker_read[1]

    def _read_marker(self) -> str:
        try:
            data = orjson.loads((self._own / "root.json").read_bytes())
            return str(data["share"])
        except (OSError, KeyError, TypeError, orjson.JSONDecodeError) as error:
            raise ShareUnavailable(
                f"{self.root} has no readable marker {_OURS}/root.json ({error})",
                possible="mount the share; if it is new, start with an empty folder",
            ) from None

    # Sidecars

    def read_sidecar(self, path: str) -> Read:
        """The sidecar at `path`, relative to the root.

        Raises: FileNotFoundError; BadSidecar when it cannot be understood; ShareUnavailable.
        """
        with _faults(path, self.root):
            descriptor = os.open(f"{self.root}/{path}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
            with open(descriptor, "rb") as file:
                found = os.fstat(descriptor)
                data = file.read()
        doc = sidecars.loads(data, name=path)
        return Read(doc, data, (found.st_size, found.st_mtime_ns))

    def write_sidecar(self, path: str, doc: Sidecar, *, expected: Sig | None) -> Sig:
        """Write the next revision of a sidecar; `expected` is what was read, None for a new one.

        Raises: StaleState when another hand has written it since; ShareUnavailable.
        """
        doc.revision += 1
        data = sidecars.dumps(doc)

        try:
            with _faults(path, self.root):
                return write_aside(self.root / path, data, self.incoming, expected=expected)
        except (FileNotFoundError, FileInTheWay):
            raise StaleState(f"{path} was changed by another hand", possible="look again") from None

    def leading_sidecar(self, paths: Sequence[str]) -> str:
        """Which of a job's sidecars to go by, when somebody made a copy: the one that knows most.

        Among equals the one that lies where it says it does, so that every look chooses alike.
        """
        return min(paths, key=self._precedence) if len(paths) > 1 else paths[0]

    def _precedence(self, path: str) -> tuple[int, bool, str]:
        try:
            doc = self.read_sidecar(path).doc
        except (FileNotFoundError, BadSidecar):
            return (1, True, path)
        return (-doc.last_seq, path.partition("/")[0] != (doc.folder or doc.status), path)

    def find_sidecar(self, stem: str) -> str | None:
        """The path of the sidecar of this stem in one of the seven folders themselves."""
        for folder in FOLDERS:
            path = f"{folder}/{stem}{SIDECAR_SUFFIX}"
            if signature(f"{self.root}/{path}") is not None:
                return path
        return None

    def quarantine(self, path: str) -> Path:
        """Put a file that nobody can read aside; nothing is thrown away. Returns its new place."""
        name = path.rpartition("/")[2]
        target = self._own / "quarantine" / f"{uuid.uuid4().hex[:12]}-{name}"
        move(self.root / path, target)
        return target

    # Files

    def move_file(self, path: str, target: str) -> None:
        """Move one file within the share, never replacing another. Raises: see `moving.move`."""
        with _faults(path, self.root):
            move(self.root / path, self.root / target)

    # Job numbers

    def take_number(self) -> JobNumber:
        """A job number nobody has, taken for ever by the exclusive creation of a file.

        Safe for two machines on one share and without a database. Raises: ShareUnavailable.
        """
        numbers = self._own / "numbers"
        with _faults("the job numbers", self.root):
            if not self._last_number:
                taken = (int(name) for name in os.listdir(numbers) if name.isdigit())
                self._last_number = max(taken, default=0)
            while True:
                self._last_number += 1
                with suppress(FileExistsError):
                    os.close(
                        os.open(
                            numbers / str(self._last_number), os.O_CREAT | os.O_EXCL | os.O_WRONLY
                        )
                    )
                    return JobNumber(self._last_number)

    def is_taken(self, number: JobNumber) -> bool:
        """Whether this share has given the number out."""
        return (self._own / "numbers" / str(number)).exists()

    def claim_number(self, number: JobNumber) -> None:
        """Mark a number as given out, as for jobs that came with a restored share."""
        with _faults("the job numbers", self.root):
            (self._own / "numbers" / str(number)).touch()

    # The catalogue

    def catalog(self) -> catalogs.Catalog:
        """The catalogue, read again when the file has changed.

        Raises: BadCatalog when it is wrong and no good one was read before; see `catalog_fault`.
        """
        path = self._own / "catalog.toml"
        with _faults("catalog.toml", self.root):
            sig = signature(path)
            if self._catalog is None or self._catalog[0] != sig:
                try:
                    fresh = _read_catalog(path)
                except BadCatalog:
                    if self._catalog is None:
                        raise
                    return self._catalog[1]
                self._catalog = (sig or (0, 0), fresh)
        return self._catalog[1]

    def catalog_fault(self) -> str:
        """What is wrong with catalog.toml as it lies there now; empty when it is fine."""
        try:
            _read_catalog(self._own / "catalog.toml")
        except BadCatalog as error:
            return str(error)
        except OSError as error:
            return f"catalog.toml cannot be read ({error})"
        return ""


def _read_catalog(path: Path) -> catalogs.Catalog:
    try:
        return catalogs.parse(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise BadCatalog(
            f"catalog.toml cannot be read ({error})",
            possible=f"bring {path} back; python -m daemon check tells whether it is good",
        ) from None


def stem_for(doc: Sidecar) -> str:
    """The stem of a new job's files, from what its sidecar says."""
    return format_stem(doc.student.name, doc.request.print_method, doc.request.color, doc.job)


def write_aside(path: Path, data: bytes, aside: Path, *, expected: Sig | None) -> Sig:
    """Put `data` at `path` in one step: written in the folder `aside`, flushed, then renamed.

    `expected` is the file to be replaced, None when there is to be none. Returns size and mtime of
    the new one. Raises: FileNotFoundError, FileInTheWay when that is not what lies there.
    """
    temporary = aside / f"{uuid.uuid4().hex}{_ASIDE}"
    try:
        written = _write_flushed(temporary, data)
        if expected is None:
            move(temporary, path)
        else:
            _replace(temporary, path, expected)
    finally:
        temporary.unlink(missing_ok=True)
    return written


def _replace(temporary: Path, path: Path, expected: Sig) -> None:
    if signature(path) != expected:
        raise FileNotFoundError(errno.ENOENT, "another file by now", str(path))
    if not exchange(temporary, path):
        os.replace(temporary, path)
    elif signature(temporary) != expected:  # written by another hand in this very moment
        exchange(temporary, path)
        raise FileNotFoundError(errno.ENOENT, "another file by now", str(path))


def _write_flushed(path: Path, data: bytes) -> Sig:
    descriptor = os.open(
        path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o664
    )
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
        found = os.fstat(descriptor)
    return found.st_size, found.st_mtime_ns


@contextmanager
def _faults(what: str, root: Path) -> Iterator[None]:
    """Turn what the file system says into an error a person can act on."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else error.strerror or str(error)
        raise ShareUnavailable(
            f"{what} on {root}: {reason}",
            possible="make room" if full else "check the share and its permissions",
        ) from error
