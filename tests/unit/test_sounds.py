"""The sounds of the dashboard: small, soft, and what their generator makes."""

import shutil
import subprocess
import wave
from array import array
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOUNDS = ROOT / "webui/static/sounds"
RUNG = ["chime", "doorbell", "marimba"]


def samples(name: str) -> list[int]:
    with wave.open(str(SOUNDS / f"{name}.wav")) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 22050)
        return list(array("h", sound.readframes(sound.getnframes())))


@pytest.mark.parametrize("name", RUNG)
def test_a_sound_is_small_and_starts_and_ends_without_a_click(name: str) -> None:
    found = samples(name)

    assert (SOUNDS / f"{name}.wav").stat().st_size < 40_000
    assert 10_000 < max(map(abs, found)) < 30_000
    assert max(abs(found[0]), abs(found[-1])) < 100


def test_the_sound_that_asks_for_permission_cannot_be_heard() -> None:
    assert set(samples("silence")) == {0}


@pytest.mark.skipif(shutil.which("node") is None, reason="the generator runs on node")
def test_the_sounds_are_those_of_their_generator(tmp_path: Path) -> None:
    generator = ROOT / "webui/frontend/make_sounds.mjs"
    subprocess.run(["node", generator, "--out", tmp_path], check=True, timeout=60)

    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in SOUNDS.iterdir()}
    assert made == kept
