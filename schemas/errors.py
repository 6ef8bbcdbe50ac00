"""Every error that a person can act on, in one file.

Each message says which thing, what happened, and what is possible now. Anything that is not a
`PrintSystemError` is a bug and keeps its traceback.
"""


class PrintSystemError(Exception):
    """What went wrong, for a person to read. `possible` says what can be done about it now."""

    code = "error"
    http_status = 400

    def __init__(self, message: str, *, possible: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.possible = possible

    def __str__(self) -> str:
        return f"{self.message}; possible: {self.possible}" if self.possible else self.message


class BadSetting(PrintSystemError):
    """A `PRINTSYSTEM_*` setting is unknown, missing or of the wrong form."""

    code = "bad_setting"


class BadCatalog(PrintSystemError):
    """`catalog.toml` cannot be read; the message names the line or the key."""

    code = "bad_catalog"


class BadSidecar(PrintSystemError):
    """A metadata.json cannot be read as a sidecar; its bytes are kept."""

    code = "bad_sidecar"


class NewerSidecar(BadSidecar):
    """A sidecar was written by a later version of this program; it is left as it is."""

    code = "newer_sidecar"


class BadInput(PrintSystemError):
    """Something a person typed does not fit; `field` names where."""

    code = "bad_input"
    http_status = 422

    def __init__(self, message: str, *, field: str = "", possible: str = "") -> None:
        super().__init__(message, possible=possible)
        self.field = field


class TooLarge(BadInput):
    """An upload is over the limit."""

    code = "too_large"
    http_status = 413


class NoSuchJob(PrintSystemError):
    """No job with this number lies on the share."""

    code = "no_such_job"
    http_status = 404


class StaleState(PrintSystemError):
    """The job is no longer as the caller saw it; nothing was done."""

    code = "stale_state"
    http_status = 409


class NotPossible(PrintSystemError):
    """The job's status does not allow this; nothing was done."""

    code = "not_possible"
    http_status = 409


class FileInTheWay(PrintSystemError):
    """A file of that name lies at the target already; a move never replaces it."""

    code = "file_in_the_way"
    http_status = 409


class FileBusy(PrintSystemError):
    """A program holds the file open, so it cannot be moved now."""

    code = "file_busy"
    http_status = 409


class ShareUnavailable(PrintSystemError):
    """The share is missing, not ours, read-only or full; nothing was recorded."""

    code = "share_unavailable"
    http_status = 503


class DatabaseUnavailable(PrintSystemError):
    """PostgreSQL does not answer; what lies on the share is safe."""

    code = "database_unavailable"
    http_status = 503


class NotLeader(PrintSystemError):
    """Another daemon holds the lease, so this one writes nothing."""

    code = "not_leader"
    http_status = 503


class MailFailed(PrintSystemError):
    """A carrier could not hand a mail over.

    `permanent`: trying again cannot help. `uncertain`: it was handed over, but the answer was lost,
    so it may have been accepted (RFC 1047).
    """

    code = "mail_failed"
    http_status = 503

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        possible: str = "",
    ) -> None:
        super().__init__(message, possible=possible)
        self.permanent = permanent
        self.uncertain = uncertain
