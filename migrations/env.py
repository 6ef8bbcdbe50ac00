"""Alembic's way in: the address comes from the caller, or else from the settings."""

from alembic import context
from sqlalchemy import create_engine, pool

from daemon.embedded import database_url
from schemas.settings import Settings
from schemas.tables import metadata


def _url() -> str:
    given = context.config.attributes.get("url")
    if given is not None:
        return str(given)
    return database_url(Settings.load())


def _run() -> None:
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.begin() as connection:
        # Two computers may start at once; one migrates, the other then finds it done.
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3107, 0)")
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        context.run_migrations()


_run()
