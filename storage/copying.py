"""PostgreSQL's fast lane: COPY, and a merge of what was copied. Knows no table of ours."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, Table

Tuples = Sequence[tuple[Any, ...]]
# Measured: COPY is faster than rows one by one from a handful on, with a merge from some hundred.
_PAYS = 20
_PAYS_WITH_A_MERGE = 200


def pays(connection: Connection, rows: Tuples) -> bool:
    return connection.dialect.name == "postgresql" and len(rows) >= _PAYS


def pays_with_a_merge(connection: Connection, rows: Tuples) -> bool:
    return connection.dialect.name == "postgresql" and len(rows) >= _PAYS_WITH_A_MERGE


def copy(connection: Connection, table: str, names: Sequence[str], rows: Iterable[Any]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {table} ({listed(names)}) FROM STDIN") as copying:
        for row in rows:
            copying.write_row(row)


def merge(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Tuples,
    *,
    key: Sequence[str],
    on_conflict: str,
) -> None:
    """Insert rows by way of a table that only this connection sees; of one key the last counts."""
    with _copied(connection, table, names, rows, key) as merging:
        connection.exec_driver_sql(f"{merging} {on_conflict}")


def grow(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Tuples,
    *,
    key: Sequence[str],
    on_conflict: str,
    counter: str,
) -> Tuples:
    """Merge rows that count something; return the keys of those that now count nothing."""
    keys = listed(key)
    with _copied(connection, table, names, rows, key) as merging:
        found = connection.exec_driver_sql(
            f"WITH grown AS ({merging} {on_conflict} RETURNING {keys}, {listed([counter])})"  # noqa: S608 - our own names
            f" SELECT {keys} FROM grown WHERE {listed([counter])} = 0"
        )
        return [tuple(row) for row in found]


@contextmanager
def _copied(
    connection: Connection, table: Table, names: Sequence[str], rows: Tuples, key: Sequence[str]
) -> Iterator[str]:
    """Copy rows aside, and give the statement that puts them into the table."""
    fresh = _fresh(connection, table, names)
    copy(connection, fresh, names, _last_of_each(names, rows, key))
    columns = listed(names)
    yield f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {fresh}"  # noqa: S608 - our own names
    connection.exec_driver_sql(f"TRUNCATE {fresh}")


def _fresh(connection: Connection, table: Table, names: Sequence[str]) -> str:
    """Make it once for each connection and choice of columns: a new one each time would bloat the
    server's catalogue.
    """
    columns = listed(names)
    name = f"fresh_{table.name}_{crc32(columns.encode()):x}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {name} AS"  # noqa: S608 - our own names
        f" SELECT {columns} FROM {table.name} WITH NO DATA"
    )
    return name


def _last_of_each(names: Sequence[str], rows: Tuples, key: Sequence[str]) -> Iterable[Any]:
    """One statement cannot change a row twice, as rows one after the other can."""
    key_of = itemgetter(*map(names.index, key))
    return {key_of(row): row for row in rows}.values()


def listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
