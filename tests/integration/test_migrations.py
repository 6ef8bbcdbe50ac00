"""The migrations: up from nothing, down to nothing, and what they make is what the tables say."""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from daemon.database import alembic_config, connect, migrate
from daemon.embedded import running_server
from schemas.events import EventType, Via
from schemas.mails import MailState
from schemas.naming import Role
from schemas.status import Status
from schemas.tables import metadata
from tests.lab import Lab

ENUMS: dict[str, type[StrEnum]] = {
    "job_status": Status,
    "event_type": EventType,
    "via": Via,
    "mail_state": MailState,
    "file_role": Role,
}
TRIES = {
    "update": "UPDATE events SET by = 'somebody else'",
    "delete": "DELETE FROM events",
    "truncate": "TRUNCATE events",
    "update of nothing": "UPDATE events SET by = '' WHERE false",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database that nobody has migrated."""
    with running_server(tmp_path_factory.mktemp("empty") / "data") as url:
        yield url


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


def everything_in(url: str) -> list[str]:
    """Names of all that lies in the database but alembic's own table."""
    engine = connect(url)
    query = """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT typname FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """
    with engine.connect() as connection:
        names = sorted(name for (name,) in connection.execute(text(query)))
    engine.dispose()
    return [name for name in names if not name.startswith("alembic_version")]


def test_an_empty_database_is_migrated_up_down_and_up_again(empty: str) -> None:
    migrate(empty)
    made = everything_in(empty)
    command.downgrade(alembic_config(empty), "base")
    assert everything_in(empty) == []
    migrate(empty)
    assert everything_in(empty) == made


def test_migrating_what_is_up_to_date_changes_nothing(database: str) -> None:
    before = everything_in(database)
    migrate(database)
    assert everything_in(database) == before


def test_the_migrations_make_exactly_what_the_tables_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_checks_that_the_tables_name(engine: Engine) -> None:
    found = {
        table: {check["name"] for check in inspect(engine).get_check_constraints(table)}
        for table in metadata.tables
    }
    meant = {
        table.name: {
            str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"
        }
        for table in metadata.tables.values()
    }
    assert found == meant


@pytest.mark.parametrize("name", ENUMS)
def test_an_enum_of_postgresql_has_the_members_of_the_one_in_python(
    engine: Engine, name: str
) -> None:
    query = text(
        "SELECT enumlabel FROM pg_enum "
        "WHERE enumtypid = CAST(:name AS regtype) ORDER BY enumsortorder"
    )
    with engine.connect() as connection:
        members = list(connection.execute(query, {"name": name}).scalars())
    assert members == [member.value for member in ENUMS[name]]


def test_every_enum_of_postgresql_is_compared(engine: Engine) -> None:
    query = text("SELECT typname FROM pg_type WHERE typtype = 'e'")
    with engine.connect() as connection:
        assert set(connection.execute(query).scalars()) == set(ENUMS)


@pytest.mark.parametrize("statement", TRIES.values(), ids=TRIES.keys())
def test_events_cannot_be_changed_outside_a_rebuild(lab: Lab, statement: str) -> None:
    job = lab.a_job()
    before = lab.events(job)
    with (
        pytest.raises(ProgrammingError, match="events only grow"),
        lab.engine.begin() as connection,
    ):
        connection.execute(text(statement))
    assert lab.events(job) == before


def test_a_rebuild_may_empty_the_events_but_only_within_its_transaction(lab: Lab) -> None:
    lab.a_job()
    with lab.engine.begin() as connection:
        connection.execute(text("SET LOCAL printsystem.rebuild = 'on'"))
        connection.execute(text("TRUNCATE events"))
    with (
        pytest.raises(ProgrammingError, match="events only grow"),
        lab.engine.begin() as connection,
    ):
        connection.execute(text("TRUNCATE events"))
