"""Keeps the columns of whole days between questions, for as long as the days are as they were read.

A day that is kept under another mark than it has now is read again: what other processes change,
and a copy that was put back, are seen like our own changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from service.query import Window
from service.stores import Column
from storage import day_marks
from storage.columnar import Numbering, Read, pieces
from storage.day_marks import Mark

if TYPE_CHECKING:
    from service.sides import Ints

_MOST = 2_000_000  # rows that are kept, of some 20 bytes each
_A_DAY = 32  # rows that a day takes the place of, however few it has


@dataclass(frozen=True, slots=True)
class _Day:
    mark: Mark
    columns: tuple[Ints, ...]  # places in the numberings

    @property
    def size(self) -> int:
        return _A_DAY + len(self.columns[0])


class RememberedDays:
    """The days that questions were asked about, each question's own."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._asked: dict[Hashable, dict[int, _Day]] = {}  # the one asked last is the last
        self._size = 0
        self._numberings = defaultdict[Hashable, Numbering](Numbering)  # by the column's name

    def columns(
        self,
        connection: Connection,
        asked: Hashable,
        names: Sequence[Hashable],
        window: Window,
        rows: Callable[[Window], Read],
    ) -> list[Column[Any]]:
        """Return what `rows` reads of a window, the values of each column in their order.

        Columns of one name are numbered together, whatever is asked.
        """
        import numpy as np

        # First the marks: a change after them makes the rows newer than they say, never older.
        wanted = day_marks.marks(connection, window)
        with self._lock:
            known = self._asked[asked] = self._asked.pop(asked, {})
            numberings = [self._numberings[name] for name in names]
            stale = [day for day, mark in wanted.items() if _mark_of(known, day) != mark]
            for days in _in_a_row(stale):
                for day, columns in _by_day(days, rows(days), numberings):
                    self._keep(known, day, _Day(wanted[day], columns))
            found = zip(*(known[day].columns for day in wanted), strict=True)
            ordered = [one.ordered() for one in numberings]
            self._forget(known, wanted)
        return [
            Column(values, place[np.concatenate(parts)])
            for (values, place), parts in zip(ordered, found, strict=True)
        ]

    def _keep(self, known: dict[int, _Day], day: int, one: _Day) -> None:
        self._drop(known, [day])
        known[day] = one
        self._size += one.size

    def _forget(self, known: dict[int, _Day], wanted: Container[int]) -> None:
        """Once it is too much, forget what was asked longest ago; at last what is asked now."""
        for days in list(self._asked.values()):
            if self._size <= self._most:
                break
            self._drop(days, [day for day in days if days is not known or day not in wanted])
        if self._size > self._most:
            self._drop(known, list(known))
        self._asked = {asked: days for asked, days in self._asked.items() if days}

    def _drop(self, known: dict[int, _Day], days: Iterable[int]) -> None:
        self._size -= sum(known.pop(day).size for day in days if day in known)


def _by_day(
    days: Window, found: Read, numberings: Sequence[Numbering]
) -> Iterator[tuple[int, tuple[Ints, ...]]]:
    """Cut what was read of some days, as places in the numberings."""
    import numpy as np

    pairs = zip(numberings, found.columns, strict=True)
    columns = [numbering.places(values) for numbering, values in pairs]
    day = np.array(found.days, dtype=np.int32)
    order = np.argsort(day, kind="stable")
    first, end = days.start.toordinal(), days.end.toordinal()
    ends = np.searchsorted(day[order], np.arange(first, end + 1)).tolist()
    for one, (start, stop) in zip(range(first, end), pairwise(ends), strict=True):
        rows = order[start:stop]
        yield one, tuple(column[rows] for column in columns)


def _mark_of(known: Mapping[int, _Day], day: int) -> Mark | None:
    return known[day].mark if day in known else None


def _in_a_row(days: Sequence[int]) -> Iterator[Window]:
    """Days that follow each other as windows, none of which is too long to be read at once."""
    start = 0
    for place, day in enumerate(days, start=1):
        if place == len(days) or days[place] != day + 1:
            yield from pieces(Window(date.fromordinal(days[start]), date.fromordinal(day + 1)))
            start = place
