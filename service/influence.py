"""Folds a lens: what each value holds in both windows, exactly and by account.

A lens is folded once; everything after that costs accounts, not conversations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from service.query import NO_VALUE
from service.sides import Sides
from service.weekdays import Weights

if TYPE_CHECKING:
    from service.sides import Flags, Floats, Ints

Part = tuple[Fraction, Fraction]
_TABLE = 8_000_000  # pairs of a value and an account, of which a table is still small
ENOUGH_ACCOUNTS = 5  # with fewer, accounts are no clusters and none can be "the one"


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


class Spread(NamedTuple):
    """What each cluster holds of each value: conversations and counted, weighed by weekday, 1/m."""

    row: Ints  # the value's place among those that occur
    who: Ints
    n: Floats  # before and after, of each pair of a value and a cluster
    x: Floats


class Held(NamedTuple):
    """What both windows hold of one value: conversations, and of them counted."""

    value: str
    before: Part  # a conversation weighs 1/m
    adjusted: Part  # and its weekday
    after: Part
    touched0: tuple[int, int]  # each once
    touched1: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Folds:
    """Both windows of a lens: a row of each table for each value that occurs, in their order."""

    names: Sequence[str]
    m: Sequence[int]  # those that occur
    exact: Ints  # window, (conversations, counted), row, m, weekday
    alone: Ints  # the same, of conversations in no cluster
    spread: Spread

    @property
    def plain(self) -> Ints:
        """Each conversation once: window, (conversations, counted), row."""
        found: Ints = self.exact.sum(axis=(3, 4))
        return found

    @property
    def lone(self) -> Ints:
        """Those in no cluster: window, row."""
        found: Ints = self.alone[:, 0].sum(axis=(2, 3))
        return found

    def held(self, weights: Weights) -> list[Held]:
        touched = ([(n, x) for n, x in zip(*one, strict=True)] for one in self.plain.tolist())
        parts = (self.weighted(0, None), self.weighted(0, weights), self.weighted(1, None))
        return list(map(Held, self.names, *parts, *touched))

    def weighted(self, window: int, weights: Weights | None) -> list[Part]:
        """Add whole numbers first and divide last: no drift, and few Fractions."""
        whole = lcm(*self.m)
        days, of = ((1,) * 7, 1) if weights is None else weights.parts
        parts = [whole // m * day for m in self.m for day in days]
        cells = self.exact[window].reshape(2, len(self.names), len(parts))
        n, x = (
            [Fraction(sum(map(mul, parts, row)), whole * of) for row in rows]
            for rows in cells.tolist()
        )
        return list(zip(n, x, strict=True))

    def together(self, many: int) -> Folds:
        """Join the values of a lens that holds each conversation once, spread over all clusters."""
        import numpy as np

        def summed(of: Floats) -> Floats:
            sums = [np.bincount(self.spread.who, weights=one, minlength=many) for one in of]
            return np.stack(sums).astype(float)

        return Folds(
            names=[""],
            m=self.m,
            exact=self.exact.sum(axis=2, keepdims=True),
            alone=self.alone.sum(axis=2, keepdims=True),
            spread=Spread(
                row=np.zeros(many, dtype=np.int64),
                who=np.arange(many),
                n=summed(self.spread.n),
                x=summed(self.spread.x),
            ),
        )


def fold(sides: Sides, weights: Weights, clusters: Clusters) -> Folds:
    """Read both windows of a lens once."""
    import numpy as np

    cluster = clusters.of_each(sides)
    m, exact, alone = _exact(sides, cluster == clusters.many)
    occurs = exact[:, 0].sum(axis=(0, 2, 3)) > 0
    return Folds(
        names=[sides.names[place] for place in np.flatnonzero(occurs).tolist()],
        m=m,
        exact=exact[:, :, occurs],
        alone=alone[:, :, occurs],
        spread=_spread(sides, _shares(sides, weights), cluster, clusters.many, np.cumsum(occurs)),
    )


def _exact(sides: Sides, is_alone: Flags) -> tuple[list[int], Ints, Ints]:
    """Integer counts by window, value, m and weekday: of all, and of those that stand alone."""
    import numpy as np

    occurs = np.bincount(sides.m) > 0
    used: list[int] = np.flatnonzero(occurs).tolist()
    key = sides.value * np.int64(len(used)) + (np.cumsum(occurs) - 1)[sides.m]
    key = (key * 7 + sides.weekday) * 2 + is_alone
    shape = (len(sides.names), len(used), 7, 2)
    size = len(sides.names) * len(used) * 14

    def counted(of: Ints, here: slice) -> Ints:
        found = np.bincount(key[here], weights=of[here], minlength=size)
        return found.astype(np.int64).reshape(shape)

    windows = slice(sides.before), slice(sides.before, None)
    every = np.stack([[counted(of, here) for of in (sides.n, sides.x)] for here in windows])
    return used, every.sum(axis=-1), every[..., 1]


def _shares(sides: Sides, weights: Weights) -> Floats:
    """What a conversation of each row weighs."""
    import numpy as np

    days = np.array([float(weights.by_weekday[day]) for day in range(7)])
    shares = 1.0 / sides.m
    shares[: sides.before] *= days[sides.weekday[: sides.before]]
    return shares


def _spread(sides: Sides, share: Floats, cluster: Ints, many: int, row_of: Ints) -> Spread:
    """What clusters hold of each value; `row_of` counts the values up to each that occur."""
    import numpy as np

    # Those that stand alone are put together in one more cluster, and left out at the end.
    pairs, inverse = _numbered(sides.value * np.int64(many + 1) + cluster, len(sides.names), many)

    def summed(of: Ints, here: slice) -> Floats:
        weights = share[here] * of[here]
        return np.bincount(inverse[here], weights=weights, minlength=len(pairs)).astype(float)

    windows = slice(sides.before), slice(sides.before, None)
    value, who = np.divmod(pairs, many + 1)
    kept = np.flatnonzero(who < many)
    n, x = (np.stack([summed(of, here)[kept] for here in windows]) for of in (sides.n, sides.x))
    return Spread(row_of[value[kept]] - 1, who[kept], n, x)


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
