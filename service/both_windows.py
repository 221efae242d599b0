"""Every conversation of a change, at hand: each count of its explanation is made from these rows.

They are read once. Knows no database and no formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from service.query import MULTI_VALUED, Dimension
from service.sides import Sides
from service.stores import Column, Columns, Kind

if TYPE_CHECKING:
    from service.sides import Flags, Ints

T = TypeVar("T", bound=str | Kind)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BothWindows:
    """The columns of two windows, one after the other."""

    accounts: Sequence[str]
    account: Ints
    values: Mapping[Dimension, tuple[Sequence[str], Ints]]  # in their order, and of each row
    m: Ints
    weekday: Ints
    first: Flags
    counted: Ints
    is_after: Flags

    @staticmethod
    def of(before: Columns, after: Columns) -> BothWindows:
        import numpy as np

        kinds, kind = _joined(before.kinds, after.kinds)
        table = np.array([tuple(map(int, one)) for one in kinds], dtype=np.int32).reshape(-1, 4)
        m, weekday, first, counted = (column[kind] for column in table.T.copy())
        accounts, account = _joined(before.accounts, after.accounts)
        return BothWindows(
            accounts=accounts,
            account=account,
            values={
                lens: _joined(column, after.values[lens]) for lens, column in before.values.items()
            },
            m=m,
            weekday=weekday,
            first=first.astype(bool),
            counted=counted,
            is_after=np.arange(len(kind)) >= len(before.kinds.places),
        )

    def sides(self, narrowed: Sequence[tuple[Dimension, str]], lens: Dimension | None) -> Sides:
        """Count a lens of the conversations that have these values.

        None of them may be a value of a lens that conversations touch several values of.
        """
        import numpy as np

        kept = self._kept(narrowed, lens)
        ones = np.ones(len(kept), dtype=np.int64)
        names, value = self.values[lens] if lens is not None else ([""], 0 * self.account)
        return Sides(
            names=names,
            accounts=self.accounts,
            value=value[kept],
            account=self.account[kept],
            m=self.m[kept] if lens in MULTI_VALUED else ones,
            weekday=self.weekday[kept],
            is_after=self.is_after[kept],
            n=ones,
            x=self.counted[kept],
        )

    def _kept(self, narrowed: Sequence[tuple[Dimension, str]], lens: Dimension | None) -> Ints:
        """One row of each conversation, or one for each value that the lens sees in it."""
        import numpy as np

        several = {dimension for dimension, _ in narrowed} & MULTI_VALUED
        kept = self.first
        if lens in MULTI_VALUED:
            names, value = self.values[lens]
            kept = value != (names.index("") if "" in names else -1)
        elif several:  # a conversation has one row of a value, whichever is its first
            kept = np.ones(len(self.account), dtype=bool)
        for dimension, wanted in narrowed:
            names, value = self.values[dimension]
            kept = kept & (value == (names.index(wanted) if wanted in names else -1))
        return np.flatnonzero(kept)


def _joined(before: Column[T], after: Column[T]) -> tuple[Sequence[T], Ints]:
    """Number the values of two columns together, in the order of the values."""
    import numpy as np

    parts = [np.asarray(column.places, dtype=np.int32) for column in (before, after)]
    if before.known is after.known:
        return before.known, np.concatenate(parts)
    more = set(after.known).difference(before.known)
    known = sorted([*before.known, *more])
    place_of = {value: place for place, value in enumerate(known)}
    return known, np.concatenate(
        [
            np.array([place_of[value] for value in column.known], dtype=np.int32)[part]
            for column, part in zip((before, after), parts, strict=True)
        ]
    )
