"""The connection to PostgreSQL, and bringing its tables up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine

from daemon.index import database_faults

_MIGRATIONS = Path(__file__).parent.parent / "migrations"
CONNECT_TIMEOUT_S = 5


def connect(url: str) -> Engine:
    """An engine for `url`, in UTC, that notices a dead connection before it is used.

    Nothing is connected yet: the database may be down.
    """
    return create_engine(
        url,
        pool_pre_ping=False,
        pool_size=5,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": "-c timezone=UTC -c statement_timeout=60000 -c lock_timeout=10000",
            "application_name": "printsystem",
        },
    )


def alembic_config(url: str) -> Config:
    """Alembic's configuration for this project and database."""
    config = Config(str(_MIGRATIONS / "alembic.ini"))
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring the tables of an empty or older database up to date. Raises: DatabaseUnavailable."""
    with database_faults():
        command.upgrade(alembic_config(url), "head")
