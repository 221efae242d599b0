"""Keeps some numbers for each of many ids, in a few bytes instead of objects.

A first run meets a hundred thousand tickets and nearly as many people, and has to remember a
little of each until the end.
"""

from array import array
from collections.abc import Iterator
from struct import Struct

_FIRST_PLACES = 1024  # a power of two, and at most half of the places are taken
_SPREAD = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: ids in a row end far apart
LARGEST = 2**63 - 1


class Packed:
    """Records of one layout (see the module struct) by id, which is a number above 0."""

    def __init__(self, layout: str) -> None:
        self._layout = Struct(f"<{layout}")
        self._ids = array("q")
        self._records = bytearray()
        self._places = array("I", bytes(4 * _FIRST_PLACES))  # which record, from 1; 0 is free
        self._last = _FIRST_PLACES - 1  # place

    def __len__(self) -> int:
        return len(self._ids)

    def get(self, id_: int) -> tuple[int, ...] | None:
        number = self._places[self._place(id_)]
        if not number:
            return None
        return self._layout.unpack_from(self._records, (number - 1) * self._layout.size)

    def put(self, id_: int, *record: int) -> None:
        place = self._place(id_)
        number = self._places[place]
        if number:
            self._layout.pack_into(self._records, (number - 1) * self._layout.size, *record)
            return
        self._ids.append(id_)
        self._records += self._layout.pack(*record)
        self._places[place] = len(self._ids)
        if 2 * len(self._ids) > len(self._places):
            self._spread_out()

    def items(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        for number, id_ in enumerate(self._ids):
            yield id_, self._layout.unpack_from(self._records, number * self._layout.size)

    def _place(self, id_: int) -> int:
        """Return where an id is, or where it would be."""
        place = (id_ * _SPREAD >> 20) & self._last
        while (number := self._places[place]) and self._ids[number - 1] != id_:
            place = (place + 1) & self._last
        return place

    def _spread_out(self) -> None:
        self._places = array("I", bytes(8 * len(self._places)))
        self._last = len(self._places) - 1
        for number, id_ in enumerate(self._ids, start=1):
            self._places[self._place(id_)] = number
