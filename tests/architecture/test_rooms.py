"""Who may know whom, beyond what import-linter checks by name."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_OUTSIDE = {"os", "pathlib", "time", "logging", "random", "socket", "subprocess", "sqlalchemy"}
PURE = [
    *(p for p in (ROOT / "schemas").glob("*.py") if p.name not in ("settings.py", "tables.py")),
    *(ROOT / "daemon" / f"{n}.py" for n in ("plan", "actions", "settle", "snapshot")),
    ROOT / "daemon" / "consequences.py",
]


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_a_pure_module_asks_neither_clock_nor_disk(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    named |= {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert named & _OUTSIDE == set()
    assert ".now(" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ["schemas", "daemon", "webui", "deploy"])
def test_every_module_says_why_it_exists(room: str) -> None:
    silent = [
        path
        for path in (ROOT / room).rglob("*.py")
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
