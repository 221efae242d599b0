"""Folds a lens: what each value holds in both windows, exactly and by account.

A lens is folded once; everything after that costs accounts, not conversations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from service.query import NO_VALUE
from service.sides import Sides
from service.weekdays import Weights

if TYPE_CHECKING:
    from service.sides import Flags, Floats, Ints

_TABLE = 8_000_000  # pairs of a value and an account, of which a table is still small
ENOUGH_ACCOUNTS = 5  # with fewer, accounts are no clusters and none can be "the one"

K = TypeVar("K")
Exact = dict[tuple[int, int], list[int]]  # (m, weekday) -> conversations, counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """The accounts whose conversations belong together.

    A conversation without an account stands alone, and so does every one when there are too few
    accounts for a variance between them.
    """

    many: int
    known: Sequence[str]  # the accounts of the whole, of which these are some
    of_known: Ints  # the cluster of each; `many` of one whose conversations stand alone

    @staticmethod
    def of(total: Sides) -> Clusters:
        import numpy as np

        used = np.zeros(len(total.accounts), dtype=bool)
        used[total.account] = True
        for nobody in ("", NO_VALUE):
            if nobody in total.accounts:
                used[total.accounts.index(nobody)] = False
        if used.sum() < ENOUGH_ACCOUNTS:
            used[:] = False
        many = int(used.sum())
        return Clusters(
            many=many,
            known=total.accounts,
            of_known=np.where(used, np.cumsum(used, dtype=np.int32) - 1, many),
        )

    def name(self, place: int) -> str:
        return self.known[int((self.of_known == place).argmax())]

    def of_each(self, sides: Sides) -> Ints:
        """Each row's cluster; `many` when it stands alone."""
        return self._places(sides.accounts)[sides.account]

    def _places(self, accounts: Sequence[str]) -> Ints:
        import numpy as np

        if accounts is self.known:  # the lenses of one question share their accounts
            return self.of_known
        place = dict(zip(self.known, self.of_known.tolist(), strict=True))
        return np.array([place.get(one, self.many) for one in accounts], dtype=np.int32)


@dataclass(frozen=True)
class Fold:
    """The cells of one value in one window."""

    exact: Exact = field(default_factory=dict)
    alone: Exact = field(default_factory=dict)  # the same, of conversations in no cluster

    @cached_property
    def plain(self) -> tuple[int, int]:
        """Count each conversation once."""
        n = x = 0
        for many, counted in self.exact.values():
            n += many
            x += counted
        return n, x

    def weighted(self, weights: Weights | None) -> tuple[Fraction, Fraction]:
        """Add integer counts first and divide last: no drift, and few Fractions."""
        whole = lcm(*(m for m, _ in self.exact))
        parts, of = ((1,) * 7, 1) if weights is None else weights.parts
        n = x = 0
        for (m, day), (many, counted) in self.exact.items():
            part = whole // m * parts[day]
            n += part * many
            x += part * counted
        return Fraction(n, whole * of), Fraction(x, whole * of)


class Spread(NamedTuple):
    """What each cluster holds of a value: conversations and counted, weighed by weekday and 1/m."""

    who: Ints
    n0: Floats
    x0: Floats
    n1: Floats
    x1: Floats


class Folds(NamedTuple):
    before: Fold
    after: Fold
    spread: Spread


def fold(sides: Sides, weights: Weights, clusters: Clusters) -> dict[str, Folds]:
    """Read both windows of a lens once."""
    cluster = clusters.of_each(sides)
    exact, alone = _exact(sides, cluster == clusters.many)
    spreads = _spreads(sides, _shares(sides, weights), cluster, clusters.many)
    return {
        name: Folds(
            Fold(exact.get((value, 0), {}), alone.get((value, 0), {})),
            Fold(exact.get((value, 1), {}), alone.get((value, 1), {})),
            spreads[value],
        )
        for value, name in enumerate(sides.names)
        if (value, 0) in exact or (value, 1) in exact
    }


def together(found: Mapping[str, Folds], many: int) -> Folds:
    """Join the values of a lens that holds each conversation once, spread over `many` clusters."""
    import numpy as np

    n0, x0, n1, x1 = (np.zeros(many) for _ in range(4))
    before, after = Fold(), Fold()
    for folds in found.values():
        for one, whole in ((folds.before, before), (folds.after, after)):
            _join(one.exact, whole.exact)
            _join(one.alone, whole.alone)
        spread = folds.spread
        for own, sums in ((spread.n0, n0), (spread.x0, x0), (spread.n1, n1), (spread.x1, x1)):
            sums[spread.who] += own  # a value has a cluster once
    return Folds(before, after, Spread(np.arange(many), n0, x0, n1, x1))


def _join(part: Exact, whole: Exact) -> None:
    for key, (n, x) in part.items():
        _add(whole, key, n, x)


ByValue = dict[tuple[int, int], Exact]  # (value, side)


def _exact(sides: Sides, is_alone: Flags) -> tuple[ByValue, ByValue]:
    """Integer counts by value and side, of each by m and weekday: of all, and of those alone."""
    import numpy as np

    exact: ByValue = {}
    alone: ByValue = {}
    if not len(sides.n):
        return exact, alone
    used = np.flatnonzero(np.bincount(sides.m))  # of the numbers up to the greatest m
    place_of = np.zeros(int(used[-1]) + 1, dtype=np.int64)
    place_of[used] = np.arange(len(used))
    cell = (place_of[sides.m] * 7 + sides.weekday) * 2 + is_alone
    key = (sides.value * np.int64(2) + sides.is_after) * (len(used) * 14) + cell
    many, counted = np.bincount(key, weights=sides.n), np.bincount(key, weights=sides.x)
    places = np.flatnonzero(many)
    side, cell = np.divmod(places, len(used) * 14)
    found = (many[places], counted[places])
    cells = [(int(m), weekday) for m in used for weekday in range(7)]
    of_each = zip(side.tolist(), cell.tolist(), *(one.tolist() for one in found), strict=True)
    for sided, at, n, x in of_each:
        place = divmod(sided, 2)
        _add(exact.setdefault(place, {}), cells[at // 2], int(n), int(x))
        if at % 2:
            _add(alone.setdefault(place, {}), cells[at // 2], int(n), int(x))
    return exact, alone


def _shares(sides: Sides, weights: Weights) -> Floats:
    """What a conversation of each row weighs."""
    import numpy as np

    days = np.array([float(weights.by_weekday[day]) for day in range(7)])
    shares = 1.0 / sides.m
    shares[: sides.before] *= days[sides.weekday[: sides.before]]
    return shares


def _spreads(sides: Sides, share: Floats, cluster: Ints, many: int) -> list[Spread]:
    """Of each value, what its clusters hold."""
    import numpy as np

    # Those that stand alone are put together in one more cluster, and left out at the end.
    pairs, inverse = _numbered(sides.value * np.int64(many + 1) + cluster, len(sides.names), many)

    def summed(of: Ints, here: slice) -> Floats:
        weights = share[here] * of[here]
        return np.bincount(inverse[here], weights=weights, minlength=len(pairs)).astype(float)

    before, after = slice(sides.before), slice(sides.before, None)
    value, who = np.divmod(pairs, many + 1)
    kept = np.flatnonzero(who < many)
    value, who = value[kept], who[kept]
    n0, x0, n1, x1 = (
        summed(of, here)[kept] for here in (before, after) for of in (sides.n, sides.x)
    )
    ends = np.searchsorted(value, np.arange(len(sides.names) + 1)).tolist()
    return [
        Spread(who[of], n0[of], x0[of], n1[of], x1[of]) for of in map(slice, ends[:-1], ends[1:])
    ]


def _numbered(keys: Ints, names: int, many: int) -> tuple[Ints, Ints]:
    """Return the keys that occur, in order, and the place of each among them."""
    import numpy as np

    size = names * (many + 1)
    if size > _TABLE:
        return np.unique(keys, return_inverse=True)
    # A table of all that could occur is filled faster than the keys are sorted.
    occurs = np.zeros(size, dtype=bool)
    occurs[keys] = True
    found = np.flatnonzero(occurs)
    place = np.empty(size, dtype=np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return found, place[keys]


def _add(counts: dict[K, list[int]], key: K, n: int, x: int) -> None:
    pair = counts.get(key)
    if pair is None:
        counts[key] = [n, x]
    else:
        pair[0] += n
        pair[1] += x
