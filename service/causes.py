"""Finds what a change comes from most: the named row, and the pair that says more than the row.

It asks for counts as it goes (`Counts`) and refuses to know where they come from.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from service.decomposition import (
    POINTS_BACK,
    Decomposition,
    Found,
    Kind,
    contributors,
    decompose,
    within,
)
from service.query import MULTI_VALUED, Dimension
from service.sides import Sides

Value = tuple[Dimension, str]
Narrowed = tuple[Value, ...]
Counts = Callable[[Narrowed, Dimension | None], Sides]
LENSES = (Dimension.DRIVER, Dimension.CHANNEL, Dimension.SEGMENT)


class Pair(NamedTuple):
    """The largest identified contributor, and the value of another dimension that carries it."""

    found: Found
    inside: Value | None

    @property
    def names(self) -> Narrowed:
        """Both values; whichever lens a driver was seen in, it is told first."""
        named = ((self.found.dimension, self.found.value), *((self.inside,) if self.inside else ()))
        return tuple(sorted(named, key=lambda one: one[0] is not Dimension.DRIVER))


def split(counts: Counts, lenses: Iterable[Dimension]) -> Decomposition:
    sides = {lens: counts((), lens) for lens in lenses}
    return decompose(_whole(counts, (), sides), sides)


def _whole(counts: Counts, narrowed: Narrowed, sides: Mapping[Dimension, Sides]) -> Sides:
    """A lens that holds each conversation once is the whole; it need not be counted again."""
    held = next((side for lens, side in sides.items() if lens not in MULTI_VALUED), None)
    return counts(narrowed, None) if held is None else held


def cause_of(found: Decomposition, counts: Counts, closed: frozenset[Dimension]) -> Pair | None:
    """Name the cause, and the pair that says more. `closed` dimensions are what was asked about."""
    cause = found.cause
    if cause is not None and cause.kind is not Kind.ACCOUNT:
        cause = next((one for one in contributors(found) if one.dimension not in closed), None)
    if cause is None:
        return None
    if cause.kind is not Kind.RATE:
        return Pair(cause, None)
    return Pair(cause, _inside(counts, (cause.dimension, cause.value), closed))


def _inside(counts: Counts, value: Value, closed: frozenset[Dimension]) -> Value | None:
    """Look inside one value for the value of another dimension that carries its rate part.

    A driver shares its conversations with others, so inside a channel or segment it may carry less
    of the change than it made. Such a one must point back: inside it that value carries most.
    """
    total, sides = _looked_into(counts, value, closed)
    carries = within(total, sides)
    if carries is not None or value[0] in MULTI_VALUED:
        return carries
    other = within(total, sides, least=POINTS_BACK)
    if other is None or within(*_looked_into(counts, other, closed)) != value:
        return None
    return other


def _looked_into(
    counts: Counts, value: Value, closed: frozenset[Dimension]
) -> tuple[Sides, Mapping[Dimension, Sides]]:
    open_lenses = [lens for lens in LENSES if lens not in closed and lens != value[0]]
    sides = {lens: counts((value,), lens) for lens in open_lenses}
    return _whole(counts, (value,), sides), sides
