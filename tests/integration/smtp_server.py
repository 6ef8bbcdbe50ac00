"""A real mail server on loopback that can also misbehave, and certificates for it.

with MailServer() as server:
    ...  # send to 127.0.0.1, server.port
    server.behaviour = Behaviour.REFUSE
server.received[0].message["Subject"]
"""

import asyncio
import email
import email.policy
import shutil
import ssl
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"


class Behaviour(Enum):
    """What the server does with the next mail."""

    ACCEPT = auto()
    REFUSE = auto()  # 550 to the recipient
    REFUSE_FOR_NOW = auto()  # 451 to the recipient
    STALL = auto()  # takes the text and never answers
    DROP = auto()  # takes the text, forgets it and hangs up
    LOSE_REPLY = auto()  # keeps the mail and hangs up before saying so


@dataclass(frozen=True)
class Received:
    """One mail as it came over the wire."""

    sender: str
    recipients: list[str]
    options: list[str]  # of MAIL FROM, such as SMTPUTF8
    raw: bytes
    encrypted: bool
    user: str  # who had logged in; empty: nobody

    @property
    def message(self) -> EmailMessage:
        """The mail as a program reads it."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class MailServer:
    """Listens on `port` while the `with` lasts; `behaviour` may change at any time.

    With `accounts` (user to password) nobody sends without a log-in by one of `mechanisms`.
    """

    def __init__(
        self,
        *,
        security: Literal["none", "starttls", "tls"] = "none",
        tls: ssl.SSLContext | None = None,
        accounts: Mapping[str, str] | None = None,
        mechanisms: frozenset[str] = frozenset({"LOGIN", "PLAIN"}),
        smtputf8: bool = True,
    ) -> None:
        self.behaviour = Behaviour.ACCEPT
        self.received: list[Received] = []
        self.connections = 0
        self.goodbyes = 0
        self.texts_begun = 0
        self.mechanisms_used: list[str] = []
        self.port = 0
        self._security = security
        self._tls = tls
        self._accounts = accounts
        self._unwanted = frozenset({"LOGIN", "PLAIN"}) - mechanisms
        self._smtputf8 = smtputf8
        self._open: list[SMTP] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        wrapped = self._tls if self._security == "tls" else None
        return await self._loop.create_server(self._session, HOST, 0, ssl=wrapped)

    async def _hang_up(self) -> None:
        self._server.close()
        for session in self._open:
            _abort(session)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        await self._server.wait_closed()

    def _session(self) -> SMTP:
        self.connections += 1
        session = SMTP(
            self,
            hostname="localhost",
            loop=self._loop,
            enable_SMTPUTF8=self._smtputf8,
            tls_context=self._tls if self._security == "starttls" else None,
            require_starttls=self._security == "starttls",
            authenticator=self._check_login,
            auth_require_tls=self._security == "starttls",
            auth_exclude_mechanism=self._unwanted if self._accounts else {"LOGIN", "PLAIN"},
        )
        self._open.append(session)
        return session

    def _check_login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        self.mechanisms_used.append(mechanism)
        assert isinstance(data, LoginPassword)
        user, password = data.login.decode(), data.password.decode()
        good = (self._accounts or {}).get(user) == password
        return AuthResult(success=good, handled=False, auth_data=user)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the sender, unless a log-in is wanted first."""
        if self._accounts and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse the recipient."""
        if self.behaviour is Behaviour.REFUSE:
            return f"550 5.1.1 <{address}>: nobody of that name here"
        if self.behaviour is Behaviour.REFUSE_FOR_NOW:
            return "451 4.3.0 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the text, or do what a broken server does."""
        self.texts_begun += 1
        if self.behaviour is Behaviour.STALL:
            await asyncio.Event().wait()  # until either side hangs up
        if self.behaviour is not Behaviour.DROP:
            encrypted = self._security == "tls" or session.ssl is not None
            self.received.append(_received(session, envelope, encrypted=encrypted))
        if self.behaviour in (Behaviour.DROP, Behaviour.LOSE_REPLY):
            _abort(server)
        return "250 2.0.0 taken"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Count who leaves politely."""
        self.goodbyes += 1
        return "221 2.0.0 bye"


def _abort(session: SMTP) -> None:
    """Hang up at once, without a word; nothing to do where the client already did."""
    if isinstance(session.transport, asyncio.WriteTransport):
        session.transport.abort()


def _received(session: Session, envelope: Envelope, *, encrypted: bool) -> Received:
    return Received(
        sender=envelope.mail_from or "",
        recipients=list(envelope.rcpt_tos),
        options=list(envelope.mail_options),
        raw=envelope.original_content or b"",
        encrypted=encrypted,
        user=str(session.auth_data or "") if session.authenticated else "",
    )


@dataclass(frozen=True)
class Certificate:
    """What a server on loopback shows, and the authority's file that makes a client trust it."""

    ca_file: Path
    context: ssl.SSLContext


def issue_certificate(folder: Path, *, name: str = f"IP:{HOST}") -> Certificate:
    """A new authority and a certificate of it for `name`, made by openssl in `folder`."""
    extensions = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
    _openssl(folder, "ca", "/CN=Authority of a test", extensions)
    signer = ["-CA", "ca.pem", "-CAkey", "ca.key"]
    _openssl(folder, "server", "/CN=Server of a test", [f"subjectAltName={name}"], signer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Certificate(folder / "ca.pem", context)


def _openssl(
    folder: Path, stem: str, subject: str, extensions: list[str], signer: list[str] | None = None
) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.fail("these tests make certificates with openssl (version 3), which is missing")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", f"{stem}.key", "-out", f"{stem}.pem"]
    added: list[str] = [part for extension in extensions for part in ("-addext", extension)]
    command = [program, "req", "-x509", *key, "-days", "2", "-subj", subject, *files, *added]
    subprocess.run([*command, *(signer or [])], cwd=folder, check=True, capture_output=True)
