"""Carriers: how a composed mail leaves the house. A new way out is one more class with `send`.

A carrier tries once and says how it went; when to try again is the outbox's business.
"""

import hashlib
import os
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, Protocol

import yagmail

from daemon.mail.headers import as_bytes, named_mailbox
from schemas.errors import BadSetting, MailFailed
from schemas.settings import Settings

Security = Literal["starttls", "tls", "none"]


class Carrier(Protocol):
    """Takes one mail to one recipient."""

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """Hand `message` over; returning means it was taken.

        Raises: MailFailed, `permanent` where sending the same mail again cannot help.
        """


@dataclass(frozen=True, slots=True)
class FolderCarrier:
    """Writes each mail as an .eml file, which mail programs open: a lab can start without a server.

    The file stands for the sending: the recipient is in its To header.
    """

    folder: Path

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """Write the mail, whole or not at all; one that lies there already is not written again."""
        key = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:16]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not any(self.folder.glob(f"*_{key}.eml")):
                self._write(message, key=key)
        except OSError as error:
            raise MailFailed(
                f"mail folder {self.folder}: {error.strerror or error}",
                possible="make room or give this user the right to write there",
            ) from error

    def _write(self, message: EmailMessage, *, key: str) -> None:
        at = message["Date"].datetime.astimezone(UTC)
        aside = self.folder / f".{key}.part"
        with aside.open("wb") as file:
            file.write(as_bytes(message))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.folder / f"{at:%Y%m%dT%H%M%SZ}_job{message['X-Job']}_{key}.eml")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpCarrier:
    """Sends through a mail server: a connection for each mail, one attempt, verified TLS."""

    host: str
    port: int
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_s: float = 10

    def send(self, message: EmailMessage, *, recipient: str) -> None:
        """Connect, log in where there is a user, hand the mail over, hang up."""
        client = self._client()
        try:
            self._open(client)
            self._hand_over(client, message, recipient)
        finally:
            client.hang_up()

    def _client(self) -> "_OneAttempt":
        context = _trust(self.ca_file)
        tls_from_the_start = {"context": context} if self.security == "tls" else {}
        return _OneAttempt(
            user={self.user: self.user},  # as a text, yagmail would add @gmail.com to a bare name
            password=self.password,  # never None: yagmail would ask for it on the terminal
            host=self.host,
            port=self.port,
            smtp_ssl=self.security == "tls",
            smtp_starttls={"context": context} if self.security == "starttls" else False,
            smtp_skip_login=not self.user,
            soft_email_validation=False,
            timeout=self.timeout_s,
            **tls_from_the_start,
        )

    def _open(self, client: "_OneAttempt") -> None:
        """Connect and log in. What fails here says nothing about the mail, so nothing is final."""
        try:
            client.login()
        except OSError as error:  # SMTPException is an OSError
            raise MailFailed(
                f"mail server {self.host}:{self.port}: {_servers_words(error)}",
                possible=_remedy(error),
            ) from error

    def _hand_over(self, client: "_OneAttempt", message: EmailMessage, recipient: str) -> None:
        sender = message["From"].addresses[0].addr_spec
        try:
            client.send_once(message, sender=sender, recipient=recipient)
        except OSError as error:
            words = re.sub(re.escape(recipient), "(address)", _servers_words(error), flags=re.I)
            raise MailFailed(
                f"mail server {self.host}:{self.port}: {words}",
                permanent=_is_final(error),
                uncertain=not isinstance(error, _ANSWERS),
                possible="" if _is_final(error) else "it is tried again later",
            ) from None  # the cause holds the student's address, which belongs in no log


# With any other error the connection was lost, perhaps after the server had taken the mail.
_ANSWERS = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


class _OneAttempt(yagmail.SMTP):  # type: ignore[misc]  # yagmail has no types
    """yagmail's client for an outbox that does its own retrying.

    yagmail's `send` answers a lost connection by logging in and sending again, with 18 s of sleep
    in all. A connection lost after the final dot may have delivered the mail, so that would be a
    second one that nobody knows of. It also takes the log-in name for the sender's address, cannot
    ask for SMTPUTF8, and logs recipients.
    """

    def send_once(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Hand one mail over; SMTPUTF8 is asked for only where an address is not ASCII.

        Raises: OSError (smtplib's errors are such) where it was not taken.
        """
        self.smtp.send_message(message, sender, [recipient])

    def hang_up(self) -> None:
        """Say goodbye and close. The mail's fate is known by now, so no answer changes it."""
        with suppress(OSError):
            self.close()


def carrier_for(settings: Settings) -> Carrier:
    """The carrier that the settings ask for.

    Raises: BadSetting where one is missing or unfit, before the first mail is due.
    """
    try:
        named_mailbox(settings.mail_from)
    except ValueError as error:
        raise BadSetting(
            f"setting PRINTSYSTEM_MAIL_FROM: {error}", possible="3D Print Lab <print@example.edu>"
        ) from None
    match settings.mail_backend:
        case "folder":
            return FolderCarrier(settings.mail_folder)
        case "smtp":
            return _smtp_carrier(settings)
        case "office365":
            raise BadSetting(
                "setting PRINTSYSTEM_MAIL_BACKEND: office365 is not available in this version",
                possible="smtp or folder",
            )


def _smtp_carrier(settings: Settings) -> SmtpCarrier:
    if not settings.smtp_host:
        raise BadSetting(
            "setting PRINTSYSTEM_SMTP_HOST is missing, which PRINTSYSTEM_MAIL_BACKEND=smtp needs",
            possible="name the mail server, or use PRINTSYSTEM_MAIL_BACKEND=folder",
        )
    _check_characters(settings)
    _trust(settings.smtp_ca_file)
    return SmtpCarrier(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        ca_file=settings.smtp_ca_file,
    )


def _check_characters(settings: Settings) -> None:
    """Refuse early what would otherwise break each log-in: it travels as ASCII."""
    given = {
        "SMTP_HOST": (settings.smtp_host, "idna"),
        "SMTP_USER": (settings.smtp_user, "ascii"),
        "SMTP_PASSWORD": (settings.smtp_password.get_secret_value(), "ascii"),
    }
    for name, (value, codec) in given.items():
        try:
            value.encode(codec)
        except UnicodeError:
            raise BadSetting(
                f"setting PRINTSYSTEM_{name} has characters that cannot be sent to a mail server",
                possible="ASCII letters, digits and signs",
            ) from None


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The authorities this computer trusts, and the lab's own; host names are checked too."""
    context = ssl.create_default_context()
    if ca_file is None:
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise BadSetting(
            f"setting PRINTSYSTEM_SMTP_CA_FILE: {ca_file} cannot be read ({error})",
            possible="name a file with certificates in PEM form",
        ) from None
    return context


def _servers_words(error: Exception) -> str:
    """What went wrong, in the server's own words where it said something, on one line."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return str(error) or type(error).__name__
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(words.split())}"


def _is_final(error: OSError) -> bool:
    """Whether the server refused this mail for good: a 5xx, or an address it cannot carry."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return True
    return bool(re.match(r"5\d\d ", _servers_words(error)))


def _remedy(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "correct PRINTSYSTEM_SMTP_HOST, or trust its authority: PRINTSYSTEM_SMTP_CA_FILE"
        case smtplib.SMTPAuthenticationError():
            return "check PRINTSYSTEM_SMTP_USER and PRINTSYSTEM_SMTP_PASSWORD"
        case smtplib.SMTPNotSupportedError() | ssl.SSLError():
            return "check PRINTSYSTEM_SMTP_SECURITY and PRINTSYSTEM_SMTP_PORT"
        case _:
            return "it is tried again; check PRINTSYSTEM_SMTP_HOST and the network if it lasts"
