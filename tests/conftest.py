"""Fixtures that several folders of tests use."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.databases import Databases, PostgresServer, SqliteFiles, opened, postgres_server

# A busy machine is no fault of what is tested.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for each test process, started by the first test that needs it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest, sqlite_files: SqliteFiles) -> Databases:
    """Both kinds of database, one after the other."""
    if request.param == "sqlite":
        return sqlite_files
    server: PostgresServer = request.getfixturevalue("postgres")
    return server


@pytest.fixture
def database(databases: Databases, clock: Clockwork) -> Iterator[SqlDatabase]:
    """An empty database with the newest schema, of every kind."""
    fresh = opened(databases.migrated_url(), clock)
    yield fresh
    fresh.close()


@pytest.fixture
def sqlite_database(sqlite_files: SqliteFiles, clock: Clockwork) -> Iterator[SqlDatabase]:
    """An empty SQLite database, for tests that are not about storage."""
    fresh = opened(sqlite_files.migrated_url(), clock)
    yield fresh
    fresh.close()
