"""The schema: migrated equals declared, by one process or by two at once."""

import subprocess
import sys
import warnings

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from service.errors import Misused
from service.stores import Database
from storage.database import SqlDatabase
from tests.databases import Databases, opened

_SEARCH = "voice_search"  # SQLite's search index and its own tables
_MIGRATE = """
import sys
from tests.databases import opened
print(opened(sys.argv[1]).migrate())
"""


def test_the_migrated_schema_is_the_declared_one(database: SqlDatabase) -> None:
    def ours(_object: object, name: str | None, kind: str, *_rest: object) -> bool:
        # An index over an expression cannot be compared; the next test looks for it.
        return not str(name).startswith(_SEARCH) and not str(name).startswith("ix_voice_words")

    with database.engine.reading() as connection:
        options = {"include_object": ours, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "autogenerate skipping", UserWarning)
            assert compare_metadata(context, SQLModel.metadata) == []


def test_words_are_searched_with_an_index(database: SqlDatabase) -> None:
    with database.engine.reading() as connection:
        if database.engine.is_sqlite:
            found = sa.inspect(connection).has_table(_SEARCH)
        else:
            query = "SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_voice_words'"
            found = connection.exec_driver_sql(query).scalar_one() == 1
    assert found


def test_an_unmigrated_database_says_so_and_migrating_twice_is_safe(databases: Databases) -> None:
    database = opened(databases.url())
    current, newest = database.revision()
    assert current is None
    assert database.migrate() == newest
    assert database.migrate() == newest
    assert database.revision() == (newest, newest)
    with database.engine.reading() as connection:
        assert MigrationContext.configure(connection).get_current_heads() == (newest,)
    database.close()


def test_a_command_on_a_migrated_database_does_not_load_alembic(databases: Databases) -> None:
    command = [sys.executable, "-c", f"{_MIGRATE}\nprint('alembic' in sys.modules)"]
    said = subprocess.run(
        [*command, databases.migrated_url()], capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split()[-1] == "False"


def test_two_processes_can_migrate_at_once(databases: Databases) -> None:
    url = databases.url()
    command = [sys.executable, "-c", _MIGRATE, url]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    database = opened(url)
    current, newest = database.revision()
    assert current == newest
    assert {out.strip() for out, _ in said} == {newest}
    database.close()


def test_a_database_of_a_newer_verbatim_is_left_alone(databases: Databases) -> None:
    database = opened(databases.url())
    database.migrate()
    with database.engine.changing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Misused, match=r"newer Verbatim \(schema 9999"):
        database.migrate()
    database.close()


@pytest.mark.parametrize("url", ["mysql://somewhere/x", "no url at all", "sqlite+other:///x"])
def test_a_database_we_do_not_know_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(Misused, match="database"):
        opened(url)


def test_the_database_is_what_the_port_asks_for(database: SqlDatabase) -> None:
    port: Database = database  # the type checker compares every method
    assert port.revision()[0] == port.migrate()
