"""What keeping a million conversations costs: bulk writes, rollups, rebuilding, bytes."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, event, select

from bench.table import at_least, at_most, line, percentile
from storage import rollups
from storage.bulk import upsert_tuples
from storage.database import SqlDatabase
from storage.derived import Fact, derived
from storage.tables.conversations import message

CHANGED = 1_000
_MESSAGES = 20_000
_ROUNDS = 12
_TRIES = 3

Timed = Callable[[Callable[[], object]], float]
Rows = Sequence[tuple[Any, ...]]
Upsert = Callable[[Connection, Sequence[str], Sequence[str], Rows], None]


def upkeep(name: str, database: SqlDatabase, size: int, timed: Timed) -> None:
    _size(name, database, size)
    _refreshing(name, database, size, timed)
    _writing(name, database, timed)
    _rebuilding(name, database, timed)


def _size(name: str, database: SqlDatabase, size: int) -> None:
    whole = "SELECT pg_database_size(current_database())"
    if database.engine.is_sqlite:
        whole = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with database.engine.reading() as connection:
        found = connection.exec_driver_sql(whole).scalar_one()
    line(f"{name}: bytes a conversation", f"{found / size:,.0f}", "everything, six messages each")


def _refreshing(name: str, database: SqlDatabase, size: int, timed: Timed) -> None:
    """Measure 1,000 anew, all over the year: their facts and rollups follow; then undo it."""
    ids = range(size // 3, min(size // 3 + CHANGED * 97, size), 97)
    with database.engine.changing() as connection:
        before = set(derived(connection, ids).facts)
        _measure(connection, ids, "positive")
        after = set(derived(connection, ids).facts)
        wholes: list[float] = []
        for value in ("negative", "neutral", "positive") * (_ROUNDS // 3):
            _measure(connection, ids, value)
            wholes.append(1000 * timed(lambda: rollups.refresh(connection, ids)))
        connection.rollback()
    # There and back, each in a transaction of its own: PostgreSQL keeps what one writes over.
    ways = ((before - after, after - before), (after - before, before - after))
    moves = [1000 * timed(partial(_move, database, *way)) for way in ways * (_ROUNDS // 2)]
    line(
        f"{name}: {len(ids):,} changed: their rollups",
        f"{percentile(moves, 50):.0f}, {percentile(moves, 95):.0f} ms",
        f"p50 and p95 of {len(moves)}: signed differences of {len(before - after):,} facts",
        at_most(percentile(moves, 95), 50, "<= 50 ms"),
    )
    line(
        f"{name}: {len(ids):,} changed: everything",
        f"{percentile(wholes, 50):.0f}, {percentile(wholes, 95):.0f} ms",
        "p50 and p95: read what is measured, derive and compare facts and tags, write, roll up",
    )


def _move(database: SqlDatabase, gone: set[Fact], come: set[Fact]) -> None:
    with database.engine.changing() as connection:
        rollups.move(connection, gone, come)


def _measure(connection: Connection, ids: Sequence[int], value: str) -> None:
    among = ", ".join(map(str, ids))
    connection.exec_driver_sql(
        f"UPDATE measurement SET value = '{value}' WHERE metric = 'sentiment'"  # noqa: S608 - words and numbers of ours
        f" AND conversation_id IN ({among})"
    )


def _writing(name: str, database: SqlDatabase, timed: Timed) -> None:
    """Messages that all exist, written through the helper and through the bare driver."""
    with database.engine.reading() as connection:
        found = connection.execute(select(message).limit(_MESSAGES)).all()
    names = [column.name for column in message.c if column.name != "id"]
    rows = [tuple(row._mapping[name] for name in names) for row in found]
    key = ("conversation_id", "external_id")
    took: dict[Upsert, list[float]] = {_by_hand: [], _with_ours: []}
    for _ in range(_TRIES):
        for way, seconds in took.items():
            with database.engine.changing() as connection:
                seconds.append(timed(partial(way, connection, names, key, rows)))
                connection.rollback()
    theirs, ours = (min(took[way]) for way in (_by_hand, _with_ours))
    line(
        f"{name}: bulk upsert",
        f"{len(rows) / ours:,.0f} rows/s",
        f"{len(rows) / theirs:,.0f} by hand, {len(rows):,} messages that exist",
        at_least(theirs / ours, 0.8, ">= .8 x by hand"),
    )


def _with_ours(
    connection: Connection, names: Sequence[str], key: Sequence[str], rows: Rows
) -> None:
    upsert_tuples(connection, message, names, rows, key=key)


def _by_hand(connection: Connection, names: Sequence[str], key: Sequence[str], rows: Rows) -> None:
    listed = ", ".join(names)
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    merge = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        cursor.executemany(f"INSERT INTO message ({listed}) VALUES ({marks}) {merge}", rows)  # noqa: S608 - our own names
        return
    cursor.execute("CREATE TEMP TABLE fresh (LIKE message INCLUDING DEFAULTS) ON COMMIT DROP")
    cursor.execute("ALTER TABLE fresh ALTER id DROP NOT NULL")
    with cursor.copy(f"COPY fresh ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(f"INSERT INTO message ({listed}) SELECT {listed} FROM fresh {merge}")  # noqa: S608 - our own names


def _rebuilding(name: str, database: SqlDatabase, timed: Timed) -> None:
    """Make everything again while others may write, who wait only for transactions that write."""
    begun: list[float] = []
    held: list[float] = []
    wrote: list[bool] = []

    def ended(connection: Connection) -> None:
        held.append(time.perf_counter() - begun[-1])
        wrote.append("writes" in connection.get_execution_options())

    event.listen(database.engine.raw, "begin", lambda _: begun.append(time.perf_counter()))
    event.listen(database.engine.raw, "commit", ended)
    seconds = timed(database.analyses.rebuild)
    line(
        f"{name}: full rebuild",
        f"{seconds:.1f} s",
        f"facts, tags and rollups in {len(held):,} transactions, by the clock at most"
        f" {1000 * max(held):.0f} ms each; {sum(wrote):,} of them to write",
        at_most(seconds, 10, "<= 10 s"),
    )
