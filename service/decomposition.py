"""Splits the change of a share into what each value of a dimension adds, exactly.

The midpoint form of Kitagawa's (1955) decomposition, after an adjustment for weekdays. Works on
counts (`ports.Cell`) and refuses to know where they come from. Every published effect is a
Fraction, so that composition + sum(rate + mix) is the change and not nearly the change; only
standard errors are floats.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from service import statistics
from service.influence import Errors
from service.query import NO_VALUE, Dimension
from service.stores import Cell
from service.weekdays import (
    ZERO,
    Sides,
    Weights,
    adjusted_share,
    plain,
    share_in,
    share_of,
    weekday_weights,
    weighted,
)

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
ENOUGH_ACCOUNTS = 5  # with fewer, accounts are no clusters and none can be "the one"
MATERIAL = Fraction(1, 10)  # a cause adds at least this share of the change
LIKELY = 0.05  # a change less sure than this is none
SURE = 0.01  # and one less sure than this is only told when a part of it is clear
MOST = 0.5
DOMINATES = 0.25  # one account's part, when the change vanishes between accounts
WITHIN_SHARE = Fraction(3, 5)  # of a rate part, for a second dimension to be named
WITHIN_Z = 2.5


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
    p_value: float
    verdict: Verdict
    cause: Found | None
    lenses: Mapping[Dimension, tuple[Row, ...]]

    @property
    def delta(self) -> Fraction:
        return self.p1 - self.p0


def decompose(total: Sides, lenses: Mapping[Dimension, Sides]) -> Decomposition:
    """Explain the change between two windows. `total` is the lens of one value, "".

    Each lens sums to the same change: rows of two lenses must never be added.
    """
    weights = weekday_weights(total)
    clusters = _clusters(total)
    tables = {
        dimension: _rows(total, sides, weights, clusters) for dimension, sides in lenses.items()
    }
    tables = _with_discoveries(tables)
    (n0, x0), (n1, x1) = plain(total.before), plain(total.after)
    p0, p1 = share_in(x0, n0), share_in(x1, n1)
    adjusted = adjusted_share(total.before, weights)
    z = _unclustered_z(total, weights, adjusted)
    clustered = _clustered_z(total, weights, clusters, adjusted, p1)
    p_value = _p_value((x0, n0, x1, n1), z)
    verdict, cause = _judge(
        total=total,
        weights=weights,
        adjusted=adjusted,
        tables=tables,
        clusters=clusters,
        p_value=p_value,
        clustered_z=clustered,
    )
    return Decomposition(
        n0=n0,
        x0=x0,
        n1=n1,
        x1=x1,
        p0=p0,
        p1=p1,
        composition=adjusted - p0,
        weights=weights,
        z=z,
        clustered_z=clustered,
        p_value=p_value,
        verdict=verdict,
        cause=cause,
        lenses=tables,
    )


def within(inside: Mapping[Dimension, tuple[Sides, Sides]]) -> tuple[Dimension, str] | None:
    """Name the value of another dimension that carries most of one value's rate part.

    `inside` holds, per dimension, the total and the lens of the conversations of that value. The
    rate part is the change of the share among them, so it splits exactly into their values' rate
    and mix parts together: a driver that got worse and larger inside a segment carries both. A
    value that merely holds most conversations says nothing more, so it must carry clearly more
    than its share of them, and its own rate must have moved.
    """
    best: tuple[float, Dimension, str] | None = None
    for dimension, (total, sides) in inside.items():
        weights, clusters = weekday_weights(total), _clusters(total)
        change = share_of(total.after) - adjusted_share(total.before, weights)
        if change == 0:
            continue
        size = plain(total.before)[0] + plain(total.after)[0]
        for row in _rows(total, sides, weights, clusters):
            part = row.total / change
            held = (row.n0 + row.n1) / size
            carries = part >= WITHIN_SHARE and abs(row.z_rate) >= WITHIN_Z
            if not carries or row.value == NO_VALUE or part < held * Fraction(5, 4):
                continue
            if best is None or abs(row.z_rate) > best[0]:
                best = (abs(row.z_rate), dimension, row.value)
    return None if best is None else (best[1], best[2])


# --- Rows ----------------------------------------------------------------------------------------


def _clusters(total: Sides) -> frozenset[str]:
    """Return the accounts whose conversations belong together.

    A conversation without an account stands alone, and so does every one when there are too few
    accounts for a variance between them.
    """
    named = {cell.account for cells in total for cell in cells} - {"", NO_VALUE}
    return frozenset(named) if len(named) >= ENOUGH_ACCOUNTS else frozenset()


def _by_value(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        found[cell.value].append(cell)
    return found


def _rows(
    total: Sides, sides: Sides, weights: Weights, clusters: frozenset[str]
) -> tuple[Row, ...]:
    before, after = _by_value(sides.before), _by_value(sides.after)
    p0, p1 = adjusted_share(total.before, weights), share_of(total.after)
    middle = (p0 + p1) / 2
    size0, size1 = weighted(total.before, weights)[0], Fraction(plain(total.after)[0])
    errors = Errors(total, weights, clusters)
    rows = []
    for value in sorted({*before, *after}):
        cells = Sides(before.get(value, ()), after.get(value, ()))
        rows.append(_row(value, cells, weights, (size0, size1, middle), errors))
    return tuple(sorted(rows, key=lambda row: (-abs(row.total), row.value)))


def _row(
    value: str,
    cells: Sides,
    weights: Weights,
    whole: tuple[Fraction, Fraction, Fraction],
    errors: Errors,
) -> Row:
    size0, size1, middle = whole
    n0, x0 = weighted(cells.before, weights)
    n1, x1 = weighted(cells.after, None)
    s0, s1 = (n0 / size0 if size0 else ZERO), (n1 / size1 if size1 else ZERO)
    # A value that one window lacks takes the other's share: all mix, no rate, the sum is kept.
    r0 = x0 / n0 if n0 else (x1 / n1 if n1 else ZERO)
    r1 = x1 / n1 if n1 else r0
    pivot = (r0 + r1) / 2 - middle
    rate, mix = (s0 + s1) / 2 * (r1 - r0), (s1 - s0) * pivot
    rate_error = errors.rate(cells, (n0, n1), (r0, r1), (s0 + s1) / 2)
    mix_error = errors.mix(cells, (s0, s1), pivot)
    raw_n0, raw_x0 = weighted(cells.before, None)
    return Row(
        value=value,
        n0=raw_n0,
        x0=raw_x0,
        n1=n1,
        x1=x1,
        adjusted_n0=n0,
        adjusted_x0=x0,
        rate=rate,
        mix=mix,
        z_rate=_ratio(rate, rate_error),
        z_mix=_ratio(mix, mix_error),
        touched0=plain(cells.before),
        touched1=plain(cells.after),
    )


def _ratio(estimate: Fraction, error: float) -> float:
    return float(estimate) / error if error > 1e-12 else 0.0


def _with_discoveries(
    tables: Mapping[Dimension, tuple[Row, ...]],
) -> dict[Dimension, tuple[Row, ...]]:
    """Mark the rows that survive one Benjamini-Hochberg step over all lenses and both kinds."""
    tests = [z for rows in tables.values() for row in rows for z in (row.z_rate, row.z_mix)]
    found = iter(statistics.discoveries([statistics.two_sided(z) for z in tests]))
    return {
        dimension: tuple(
            replace(row, rate_clear=next(found), mix_clear=next(found)) for row in rows
        )
        for dimension, rows in tables.items()
    }


# --- The verdict ---------------------------------------------------------------------------------


def _unclustered_z(total: Sides, weights: Weights, adjusted: Fraction) -> float:
    """Pooled z with Kish's effective size for the weighted side; without weights, the plain one."""
    n1, x1 = plain(total.after)
    weight = float(weighted(total.before, weights)[0])
    square = sum(cell.n * float(weights.by_weekday[cell.weekday]) ** 2 for cell in total.before)
    effective = weight**2 / square if square else 0.0
    return statistics.pooled_z(float(adjusted) * effective, effective, x1, n1)


def _p_value(counts: tuple[int, int, int, int], z: float) -> float:
    if statistics.smallest_expected(*counts) < statistics.MINIMUM_EXPECTED:
        return statistics.fisher(*counts)
    return statistics.two_sided(z)


def _clustered_z(
    total: Sides, weights: Weights, clusters: frozenset[str], adjusted: Fraction, p1: Fraction
) -> float:
    """The total is a lens of one value: its rate part is the whole adjusted change."""
    errors = Errors(total, weights, clusters)
    n0, n1 = weighted(total.before, weights)[0], Fraction(plain(total.after)[0])
    error = errors.rate(total, (n0, n1), (adjusted, p1), Fraction(1))
    return _ratio(p1 - adjusted, error)


def _judge(
    *,
    total: Sides,
    weights: Weights,
    adjusted: Fraction,
    tables: Mapping[Dimension, tuple[Row, ...]],
    clusters: frozenset[str],
    p_value: float,
    clustered_z: float,
) -> tuple[Verdict, Found | None]:
    if min(plain(total.before)[0], plain(total.after)[0]) < ENOUGH:
        return Verdict.TOO_FEW, None
    change = share_of(total.after) - adjusted
    if p_value >= LIKELY or change == 0:
        return Verdict.NO_CHANGE, None
    account, part = _largest_account(total, weights, clusters, adjusted)
    named = Found(Kind.ACCOUNT, Dimension.ACCOUNT, account)
    if part > MOST and _alone(total, account):
        return Verdict.CONCENTRATED, named
    cause = next(iter(_contributors(tables, change)), None)
    if cause is not None:
        return Verdict.CHANGE, cause
    if abs(clustered_z) < statistics.Z95:  # it vanishes when accounts are the unit
        if part > DOMINATES and _alone(total, account):
            return Verdict.CONCENTRATED, named
        return Verdict.NO_CHANGE, None
    return (Verdict.CHANGE if p_value < SURE else Verdict.NO_CHANGE), None


def _alone(total: Sides, account: str) -> bool:
    """Whether nothing is left to tell once this account's conversations are put aside."""
    rest = Sides(*([cell for cell in cells if cell.account != account] for cells in total))
    weights = weekday_weights(rest)
    z = _unclustered_z(rest, weights, adjusted_share(rest.before, weights))
    return abs(z) < statistics.Z95


def _largest_account(
    total: Sides, weights: Weights, clusters: frozenset[str], adjusted: Fraction
) -> tuple[str, float]:
    """Return the account that adds most to the change, and its share of it.

    A conversation adds (y - rbar) / N, with the sign of its window; over all it is the change.
    """
    p1 = share_of(total.after)
    middle, change = float((adjusted + p1) / 2), float(p1 - adjusted)
    size0, size1 = float(weighted(total.before, weights)[0]), plain(total.after)[0]
    days = {day: float(weight) / size0 for day, weight in weights.by_weekday.items()}
    parts: dict[str, float] = defaultdict(float)
    for cell in total.before:
        parts[cell.account] -= days[cell.weekday] * (cell.x - cell.n * middle)
    for cell in total.after:
        parts[cell.account] += (cell.x - cell.n * middle) / size1
    shares = {account: parts[account] / change for account in clusters}
    if not shares:
        return NO_VALUE, 0.0
    largest = max(shares, key=lambda account: (shares[account], account))
    return largest, shares[largest]


def contributors(found: Decomposition) -> list[Found]:
    """Return the clear parts that have the change's sign and are material, surest first."""
    return _contributors(found.lenses, found.p1 - found.p0 - found.composition)


def _contributors(tables: Mapping[Dimension, tuple[Row, ...]], change: Fraction) -> list[Found]:
    parts = [
        (abs(z), Found(kind, dimension, row.value))
        for dimension, rows in tables.items()
        for row in rows
        for kind, effect, z, clear in (
            (Kind.RATE, row.rate, row.z_rate, row.rate_clear),
            (Kind.MIX, row.mix, row.z_mix, row.mix_clear),
        )
        # The z of a mix part does not see how small the part is.
        if clear and effect / change >= MATERIAL
    ]
    return [found for _, found in sorted(parts, key=lambda part: -part[0])]
