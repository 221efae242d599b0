"""Takes erased words out of SQLite's file, not only out of its tables.

The search index only notes that a row is deleted; the words stay in its segments until they are
merged. PostgreSQL's index holds no copy that outlives its row.
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from storage.bulk import upsert
from storage.engine import Engine
from storage.tables.work import memory

_TO_DO = (
    "storage:words_erased"  # remembered in the transaction that erases, so a crash loses nothing
)
_PAGES = 1_000  # of the index merged in one transaction: other writers wait for no longer


def note(connection: Connection) -> None:
    """Remember that words were erased in this transaction; `finish` has to follow some time."""
    if connection.dialect.name == "sqlite":
        upsert(connection, memory, ["name"], [{"name": _TO_DO, "value": uuid4().hex}])


def finish(engine: Engine) -> None:
    """Rewrite the search index without the erased words, if there are any."""
    noted = _noted(engine) if engine.is_sqlite else None
    if noted is None:
        return
    pages = -_PAGES  # negative: begin to merge all segments into one
    while _merge(engine, pages):
        pages = _PAGES
    with engine.writing() as connection:
        # What another process erased meanwhile has a note of its own, and stays to be done.
        done = (memory.c.name == _TO_DO) & (memory.c.value == noted)
        connection.execute(memory.delete().where(done))
    engine.empty_log()


def _noted(engine: Engine) -> str | None:
    with engine.reading() as connection:
        query = select(memory.c.value).where(memory.c.name == _TO_DO)
        return connection.execute(query).scalar_one_or_none()


def _merge(engine: Engine, pages: int) -> bool:
    """Merge so many pages; return whether more are left."""
    with engine.changing() as connection:
        before = _changes(connection)
        connection.exec_driver_sql(
            "INSERT INTO voice_search(voice_search, rank) VALUES ('merge', ?)", (pages,)
        )
        # https://www.sqlite.org/fts5.html#the_merge_command: less than two changes is no work.
        return _changes(connection) - before >= 2


def _changes(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    changes: int = driver.total_changes
    return changes
