"""How sure the parts of a change are, with conversations of one account kept together.

Accounts have better and worse weeks, together with all that they write: a part is as sure as the
accounts that carry it are many, and not as its conversations are.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf, sqrt
from typing import TYPE_CHECKING, NamedTuple

from service import statistics
from service.influence import Exact, Folds
from service.weekdays import Weights

if TYPE_CHECKING:
    from service.sides import Floats, Ints

_NOTHING = 1e-12  # an error below it is none
_ALL = 1e-9  # what is left of a value that one account holds all of
_OTHERS = 4.0  # so many accounts count what all of them show, beside a part's own
_STEADY = 0.25  # of chance; accounts write about their own things, so shares move less than by it


class Error(NamedTuple):
    """A standard error, and from how many accounts it was learnt (degrees of freedom)."""

    size: float
    freedom: float

    def z(self, effect: Fraction) -> float:
        return float(effect) / self.size if self.size > _NOTHING else 0.0

    def p(self, effect: Fraction) -> float:
        return statistics.two_sided(statistics.normal_of_t(self.z(effect), self.freedom))


class Beyond(NamedTuple):
    """How much more than by chance accounts move, each by the square of its share."""

    variance: float
    freedom: float

    @staticmethod
    def of(moved: Floats, chance: Floats, squares: Floats) -> Beyond:
        """Learn it from how far each account moved, and the variance that chance gives it."""
        return Beyond.added(_told(moved**2, chance, squares))

    @staticmethod
    def added(told: Sequence[float]) -> Beyond:
        """Learn it from sums over accounts, as `_told` makes them."""
        moved, many, weights, weights_squared = told
        if not weights:
            return Beyond(0.0, 0.0)
        excess = max(0.0, moved - many) / weights
        spread = many + 2 * excess * weights + excess**2 * weights_squared
        return Beyond(excess, (excess * weights) ** 2 / spread)

    def error(self, squares: float, chance: float) -> Error:
        """The error of a part that is only known by what all accounts show."""
        return _error(0.0, 0.0, chance, self.variance * squares, self.freedom)


class Errors:
    """Standard errors of one value's rate and mix part, given the whole of both windows."""

    def __init__(self, whole: Folds, weights: Weights) -> None:
        self._days = {day: float(weight) for day, weight in weights.by_weekday.items()}
        self._whole = whole
        n0, x0 = (float(one) for one in whole.before.weighted(weights))
        n1, x1 = whole.after.plain
        self._sizes = n0, float(n1)
        _, many0, counted0, many1, counted1 = whole.spread
        held = (_part(many0, n0), _part(many1, n1))
        self._held = held
        self._squares = held[0] ** 2 + held[1] ** 2
        self._chance = _part(held[0], n0) + _part(held[1], n1)
        self._outside = self._of_outside()
        self._everywhere = self._outside.sum(axis=0)
        sides = ((whole.before, 0), (whole.after, 1))
        self._alone = [
            sum(n * self._day(day, side) ** 2 for (_, day), (n, _) in fold.alone.items())
            for fold, side in sides
        ]
        rates = (x0 / n0 if n0 else 0.0), (x1 / n1 if n1 else 0.0)
        middle = sum(rates) / 2
        moved = (_part(counted1, n1) - held[1] * rates[1]) * _unseen(held[1])
        moved = moved - (_part(counted0, n0) - held[0] * rates[0]) * _unseen(held[0])
        chance = middle * (1 - middle) * self._chance
        self._beyond = Beyond.of(moved, chance, self._squares)

    def rate(
        self,
        folds: Folds,
        n: tuple[Fraction, Fraction],
        r: tuple[Fraction, Fraction],
        share: Fraction,
    ) -> Error:
        """A conversation moves the rate part by share * w * (y - r) / n."""
        if not n[0] or not n[1]:
            return Error(0.0, inf)
        size0, size1, rate0, rate1 = (float(one) for one in (*n, *r))
        _, many0, counted0, many1, counted1 = folds.spread
        held0, held1 = many0 / size0, many1 / size1
        moved = (counted1 / size1 - held1 * rate1) * _unseen(held1)
        moved = moved - (counted0 / size0 - held0 * rate0) * _unseen(held0)
        seen = _product(moved, moved)
        seen += self._single(folds.before.alone, rate0, 0) / size0**2
        seen += self._single(folds.after.alone, rate1, 1) / size1**2
        squares = held0**2 + held1**2
        total, lone = (
            float(squares.sum()),
            [(folds.before.alone, size0), (folds.after.alone, size1)],
        )
        own = _equals(total, _product(squares, squares), lone)
        beyond = self._beyond.variance * total
        error = _error(seen, own, _chance(folds), beyond, self._beyond.freedom)
        return Error(float(share) * error.size, error.freedom)

    def mix(self, folds: Folds, s: tuple[Fraction, Fraction], pivot: Fraction) -> Error:
        """A conversation moves the mix part by pivot * (w - s) / N; those elsewhere by w = 0.

        That is s * (1 - s) times the difference of two shares: what the account holds of the value
        and what it holds of the rest. No window takes more than the mean s * (1 - s), or all
        accounts of a value that grew alike would seem to disagree.
        """
        if not all(self._sizes):
            return Error(0.0, inf)
        shares = float(s[0]), float(s[1])
        own = [share * (1 - share) for share in shares]
        scale = sum(own) / 2 if all(own) else max(own)
        who, many0, _, many1, _ = folds.spread
        moved, chance, squares = (0.0 * many0 for _ in range(3))
        factors, alone = [0.0, 0.0], 0.0
        for side, many, share, sign in ((0, many0, shares[0], -1.0), (1, many1, shares[1], 1.0)):
            if not own[side]:  # a window that lacks the value cannot differ about it
                continue
            size, rest = self._sizes[side], 1.0 - share
            inside = many / size
            held, left = inside / share, (self._held[side][who] - inside).clip(0.0) / rest
            # Of a value that is nearly gone the few that are left say next to nothing.
            ratio = min(1.0, own[side] / scale)
            moved += sign * ratio * (held * _unseen(held) - left * _unseen(left))
            chance += ratio**2 * (held / (share * size) + left / (rest * size))
            squares += ratio**2 * (held**2 + left**2)
            factors[side] = ratio / rest
            fold = (folds.before, folds.after)[side]
            alone += min(1.0, scale / own[side]) ** 2 * self._away(fold.alone, share, side)
        outside = self._everywhere - _sum_of(self._outside, who)
        back, forth, both = factors[0] ** 2, factors[1] ** 2, -2 * factors[0] * factors[1]
        seen = _product(moved, moved) + float(outside[:3] @ (back, forth, both))
        told = _told(moved**2, chance, squares)
        total, fourth = float(squares.sum()), _product(squares, squares)
        if all(own):
            mean = (back + forth) / 2
            total, fourth = total + mean * outside[6], fourth + mean**2 * outside[7]
            more = (float(outside[3:6] @ (back, forth, both)) / mean, *outside[8:].tolist())
            told = [one + other for one, other in zip(told, more, strict=True)]
        beyond = Beyond.added(told)
        middle = sum(shares) / 2
        least = middle * (1 - middle) * (1 / self._sizes[0] + 1 / self._sizes[1])
        lone = [(fold.alone, size) for fold, size in zip(self._whole[:2], self._sizes, strict=True)]
        error = _error(
            scale**2 * seen + alone,
            _equals(total, fourth, lone),
            least,
            scale**2 * beyond.variance * total,
            beyond.freedom,
            steady=_STEADY,
        )
        return Error(abs(float(pivot)) * error.size, error.freedom)

    def _of_outside(self) -> Floats:
        """A row for each account: what it adds to the sums of a value that it says nothing of."""
        import numpy as np

        before, after = (held * _unseen(held) for held in self._held)
        chance, squares = self._chance, self._squares
        of_chance = 1.0 / np.where(chance > 0, chance, 1.0)
        weights = squares * of_chance
        moved = (before**2, after**2, before * after)
        counted = (squares, squares**2, chance > 0, weights, weights**2)
        return np.stack([*moved, *(one * of_chance for one in moved), *counted], axis=1)

    def _day(self, day: int, side: int) -> float:
        return self._days[day] if side == 0 else 1.0

    def _single(self, alone: Exact, rate: float, side: int) -> float:
        """Sum the squares of w * (y - rate) over conversations that stand alone."""
        return sum(
            (self._day(day, side) / m) ** 2 * (x * (1 - rate) ** 2 + (n - x) * rate**2)
            for (m, day), (n, x) in alone.items()
        )

    def _away(self, alone: Exact, share: float, side: int) -> float:
        """Sum the squares of (w - share) / N over conversations that stand alone, w = 0 too."""
        squares = self._alone[side] * share**2
        squares += sum(
            n * self._day(day, side) ** 2 * ((1 / m - share) ** 2 - share**2)
            for (m, day), (n, _) in alone.items()
        )
        return squares / self._sizes[side] ** 2


def _error(
    seen: float, own: float, chance: float, beyond: float, freedom: float, *, steady: float = 1.0
) -> Error:
    """Weigh what a part's own accounts show against what all of them do (`beyond` chance).

    One account that holds most of a part shows nothing of how it differs from others, and a few
    show it badly; what all show stands in for that. Only what is beyond chance had to be learnt
    (Satterthwaite). Nothing is surer than chance (`steady` of it) allows: else 0 of 1 against 1 of
    1 would have no error at all, and accounts that happen to agree would count as proof.
    """
    weight = own / (own + _OTHERS)
    variance = weight * seen + (1.0 - weight) * (chance + beyond)
    if variance <= chance:
        return Error(sqrt(max(variance, steady * chance)), inf)
    learnt = ((1.0 - weight) * beyond) ** 2 / freedom if beyond else 0.0
    if own:
        learnt += (weight * max(0.0, seen - chance)) ** 2 / own
    return Error(sqrt(variance), variance**2 / learnt if learnt else inf)


def _told(moved: Floats, chance: Floats, squares: Floats) -> list[float]:
    """Add up what accounts moved against chance, their number, and how much each can tell."""
    here = chance > 0
    if not here.all():
        moved, chance, squares = moved[here], chance[here], squares[here]
    weights = squares / chance
    sums = float((moved / chance).sum()), len(moved), float(weights.sum())
    return [*sums, _product(weights, weights)]


def _chance(folds: Folds) -> float:
    """The pooled variance of a rate's change, were every conversation on its own."""
    (n0, x0), (n1, x1) = folds.before.plain, folds.after.plain
    pooled = (x0 + x1) / (n0 + n1)
    return pooled * (1 - pooled) * (1 / n0 + 1 / n1)


def _unseen(held: Floats) -> Floats:
    """What an account's own part in a mean hides of how far it stands from it."""
    import numpy as np

    return 1.0 / np.sqrt(np.maximum(1.0 - held, _ALL))


def _equals(total: float, fourth: float, alone: list[tuple[Exact, float]]) -> float:
    """As many equal accounts would tell as much as these do, beyond the mean they were held to."""
    for exact, size in alone:
        single = sum(n for n, _ in exact.values())
        total += single / size**2
        fourth += single / size**4
    return max(0.0, total**2 / fourth - 1.0) if fourth else 0.0


def _sum_of(rows: Floats, places: Ints) -> Floats:
    """Add up some rows: three times as fast as the library's sum, which is made for long ones."""
    import numpy as np

    sums: Floats = np.einsum("ij->j", rows.take(places, axis=0))
    return sums


def _part(of: Floats, whole: float) -> Floats:
    return of / whole if whole else 0.0 * of


def _product(one: Floats, other: Floats) -> float:
    """Multiply and add, in this thread: the library's own product wakes one for each processor."""
    return float((one * other).sum())
