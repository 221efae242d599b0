"""Two windows as a whole: their shares, made comparable, and how sure their difference is."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from service import statistics
from service.influence import Clusters, Folds, fold
from service.query import NO_VALUE
from service.sides import Sides
from service.standard_errors import Beyond, Error, Errors
from service.weekdays import ZERO, Weights, weekday_weights


@dataclass(frozen=True, kw_only=True)
class Whole:
    """Every conversation once."""

    sides: Sides
    weights: Weights
    clusters: Clusters
    values: Folds  # the lens that the whole was read from

    @staticmethod
    def of(total: Sides) -> "Whole":
        """Read the whole from the lens of one value, or from any lens that holds each once."""
        weights, clusters = weekday_weights(total), Clusters.of(total)
        values = fold(total, weights, clusters)
        return Whole(sides=total, weights=weights, clusters=clusters, values=values)

    def fold(self, sides: Sides) -> Folds:
        """Fold another lens of the same conversations; the one already read is not read again."""
        return self.values if sides is self.sides else fold(sides, self.weights, self.clusters)

    @cached_property
    def folds(self) -> Folds:
        return self.values.together(self.clusters.many)

    @cached_property
    def before(self) -> tuple[int, int]:
        return self._plain(0)

    @cached_property
    def after(self) -> tuple[int, int]:
        return self._plain(1)

    def _plain(self, window: int) -> tuple[int, int]:
        n, x = self.folds.plain[window, :, 0].tolist()
        return n, x

    @cached_property
    def sizes(self) -> tuple[Fraction, Fraction]:
        """Both windows' conversations, the earlier ones with their weekday weights."""
        return self._weighted[0], Fraction(self.after[0])

    @cached_property
    def _weighted(self) -> tuple[Fraction, Fraction]:
        [before] = self.folds.weighted(0, self.weights)
        return before

    @cached_property
    def p0(self) -> Fraction:
        return _share(self.before[1], self.before[0])

    @cached_property
    def p1(self) -> Fraction:
        return _share(self.after[1], self.after[0])

    @cached_property
    def adjusted(self) -> Fraction:
        """The earlier share with the current window's weekdays."""
        n, x = self._weighted
        return x / n if n else ZERO

    @property
    def change(self) -> Fraction:
        """What is left to explain once the weekdays agree."""
        return self.p1 - self.adjusted

    @property
    def middle(self) -> Fraction:
        """Where both shares meet; a window without conversations has none to come halfway."""
        return (self.adjusted + self.p1) / 2 if all(self.sizes) else ZERO

    @cached_property
    def errors(self) -> Errors:
        return Errors(self.folds, self.weights)

    @cached_property
    def z(self) -> float:
        """Pooled z with Kish's effective size for the weighted side; unweighted, the plain one."""
        by_day = self.folds.exact[0, 0, 0].sum(axis=0).tolist()
        square = sum(n * float(self.weights.by_weekday[day]) ** 2 for day, n in enumerate(by_day))
        effective = float(self.sizes[0]) ** 2 / square if square else 0.0
        n, x = self.after
        return statistics.pooled_z(float(self.adjusted) * effective, effective, x, n)

    @cached_property
    def error(self) -> Error:
        """The whole is a lens of one value: its rate part is the whole adjusted change."""
        [error] = self.errors.between_accounts(self.folds)
        return error

    @property
    def clustered_z(self) -> float:
        return self.error.z(self.change)

    @property
    def clustered_p(self) -> float:
        return self.error.p(self.change)

    @property
    def daily_p(self) -> float:
        """With accounts and days that differ."""
        [error] = self.errors.rates(self.folds)
        return error.p(self.change)

    @cached_property
    def p_value(self) -> float:
        (n0, x0), (n1, x1) = self.before, self.after
        if statistics.smallest_expected(x0, n0, x1, n1) < statistics.MINIMUM_EXPECTED:
            return statistics.fisher(x0, n0, x1, n1)
        return statistics.two_sided(self.z)

    def largest_account(self) -> "Account":
        """The account that adds most to the change, and how likely it would be among as many.

        A conversation adds (y - middle) / N with the sign of its window; over all it is the change.
        """
        import numpy as np

        if not self.clusters.many:
            return Account(NO_VALUE, 0.0, 1.0)
        middle, change = float(self.middle), float(self.change)
        size0, size1 = (float(size) for size in self.sizes)
        (n0, n1), (x0, x1) = self.folds.spread.n, self.folds.spread.x
        added = (x1 - n1 * middle) / size1 - (x0 - n0 * middle) / size0
        parts = added / change
        most = float(parts.max())
        # Of several, the last name: clusters stand in the order of their names.
        place = int((parts == most).nonzero()[0][-1])
        chance = middle * (1 - middle) * (n0 / size0**2 + n1 / size1**2)
        squares = (n0 / size0) ** 2 + (n1 / size1) ** 2
        others = np.arange(len(added)) != place
        usual = Beyond.of(added[others], chance[others], squares[others])
        error = usual.error(float(squares[place]), float(chance[place]))
        likely = min(1.0, error.p(Fraction(float(added[place]))) * self.clusters.many)
        return Account(self.clusters.name(place), most, likely)


class Account(NamedTuple):
    name: str
    part: float  # of the change
    p_value: float  # that any account of as many moved so far; accounts differ beyond chance


def _share(x: int, n: int) -> Fraction:
    return Fraction(x, n) if n else ZERO
