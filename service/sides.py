"""The counts of one lens in both windows, column by column; the arithmetic reads whole columns.

Knows no database and no formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # a count needs no arrays and should not wait for them
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.integer]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


class Cell(NamedTuple):
    """Conversations that are alike: of one value, weekday and account, touching m values."""

    value: str  # the dimension's value; "" when the lens is the total
    m: int  # distinct values these conversations touch; each weighs 1/m here
    weekday: int  # Monday is 0
    account: str  # "" without one
    n: int  # conversations where the metric is known
    x: int  # of them, those that the rate counts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sides:
    """Cells as equally long columns; names stand for themselves by their place.

    The earlier window's rows come first.
    """

    names: Sequence[str]  # in their order
    accounts: Sequence[str]
    value: Ints
    account: Ints
    m: Ints
    weekday: Ints
    is_after: Flags
    n: Ints
    x: Ints

    @property
    def before(self) -> int:
        """How many rows are of the earlier window."""
        return int(self.is_after.argmax()) if self.is_after.any() else len(self.is_after)

    @staticmethod
    def of(before: Iterable[Cell], after: Iterable[Cell]) -> Sides:
        import numpy as np

        sides = (list(before), list(after))
        cells = [*sides[0], *sides[1]]
        names = sorted({cell.value for cell in cells})
        accounts = sorted({cell.account for cell in cells})
        name_of = {name: place for place, name in enumerate(names)}
        account_of = {account: place for place, account in enumerate(accounts)}

        def column(numbers: Iterable[int]) -> Ints:
            return np.fromiter(numbers, dtype=np.int64, count=len(cells))

        return Sides(
            names=names,
            accounts=accounts,
            value=column(name_of[cell.value] for cell in cells),
            account=column(account_of[cell.account] for cell in cells),
            m=column(cell.m for cell in cells),
            weekday=column(cell.weekday for cell in cells),
            is_after=np.arange(len(cells)) >= len(sides[0]),
            n=column(cell.n for cell in cells),
            x=column(cell.x for cell in cells),
        )

    def of_value(self, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """How many conversations have a value, and are counted, before and after."""
        if name not in self.names:
            return (0, 0), (0, 0)
        here = self.value == self.names.index(name)
        before, after = here & ~self.is_after, here & self.is_after
        return (
            (int(self.n[before].sum()), int(self.x[before].sum())),
            (int(self.n[after].sum()), int(self.x[after].sum())),
        )

    def without(self, account: str) -> Sides:
        """Put one account's conversations aside."""
        if account not in self.accounts:
            return self
        return self._only(self.account != self.accounts.index(account))

    def _only(self, kept: Flags) -> Sides:
        return replace(
            self,
            value=self.value[kept],
            account=self.account[kept],
            m=self.m[kept],
            weekday=self.weekday[kept],
            is_after=self.is_after[kept],
            n=self.n[kept],
            x=self.x[kept],
        )
