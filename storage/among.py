"""Finds rows by many keys with one statement, which stays compiled however many keys there are.

A list of bound values would be spelled out, and compiled, anew for each page.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Row,
    Select,
    any_,
    bindparam,
    func,
    select,
)

_KEYS = "among_keys"
_QUERIES = 32  # of which each is built once


def among(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a column holds one of the keys that `keys_for` is given beside the statement."""
    return among_in(connection.dialect.name, column)


def among_in(dialect: str, column: ColumnElement[Any]) -> ColumnElement[bool]:
    if dialect == "sqlite":
        each = func.json_each(bindparam(_KEYS)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(_KEYS, type_=ARRAY(column.type)))


def rows_among(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], keys: Iterable[Any]
) -> Sequence[Row[Any]]:
    """Return the rows of a query, one that is kept, in which the column holds one of the keys."""
    wanted = list(keys)
    if not wanted:
        return []
    found = _narrowed(connection.dialect.name, query, column)
    return connection.execute(found, keys_for(connection, wanted)).all()


@lru_cache(maxsize=_QUERIES)
def _narrowed(dialect: str, query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    return query.where(among_in(dialect, column))


def keys_for(connection: Connection, keys: Iterable[Any]) -> dict[str, Any]:
    wanted = list(keys)
    return {_KEYS: json.dumps(wanted) if connection.dialect.name == "sqlite" else wanted}
