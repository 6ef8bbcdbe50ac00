"""The ways out for a mail, against a real folder and a real mail server that also misbehaves."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from daemon.mail.carriers import Carrier, FolderCarrier, SmtpCarrier, carrier_for
from daemon.mail.letter import Facts, compose
from schemas.errors import BadSetting, MailFailed
from schemas.settings import Settings
from schemas.status import Status
from tests.integration.smtp_server import (
    HOST,
    Behaviour,
    Certificate,
    MailServer,
    issue_certificate,
)

ADDRESS = "jane@example.edu"


def a_letter(
    *, seq: int = 4, minute: int = 0, to: str = ADDRESS, name: str = "Zoë Doe, Jr."
) -> EmailMessage:
    facts = Facts(
        number=123,
        student_name=name,
        student_email=to,
        file_name="Größe.stl",
        print_method="Filament",
        color="True Red",
        printer="Prusa MK4S",
        price_usd=None,
        weight_g=None,
        time_h=None,
        reasons=(),
        note="",
        job_url="https://print.example.edu/job/AbC",
        confirm_url="",
        expires_at=None,
        lab_name="3D Print Lab",
        reply_to="lab@example.edu",
        timezone="America/Chicago",
    )
    return compose(
        Status.COMPLETED,
        facts,
        sender="3D Print Lab <print@example.edu>",
        message_id=f"<job-123.{seq}.Completed@share>",
        date=datetime(2026, 11, 22, 21, minute, tzinfo=UTC),
    )


def to_server(server: MailServer, **changes: Any) -> SmtpCarrier:
    plain: dict[str, Any] = {"host": HOST, "port": server.port, "security": "none", "timeout_s": 5}
    return SmtpCarrier(**{**plain, **changes})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return issue_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def certificate_of_another_host(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("another")
    return issue_certificate(folder, name="DNS:mail.example.edu")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


# both carriers


def _arrived_in_folder(folder: Path) -> list[EmailMessage]:
    files = sorted(folder.iterdir())
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


@pytest.mark.parametrize("kind", ["folder", "smtp"])
def test_a_mail_arrives_as_it_was_composed(kind: str, server: MailServer, tmp_path: Path) -> None:
    carrier: Carrier = FolderCarrier(tmp_path) if kind == "folder" else to_server(server)

    carrier.send(a_letter(), recipient=ADDRESS)

    through_server = [taken.message for taken in server.received]
    [letter] = _arrived_in_folder(tmp_path) if kind == "folder" else through_server
    assert letter["Subject"] == "Ready to collect: Größe.stl (job 123)"
    assert letter["To"].addresses == (Address("Zoë Doe, Jr.", addr_spec=ADDRESS),)
    assert letter["Message-ID"] == "<job-123.4.Completed@share>"
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Zoë Doe, Jr." in text.get_content()
    assert "Größe.stl" in html.get_content()


# folder


def test_a_mail_in_the_folder_is_named_after_time_job_and_message(tmp_path: Path) -> None:
    FolderCarrier(tmp_path / "not" / "there yet").send(a_letter(), recipient=ADDRESS)

    [file] = (tmp_path / "not" / "there yet").iterdir()
    assert file.name.startswith("20261122T210000Z_job123_")
    assert file.suffix == ".eml"


def test_a_repeat_with_the_same_message_id_leaves_one_file(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path)
    carrier.send(a_letter(minute=0), recipient=ADDRESS)
    [first] = tmp_path.iterdir()
    before = first.read_bytes()

    carrier.send(a_letter(minute=5), recipient=ADDRESS)

    assert list(tmp_path.iterdir()) == [first]
    assert first.read_bytes() == before


def test_two_mails_of_one_job_at_the_same_moment_leave_two_files(tmp_path: Path) -> None:
    carrier = FolderCarrier(tmp_path)

    carrier.send(a_letter(seq=4), recipient=ADDRESS)
    carrier.send(a_letter(seq=5), recipient=ADDRESS)

    assert len(list(tmp_path.glob("*.eml"))) == 2


def test_what_a_crash_left_half_written_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = FolderCarrier(tmp_path)
    with monkeypatch.context() as crash:
        crash.setattr("os.fsync", _full_disk)
        with pytest.raises(MailFailed, match="No space left"):
            carrier.send(a_letter(), recipient=ADDRESS)
    assert not list(tmp_path.glob("*.eml"))

    carrier.send(a_letter(), recipient=ADDRESS)

    assert [file.suffix for file in tmp_path.iterdir()] == [".eml"]


def _full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_folder_that_cannot_be_made_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file in the way")

    with pytest.raises(MailFailed, match="mail folder") as caught:
        FolderCarrier(tmp_path / "mail").send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent


def test_an_address_beyond_ascii_is_kept_in_the_file(tmp_path: Path) -> None:
    FolderCarrier(tmp_path).send(a_letter(to="zoë@exämple.edu"), recipient="zoë@exämple.edu")

    [file] = tmp_path.iterdir()
    assert "<zoë@exämple.edu>" in file.read_text(encoding="utf-8")


# log-in and encryption


def test_without_a_user_nobody_logs_in(server: MailServer) -> None:
    to_server(server).send(a_letter(), recipient=ADDRESS)

    [taken] = server.received
    assert (taken.sender, taken.recipients) == ("print@example.edu", [ADDRESS])
    assert server.mechanisms_used == []


@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_user_logs_in_over_verified_tls(
    security: Any, mechanism: str, certificate: Certificate
) -> None:
    with MailServer(
        security=security,
        tls=certificate.context,
        accounts={"apikey": "right"},
        mechanisms=frozenset({mechanism}),
    ) as server:
        carrier = to_server(
            server,
            security=security,
            ca_file=certificate.ca_file,
            user="apikey",
            password="right",
        )

        carrier.send(a_letter(), recipient=ADDRESS)

    [taken] = server.received
    assert taken.encrypted
    assert taken.user == "apikey"
    assert taken.sender == "print@example.edu"
    assert server.mechanisms_used == [mechanism]


def test_a_refused_log_in_is_told_in_the_servers_words_and_costs_no_mail() -> None:
    with MailServer(accounts={"apikey": "right"}) as server:
        carrier = to_server(server, user="apikey", password="wrong-one")
        with pytest.raises(MailFailed, match="535 5.7.8 Authentication") as caught:
            carrier.send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent
    assert "PRINTSYSTEM_SMTP_PASSWORD" in caught.value.possible
    assert "wrong-one" not in f"{caught.value!r} {carrier!r}"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_is_refused(
    security: Any, certificate: Certificate
) -> None:
    with MailServer(security=security, tls=certificate.context) as server:
        carrier = to_server(server, security=security)
        with pytest.raises(MailFailed, match="CERTIFICATE_VERIFY_FAILED") as caught:
            carrier.send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent
    assert "PRINTSYSTEM_SMTP_CA_FILE" in caught.value.possible
    assert server.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_trusted_certificate_of_another_host_is_refused(
    security: Any, certificate_of_another_host: Certificate
) -> None:
    shown = certificate_of_another_host
    with MailServer(security=security, tls=shown.context) as server:
        carrier = to_server(server, security=security, ca_file=shown.ca_file)
        with pytest.raises(MailFailed, match="IP address mismatch"):
            carrier.send(a_letter(), recipient=ADDRESS)

    assert server.received == []


def test_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    with MailServer(accounts={"apikey": "right"}) as server:
        carrier = to_server(server, security="starttls", user="apikey", password="right")
        with pytest.raises(MailFailed, match="STARTTLS extension not supported") as caught:
            carrier.send(a_letter(), recipient=ADDRESS)

    assert "PRINTSYSTEM_SMTP_SECURITY" in caught.value.possible
    assert server.mechanisms_used == []
    assert server.received == []


# refusals and faults


def test_a_refused_recipient_is_final_and_told_in_the_servers_words(server: MailServer) -> None:
    server.behaviour = Behaviour.REFUSE

    with pytest.raises(MailFailed, match="550 5.1.1 .* nobody of that name here") as caught:
        to_server(server).send(a_letter(), recipient=ADDRESS)

    assert caught.value.permanent
    assert ADDRESS not in str(caught.value)
    assert server.goodbyes == 1


def test_a_refusal_for_now_is_not_final(server: MailServer) -> None:
    server.behaviour = Behaviour.REFUSE_FOR_NOW

    with pytest.raises(MailFailed, match="451 4.3.0 come back later") as caught:
        to_server(server).send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent


@pytest.mark.parametrize("behaviour", [Behaviour.DROP, Behaviour.LOSE_REPLY], ids=lambda b: b.name)
def test_a_lost_connection_is_not_final_and_never_answered_by_a_second_attempt(
    behaviour: Behaviour, server: MailServer
) -> None:
    server.behaviour = behaviour

    with pytest.raises(MailFailed, match="Connection unexpectedly closed") as caught:
        to_server(server).send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent
    assert (server.connections, server.texts_begun) == (1, 1)


@pytest.mark.timeout(5)
def test_a_stalled_server_is_given_up_after_the_timeout(server: MailServer) -> None:
    server.behaviour = Behaviour.STALL

    with pytest.raises(MailFailed, match="timed out") as caught:
        to_server(server, timeout_s=0.2).send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent
    assert (server.connections, server.texts_begun) == (1, 1)


def test_a_server_that_does_not_listen_is_tried_again_later() -> None:
    with MailServer() as gone:
        carrier = to_server(gone)

    with pytest.raises(MailFailed, match="Connection refused") as caught:
        carrier.send(a_letter(), recipient=ADDRESS)

    assert not caught.value.permanent


def test_a_mail_goes_through_after_the_server_has_recovered(server: MailServer) -> None:
    carrier = to_server(server)
    server.behaviour = Behaviour.REFUSE_FOR_NOW
    with pytest.raises(MailFailed):
        carrier.send(a_letter(), recipient=ADDRESS)

    server.behaviour = Behaviour.ACCEPT
    carrier.send(a_letter(), recipient=ADDRESS)

    assert len(server.received) == 1


# addresses


def test_names_beyond_ascii_need_no_smtputf8(server: MailServer) -> None:
    to_server(server).send(a_letter(name="Лев Толстой"), recipient=ADDRESS)

    [taken] = server.received
    assert "SMTPUTF8" not in taken.options
    assert taken.raw.isascii()


def test_an_address_beyond_ascii_asks_for_smtputf8(server: MailServer) -> None:
    to_server(server).send(a_letter(to="zoë@example.edu"), recipient="zoë@example.edu")

    [taken] = server.received
    assert "SMTPUTF8" in taken.options
    assert taken.recipients == ["zoë@example.edu"]
    assert "<zoë@example.edu>".encode() in taken.raw


def test_an_address_beyond_ascii_is_final_where_the_server_cannot_carry_it() -> None:
    with MailServer(smtputf8=False) as server, pytest.raises(MailFailed) as caught:
        to_server(server).send(a_letter(to="zoë@example.edu"), recipient="zoë@example.edu")

    assert caught.value.permanent
    assert "SMTPUTF8" in str(caught.value)


def test_no_address_reaches_the_log_or_the_terminal(
    server: MailServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier = to_server(server)

    carrier.send(a_letter(), recipient=ADDRESS)
    server.behaviour = Behaviour.DROP
    with pytest.raises(MailFailed):
        carrier.send(a_letter(), recipient=ADDRESS)

    # The server of this test writes its own log, as `mail.log`.
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert not any(ADDRESS in line for line in ours)
    assert capsys.readouterr() == ("", "")


# which carrier


def test_the_folder_is_the_carrier_until_mail_is_set_up(tmp_path: Path) -> None:
    assert carrier_for(Settings(data_dir=tmp_path)) == FolderCarrier(tmp_path / "mail")


def test_smtp_settings_make_an_smtp_carrier(certificate: Certificate) -> None:
    settings = Settings(
        mail_backend="smtp",
        smtp_host="smtp.example.edu",
        smtp_port=465,
        smtp_security="tls",
        smtp_user="apikey",
        smtp_password=SecretStr("secret"),
        smtp_ca_file=certificate.ca_file,
    )

    assert carrier_for(settings) == SmtpCarrier(
        host="smtp.example.edu",
        port=465,
        security="tls",
        user="apikey",
        password="secret",
        ca_file=certificate.ca_file,
    )


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"mail_backend": "smtp"}, "SMTP_HOST", id="no host"),
        pytest.param({"smtp_host": "smtp..edu"}, "SMTP_HOST", id="host that is none"),
        pytest.param({"smtp_password": SecretStr("pässword")}, "SMTP_PASSWORD", id="not ASCII"),
        pytest.param({"smtp_ca_file": Path("no/such.pem")}, "SMTP_CA_FILE", id="no CA file"),
        pytest.param({"smtp_ca_file": Path(__file__)}, "SMTP_CA_FILE", id="CA file without any"),
        pytest.param({"mail_from": "3D Print Lab"}, "MAIL_FROM", id="sender without address"),
        pytest.param(
            {"mail_backend": "office365"}, "office365 is not available", id="not in this version"
        ),
    ],
)
def test_a_setting_that_cannot_work_is_named_before_the_first_mail(
    given: dict[str, Any], named: str
) -> None:
    usual: dict[str, Any] = {"mail_backend": "smtp"}
    host = {} if given == usual else {"smtp_host": "smtp.example.edu"}

    with pytest.raises(BadSetting, match=named) as caught:
        carrier_for(Settings(**{**usual, **host, **given}))

    assert caught.value.possible
    assert "pässword" not in str(caught.value)
