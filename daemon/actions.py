"""What a look can decide: plain values that print well; `daemon.perform` carries them out.

Paths are relative to the share's root with forward slashes. Each action is safe to repeat.
"""

from dataclasses import dataclass

from schemas.naming import JobNumber
from schemas.status import Status


@dataclass(frozen=True, slots=True)
class RecordMove:
    """Somebody moved a job. The folder has decided; sidecar and index follow."""

    job: JobNumber
    source: Status
    target: Status
    paths: tuple[str, ...]  # where its files arrived
    expected: bool  # False: outside EXPECTED_MOVES, shown to staff as irregular


@dataclass(frozen=True, slots=True)
class Gather:
    """The rest of a moved job follows: each path goes to the folder beside it."""

    job: JobNumber
    paths: tuple[str, ...]
    folder: str  # a status folder, or a folder below it that staff made


@dataclass(frozen=True, slots=True)
class Refresh:
    """The job's sidecar or the places of its files changed: read it, bring the index in step."""

    job: JobNumber
    paths: tuple[str, ...] = ()  # where files arrived


@dataclass(frozen=True, slots=True)
class AddFiles:
    """New or changed files with the job's stem have come to rest and join the job."""

    job: JobNumber
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdoptJob:
    """A job nobody indexed yet, with its sidecar: a submission, or a share seen anew."""

    job: JobNumber
    sidecars: tuple[str, ...]  # one, unless somebody made a copy
    paths: tuple[str, ...]  # all that bears its number, the sidecars included


@dataclass(frozen=True, slots=True)
class AdoptWalkIn:
    """Staff dropped a model in: it gets a number, a name and a sidecar."""

    path: str
    status: Status


@dataclass(frozen=True, slots=True)
class RebuildSidecar:
    """A file named like a job's that neither a sidecar nor the index knows: made a job again."""

    job: JobNumber
    path: str  # one of the job's files; the sidecar goes beside it


@dataclass(frozen=True, slots=True)
class RestoreName:
    """A file of the job was given another name: it gets its own back, so that the job keeps it."""

    job: JobNumber
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class FlagConflict:
    """The job's files lie in several folders and nobody can tell which is meant: nothing moves."""

    job: JobNumber
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResolveConflict:
    """All files of a job in conflict lie in one folder again, which is its status."""

    job: JobNumber
    target: Status
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordMissing:
    """Files are gone for good, as far as two complete looks can tell."""

    job: JobNumber
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteStrays:
    """Files that are no job's: listed for staff (or no longer listed), never touched."""

    found: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Brake:
    """Too much vanished at once: nothing is recorded until a person confirms the loss."""

    missing: int
    known: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be decided yet; look again in `seconds`."""

    what: str
    why: str
    seconds: float
    whole: bool = False  # only a look at the whole share can decide it


JobAction = (
    RecordMove
    | Gather
    | Refresh
    | AddFiles
    | AdoptJob
    | RebuildSidecar
    | RestoreName
    | FlagConflict
    | ResolveConflict
    | RecordMissing
)
Action = JobAction | AdoptWalkIn | NoteStrays | Brake | Wait
