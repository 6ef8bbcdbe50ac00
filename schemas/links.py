"""The signed tokens in the links of mails: a job's page, and the confirmation of one quote.

A token needs no database to be checked, so a student's page works while the database is down.
"""

from itsdangerous import BadSignature, URLSafeSerializer

from schemas.errors import NoSuchJob
from schemas.naming import JobNumber

_JOB = "job"
_CONFIRM = "confirm"


def job_token(secret: str, job: JobNumber) -> str:
    """The token of a job's page, for whoever handed it in."""
    return str(URLSafeSerializer(secret, salt=_JOB).dumps(job))


def read_job_token(secret: str, token: str) -> JobNumber:
    """The job that a token names. Raises: NoSuchJob for a token that we did not make."""
    try:
        return JobNumber(int(URLSafeSerializer(secret, salt=_JOB).loads(token)))
    except (BadSignature, ValueError, TypeError):
        raise _unknown() from None


def confirm_token(secret: str, job: JobNumber, nonce: str) -> str:
    """The token that confirms the quote of this nonce and no other."""
    return str(URLSafeSerializer(secret, salt=_CONFIRM).dumps([job, nonce]))


def read_confirm_token(secret: str, token: str) -> tuple[JobNumber, str]:
    """Job and nonce of a token. Raises: NoSuchJob for a token that we did not make."""
    try:
        job, nonce = URLSafeSerializer(secret, salt=_CONFIRM).loads(token)
        return JobNumber(int(job)), str(nonce)
    except (BadSignature, ValueError, TypeError):
        raise _unknown() from None


def _unknown() -> NoSuchJob:
    return NoSuchJob(
        "this link is not one of ours, or was cut short",
        possible="copy the whole link from the mail, or ask the lab",
    )
