"""Splits the change of a share into what each value of a dimension adds, exactly.

The midpoint form of Kitagawa's (1955) decomposition, after an adjustment for weekdays. Works on
counts (`sides.Sides`) and refuses to know where they come from. Every published effect is a
Fraction, so that composition + sum(rate + mix) is the change and not nearly the change; only
standard errors are floats.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import sqrt
from typing import NamedTuple

from service import statistics
from service.influence import Held
from service.query import NO_VALUE, Dimension
from service.sides import Sides
from service.standard_errors import Error
from service.weekdays import ZERO, Weights
from service.whole import Whole

__all__ = [
    "Decomposition",
    "Found",
    "Kind",
    "Row",
    "Sides",
    "Verdict",
    "contributors",
    "decompose",
    "within",
]

ENOUGH = 20  # conversations on each side; below it there are counts and no verdict
MATERIAL = Fraction(1, 10)  # a cause adds at least this share of the change
RIVALS = Fraction(1, 3)  # and at least this part of what the largest clear part adds
LIKELY = 0.05  # a change less sure than this is none
SURE = 0.01  # and one less sure than this is only told when a part of it is clear
MOST = 0.5
DOMINATES = 0.25  # one account's part, when the change vanishes between accounts
WITHIN_SHARE = Fraction(3, 5)  # of a rate part, for a second dimension to be named
WITHIN_Z = 2.5
MORE_THAN_HELD = Fraction(5, 4)  # times its share of the conversations


class Verdict(StrEnum):
    CHANGE = "change"
    NO_CHANGE = "no_change"
    CONCENTRATED = "concentrated"
    TOO_FEW = "too_few"


class Kind(StrEnum):
    RATE = "rate"
    MIX = "mix"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value's part. n and x weigh a conversation 1/m; `touched` counts it once, in integers."""

    value: str
    n0: Fraction
    x0: Fraction
    n1: Fraction
    x1: Fraction
    adjusted_n0: Fraction  # with the weekday weights: what the formulas below use
    adjusted_x0: Fraction
    rate: Fraction
    mix: Fraction
    z_rate: float
    z_mix: float
    p_rate: float
    p_mix: float
    touched0: tuple[int, int]  # (conversations, counted)
    touched1: tuple[int, int]
    rate_clear: bool = False
    mix_clear: bool = False

    @property
    def total(self) -> Fraction:
        return self.rate + self.mix

    @property
    def state(self) -> str | None:
        """Say "new" or "gone" when one window does not hold the value."""
        if self.n0 == 0:
            return "new"
        return "gone" if self.n1 == 0 else None

    @property
    def clear(self) -> bool:
        return self.rate_clear or self.mix_clear

    @property
    def z(self) -> float:
        return max(self.z_rate, self.z_mix, key=abs)


def _rates(held: Held) -> tuple[Fraction, Fraction]:
    """Both windows' rates of a value: one that lacks it takes the other's, so that it adds mix."""
    (n0, x0), (n1, x1) = held.adjusted, held.after
    before = x0 / n0 if n0 else (x1 / n1 if n1 else ZERO)
    return before, x1 / n1 if n1 else before


class Effects(NamedTuple):
    """What a value adds to the change, by its rate and by its share of the conversations."""

    rate: Fraction
    mix: Fraction
    turned: Fraction  # how far its rate moved
    added: Fraction  # how far its share did, with the sign of what that adds

    @staticmethod
    def of(held: Held, whole: Whole) -> "Effects":
        size0, size1 = whole.sizes
        (n0, _), (n1, _) = held.adjusted, held.after
        s0, s1 = (n0 / size0 if size0 else ZERO), (n1 / size1 if size1 else ZERO)
        r0, r1 = _rates(held)
        turned, grown, pivot = r1 - r0, s1 - s0, (r0 + r1) / 2 - whole.middle
        added = grown if pivot > 0 else -grown if pivot else ZERO
        return Effects((s0 + s1) / 2 * turned, grown * pivot, turned, added)


class Found(NamedTuple):
    """The largest identified contributor."""

    kind: Kind
    dimension: Dimension
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decomposition:
    n0: int
    x0: int
    n1: int
    x1: int
    p0: Fraction
    p1: Fraction
    composition: Fraction  # p0 with the current weekday shares, minus p0
    weights: Weights
    z: float  # of the adjusted change, conversations independent
    clustered_z: float  # of the adjusted change, accounts independent
    clustered_p: float
    p_value: float
    verdict: Verdict
    cause: Found | None
    lenses: Mapping[Dimension, tuple[Row, ...]]

    @property
    def delta(self) -> Fraction:
        return self.p1 - self.p0


def decompose(total: Sides, lenses: Mapping[Dimension, Sides]) -> Decomposition:
    """Explain the change between two windows. `total` is a lens that holds each conversation once.

    Each lens sums to the same change: rows of two lenses must never be added.
    """
    whole = Whole.of(total)
    tables = _with_discoveries({lens: _rows(whole, sides) for lens, sides in lenses.items()})
    verdict, cause = _judge(total, whole, tables)
    (n0, x0), (n1, x1) = whole.before, whole.after
    return Decomposition(
        n0=n0,
        x0=x0,
        n1=n1,
        x1=x1,
        p0=whole.p0,
        p1=whole.p1,
        composition=whole.adjusted - whole.p0,
        weights=whole.weights,
        z=whole.z,
        clustered_z=whole.clustered_z,
        clustered_p=whole.clustered_p,
        p_value=whole.p_value,
        verdict=verdict,
        cause=cause,
        lenses=tables,
    )


def within(total: Sides, inside: Mapping[Dimension, Sides]) -> tuple[Dimension, str] | None:
    """Name the value of another dimension that carries most of one value's rate part.

    `total` and `inside` count the conversations of that value. The rate part is the change of the
    share among them, and a value carries what the conversations that touch it add, each once: of
    several drivers each would be told a part of what one of them did. A value that merely holds
    most conversations says nothing more, so it must carry clearly more than its share of them, and
    its own rate must have moved, and clearly more than the others'.
    """
    whole = Whole.of(total)
    if whole.change == 0:
        return None
    carrying = [
        (z, dimension, held.value)
        for dimension, sides in inside.items()
        for held, z in _by_rate(whole, sides)
        if held.value != NO_VALUE
        and z >= WITHIN_Z
        and _carried(held, whole) >= max(WITHIN_SHARE, MORE_THAN_HELD * _held(held, whole))
        and _moved_more(held, whole)
    ]
    if not carrying:
        return None
    _, dimension, value = max(carrying)
    return dimension, value


def _by_rate(whole: Whole, sides: Sides) -> Iterator[tuple[Held, float]]:
    """Each value, and how surely its rate moved."""
    folds = whole.fold(sides)
    for held, error in zip(folds.held(whole.weights), whole.errors.rates(folds), strict=True):
        before, after = _rates(held)
        yield held, abs(error.z(after - before))


def _carried(held: Held, whole: Whole) -> Fraction:
    """The part of the change that a value's conversations add."""
    sides = ((held.touched0, whole.before), (held.touched1, whole.after))
    before, after = ((x - n * whole.middle) / size for (n, x), (size, _) in sides)
    return (after - before) / whole.change


def _held(held: Held, whole: Whole) -> Fraction:
    """Their part of all conversations."""
    return Fraction(held.touched0[0] + held.touched1[0], whole.before[0] + whole.after[0])


def _moved_more(held: Held, whole: Whole) -> bool:
    """Whether the rate moved clearly more among these conversations than among all others."""
    moved, variance = 0.0, 0.0
    for own, every, sign in ((held.touched0, whole.before, -1), (held.touched1, whole.after, 1)):
        others = (every[0] - own[0], every[1] - own[1])
        for (n, x), side in ((own, sign), (others, -sign)):
            share = (x + 0.5) / (n + 1)
            moved += side * share
            variance += share * (1 - share) / (n + 1)
    direction = 1 if whole.change > 0 else -1
    return direction * moved / sqrt(variance) >= statistics.Z95


# --- Rows ----------------------------------------------------------------------------------------


def _rows(whole: Whole, sides: Sides) -> tuple[Row, ...]:
    folds = whole.fold(sides)
    errors = zip(whole.errors.rates(folds), whole.errors.shares(folds), strict=True)
    rows = [
        _row(held, whole, *both)
        for held, both in zip(folds.held(whole.weights), errors, strict=True)
    ]
    return tuple(sorted(rows, key=_largest_first))


def _largest_first(row: Row) -> tuple[float, Fraction, str]:
    total = -abs(row.total)
    return float(total), total, row.value  # most differ as floats, which are compared faster


def _row(held: Held, whole: Whole, of_rate: Error, of_share: Error) -> Row:
    effects = Effects.of(held, whole)
    return Row(
        value=held.value,
        n0=held.before[0],
        x0=held.before[1],
        n1=held.after[0],
        x1=held.after[1],
        adjusted_n0=held.adjusted[0],
        adjusted_x0=held.adjusted[1],
        rate=effects.rate,
        mix=effects.mix,
        z_rate=of_rate.z(effects.turned),
        z_mix=of_share.z(effects.added),
        p_rate=of_rate.p(effects.turned),
        p_mix=of_share.p(effects.added),
        touched0=held.touched0,
        touched1=held.touched1,
    )


def _with_discoveries(
    tables: Mapping[Dimension, tuple[Row, ...]],
) -> dict[Dimension, tuple[Row, ...]]:
    """Mark the rows that survive one Benjamini-Hochberg step over all lenses and both kinds."""
    p_values = [p for rows in tables.values() for row in rows for p in (row.p_rate, row.p_mix)]
    found = iter(statistics.discoveries(p_values))
    return {
        dimension: tuple(
            replace(row, rate_clear=next(found), mix_clear=next(found)) for row in rows
        )
        for dimension, rows in tables.items()
    }


# --- The verdict ---------------------------------------------------------------------------------


def _judge(
    total: Sides, whole: Whole, tables: Mapping[Dimension, tuple[Row, ...]]
) -> tuple[Verdict, Found | None]:
    if min(whole.before[0], whole.after[0]) < ENOUGH:
        return Verdict.TOO_FEW, None
    if whole.p_value >= LIKELY or whole.change == 0:
        return Verdict.NO_CHANGE, None
    account = whole.largest_account()
    named = Found(Kind.ACCOUNT, Dimension.ACCOUNT, account.name)
    unusual = account.p_value < LIKELY
    parts = _contributors(tables, whole.change, whole.clustered_p)
    # A part that is clear though accounts are the unit, and adds as much, is no single account's.
    most = account.part > MOST and not any(part >= account.part for part, _ in parts[:1])
    if unusual and most and _alone(total, account.name):
        return Verdict.CONCENTRATED, named
    if parts:
        return Verdict.CHANGE, parts[0][1]
    if whole.clustered_p >= LIKELY:  # it vanishes when accounts are the unit
        if unusual and account.part > DOMINATES and _alone(total, account.name):
            return Verdict.CONCENTRATED, named
        return Verdict.NO_CHANGE, None
    sure = max(whole.p_value, whole.clustered_p, whole.daily_p) < SURE
    return (Verdict.CHANGE if sure else Verdict.NO_CHANGE), None


def _alone(total: Sides, account: str) -> bool:
    """Whether nothing is left to tell once this account's conversations are put aside."""
    return abs(Whole.of(total.without(account)).z) < statistics.Z95


def contributors(found: Decomposition) -> list[Found]:
    """Return the clear parts that have the change's sign and are material, surest first."""
    parts = _contributors(found.lenses, found.p1 - found.p0 - found.composition, found.clustered_p)
    return [part for _, part in parts]


def _contributors(
    tables: Mapping[Dimension, tuple[Row, ...]], change: Fraction, clustered_p: float
) -> list[tuple[Fraction, Found]]:
    """Each with its part of the change. Among parts of like size the surest goes first: relabelling
    moves a small part for certain, and that is not where a change comes from. Under a whole that is
    not sure when accounts are the unit, a part must be surer.
    """
    every = [
        (abs(z), effect / change, Found(kind, dimension, row.value), p_value)
        for dimension, rows in tables.items()
        for row in rows
        for kind, effect, z, p_value in (
            (Kind.RATE, row.rate, row.z_rate, row.p_rate),
            (Kind.MIX, row.mix, row.z_mix, row.p_mix),
        )
    ]
    q = LIKELY if clustered_p < LIKELY else SURE
    clear = statistics.discoveries([p_value for *_, p_value in every], q=q)
    # The z of a mix part does not see how small the part is.
    parts = [
        (z, part, found)
        for (z, part, found, _), is_clear in zip(every, clear, strict=True)
        if is_clear and part >= MATERIAL
    ]
    largest = max((part for _, part, _ in parts), default=Fraction(0))
    rivals = [one for one in parts if one[1] >= RIVALS * largest]
    return [(part, found) for _, part, found in sorted(rivals, key=lambda one: -one[0])]
