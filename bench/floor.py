"""The least that a sync could cost: parse the same pages, and upsert the same rows. Nothing else.

Run by the bench: `python -m bench.floor folder`, which holds `bodies` (the pages as they came) and
`home/verbatim.sqlite` (what the sync made of them). Rows are read and shaped before the clock runs.
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from storage.database import open_database

_TABLES = ("account", "agent", "conversation", "message", "voice", "fact", "rollup_day", "source")
_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON")
_ROWS = 1000  # in one transaction, as on a page of an export

Rows = list[tuple[object, ...]]


def main(folder: str) -> None:
    bodies = [path.read_bytes() for path in sorted((Path(folder) / "bodies").iterdir())]
    parsing = cpu_of(lambda: [len(json.loads(body)) for body in bodies])
    stored = sqlite3.connect(Path(folder) / "home" / "verbatim.sqlite")
    upserted = upserting(stored, Path(folder) / "floor.sqlite", _TABLES)
    told = {"json": parsing, "upsert": upserted, "bytes": sum(map(len, bodies))}
    print(json.dumps(told))


def upserting(stored: sqlite3.Connection, path: Path, tables: Sequence[str]) -> float:
    """Return the CPU seconds of writing the rows of these tables into a database of ours."""
    fresh = _fresh(path)
    return sum(_upsert(fresh, *part) for part in _parts(stored, tables))


def _fresh(path: Path) -> sqlite3.Connection:
    """An empty database with the product's own tables, indexes and search index."""
    database = open_database(
        f"sqlite:///{path}",
        metrics=tuple,
        zone=ZoneInfo("UTC"),
        secret=b"floor",
        clock=lambda: datetime.now(UTC),
    )
    database.migrate()
    database.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _parts(stored: sqlite3.Connection, tables: Sequence[str]) -> Iterator[tuple[str, Rows]]:
    for table in tables:
        columns = stored.execute(f"PRAGMA table_info({table})").fetchall()
        names = [column[1] for column in columns]
        keys = [column[1] for column in columns if column[5]]
        new = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        statement = (
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names
            f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {new}"
        )
        rows = stored.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        while some := rows.fetchmany(_ROWS):
            yield statement, some


def _upsert(connection: sqlite3.Connection, statement: str, rows: Rows) -> float:
    def run() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")

    return cpu_of(run)


def cpu_of(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main(*sys.argv[1:])
