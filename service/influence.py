"""Standard errors of the parts of a change, with conversations of one account kept together."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

from service.stores import Cell
from service.weekdays import Sides, Weights, plain, weighted


class Errors:
    """Standard errors from each conversation's influence, summed per account before squaring."""

    def __init__(self, total: Sides, weights: Weights, clusters: frozenset[str]) -> None:
        self._v = {day: float(weight) for day, weight in weights.by_weekday.items()}
        self._clusters = clusters
        self._size0 = float(weighted(total.before, weights)[0])
        self._size1 = float(plain(total.after)[0])
        self._whole0 = self._per_account(total.before, weighted=True)
        self._whole1 = self._per_account(total.after, weighted=False)
        self._alone0 = self._alone(total.before, weighted=True)
        self._alone1 = self._alone(total.after, weighted=False)

    def rate(
        self,
        cells: Sides,
        n: tuple[Fraction, Fraction],
        r: tuple[Fraction, Fraction],
        share: Fraction,
    ) -> float:
        """A conversation moves the rate part by share * w * (y - r) / n."""
        if not n[0] or not n[1]:
            return 0.0
        sums: dict[str, float] = defaultdict(float)
        alone = 0.0
        for side, sign in ((0, -1.0), (1, 1.0)):
            scale, rate = float(share / n[side]), float(r[side])
            for cell in cells[side]:
                weight = scale * self._day(cell, side) / cell.m
                if cell.account in self._clusters:
                    sums[cell.account] += sign * weight * (cell.x - cell.n * rate)
                else:
                    alone += weight**2 * (cell.x * (1 - rate) ** 2 + (cell.n - cell.x) * rate**2)
        return max(sqrt(alone + sum(value**2 for value in sums.values())), _least(cells, share))

    def mix(self, cells: Sides, s: tuple[Fraction, Fraction], pivot: Fraction) -> float:
        """A conversation moves the mix part by pivot * (w - s) / N; those elsewhere by w = 0."""
        if not self._size0 or not self._size1:
            return 0.0
        s0, s1 = float(s[0]), float(s[1])
        sums: dict[str, float] = defaultdict(float)
        for account, size in self._whole0.items():
            sums[account] += s0 * size / self._size0
        for account, size in self._whole1.items():
            sums[account] -= s1 * size / self._size1
        alone = self._alone0 * (s0 / self._size0) ** 2 + self._alone1 * (s1 / self._size1) ** 2
        for side, sign, size, held in ((0, -1.0, self._size0, s0), (1, 1.0, self._size1, s1)):
            for cell in cells[side]:
                day = self._day(cell, side)
                if cell.account in self._clusters:
                    sums[cell.account] += sign * day * cell.n / cell.m / size
                else:
                    own = (1 / cell.m - held) ** 2 - held**2
                    alone += own * cell.n * (day / size) ** 2
        variance = max(0.0, alone + sum(v**2 for v in sums.values()))
        middle = (s0 + s1) / 2
        least = middle * (1 - middle) * (1 / self._size0 + 1 / self._size1) / 4
        return abs(float(pivot)) * sqrt(max(variance, least))

    def _day(self, cell: Cell, side: int) -> float:
        return self._v[cell.weekday] if side == 0 else 1.0

    def _per_account(self, cells: Sequence[Cell], *, weighted: bool) -> dict[str, float]:
        sums: dict[str, float] = defaultdict(float)
        for cell in cells:
            if cell.account in self._clusters:
                sums[cell.account] += cell.n * (self._v[cell.weekday] if weighted else 1.0)
        return sums

    def _alone(self, cells: Sequence[Cell], *, weighted: bool) -> float:
        return sum(
            cell.n * (self._v[cell.weekday] if weighted else 1.0) ** 2
            for cell in cells
            if cell.account not in self._clusters
        )


def _least(cells: Sides, share: Fraction) -> float:
    """The pooled, unclustered error of a rate part: nothing published is surer than that.

    Without it 0 of 1 against 1 of 1 would have no error at all, and accounts that happen to agree
    would count as proof.
    """
    (n0, x0), (n1, x1) = plain(cells.before), plain(cells.after)
    if not n0 or not n1:
        return 0.0
    pooled = (x0 + x1) / (n0 + n1)
    return float(share) * sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))
