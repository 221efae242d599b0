"""Keeps the columns of whole days between questions, for as long as the days are as they were read.

A day that is kept under another mark than it has now is read again: what other processes change,
and a copy that was put back, are seen like our own changes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class _Day:
    mark: Mark
    columns: tuple[Ints, ...]  # places in the numberings


@dataclass(slots=True)
class _Asked:
    """All that is remembered of one question."""

    numberings: list[Numbering] = field(default_factory=list)
    days: dict[int, _Day] = field(default_factory=dict)

    def rows(self) -> int:
        return sum(len(day.columns[0]) for day in self.days.values())

    def add(self, days: Window, found: Read, marks: Mapping[int, Mark]) -> None:
        import numpy as np

        if not self.numberings:
            self.numberings = [Numbering() for _ in found.columns]
        pairs = zip(self.numberings, found.columns, strict=True)
        columns = [numbering.places(values) for numbering, values in pairs]
        day = np.array(found.days, dtype=np.int32)
        order = np.argsort(day, kind="stable")
        first, end = days.start.toordinal(), days.end.toordinal()
        ends = np.searchsorted(day[order], np.arange(first, end + 1)).tolist()
        for one, (start, stop) in zip(range(first, end), pairwise(ends), strict=True):
            rows = order[start:stop]
            self.days[one] = _Day(marks[one], tuple(column[rows] for column in columns))


class RememberedDays:
    """The days that questions were asked about, each question's own."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._asked: dict[Hashable, _Asked] = {}

    def columns(
        self,
        connection: Connection,
        asked: Hashable,
        window: Window,
        rows: Callable[[Window], Read],
    ) -> list[Column[Any]]:
        """Return what `rows` reads of a window, the values of each column in their order."""
        import numpy as np

        # First the marks: a change after them makes the rows newer than they say, never older.
        wanted = day_marks.marks(connection, window)
        with self._lock:
            known = self._asked.setdefault(asked, _Asked())
            stale = [day for day, mark in wanted.items() if _mark_of(known, day) != mark]
            for days in _in_a_row(stale):
                known.add(days, rows(days), wanted)
            found = zip(*(known.days[day].columns for day in wanted), strict=True)
            ordered = [one.ordered() for one in known.numberings]
            self._forget(known, wanted)
        return [
            Column(values, place[np.concatenate(parts)])
            for (values, place), parts in zip(ordered, found, strict=True)
        ]

    def _forget(self, asked: _Asked, wanted: Container[int]) -> None:
        """Once it has become too much, keep only what is asked about, or not even that."""
        if sum(one.rows() for one in self._asked.values()) > self._most:
            asked.days = {day: one for day, one in asked.days.items() if day in wanted}
            self._asked = {key: one for key, one in self._asked.items() if one is asked}
        if asked.rows() > self._most:
            asked.days.clear()


def _mark_of(asked: _Asked, day: int) -> Mark | None:
    known = asked.days.get(day)
    return None if known is None else known.mark


def _in_a_row(days: Sequence[int]) -> Iterator[Window]:
    """Days that follow each other as windows, none of which is too long to be read at once."""
    start = 0
    for place, day in enumerate(days, start=1):
        if place == len(days) or days[place] != day + 1:
            yield from pieces(Window(date.fromordinal(days[start]), date.fromordinal(day + 1)))
            start = place
