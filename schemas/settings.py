"""Settings: read once from `PRINTSYSTEM_*` in the environment or a `.env` file, then passed on.

A name that nobody knows stops the start, so that a typing error is not a silent default. A secret
can be given as the setting itself or as `NAME_FILE`, a path to a file that holds it.
"""

import difflib
import os
from pathlib import Path
from typing import Literal, Self

import pytz
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import BadSetting

PREFIX = "PRINTSYSTEM_"
SECRETS = ("SECRET_KEY", "STAFF_PASSWORD", "SMTP_PASSWORD", "DATABASE_URL")


class Settings(BaseSettings):
    """Every setting with its unit, default and reason. Durations are seconds unless named."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",  # names that are not ours; ours are checked in `load`
        frozen=True,
        hide_input_in_errors=True,
    )

    share: Path = Field(
        default=Path("var/share"), description="the folder that holds the seven status folders"
    )
    data_dir: Path = Field(
        default=Path("var"),
        description="what this computer alone keeps: embedded database, generated secrets, logs",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="PostgreSQL to use; empty: the embedded one in DATA_DIR",
    )
    base_url: str = Field(
        default="", description="address of the pages in mails; empty: http://HOST:PORT"
    )
    host: str = Field(default="127.0.0.1", description="address the web pages listen on")
    port: int = Field(
        default=8080, ge=0, le=65535, description="port of the web pages; 0: any free"
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs links and sessions; empty: generated once in DATA_DIR. "
        "Two computers on one share need the same one",
    )
    staff_password: SecretStr = Field(
        default=SecretStr(""),
        description="the shared staff password, stored hashed; empty: generated at the first start",
    )
    mail_backend: Literal["folder", "smtp", "office365"] = Field(
        default="folder", description="how mails leave; folder: .eml files, until mail is set up"
    )
    mail_dir: Path | None = Field(
        default=None, description="where .eml files go; empty: DATA_DIR/mail"
    )
    mail_from: str = Field(
        default="3D Print Lab <print@localhost>", description="sender and Reply-To of every mail"
    )
    smtp_host: str = Field(default="", description="mail server")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="port of the mail server")
    smtp_user: str = Field(default="", description="log-in at the mail server; empty: none")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="its password")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="encryption; certificates are always verified"
    )
    smtp_ca_file: Path | None = Field(
        default=None, description="a private certificate authority to trust for the mail server"
    )
    undo_folder_s: float = Field(
        default=60, ge=0, description="a mail waits this long after a drag, so a slip can be undone"
    )
    undo_web_s: float = Field(
        default=10, ge=0, description="a mail waits this long after a move on the web"
    )
    rescan_s: float = Field(
        default=30, gt=0, description="look at the whole share this often, whatever was heard"
    )
    max_upload_mb: int = Field(default=50, ge=1, description="largest model, in MB (10^6 bytes)")
    confirm_hours: float = Field(
        default=168, gt=0, description="hours a student has to confirm a quote"
    )
    retention_days: int = Field(
        default=90, ge=1, description="days after the final status until files and names may go"
    )
    timezone: str = Field(default="America/Chicago", description="times are shown in this zone")
    log_format: Literal["text", "json"] = Field(default="text", description="form of log lines")
    inspect: bool = Field(
        default=True,
        description="look into models: pictures, sizes, warnings; no: left to the other computer",
    )
    slicer: str = Field(default="", description="slicer command for instant estimates; empty: none")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in pytz.all_timezones_set:
            raise ValueError("not a time zone such as America/Chicago")
        return value

    @property
    def mail_folder(self) -> Path:
        """Where the folder back-end puts .eml files."""
        return self.mail_dir or self.data_dir / "mail"

    @property
    def public_url(self) -> str:
        """The address of the pages as people reach them, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @classmethod
    def load(cls, *, env_file: Path = Path(".env")) -> Self:
        """Settings from the environment, which wins, and from `env_file` where it exists.

        Raises: BadSetting for an unknown name or a value that does not fit, naming it.
        """
        in_file = {name: value or "" for name, value in dotenv_values(env_file).items()}
        given = {k: v for k, v in {**in_file, **os.environ}.items() if k.startswith(PREFIX)}
        names = {name.removeprefix(PREFIX).removesuffix("_FILE"): name for name in given}
        for bare, name in sorted(names.items()):
            _check_known(bare, name, fields=list(cls.model_fields))
        try:
            return cls(_env_file=env_file, **_secrets_from_files(given))  # type: ignore[call-arg, arg-type]
        except ValidationError as error:
            first: ErrorDetails = error.errors(include_url=False)[0]
            field = str(first["loc"][0]).lower().removeprefix(PREFIX.lower())
            raise BadSetting(
                f"setting {PREFIX}{field.upper()}: {first['msg']}",
                possible=cls.model_fields[field].description or "see the README",
            ) from None


def _check_known(bare: str, name: str, *, fields: list[str]) -> None:
    if name.endswith("_FILE") and bare in SECRETS:
        return
    field = name.removeprefix(PREFIX).lower()
    if field in fields:
        return
    close = difflib.get_close_matches(field, fields, n=1)
    hint = f"did you mean {PREFIX}{close[0].upper()}?" if close else "see the README's settings"
    raise BadSetting(f"unknown setting {name}", possible=hint)


def _secrets_from_files(given: dict[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for secret in SECRETS:
        path = given.get(f"{PREFIX}{secret}_FILE", "")
        if not path:
            continue
        try:
            values[secret.lower()] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(
                f"setting {PREFIX}{secret}_FILE: {path} cannot be read ({error})",
                possible="name a file this user can read",
            ) from None
    return values
