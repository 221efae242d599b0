"""Opens the database and hands out transactions: to read, to write, and to write alone.

Knows what SQLite and PostgreSQL need before the first statement. Knows no table.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError

from service.errors import Misused

_BUSY_MILLISECONDS = 5000
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",  # first: the others may have to wait too
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased words leave the file, not only the table
)
_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_ALONE = 5_736_417  # any number; the same in every process of ours


class Engine:
    """One database. Every block is one transaction: it ends committed, or nothing happened."""

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            self.raw = create_engine(self.url, pool_pre_ping=not self.is_sqlite)
        except ModuleNotFoundError as error:
            raise Misused("PostgreSQL needs the extra: pip install 'verbatim-cx[postgres]'.") from (
                error
            )
        self._writer = self.raw.execution_options(writes=True)
        if self.is_sqlite:
            _make_folder(self.url)
            event.listen(self.raw, "connect", _prepare_sqlite)
            event.listen(self.raw, "begin", _begin_sqlite)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.raw.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def writing_for_good(self) -> Iterator[Connection]:
        """Write so that even a power cut right after does not undo it: what others saw us do."""
        with self._writer.execution_options(durable=True).begin() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """Write with nobody else in a `changing` block: what is read here stays true until the end.

        SQLite has one writer anyway. PostgreSQL would let two recompute the same rollup row.
        """
        with self._writer.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")
            yield connection

    def empty_log(self) -> None:
        """Bring SQLite's write-ahead log into the file and empty it, unless somebody is reading."""
        if not self.is_sqlite:
            return
        connection = self.raw.raw_connection()  # a checkpoint cannot run inside a transaction
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()

    def close(self) -> None:
        self.raw.dispose()


def _checked(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise Misused("The database URL cannot be read; see .env.example.") from error
    if url.drivername in _POSTGRES:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        return url
    raise Misused(f"{url.drivername!r} is not a database we know; use sqlite or postgresql.")


def _make_folder(url: URL) -> None:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own implicit BEGIN is deferred: two writers would fail instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    if options.get("writes"):
        level = "FULL" if options.get("durable") else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
