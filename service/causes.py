"""Finds what a change comes from most: the named row, and the pair that says more than the row.

It asks for counts as it goes (`Counts`) and refuses to know where they come from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from service.decomposition import Decomposition, Found, Kind, Sides, contributors, decompose, within
from service.query import MULTI_VALUED, Dimension

Narrowed = tuple[tuple[Dimension, str], ...]
Counts = Callable[[Narrowed, Dimension | None], Sides]
LENSES = (Dimension.DRIVER, Dimension.CHANNEL, Dimension.SEGMENT)


class Pair(NamedTuple):
    """The largest identified contributor, and the value of another dimension that carries it."""

    found: Found
    inside: tuple[Dimension, str] | None

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
    """Name the cause, and the pair that says more. `closed` dimensions are what was asked about.

    A driver inside a channel shares its conversations with other drivers there, so the channel
    may not show it while the driver shows the channel: the other lenses' surest parts are looked
    into as well, and one that points back at the cause is the other half of the pair.
    """
    cause = found.cause
    if cause is not None and cause.kind is Kind.ACCOUNT:
        return Pair(cause, None)
    parts = [one for one in contributors(found) if one.dimension not in closed]
    if cause is None or not parts:
        return None
    cause = parts[0]
    if cause.kind is not Kind.RATE:
        return Pair(cause, None)
    inside = _inside(counts, cause, closed)
    if inside is None:
        inside = _pointing_back(counts, cause, parts[1:], closed)
    return Pair(cause, inside)


def _pointing_back(
    counts: Counts, cause: Found, others: Sequence[Found], closed: frozenset[Dimension]
) -> tuple[Dimension, str] | None:
    seen = {cause.dimension}
    for other in others:
        if other.kind is not Kind.RATE or other.dimension in seen:
            continue
        seen.add(other.dimension)
        if _inside(counts, other, closed) == (cause.dimension, cause.value):
            return other.dimension, other.value
    return None


def _inside(
    counts: Counts, cause: Found, closed: frozenset[Dimension]
) -> tuple[Dimension, str] | None:
    """Look inside one value for the value of another dimension that carries its rate part."""
    open_lenses = [lens for lens in LENSES if lens not in closed and lens != cause.dimension]
    if not open_lenses:
        return None
    narrowed: Narrowed = ((cause.dimension, cause.value),)
    sides = {lens: counts(narrowed, lens) for lens in open_lenses}
    return within(_whole(counts, narrowed, sides), sides)
