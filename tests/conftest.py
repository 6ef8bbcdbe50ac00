"""What every tier shares: one real PostgreSQL a session, and a fresh lab for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.database import connect, migrate
from daemon.embedded import running_server
from tests.lab import Lab


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("PRINTSYSTEM_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a migrated database; its server lives as long as the tests."""
    with running_server(tmp_path_factory.mktemp("postgres") / "data") as url:
        migrate(url)
        yield url


@pytest.fixture
def lab(database: str, tmp_path: Path) -> Iterator[Lab]:
    """A lab with an empty share and an empty index, whose clock only moves when told to."""
    engine = connect(database)
    with Lab.opened(tmp_path, engine) as opened:
        yield opened
    engine.dispose()
