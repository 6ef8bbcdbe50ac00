"""What lies in quarantine: sidecars nobody could read, kept until a person has looked at them.

Nothing there is ever deleted. What is settled goes one folder further down, where nobody is asked
about it again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from daemon.moving import move
from daemon.share import Share
from schemas.errors import FileInTheWay, ShareUnavailable, StaleState
from schemas.naming import JobNumber, parse

FOLDER = ".printsystem/quarantine"
SETTLED = f"{FOLDER}/settled"
_MARK = 13  # twelve hexadecimal digits and a dash before the name, as `Share.quarantine` puts them


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that was set aside. `at`: when, as far as the file system tells."""

    name: str
    size: int
    at: datetime

    @property
    def original(self) -> str:
        """The name it had among the job's files."""
        return self.name[_MARK:] if self.name[_MARK - 1 : _MARK] == "-" else self.name

    @property
    def job(self) -> JobNumber | None:
        """The job whose it was, by its name."""
        name = parse(self.original)
        return name.number if name is not None else None


def listed(share: Share) -> list[Aside]:
    """All that waits for a person there, the newest first. Raises: ShareUnavailable."""
    found = []
    with _faults(), suppress(FileNotFoundError), os.scandir(share.root / FOLDER) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                about = entry.stat(follow_symlinks=False)
                # A rename leaves mtime as it was; ctime tells when it came here.
                at = datetime.fromtimestamp(max(about.st_ctime, about.st_mtime), UTC)
                found.append(Aside(entry.name, about.st_size, at))
    return sorted(found, key=lambda one: (one.at, one.name), reverse=True)


def how_many(share: Share) -> int:
    """How many files wait there. Raises: ShareUnavailable."""
    with _faults(), suppress(FileNotFoundError), os.scandir(share.root / FOLDER) as entries:
        return sum(entry.is_file(follow_symlinks=False) for entry in entries)
    return 0


def find(share: Share, name: str) -> Aside | None:
    """The file of exactly this name there, or None. Raises: ShareUnavailable."""
    return next((one for one in listed(share) if one.name == name), None)


def read(share: Share, aside: Aside) -> bytes:
    """Its bytes. Raises: StaleState when it was settled meanwhile; ShareUnavailable."""
    with _faults(), _gone_is_stale(aside.name):
        return (share.root / FOLDER / aside.name).read_bytes()


def settle(share: Share, name: str) -> None:
    """Nobody is asked about it any more. Safe to repeat. Raises: StaleState; ShareUnavailable."""
    with _faults(), _gone_is_stale(name):
        (share.root / SETTLED).mkdir(exist_ok=True)
        move(share.root / FOLDER / name, share.root / SETTLED / name)


@contextmanager
def _gone_is_stale(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, FileInTheWay):
        raise StaleState(
            f"{name} lies no longer in quarantine", possible="load the list again"
        ) from None


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ShareUnavailable(
            f"the quarantine cannot be read ({error.strerror})", possible="check the share"
        ) from error
