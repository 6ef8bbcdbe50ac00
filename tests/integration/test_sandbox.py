"""A child does its work within its limits, or ends; the program that started it goes on."""

import re
import threading
from pathlib import Path

import psutil
import pytest

from daemon import sandbox
from daemon.sandbox import CouldNot, Limits
from schemas.errors import StaleState

LIMITS = Limits(memory_mb=400, time_s=20, output_bytes=100_000)
BRIEF = Limits(memory_mb=400, time_s=0.5, output_bytes=100_000)


def child(does: str, limits: Limits = LIMITS, given: bytes = b"") -> str:
    return sandbox.run("tests.integration.misbehaving", [does], limits, given=given).decode()


def test_an_answer_comes_back() -> None:
    assert child("answers") == "42"
    assert child("echoes", given=b"abc") == "ABC"


@pytest.mark.parametrize(
    ("does", "limits", "reason"),
    [
        ("refuses", LIMITS, "it is no model at all"),
        ("hoards", LIMITS, "more than 400 MB"),
        ("hangs", BRIEF, "more than 0.5 s"),
        ("spins", BRIEF, "more than 0.5 s"),
        ("crashes", LIMITS, "SIGSEGV"),
        ("fails", LIMITS, "crashed"),
        ("floods", LIMITS, "too long"),
        ("writes", LIMITS, "crashed|too long"),
    ],
)
def test_a_child_that_misbehaves_could_not(does: str, limits: Limits, reason: str) -> None:
    with pytest.raises(CouldNot) as caught:
        child(does, limits)
    assert re.search(reason, str(caught.value))


def test_a_child_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTSYSTEM_SECRET_KEY", "hush")
    monkeypatch.setenv("PGPASSWORD", "hush")
    told = child("tells")
    assert "PATH" in told
    assert "PRINTSYSTEM" not in told
    assert "PGPASSWORD" not in told


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(CouldNot):
        child("writes")
    with pytest.raises(CouldNot):
        child("hangs", BRIEF)
    assert list(tmp_path.iterdir()) == []
    assert psutil.Process().children() == []


def test_a_program_that_stops_takes_its_children_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_is_over", threading.Event())
    raised: list[BaseException] = []

    def work() -> None:
        try:
            child("hangs")
        except StaleState as error:
            raised.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    while not sandbox._running:
        pass
    sandbox.end_all()
    worker.join(10)
    assert not worker.is_alive()
    assert len(raised) == 1
