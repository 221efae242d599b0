"""Opens the database and hands out transactions: to read, to write, and to write alone.

Knows what SQLite and PostgreSQL need before the first statement. Knows no table.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from tenacity import Retrying, retry_if_exception_message, stop_after_delay, wait_fixed

from service.errors import Misused

_BUSY_MILLISECONDS = 5000
_patiently = Retrying(
    retry=retry_if_exception_message(message="database is locked"),
    stop=stop_after_delay(_BUSY_MILLISECONDS / 1000),
    wait=wait_fixed(0.05),
    reraise=True,
)
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",  # first: the others may have to wait too
    "PRAGMA journal_mode = WAL",
    "PRAGMA wal_autocheckpoint = 4000",  # pages, 16 MB: one batch after the other writes the same
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased words leave the file, not only the table
)
# Pages that a connection keeps, in KiB (written as less than nothing). Questions over a million
# conversations come back to the same ones; a page of a sync touches most of its own only once.
_READING_KEEPS = -65_536
_CHANGING_KEEPS = -4_096
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
        self._changer = self.raw.execution_options(writes=True, keeps=_CHANGING_KEEPS)
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
        Memory does not grow with what is changed.
        """
        with self._changer.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")
            yield connection

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Hold a name that only one process can hold; give False when another one does.

        Whoever dies lets go of it: unlike a lease it never has to run out.
        """
        if self.is_sqlite:
            with closing(_lock_file(self.url, name)) as file:
                yield _locked(file)
            return
        key = crc32(name.encode()) >> 1  # PostgreSQL's integers have a sign
        with self.raw.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            held = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_ALONE}, {key})")
            try:
                yield bool(held.scalar_one())
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_ALONE}, {key})")

    def beside(self, name: str) -> "Engine":
        """Return a small database in a file beside this one, with a writer of its own.

        PostgreSQL has writers enough, and what is only in memory has no beside: it is this one.
        """
        if not (self.is_sqlite and _has_file(self.url)):
            return self
        own = self.url.set(database=f"{self.url.database}-{name}")
        return Engine(own.render_as_string(hide_password=False))

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


def _lock_file(url: URL, name: str) -> sqlite3.Connection:
    """Open an empty file beside the database, of which only the lock is used."""
    path = f"{url.database}-{name}.lock" if _has_file(url) else ":memory:"
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _locked(file: sqlite3.Connection) -> bool:
    try:
        file.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True


def _has_file(url: URL) -> bool:
    return bool(url.database) and url.database != ":memory:"


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
    if url.database and _has_file(url):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own implicit BEGIN is deferred: two writers would fail instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        # Two processes that open a new file at once both change its journal, and SQLite refuses
        # one of them at once instead of letting it wait.
        _patiently(lambda: cursor.execute(pragma))  # noqa: B023  # called at once
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    keeps = options.get("keeps", _READING_KEEPS)
    connection.exec_driver_sql(f"PRAGMA cache_size = {keeps}")  # gives back what is more
    if options.get("writes"):
        level = "FULL" if options.get("durable") else "NORMAL"
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
