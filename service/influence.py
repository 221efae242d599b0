"""Standard errors of the parts of a change, with conversations of one account kept together.

A conversation's influence on a part is summed per account before it is squared. A lens is folded
once; everything after that costs accounts, not conversations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm, sqrt
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from service.query import NO_VALUE
from service.sides import Sides
from service.weekdays import Weights

if TYPE_CHECKING:
    from service.sides import Flags, Floats, Ints

ENOUGH_ACCOUNTS = 5  # with fewer, accounts are no clusters and none can be "the one"

K = TypeVar("K")
Exact = dict[tuple[int, int], list[int]]  # (m, weekday) -> conversations, counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clusters:
    """The accounts whose conversations belong together.

    A conversation without an account stands alone, and so does every one when there are too few
    accounts for a variance between them.
    """

    accounts: Sequence[str]
    place: Mapping[str, int]
    known: Sequence[str]  # the accounts of the whole, of which these are some
    of_known: Ints

    @staticmethod
    def of(total: Sides) -> Clusters:
        import numpy as np

        used = np.zeros(len(total.accounts), dtype=bool)
        used[total.account] = True
        for nobody in {"", NO_VALUE} & set(total.accounts):
            used[total.accounts.index(nobody)] = False
        if used.sum() < ENOUGH_ACCOUNTS:
            used[:] = False
        kept = [total.accounts[place] for place in np.flatnonzero(used).tolist()]
        return Clusters(
            accounts=kept,
            place={who: place for place, who in enumerate(kept)},
            known=total.accounts,
            of_known=np.where(used, np.cumsum(used) - 1, -1),
        )

    def of_each(self, sides: Sides) -> Ints:
        """Each row's cluster; -1 when it stands alone."""
        return self._places(sides.accounts)[sides.account]

    def _places(self, accounts: Sequence[str]) -> Ints:
        import numpy as np

        if accounts is self.known:  # the lenses of one question share their accounts
            return self.of_known
        return np.array([self.place.get(one, -1) for one in accounts], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Fold:
    """The cells of one value in one window."""

    exact: Exact = field(default_factory=dict)
    alone: Exact = field(default_factory=dict)  # the same, of conversations in no cluster

    def plain(self) -> tuple[int, int]:
        """Count each conversation once."""
        return (
            sum(counts[0] for counts in self.exact.values()),
            sum(counts[1] for counts in self.exact.values()),
        )

    def weighted(self, weights: Weights | None) -> tuple[Fraction, Fraction]:
        """Add integer counts first and divide last: no drift, and few Fractions."""
        whole = lcm(*(m for m, _ in self.exact))
        days: dict[int, list[int]] = {}
        for (m, day), (n, x) in self.exact.items():
            _add(days, day if weights else 0, whole // m * n, whole // m * x)
        if weights is None:
            n, x = days.get(0, (0, 0))
            return Fraction(n, whole), Fraction(x, whole)
        parts, of = weights.parts
        n, x = (sum(parts[day] * counts[side] for day, counts in days.items()) for side in (0, 1))
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
    exact, alone = _exact(sides, cluster == -1)
    spreads = _spreads(sides, _shares(sides, weights), cluster, len(clusters.accounts))
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
    key = (sides.value * 2 + sides.is_after) * len(used) + place_of[sides.m]
    key = (key * 7 + sides.weekday) * 2 + is_alone
    many, counted = np.bincount(key, weights=sides.n), np.bincount(key, weights=sides.x)
    for place in np.flatnonzero(many).tolist():
        rest, single = divmod(place, 2)
        rest, weekday = divmod(rest, 7)
        rest, m = divmod(rest, len(used))
        value, cell = divmod(rest, 2), (int(used[m]), weekday)
        n, x = int(many[place]), int(counted[place])
        _add(exact.setdefault(value, {}), cell, n, x)
        if single:
            _add(alone.setdefault(value, {}), cell, n, x)
    return exact, alone


def _shares(sides: Sides, weights: Weights) -> Floats:
    """What a conversation of each row weighs."""
    import numpy as np

    days = np.array([float(weights.by_weekday[day]) for day in range(7)])
    return np.where(sides.is_after, 1.0, days[sides.weekday]) / sides.m


def _spreads(sides: Sides, share: Floats, cluster: Ints, many: int) -> list[Spread]:
    """Of each value, what its clusters hold."""
    import numpy as np

    kept = np.flatnonzero(cluster >= 0)
    key = sides.value[kept] * max(many, 1) + cluster[kept]
    pairs, inverse = np.unique(key, return_inverse=True)
    is_after, n, x = sides.is_after[kept], sides.n[kept], sides.x[kept]

    def summed(of: Ints, here: Flags) -> Floats:
        shares = np.where(here, share[kept] * of, 0.0)
        return np.bincount(inverse, weights=shares, minlength=len(pairs)).astype(float)

    n0, x0, n1, x1 = (summed(of, here) for here in (~is_after, is_after) for of in (n, x))
    value, who = np.divmod(pairs, max(many, 1))
    ends = np.searchsorted(value, np.arange(len(sides.names) + 1)).tolist()
    return [
        Spread(who[of], n0[of], x0[of], n1[of], x1[of]) for of in map(slice, ends[:-1], ends[1:])
    ]


def _add(counts: dict[K, list[int]], key: K, n: int, x: int) -> None:
    pair = counts.get(key)
    if pair is None:
        counts[key] = [n, x]
    else:
        pair[0] += n
        pair[1] += x


class Errors:
    """Standard errors of one value's rate and mix part, given the whole of both windows."""

    def __init__(self, whole: Folds, weights: Weights) -> None:
        self._days = {day: float(weight) for day, weight in weights.by_weekday.items()}
        self._size0 = float(whole.before.weighted(weights)[0])
        self._size1 = float(whole.after.plain()[0])
        spread = whole.spread
        self._of0 = spread.n0 / self._size0 if self._size0 else spread.n0
        self._of1 = spread.n1 / self._size1 if self._size1 else spread.n1
        self._squares = (
            _product(self._of0, self._of0),
            _product(self._of0, self._of1),
            _product(self._of1, self._of1),
        )
        self._alone0 = self._squared(whole.before.alone, 0) / self._size0**2 if self._size0 else 0.0
        self._alone1 = self._squared(whole.after.alone, 1) / self._size1**2 if self._size1 else 0.0

    def rate(
        self,
        folds: Folds,
        n: tuple[Fraction, Fraction],
        r: tuple[Fraction, Fraction],
        share: Fraction,
    ) -> float:
        """A conversation moves the rate part by share * w * (y - r) / n."""
        if not n[0] or not n[1]:
            return 0.0
        scale0, rate0 = float(share / n[0]), float(r[0])
        scale1, rate1 = float(share / n[1]), float(r[1])
        _, many0, counted0, many1, counted1 = folds.spread
        moved = scale1 * (counted1 - many1 * rate1) - scale0 * (counted0 - many0 * rate0)
        variance = _product(moved, moved)
        variance += scale0**2 * self._single(folds.before.alone, rate0, 0)
        variance += scale1**2 * self._single(folds.after.alone, rate1, 1)
        return max(sqrt(variance), _least(folds, share))

    def mix(self, folds: Folds, s: tuple[Fraction, Fraction], pivot: Fraction) -> float:
        """A conversation moves the mix part by pivot * (w - s) / N; those elsewhere by w = 0."""
        if not self._size0 or not self._size1:
            return 0.0
        s0, s1 = float(s[0]), float(s[1])
        who, many0, _, many1, _ = folds.spread
        square00, square01, square11 = self._squares
        variance = s0**2 * square00 - 2 * s0 * s1 * square01 + s1**2 * square11
        usual = s0 * self._of0[who] - s1 * self._of1[who]
        own = many1 / self._size1 - many0 / self._size0
        variance += _product(2 * usual + own, own)
        variance += self._alone0 * s0**2 + self._alone1 * s1**2
        variance += self._own(folds.before.alone, s0, 0) / self._size0**2
        variance += self._own(folds.after.alone, s1, 1) / self._size1**2
        middle = (s0 + s1) / 2
        least = middle * (1 - middle) * (1 / self._size0 + 1 / self._size1) / 4
        return abs(float(pivot)) * sqrt(max(variance, least))

    def _day(self, day: int, side: int) -> float:
        return self._days[day] if side == 0 else 1.0

    def _squared(self, alone: Exact, side: int) -> float:
        return sum(n * self._day(day, side) ** 2 for (_, day), (n, _) in alone.items())

    def _single(self, alone: Exact, rate: float, side: int) -> float:
        """Sum the squares of w * (y - rate) over conversations that stand alone."""
        return sum(
            (self._day(day, side) / m) ** 2 * (x * (1 - rate) ** 2 + (n - x) * rate**2)
            for (m, day), (n, x) in alone.items()
        )

    def _own(self, alone: Exact, share: float, side: int) -> float:
        """What touching the value adds to the squares of (w - share)."""
        return sum(
            n * self._day(day, side) ** 2 * ((1 / m - share) ** 2 - share**2)
            for (m, day), (n, _) in alone.items()
        )


def _product(one: Floats, other: Floats) -> float:
    """Multiply and add, in this thread: the library's own product wakes one for each processor."""
    return float((one * other).sum())


def _least(folds: Folds, share: Fraction) -> float:
    """The pooled, unclustered error of a rate part: nothing published is surer than that.

    Without it 0 of 1 against 1 of 1 would have no error at all, and accounts that happen to agree
    would count as proof.
    """
    (n0, x0), (n1, x1) = folds.before.plain(), folds.after.plain()
    if not n0 or not n1:
        return 0.0
    pooled = (x0 + x1) / (n0 + n1)
    return float(share) * sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))
