"""Settings are read once and strictly."""

from pathlib import Path

import pytest

from schemas.errors import BadSetting
from schemas.settings import Settings

NOWHERE = Path("does-not-exist.env")


def test_an_unknown_name_stops_the_start_and_the_right_one_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRINTSYSTEM_PROT", "1")
    with pytest.raises(BadSetting, match="did you mean PRINTSYSTEM_PORT"):
        Settings.load(env_file=NOWHERE)


def test_an_unknown_name_in_the_env_file_stops_the_start_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PRINTSYSTEM_SHAER=/x\n")
    with pytest.raises(BadSetting, match="PRINTSYSTEM_SHAER"):
        Settings.load(env_file=tmp_path / ".env")


def test_a_value_that_does_not_fit_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTSYSTEM_TIMEZONE", "Mars/Olympus")
    with pytest.raises(BadSetting, match="PRINTSYSTEM_TIMEZONE"):
        Settings.load(env_file=NOWHERE)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PRINTSYSTEM_PORT=81\nPRINTSYSTEM_HOST=0.0.0.0\n")
    monkeypatch.setenv("PRINTSYSTEM_PORT", "82")
    settings = Settings.load(env_file=tmp_path / ".env")
    assert (settings.port, settings.host) == (82, "0.0.0.0")


def test_a_secret_can_come_from_a_file_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("hidden\n")
    monkeypatch.setenv("PRINTSYSTEM_SECRET_KEY_FILE", str(tmp_path / "key"))
    settings = Settings.load(env_file=NOWHERE)
    assert settings.secret_key.get_secret_value() == "hidden"
    assert "hidden" not in repr(settings)


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTSYSTEM_SMTP_PASSWORD_FILE", "/does/not/exist")
    with pytest.raises(BadSetting, match="SMTP_PASSWORD_FILE: /does/not/exist"):
        Settings.load(env_file=NOWHERE)
