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
from service.weekdays import ZERO, Weights

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

    @staticmethod
    def of(total: Sides) -> Clusters:
        import numpy as np

        used = [total.accounts[place] for place in np.unique(total.account)]
        named = [account for account in used if account not in {"", NO_VALUE}]
        kept = named if len(named) >= ENOUGH_ACCOUNTS else []
        return Clusters(accounts=kept, place={who: place for place, who in enumerate(kept)})

    def of_each(self, sides: Sides) -> Ints:
        """Each row's cluster; -1 when it stands alone."""
        import numpy as np

        found = [self.place.get(account, -1) for account in sides.accounts]
        return np.array(found, dtype=np.int64)[sides.account]


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
        by_weekday = weights.by_weekday
        return (
            sum((by_weekday[day] * n for day, (n, _) in days.items()), ZERO) / whole,
            sum((by_weekday[day] * x for day, (_, x) in days.items()), ZERO) / whole,
        )


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
    exact = _exact(sides, cluster >= -1)
    alone = _exact(sides, cluster == -1)
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


def _exact(sides: Sides, kept: Flags) -> dict[tuple[int, int], Exact]:
    """Integer counts by value and side, of each by m and weekday."""
    import numpy as np

    if not kept.any():
        return {}
    most = int(sides.m.max()) + 1
    key = ((sides.value * 2 + sides.is_after) * most + sides.m) * 7 + sides.weekday
    key, n, x = key[kept], sides.n[kept], sides.x[kept]
    places, inverse = np.unique(key, return_inverse=True)
    many = np.bincount(inverse, weights=n).astype(np.int64).tolist()
    counted = np.bincount(inverse, weights=x).astype(np.int64).tolist()
    found: dict[tuple[int, int], Exact] = {}
    for place, size, of in zip(places.tolist(), many, counted, strict=True):
        rest, weekday = divmod(place, 7)
        rest, m = divmod(rest, most)
        found.setdefault(divmod(rest, 2), {})[m, weekday] = [size, of]
    return found


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
            float(self._of0 @ self._of0),
            float(self._of0 @ self._of1),
            float(self._of1 @ self._of1),
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
        variance = float(moved @ moved)
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
        variance += float((2 * usual + own) @ own)
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
