"""How sure the parts of a change are, with conversations of one account kept together.

Accounts have better and worse weeks, together with all that they write: a part is as sure as the
accounts that carry it are many, and not as its conversations are. The values of a lens are taken
at once: a place of each array is a value's, or an account's of a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce
from math import inf, sqrt
from operator import sub
from typing import TYPE_CHECKING, NamedTuple

from service import statistics
from service.influence import Folds
from service.weekdays import Weights

if TYPE_CHECKING:
    from service.sides import Floats, Ints

_NOTHING = 1e-12  # an error below it is none, and so is a share's distance from none or all
_ALL = 1e-9  # what is left of a value that one account holds all of
_AT_ONCE = 8192  # of the pairs of an account and a value
_FEW = 0.2  # of the conversations; fewer others cannot tell whether days differ
_ENOUGH_A_DAY = 5  # conversations in each window, for a weekday to be compared
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

    def widened(self, other: Error) -> Error:
        """Of an effect that both move by themselves (Satterthwaite)."""
        variance = self.size**2 + other.size**2
        learnt = self.size**4 / self.freedom + other.size**4 / other.freedom
        return Error(sqrt(variance), variance**2 / learnt if learnt else inf)


NO_ERROR = Error(0.0, inf)


class Beyond(NamedTuple):
    """How much more than by chance accounts move, each by the square of its share."""

    variance: Floats
    freedom: Floats

    @staticmethod
    def of(moved: Floats, chance: Floats, squares: Floats) -> Beyond:
        """Learn it from how far each account moved, and the variance that chance gives it."""
        told = _told(moved**2, _over(1.0, chance), squares)
        return Beyond.added(*(one.sum(keepdims=True) for one in told[1:5]))

    @staticmethod
    def added(moved: Floats, many: Floats, weights: Floats, weights_squared: Floats) -> Beyond:
        """Learn it from sums over accounts, of what `_told` tells of each."""
        excess = _over((moved - many).clip(0.0), weights)
        spread = many + 2 * excess * weights + excess**2 * weights_squared
        return Beyond(excess, _over((excess * weights) ** 2, spread))

    def error(self, squares: float, chance: float) -> Error:
        """The error of a part that is only known by what all accounts show."""
        none = 0.0 * self.variance
        beyond = self.variance * squares
        [error] = _errors(
            seen=none, own=none, chance=none + chance, beyond=beyond, freedom=self.freedom
        )
        return error


class Errors:
    """Standard errors of how far rates and shares moved, given the whole of both windows."""

    def __init__(self, whole: Folds, weights: Weights) -> None:
        import numpy as np

        days = [float(weights.by_weekday[day]) for day in range(7)]
        self._days = np.array([days, [1.0] * 7])
        sizes, counted = self._weighed(whole.exact, whole.m).swapaxes(0, 1)
        self._sizes = sizes  # of both windows, in one column
        self._lone = whole.lone
        self._lone_squares = self._weighed(whole.alone, [1] * len(whole.m), days=2)[:, 0, 0]
        held = _over(whole.spread.n, sizes)
        squares, chance = (held**2).sum(axis=0), _over(held, sizes).sum(axis=0)
        before, after = alone = held / _seen(held)
        self._of_each = np.stack([*held, *alone, _over(1.0, chance), squares])
        crossed = np.stack([before**2, after**2, -2 * before * after])
        told = _told(crossed, self._of_each[4], squares)
        self._of_all = [np.atleast_1d(one.sum(axis=-1)) for one in told]
        rates = _over(counted, sizes)
        moved = (_over(whole.spread.x, sizes) - held * rates) / _seen(held)
        middle = rates.mean()
        self._by_day = _by_day(whole)
        self._beyond = Beyond.of(moved[1] - moved[0], middle * (1 - middle) * chance, squares)

    def rates(self, folds: Folds) -> list[Error]:
        """Of each value's rate, between accounts that differ and between days that do."""
        both = zip(self.between_accounts(folds), self._between_days(folds), strict=True)
        return [accounts.widened(days) for accounts, days in both]

    def _between_days(self, folds: Folds) -> list[Error]:
        """What days that differ add to each value, learnt from the others and from the whole.

        The lesser counts: a value that was bad on a few days is no proof that days differ, and
        chance seldom shows in both.
        """
        import numpy as np

        own = _by_day(folds)
        others = self._by_day - own
        few = (others[:, 0].sum(axis=-1) < _FEW * self._by_day[:, 0].sum(axis=-1)).any(axis=0)
        others = np.where(few[:, None], self._by_day, others)
        variance, freedom = (
            np.minimum(*pair) for pair in zip(_days(others), _days(self._by_day), strict=True)
        )
        days = _over(own[1, 0], own[1, 0].sum(axis=-1, keepdims=True))
        sizes = _spread_of(own) * np.sqrt(variance * (days**2).sum(axis=-1))
        return [
            Error(size, free or inf)
            for size, free in zip(sizes.tolist(), freedom.tolist(), strict=True)
        ]

    def between_accounts(self, folds: Folds) -> list[Error]:
        """Of each value's rate: a conversation moves it by w * (y - r) / n."""
        sizes, counted = self._weighed(folds.exact, folds.m).swapaxes(0, 1)
        rates = _over(counted, sizes)
        single, hits = self._weighed(folds.alone, folds.m, days=2, per=2).swapaxes(0, 1)
        alone = _over(hits * (1 - rates) ** 2 + (single - hits) * rates**2, sizes**2)
        of_size = _over(1.0, sizes)

        def told(row: Ints, _: Ints, many: Floats, hit: Floats) -> Iterable[Floats]:
            held = many * of_size[:, row]
            moved = _squared((hit * of_size[:, row] - held * rates[:, row]) / _seen(held))
            squares = held[0] ** 2 + held[1] ** 2
            return moved, squares, squares**2

        seen, total, fourth = _by_row(folds, told)
        errors = _errors(
            seen=seen + alone.sum(axis=0),
            own=_equals(total, fourth, folds.lone, sizes),
            chance=_chance(folds),
            beyond=self._beyond.variance * total,
            freedom=self._beyond.freedom,
        )
        known = (sizes > 0).all(axis=0).tolist()
        return [one if here else NO_ERROR for one, here in zip(errors, known, strict=True)]

    def shares(self, folds: Folds) -> list[Error]:
        """Of each value's share: a conversation moves it by (w - s) / N; those elsewhere by w = 0.

        That is s * (1 - s) times the difference of two shares: what the account holds of the value
        and what it holds of the rest. No window takes more than the mean s * (1 - s), or all
        accounts of a value that grew alike would seem to disagree.
        """
        import numpy as np

        if not self._sizes.all():
            return [NO_ERROR] * len(folds.names)
        shares = self._weighed(folds.exact, folds.m)[:, 0] / self._sizes
        own = shares * (1.0 - shares)
        own[own < _NOTHING] = 0.0  # a window that lacks the value cannot differ about it
        both = own.all(axis=0)
        scale = np.where(both, own.mean(axis=0), own.max(axis=0))
        # Of a value that is nearly gone the few that are left say next to nothing.
        ratio = np.minimum(1.0, _over(own, scale))
        of_value, of_rest = _over(1.0, shares * self._sizes), _over(1.0, 1.0 - shares)
        mean = np.where(both, ((ratio * of_rest) ** 2).mean(axis=0), 0.0)
        factors = np.concatenate([of_value, of_rest, ratio, [mean, _over(1.0, mean)]])

        def told(row: Ints, who: Ints, many: Floats, _: Floats) -> Iterable[Floats]:
            """What accounts tell, beyond what they would if they held nothing of the value."""
            factor, of_each = factors.take(row, axis=1), self._of_each.take(who, axis=1)
            of_value, of_rest, ratio = factor[:6].reshape(3, 2, -1)
            held = many * of_value
            left = (of_each[:2] - many / self._sizes).clip(0.0) * of_rest
            moved = _squared(ratio * (held / _seen(held) - left / _seen(left)))
            chance = ratio**2 * (held * of_value + left * of_rest / self._sizes)
            squares = (ratio**2 * (held**2 + left**2)).sum(axis=0)
            here = _told(moved, _over(1.0, chance.sum(axis=0)), squares)
            away = _told(
                _squared(ratio * of_rest * of_each[2:4]),
                of_each[4] * factor[7],
                of_each[5] * factor[6],
            )
            return map(sub, here, away)

        sums = _by_row(folds, told) + self._everywhere(ratio * of_rest, mean)
        seen, total, fourth = sums[[0, 5, 6]]
        beyond = Beyond.added(*sums[1:5])
        middle = shares.mean(axis=0)
        away = np.minimum(1.0, _over(scale, own)) ** 2 * self._away(folds, shares)
        return _errors(
            seen=scale**2 * seen + away.sum(axis=0),
            own=_equals(total, fourth, self._lone, self._sizes),
            chance=middle * (1 - middle) * (1 / self._sizes).sum(),
            beyond=scale**2 * beyond.variance * total,
            freedom=beyond.freedom,
            steady=_STEADY,
        )

    def _everywhere(self, without: Floats, mean: Floats) -> Floats:
        """What all accounts together would tell of each value if they held nothing of it."""
        import numpy as np

        before, after = without
        factors = np.stack([before**2, after**2, before * after])
        moved, of_chance = (np.einsum("f,fr->r", one, factors) for one in self._of_all[:2])
        both = mean > 0
        many, weights, weights_squared, squares, fourth = self._of_all[2:]
        return np.stack(
            [
                moved,
                _over(of_chance, mean),
                both * many,
                both * weights,
                both * weights_squared,
                mean * squares,
                mean**2 * fourth,
            ]
        )

    def _weighed(self, counts: Ints, ms: Sequence[int], *, days: int = 1, per: int = 1) -> Floats:
        """Weigh counts by weekday and by 1/m, to these powers, and add up the cells of each row."""
        import numpy as np

        by_m = 1.0 / np.array(ms) ** per
        found: Floats = np.einsum("wkrmd,wd,m->wkr", counts, self._days**days, by_m)
        return found

    def _away(self, folds: Folds, shares: Floats) -> Floats:
        """Sum the squares of (w - share) / N over conversations that stand alone, w = 0 too."""
        once, squared = (
            self._weighed(folds.alone, folds.m, days=2, per=per)[:, 0] for per in (1, 2)
        )
        squares = self._lone_squares[:, None] * shares**2 + squared - 2 * shares * once
        found: Floats = squares / self._sizes**2
        return found


def _by_day(folds: Folds) -> Floats:
    """Window, (conversations, counted), row, weekday; a conversation weighs 1/m."""
    import numpy as np

    found: Floats = np.einsum("wkrmd,m->wkrd", folds.exact, 1.0 / np.array(folds.m))
    return found


def _days(counts: Floats) -> tuple[Floats, Floats]:
    """How far beyond chance the change of a rate differs by weekday, and the degrees of freedom.

    DerSimonian and Laird's (1986) variance between groups, as a part of r * (1 - r) squared.
    A little beyond chance is none: seven days tell it badly.
    """
    import numpy as np

    (n0, x0), (n1, x1) = counts
    rates = (x0 + x1 + 0.5) / (n0 + n1 + 1.0)
    both = (n0 > _ENOUGH_A_DAY) & (n1 > _ENOUGH_A_DAY)
    weights = both * _over(1.0, rates * (1.0 - rates) * (_over(1.0, n0) + _over(1.0, n1)))
    moved = _over(x1, n1) - _over(x0, n0)
    first, second, third = ((weights**power).sum(axis=-1) for power in (1, 2, 3))
    mean = _over((weights * moved).sum(axis=-1), first)
    found = (weights * (moved - mean[:, None]) ** 2).sum(axis=-1)
    many = (both.sum(axis=-1) - 1.0).clip(0.0)
    told = first - _over(second, first)
    excess = _over(np.where(found > many + np.sqrt(2.0 * many), found - many, 0.0), told)
    fourth = second - 2.0 * _over(third, first) + _over(second, first) ** 2
    spread = many + 2.0 * excess * told + excess**2 * fourth
    return _over(excess, _spread_of(counts) ** 2), _over((excess * told) ** 2, spread)


def _spread_of(counts: Floats) -> Floats:
    """r * (1 - r), by which days that differ alike move rates that do not."""
    sizes, hits = counts.sum(axis=(0, -1))
    rates = _over(hits, sizes)
    return rates * (1.0 - rates)


def _errors(
    *,
    seen: Floats,
    own: Floats,
    chance: Floats,
    beyond: Floats,
    freedom: Floats,
    steady: float = 1.0,
) -> list[Error]:
    """Weigh what a part's own accounts show against what all of them do (`beyond` chance).

    One account that holds most of a part shows nothing of how it differs from others, and a few
    show it badly; what all show stands in for that. Only what is beyond chance had to be learnt
    (Satterthwaite). Nothing is surer than chance (`steady` of it) allows: else 0 of 1 against 1 of
    1 would have no error at all, and accounts that happen to agree would count as proof.
    """
    import numpy as np

    weight = own / (own + _OTHERS)
    variance = weight * seen + (1.0 - weight) * (chance + beyond)
    learnt = _over(((1.0 - weight) * beyond) ** 2, freedom)
    learnt = learnt + _over((weight * (seen - chance).clip(0.0)) ** 2, own)
    surely = (variance <= chance) | (learnt == 0)
    free = np.where(surely, inf, _over(variance**2, learnt))
    sizes = np.sqrt(np.maximum(variance, steady * chance))
    return [Error(*one) for one in zip(sizes.tolist(), free.tolist(), strict=True)]


def _told(moved: Floats, of_chance: Floats, squares: Floats) -> tuple[Floats, ...]:
    """What each account adds to the sums: how far it moved, as such and against chance; whether it
    can tell, how much, and the square of it; how many are as one, and its square.
    """
    weights = squares * of_chance
    can = (of_chance > 0).astype(float)
    return moved, moved * of_chance, can, weights, weights**2, squares, squares**2


def _squared(moved: Floats) -> Floats:
    """The square of the change between both windows."""
    found: Floats = (moved[1] - moved[0]) ** 2
    return found


def _chance(folds: Folds) -> Floats:
    """The pooled variance of a rate's change, were every conversation on its own."""
    sizes, counted = folds.plain.swapaxes(0, 1)
    pooled = _over(counted.sum(axis=0), sizes.sum(axis=0))
    found: Floats = pooled * (1 - pooled) * _over(1.0, sizes).sum(axis=0)
    return found


def _seen(held: Floats) -> Floats:
    """What an account's own part in a mean leaves to be seen of how far it stands from it."""
    import numpy as np

    found: Floats = np.maximum(1.0 - held, _ALL)
    return np.sqrt(found, out=found)


def _equals(total: Floats, fourth: Floats, lone: Ints, sizes: Floats) -> Floats:
    """As many equal accounts would tell as much as these do, beyond the mean they were held to."""
    total = total + _over(lone, sizes**2).sum(axis=0)
    fourth = fourth + _over(lone, sizes**4).sum(axis=0)
    return (_over(total**2, fourth) - 1.0).clip(0.0)


def _by_row(folds: Folds, told: Callable[..., Iterable[Floats]]) -> Floats:
    """Add up what accounts tell of each value, so many at once as a processor keeps at hand."""
    import numpy as np

    def added(at: int) -> Floats:
        row, *here = (one[..., at : at + _AT_ONCE] for one in folds.spread)
        every = told(row, *here)
        return np.stack([np.bincount(row, weights=one, minlength=rows) for one in every])

    rows, many = len(folds.names), len(folds.spread.row)
    return reduce(np.add, map(added, range(0, max(1, many), _AT_ONCE)))


def _over(of: Floats | Ints | float, by: Floats | Ints) -> Floats:
    """Divide where there is something to divide by; elsewhere it is nothing."""
    import numpy as np

    found = np.zeros(np.broadcast_shapes(np.shape(of), by.shape))
    return np.divide(of, by, out=found, where=by > 0)
