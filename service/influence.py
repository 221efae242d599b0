"""Standard errors of the parts of a change, with conversations of one account kept together.

A conversation's influence on a part is summed per account before it is squared. Counts are read
once per lens and folded by value; everything after that costs accounts, not conversations.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm, sqrt
from typing import NamedTuple, TypeVar

from service.stores import Cell
from service.weekdays import ZERO, Sides, Weights

K = TypeVar("K")
Exact = dict[tuple[int, int], list[int]]  # (m, weekday) -> conversations, counted
PerAccount = dict[str, list[float]]  # conversations and counted, weighed by weekday and 1/m


@dataclass(frozen=True, slots=True)
class Fold:
    """The cells of one value in one window."""

    exact: Exact = field(default_factory=dict)
    alone: Exact = field(default_factory=dict)  # the same, of conversations in no cluster
    accounts: PerAccount = field(default_factory=dict)

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


class Folds(NamedTuple):
    before: Fold
    after: Fold


NONE = Fold()


def fold(sides: Sides, weights: Weights, clusters: frozenset[str]) -> dict[str, Folds]:
    """Read both windows of a lens once."""
    days = {day: float(weight) for day, weight in weights.by_weekday.items()}
    before = _fold(sides.before, days, clusters)
    after = _fold(sides.after, dict.fromkeys(range(7), 1.0), clusters)
    return {
        value: Folds(before.get(value, NONE), after.get(value, NONE))
        for value in sorted({*before, *after})
    }


def _fold(
    cells: Iterable[Cell], days: Mapping[int, float], clusters: frozenset[str]
) -> dict[str, Fold]:
    found: dict[str, Fold] = defaultdict(Fold)
    for cell in cells:
        one, key = found[cell.value], (cell.m, cell.weekday)
        n, x, account = cell.n, cell.x, cell.account
        _add(one.exact, key, n, x)
        if account not in clusters:
            _add(one.alone, key, n, x)
            continue
        weight = days[cell.weekday] / cell.m
        sums = one.accounts.get(account)
        if sums is None:
            one.accounts[account] = [weight * n, weight * x]
        else:
            sums[0] += weight * n
            sums[1] += weight * x
    return dict(found)


def _add(counts: dict[K, list[int]], key: K, n: int, x: int) -> None:
    pair = counts.get(key)
    if pair is None:
        counts[key] = [n, x]
    else:
        pair[0] += n
        pair[1] += x


def together(found: Mapping[str, Folds]) -> Folds:
    """Join the values of a lens that holds each conversation once."""
    joined = Folds(Fold(), Fold())
    for folds in found.values():
        for one, whole in zip(folds, joined, strict=True):
            for key, (n, x) in one.exact.items():
                _add(whole.exact, key, n, x)
            for key, (n, x) in one.alone.items():
                _add(whole.alone, key, n, x)
            for account, (weight, counted) in one.accounts.items():
                sums = whole.accounts.setdefault(account, [0.0, 0.0])
                sums[0] += weight
                sums[1] += counted
    return joined


class Errors:
    """Standard errors of one value's rate and mix part, given the whole of both windows."""

    def __init__(self, whole: Folds, weights: Weights) -> None:
        self._days = {day: float(weight) for day, weight in weights.by_weekday.items()}
        self._size0 = float(whole.before.weighted(weights)[0])
        self._size1 = float(whole.after.plain()[0])
        self._of0 = {who: sums[0] / self._size0 for who, sums in whole.before.accounts.items()}
        self._of1 = {who: sums[0] / self._size1 for who, sums in whole.after.accounts.items()}
        self._squares = (
            sum(share**2 for share in self._of0.values()),
            sum(share * self._of1.get(who, 0.0) for who, share in self._of0.items()),
            sum(share**2 for share in self._of1.values()),
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
        after = folds.after.accounts
        variance = 0.0
        for who, (many, counted) in folds.before.accounts.items():
            moved = -scale0 * (counted - many * rate0)
            if who in after:
                many, counted = after[who]
                moved += scale1 * (counted - many * rate1)
            variance += moved * moved
        for who, (many, counted) in after.items():
            if who not in folds.before.accounts:
                variance += (scale1 * (counted - many * rate1)) ** 2
        variance += scale0**2 * self._single(folds.before.alone, rate0, 0)
        variance += scale1**2 * self._single(folds.after.alone, rate1, 1)
        return max(sqrt(variance), _least(folds, share))

    def mix(self, folds: Folds, s: tuple[Fraction, Fraction], pivot: Fraction) -> float:
        """A conversation moves the mix part by pivot * (w - s) / N; those elsewhere by w = 0."""
        if not self._size0 or not self._size1:
            return 0.0
        s0, s1 = float(s[0]), float(s[1])
        before, after = folds.before.accounts, folds.after.accounts
        square00, square01, square11 = self._squares
        variance = s0**2 * square00 - 2 * s0 * s1 * square01 + s1**2 * square11
        for who in {*before, *after}:
            usual = s0 * self._of0.get(who, 0.0) - s1 * self._of1.get(who, 0.0)
            own = after[who][0] / self._size1 if who in after else 0.0
            own -= before[who][0] / self._size0 if who in before else 0.0
            variance += (2 * usual + own) * own
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
