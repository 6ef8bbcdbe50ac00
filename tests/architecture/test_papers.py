"""The README names what there is: every setting, status and command."""

from pathlib import Path

import pytest

from daemon.cli import _parser
from schemas.settings import Settings
from schemas.status import Status

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
