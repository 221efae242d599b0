"""Decides how to read a question's rows: which posting list to walk, which words to look up first.

A wrong choice costs time and never changes a number.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    any_,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.domain.people import Viewer
from service.query import Filter, Query
from storage.querying import Rows, found_first, posting_list, postings, rows_of
from storage.tables.facts import fact

# A posting list is counted up to here: beyond, two lists are equally long.
_LONG = 50_000
# With so many mentions it is cheaper to ask each conversation than to look them all up.
_COMMON = 12_000
_MOST = 2 * _COMMON


def rows_for(connection: Connection, query: Query, viewer: Viewer) -> Rows:
    dialect = connection.dialect.name
    return rows_of(
        query, viewer, lead=_lead(connection, query), texts=_texts(connection, query, dialect)
    )


def _lead(connection: Connection, query: Query) -> Filter | None:
    """The filter with the shortest posting list."""
    candidates = postings(query)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    sizes = [_size(connection, posting_list(one, query.window), _LONG) for one in candidates]
    return candidates[sizes.index(min(sizes))]


def _texts(connection: Connection, query: Query, dialect: str) -> Mapping[str, ColumnElement[bool]]:
    """Per phrase that is rare, the conversations that mention it."""
    found: dict[str, ColumnElement[bool]] = {}
    for phrase in query.text:
        hits = found_first(phrase, dialect)
        if hits is None or _is_common(connection, hits.narrow):
            continue
        ids = connection.execute(hits.exact.limit(_MOST)).scalars().all()
        if len(ids) < _MOST:  # else the estimate was wrong
            found[phrase] = _one_of(dialect, sorted(set(ids)))
    return found


def _one_of(dialect: str, ids: list[int]) -> ColumnElement[bool]:
    """A list in one value: thousands of bound ones would take longer than the search itself."""
    if dialect == "sqlite":
        listed = func.json_each(json.dumps(ids)).table_valued("value")
        return fact.c.conversation_id.in_(select(listed.c.value))
    return fact.c.conversation_id == any_(literal(ids, ARRAY(BigInteger)))


def _is_common(connection: Connection, hits: Select[Any]) -> bool:
    if connection.dialect.name == "sqlite":
        return _size(connection, hits, _COMMON + 1) > _COMMON
    # PostgreSQL reads all of a word's list before its first row, but knows about how long it is.
    statement = hits.compile(connection)
    explain = f"EXPLAIN (FORMAT JSON) {statement}"
    plan = connection.exec_driver_sql(explain, dict(statement.params)).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"]) > _COMMON


def _size(connection: Connection, rows: Select[Any], most: int) -> int:
    some = rows.limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
