"""Writes many rows at the speed of the driver. Knows both dialects' upsert and no table of ours."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import Executable

CHUNK = 500  # keys in one IN list

T = TypeVar("T")
Row = Mapping[str, Any]


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
        _run(connection, insert_into(connection, table), rows)


def upsert(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows; where the key exists, the other given columns take the new values."""
    if not rows:
        return
    statement = insert_into(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    _run(connection, statement.on_conflict_do_update(index_elements=list(key), set_=changed), rows)


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
    statement = insert_into(connection, table)
    grown = {counter: table.c[counter] + statement.excluded[counter]}
    whole = statement.on_conflict_do_update(index_elements=list(key), set_=grown)
    _run(connection, whole, [dict(zip(names, row, strict=True)) for row in rows])


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


def _run(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    """Run one compiled statement for all rows, past the ORM and its per-row processing."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))  # type: ignore[attr-defined]  # every Executable we pass compiles
    order: Sequence[str] | None = compiled.positiontup
    if order is None:
        connection.exec_driver_sql(str(compiled), [dict(row) for row in rows])
    else:
        connection.exec_driver_sql(str(compiled), [tuple(row[n] for n in order) for row in rows])
