"""Reads many rows as a few columns: every column of them comes as one list in one value.

A row of its own for each would cost more than everything that is done with it.
"""

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, FromClause, Text, cast, func, select

from service.query import Window
from service.stores import Column

T = TypeVar("T")
_PIECE = timedelta(days=28)  # read at a time, so that years do not fill the memory


def pieces(window: Window) -> Iterator[Window]:
    start = window.start
    while start < window.end:
        end = min(window.end, start + _PIECE)
        yield Window(start, end)
        start = end


def read(
    connection: Connection,
    wanted: Sequence[ColumnElement[Any]],
    source: FromClause,
    conditions: Iterable[ColumnElement[bool]],
) -> list[list[Any]]:
    """Return each of the wanted columns, all in the same order of rows."""
    rows = select(*(one.label(f"c{place}") for place, one in enumerate(wanted)))
    inner = rows.select_from(source).where(*conditions).subquery()
    if connection.dialect.name == "sqlite":
        lists = [cast(func.json_group_array(column), Text) for column in inner.c]
    else:
        lists = [cast(func.json_agg(column), Text) for column in inner.c]
    return [json.loads(one or "[]") for one in connection.execute(select(*lists)).one()]


class Numbering(Generic[T]):
    """Numbers the distinct values of a column as they come."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._places = array("q")

    def add(self, values: Sequence[Any]) -> None:
        for value in dict.fromkeys(values):
            self._known.setdefault(value, len(self._known))
        self._places.extend(map(self._known.__getitem__, values))

    def column(self, told: Callable[[Any], T]) -> Column[T]:
        return Column([told(value) for value in self._known], self._places)
