"""Writes many rows at the speed of the driver. Knows both dialects' upsert and no table of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from storage import copying

CHUNK = 500  # keys in one IN list
_STATEMENTS = 256  # that are kept in words
# Rows of one statement on SQLite, which writes its search index out after each statement. Of few
# sizes, so that the driver keeps them all prepared; 32,766 values are the most of a statement.
_AT_ONCE = (500, 100, 25)

T = TypeVar("T")
Row = Mapping[str, Any]
Tuples = Sequence[tuple[Any, ...]]
Names = tuple[str, ...]


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        names = tuple(rows[0])
        insert_tuples(connection, table, names, _tuples(names, rows))


def insert_tuples(connection: Connection, table: Table, names: Sequence[str], rows: Tuples) -> None:
    if copying.pays(connection, rows):
        copying.copy(connection, table.name, names, rows)
    else:
        _insert(connection, table, tuple(names), rows, "")


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows; where the key exists, the other given columns take the new values."""
    if rows:
        names = tuple(rows[0])
        upsert_tuples(connection, table, names, _tuples(names, rows), key=key)


def upsert_tuples(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Tuples,
    *,
    key: Sequence[str],
) -> None:
    taken = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
    _merge(connection, table, names, rows, key, f"UPDATE SET {taken}" if taken else "NOTHING")


def add(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Tuples,
    *,
    key: Sequence[str],
    counter: str,
) -> None:
    """Insert rows; where the key exists, its counter grows by the row's. What comes to count
    nothing goes.
    """
    then = f'UPDATE SET "{counter}" = {table.name}."{counter}" + excluded."{counter}"'
    if copying.pays_with_a_merge(connection, rows):
        on_conflict = f"ON CONFLICT ({copying.listed(key)}) DO {then}"
        empty = copying.grow(
            connection, table, names, rows, key=key, on_conflict=on_conflict, counter=counter
        )
        remove(connection, table, key, empty)
        return
    _merge(connection, table, names, rows, key, then)
    grown, key_of = names.index(counter), itemgetter(*map(names.index, key))
    less = [(*key_of(row), 0) for row in rows if row[grown] < 0]
    remove(connection, table, (*key, counter), less)


def change(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Give the rows with these ids the values of the other given columns."""
    if rows:
        names = tuple(name for name in rows[0] if name != "id")
        change_by(connection, table, names, _tuples((*names, "id"), rows), key=("id",))


def change_by(
    connection: Connection, table: Table, names: Sequence[str], rows: Tuples, *, key: Sequence[str]
) -> None:
    """Give the rows with this key the values of the named columns. A tuple ends with its key."""
    new = ", ".join(f'"{name}" = ?' for name in names)
    same = " AND ".join(f'"{name}" = ?' for name in key)
    _run(connection, f"UPDATE {table.name} SET {new} WHERE {same}", rows)  # noqa: S608 - our own names


def remove(connection: Connection, table: Table, names: Sequence[str], keys: Tuples) -> None:
    """Delete the rows in which the named columns have these values."""
    same = " AND ".join(f'"{name}" = ?' for name in names)
    _run(connection, f"DELETE FROM {table.name} WHERE {same}", keys)  # noqa: S608 - our own names


def _merge(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Tuples,
    key: Sequence[str],
    then: str,
) -> None:
    on_conflict = f"ON CONFLICT ({copying.listed(key)}) DO {then}"
    if copying.pays_with_a_merge(connection, rows):
        copying.merge(connection, table, names, rows, key=key, on_conflict=on_conflict)
    else:
        _insert(connection, table, tuple(names), rows, on_conflict)


def _insert(
    connection: Connection, table: Table, names: Names, rows: Tuples, on_conflict: str
) -> None:
    if connection.dialect.name != "sqlite":
        _run(connection, _inserting(table, names, on_conflict, 1), rows)
        return
    done = 0
    for many in _AT_ONCE:
        statement = _inserting(table, names, on_conflict, many)
        while len(rows) - done >= many:
            values = tuple(chain.from_iterable(rows[done : done + many]))
            connection.exec_driver_sql(statement, values)
            done += many
    rest = rows[done:]
    if rest:
        values = tuple(chain.from_iterable(rest))
        connection.exec_driver_sql(_inserting(table, names, on_conflict, len(rest)), values)


@lru_cache(maxsize=_STATEMENTS)
def _inserting(table: Table, names: Names, on_conflict: str, many: int) -> str:
    row = f"({', '.join('?' * len(names))})"
    return (
        f"INSERT INTO {table.name} ({copying.listed(names)})"  # noqa: S608 - our own names
        f" VALUES {', '.join([row] * many)} {on_conflict}"
    )


def _run(connection: Connection, statement: str, rows: Tuples) -> None:
    """Run one statement for all rows, past SQLAlchemy's processing of each."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    connection.exec_driver_sql(statement, list(rows))


def _tuples(names: Names, rows: Sequence[Row]) -> Tuples:
    if len(names) == 1:
        return [(row[names[0]],) for row in rows]
    return list(map(itemgetter(*names), rows))
