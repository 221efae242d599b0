"""Reads many rows as a few columns: every column of them comes as one list in one value.

A row of its own for each would cost more than everything that is done with it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Text, cast, func, select

from service.query import Window
from service.stores import Column

if TYPE_CHECKING:
    from service.sides import Ints

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
    return columns_of(connection, rows.select_from(source).where(*conditions))


def columns_of(connection: Connection, rows: Select[Any]) -> list[list[Any]]:
    """Return each of the columns that are selected."""
    inner = rows.subquery()
    if connection.dialect.name == "sqlite":
        lists = [cast(func.json_group_array(column), Text) for column in inner.c]
    else:
        lists = [cast(func.json_agg(column), Text) for column in inner.c]
    return [json.loads(one or "[]") for one in connection.execute(select(*lists)).one()]


class Read(NamedTuple):
    """Rows as columns, with the day of each."""

    days: Sequence[int]
    columns: Sequence[Sequence[Any]]


def in_pieces(window: Window, rows: Callable[[Window], Read]) -> list[Column[Any]]:
    """Read the columns of a window piece by piece, as the places of their values."""
    import numpy as np

    found = [rows(piece).columns for piece in pieces(window)]
    numberings = [Numbering() for _ in found[0]]
    places = [
        [one.places(values) for one, values in zip(numberings, columns, strict=True)]
        for columns in found
    ]
    return [
        Column(numbering.known(), np.concatenate(parts))
        for numbering, parts in zip(numberings, zip(*places, strict=True), strict=True)
    ]


class Numbering:
    """Numbers the distinct values of a column as they come."""

    def __init__(self) -> None:
        self._known = defaultdict[Any, int](count().__next__)
        self._ordered: Sequence[Any] = []
        self._place: Ints | None = None

    def places(self, values: Sequence[Any]) -> Ints:
        import numpy as np

        return np.fromiter(map(self._known.__getitem__, values), np.int32, len(values))

    def known(self) -> Sequence[Any]:
        return list(self._known)

    def ordered(self) -> tuple[Sequence[Any], Ints]:
        """Return the values in their order, and each number's place in it."""
        import numpy as np

        if self._place is None or len(self._place) < len(self._known):
            new = islice(self._known, len(self._ordered), None)
            self._ordered = sorted([*self._ordered, *sorted(new)])  # two runs, that are merged
            numbers = list(map(self._known.__getitem__, self._ordered))
            self._place = np.empty(len(numbers), dtype=np.int32)
            self._place[numbers] = np.arange(len(numbers), dtype=np.int32)
        return self._ordered, self._place
