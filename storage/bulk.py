"""Writes many rows at the speed of the driver. Knows both dialects' upsert and no table of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Compiled

CHUNK = 500  # keys in one IN list
_STATEMENTS = 64  # of one kind that are kept compiled

T = TypeVar("T")
Row = Mapping[str, Any]
Names = tuple[str, ...]


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return _insert_into(connection.dialect, table)


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if rows:
        _run(connection, _inserting(connection.dialect, table, tuple(rows[0])), rows)


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows; where the key exists, the other given columns take the new values."""
    if not rows:
        return
    _run(connection, _upserting(connection.dialect, table, tuple(key), tuple(rows[0])), rows)


def add(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    key: Sequence[str],
    counter: str,
) -> None:
    """Insert rows; where the key exists, its counter grows by the row's."""
    if not rows:
        return
    compiled = _adding(connection.dialect, table, tuple(names), tuple(key), counter)
    _run(connection, compiled, [dict(zip(names, row, strict=True)) for row in rows])


def change(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Give the rows with these ids the values of the other given columns."""
    if not rows:
        return
    names = [name for name in rows[0] if name != "id"]
    statement = (
        update(table)
        .where(table.c.id == bindparam("of_id"))
        .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    )
    connection.execute(
        statement,
        [{"of_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows],
    )


def _insert_into(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)


# A sync runs the same few statements for page after page.
@lru_cache(maxsize=_STATEMENTS)
def _inserting(dialect: Dialect, table: Table, names: Names) -> Compiled:
    return _insert_into(dialect, table).compile(dialect=dialect, column_keys=list(names))


@lru_cache(maxsize=_STATEMENTS)
def _upserting(dialect: Dialect, table: Table, key: Names, names: Names) -> Compiled:
    statement = _insert_into(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in key}
    whole = statement.on_conflict_do_update(index_elements=list(key), set_=changed)
    return whole.compile(dialect=dialect, column_keys=list(names))


@lru_cache(maxsize=_STATEMENTS)
def _adding(dialect: Dialect, table: Table, names: Names, key: Names, counter: str) -> Compiled:
    statement = _insert_into(dialect, table)
    grown = {counter: table.c[counter] + statement.excluded[counter]}
    whole = statement.on_conflict_do_update(index_elements=list(key), set_=grown)
    return whole.compile(dialect=dialect, column_keys=list(names))


def _run(connection: Connection, compiled: Compiled, rows: Sequence[Row]) -> None:
    """Run one compiled statement for all rows, past the ORM and its per-row processing."""
    order: Sequence[str] | None = compiled.positiontup  # type: ignore[attr-defined]  # of SQL
    if order is None:
        connection.exec_driver_sql(str(compiled), [dict(row) for row in rows])
    elif len(order) == 1:
        connection.exec_driver_sql(str(compiled), [(row[order[0]],) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), list(map(itemgetter(*order), rows)))
