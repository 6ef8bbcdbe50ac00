"""The set-up is done once, and says what to type where it may not do something itself."""

from pathlib import Path

import pytest

from deploy import apt, prepare


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A project in an empty folder; the commands that the set-up would have run."""
    commands: list[str] = []
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for program in ("python", "pip"):
        (tmp_path / ".venv" / "bin" / program).touch()
    (tmp_path / "requirements.txt").write_text("one==1\n")
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(prepare, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(prepare, "REQUIREMENTS", tmp_path / "requirements.txt")
    monkeypatch.setattr(prepare, "_run", lambda command, *, what: commands.append(what))
    monkeypatch.setattr(prepare, "_is_there", lambda names: True)
    monkeypatch.setattr(apt, "install", commands.append)  # its None says: could not
    return commands


def test_packages_are_installed_once(ran: list[str]) -> None:
    prepare.prepare()
    prepare.prepare()

    assert ran == ["the packages of requirements.txt"]


def test_packages_are_installed_again_when_the_list_changes(ran: list[str]) -> None:
    prepare.prepare()
    prepare.REQUIREMENTS.write_text("one==2\n")

    prepare.prepare()

    assert ran == ["the packages of requirements.txt"] * 2


def test_the_tools_for_tests_are_installed_on_top(ran: list[str]) -> None:
    more = prepare.ROOT / "tests" / "requirements.txt"
    more.parent.mkdir()
    more.write_text("two==2\n")

    prepare.prepare()
    prepare.prepare(more)

    assert ran == ["the packages of requirements.txt", "the packages of tests/requirements.txt"]


def test_an_upgraded_python_gets_a_new_environment(ran: list[str]) -> None:
    prepare.PYTHON.unlink()
    prepare.PYTHON.symlink_to("/nowhere/python3.10")

    prepare.prepare()

    assert ran[0] == "the virtual environment"


def test_an_environment_cut_short_before_pip_was_there_is_made_again(ran: list[str]) -> None:
    prepare.PYTHON.with_name("pip").unlink()

    prepare.prepare()

    assert ran[0] == "the virtual environment"


def test_a_missing_library_is_fetched_once_and_named_with_what_works_without_it(
    ran: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "_is_there", lambda names: "OSMesa" not in names)

    prepare.prepare()
    prepare.prepare()

    assert ran.count("libosmesa6") == 1
    told = capsys.readouterr().err
    assert "no pictures of models on the cards, everything else works" in told
    assert "sudo apt-get update && sudo apt-get install -y libosmesa6" in told


def test_without_venv_and_without_rights_it_says_what_to_type(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare.PYTHON.unlink()
    monkeypatch.setattr(prepare, "_has_ensurepip", lambda: False)

    with pytest.raises(prepare.NotPrepared, match=r"sudo apt-get install -y python3-venv"):
        prepare.prepare()
