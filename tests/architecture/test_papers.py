"""The README names what there is: every setting, status and command."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from daemon.cli import _parser
from schemas.settings import Settings
from schemas.status import Status
from webui import create_app

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/none"

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_readme_with_its_meaning(name: str) -> None:
    description = Settings.model_fields[name].description
    assert f"| `{name.upper()}` |" in README
    assert str(description) in README


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_in_the_readme(status: Status) -> None:
    assert f"{status}/" in README


def test_every_command_is_in_the_readme() -> None:
    verbs = _parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert verbs
    assert [verb for verb in verbs if f"| `{verb}` |" not in README] == []  # type: ignore[union-attr]


def test_every_page_is_in_the_readme() -> None:
    app = create_app(Settings(secret_key=SecretStr("x"), database_url=SecretStr(NOWHERE)))
    rules = {
        re.sub(r"<(?:[^<>]*:)?(\w+)>", r"<\1>", rule.rule) for rule in app.url_map.iter_rules()
    }
    app.extensions["printsystem"].index.close()
    rules = {rule.replace("<name>", "<action>") for rule in rules} - {"/static/<filename>"}
    assert sorted(rule for rule in rules if f"`{rule}`" not in README) == []
