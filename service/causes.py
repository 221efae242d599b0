"""Finds what a change comes from most: the named row, and the pair that says more than the row.

It asks for counts as it goes (`Counts`) and refuses to know where they come from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from service import statistics
from service.decomposition import (
    LIKELY,
    Decomposition,
    Found,
    Kind,
    Verdict,
    contributors,
    decompose,
    within,
)
from service.query import MULTI_VALUED, NO_VALUE, Dimension
from service.sides import Sides
from service.whole import Whole

Value = tuple[Dimension, str]
Narrowed = tuple[Value, ...]
Counts = Callable[[Narrowed, Dimension | None], Sides]
LENSES = (Dimension.DRIVER, Dimension.CHANNEL, Dimension.SEGMENT)
_BEYOND_DOUBT = 0.01  # over all pairs together
_ALONE = 0.001  # of a single value, over all of them together; it has no other to vouch for it
_WORTH_TELLING = Fraction(1, 20)  # of the pair's own conversations; many make a trifle certain
_LOOKED_INTO = 3  # of the pairs that are sure enough
_ENOUGH_IN_PAIR = 5  # conversations in each window


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
    if found.verdict is Verdict.TOO_FEW:
        return None
    rows = contributors(found) if found.verdict is Verdict.CHANGE else []
    row = next((one for one in rows if one.dimension not in closed), None)
    pair = _hidden(counts, closed)
    if pair is not None and (row is None or _adds_more(found, counts, pair, row)):
        return pair
    if row is None:
        row = found.cause if found.verdict is Verdict.CONCENTRATED else _hidden_row(found, closed)
    if row is None:
        return None
    if row.kind is not Kind.RATE:
        return Pair(row, None)
    return Pair(row, _inside(counts, (row.dimension, row.value), closed))


def _adds_more(found: Decomposition, counts: Counts, pair: Pair, row: Found) -> bool:
    """Whether a pair that the row has no part in adds at least as much to the change."""
    if (row.dimension, row.value) in pair.names:
        return False
    (n0, x0), (n1, x1) = counts(pair.names, None).of_value("")
    middle = (found.p0 + found.composition + found.p1) / 2
    added = (x1 - n1 * middle) / found.n1 - (x0 - n0 * middle) / found.n0
    part = next(one for one in found.lenses[row.dimension] if one.value == row.value)
    told = part.rate if row.kind is Kind.RATE else part.mix
    return added >= told if found.delta > found.composition else added <= told


def _inside(counts: Counts, value: Value, closed: frozenset[Dimension]) -> Value | None:
    """Look inside one value for the value of another dimension that carries its rate part."""
    open_lenses = [lens for lens in LENSES if lens not in closed and lens != value[0]]
    sides = {lens: counts((value,), lens) for lens in open_lenses}
    return within(_whole(counts, (value,), sides), sides)


def _hidden_row(found: Decomposition, closed: frozenset[Dimension]) -> Found | None:
    """Find the value whose own rate moved beyond doubt under a whole that stands still.

    It must be as large as before: agents who relabel move rates too, and nobody is less content.
    """
    if found.verdict is not Verdict.NO_CHANGE:
        return None
    rows = [(lens, row) for lens, every in found.lenses.items() for row in every]
    change = found.delta - found.composition if found.p_value < LIKELY else 0
    moved = [
        (row.p_rate, lens, row.value)
        for lens, row in rows
        if lens not in closed
        and row.value != NO_VALUE
        and row.rate * change >= 0
        and row.p_rate <= _ALONE / len(rows) < LIKELY < row.p_mix
        and abs(row.x1 / row.n1 - row.adjusted_x0 / row.adjusted_n0) >= _WORTH_TELLING
    ]
    return Found(Kind.RATE, *min(moved)[1:]) if moved else None


def _hidden(counts: Counts, closed: frozenset[Dimension]) -> Pair | None:
    """Find the pair of values whose own rate moved beyond doubt, which no single value may show.

    A driver within a segment can turn from well to ill and be too small to move the whole. Every
    pair is a chance to be wrong, so one must be as sure as one in a hundred divided by them all;
    and each of the two, looked into, must name the other.
    """
    cells = _cells(counts, closed)
    for p_value, first, second in sorted(cells)[:_LOOKED_INTO]:
        if p_value > _BEYOND_DOUBT / len(cells):
            break
        whole = Whole.of(counts((first, second), None))
        unsure = max(whole.p_value, whole.clustered_p)
        if unsure > _BEYOND_DOUBT / len(cells) or abs(whole.change) < _WORTH_TELLING:
            continue
        if _are_each_others(counts, first, second, closed):
            return Pair(Found(Kind.RATE, *first), second)
    return None


def _are_each_others(
    counts: Counts, first: Value, second: Value, closed: frozenset[Dimension]
) -> bool:
    return _inside(counts, first, closed) == second and _inside(counts, second, closed) == first


def _cells(counts: Counts, closed: frozenset[Dimension]) -> list[tuple[float, Value, Value]]:
    """Every pair of values with enough conversations, and how likely it is that nothing moved."""
    found: list[tuple[float, Value, Value]] = []
    open_lenses = [lens for lens in LENSES if lens not in closed]
    for lens, other in combinations(open_lenses, 2):
        for name in counts((), other).names:
            sides = counts(((other, name),), lens)
            found += [
                (p_value, (lens, value), (other, name))
                for value, p_value in _moved(sides)
                if value != NO_VALUE != name
            ]
    return found


def _moved(sides: Sides) -> Iterator[tuple[str, float]]:
    """Each value with enough conversations, and how likely its change of rate is by chance."""
    import numpy as np

    size, before = len(sides.names), sides.before
    n0, x0, n1, x1 = (
        np.bincount(sides.value[here], weights=of[here], minlength=size)
        for here in (slice(before), slice(before, None))
        for of in (sides.n, sides.x)
    )
    for place in np.flatnonzero(np.minimum(n0, n1) >= _ENOUGH_IN_PAIR).tolist():
        z = statistics.pooled_z(x0[place], n0[place], x1[place], n1[place])
        yield sides.names[place], statistics.two_sided(z)
