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
from math import sqrt
from typing import NamedTuple

from service import statistics
from service.ports import Cell
from service.query import NO_VALUE, Dimension

ENOUGH = 20  # conversations on each side; below it there are counts and no verdict
ENOUGH_ACCOUNTS = 5  # with fewer, accounts are no clusters and none can be "the one"
MATERIAL = Fraction(1, 10)  # a cause adds at least this share of the change
WITHIN_SHARE = Fraction(3, 5)  # of a rate part, for a second dimension to be named
WITHIN_Z = 2.5
ZERO = Fraction(0)


class Verdict(StrEnum):
    CHANGE = "change"
    NO_CHANGE = "no_change"
    CONCENTRATED = "concentrated"
    TOO_FEW = "too_few"


class Kind(StrEnum):
    RATE = "rate"
    MIX = "mix"
    ACCOUNT = "account"


class Sides(NamedTuple):
    """The cells of one lens in both windows."""

    before: Sequence[Cell]
    after: Sequence[Cell]


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
class Weights:
    """How much a baseline conversation of each weekday counts, so that weekday shares agree."""

    by_weekday: Mapping[int, Fraction]
    grain: str | None  # "weekday", "weekend", or None when nothing had to be adjusted
    missing: tuple[str, ...] = ()  # groups of the current window that the baseline lacks


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
    (n0, x0), (n1, x1) = _plain(total.before), _plain(total.after)
    p0, p1 = _share(x0, n0), _share(x1, n1)
    adjusted = _adjusted_share(total.before, weights)
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

    `inside` holds, per dimension, the total and the lens of the conversations of that value. A
    value that merely holds most conversations says nothing more, so it must carry clearly more
    than its share of them.
    """
    best: tuple[float, Dimension, str] | None = None
    for dimension, (total, sides) in inside.items():
        weights, clusters = weekday_weights(total), _clusters(total)
        change = _share_of(total.after) - _adjusted_share(total.before, weights)
        if change == 0:
            continue
        size = _plain(total.before)[0] + _plain(total.after)[0]
        for row in _rows(total, sides, weights, clusters):
            part = row.rate / change
            held = (row.n0 + row.n1) / size
            carries = part >= WITHIN_SHARE and abs(row.z_rate) >= WITHIN_Z
            if not carries or row.value == NO_VALUE or part < held * Fraction(5, 4):
                continue
            if best is None or abs(row.z_rate) > best[0]:
                best = (abs(row.z_rate), dimension, row.value)
    return None if best is None else (best[1], best[2])


def weekday_weights(total: Sides) -> Weights:
    """Weigh baseline conversations by v_g = (N1g / N1) / (N0g / N0), g = weekday.

    Weekday and weekend are the groups when a window lacks a weekday; a group that the baseline
    lacks cannot be weighed and is named.
    """
    days0, days1 = _by_weekday(total.before), _by_weekday(total.after)
    fine = len(days0) == 7 and len(days1) == 7
    groups0, groups1 = (days0, days1) if fine else (_weekend(days0), _weekend(days1))
    size0, size1 = sum(groups0.values()), sum(groups1.values())
    neutral = Weights(by_weekday=dict.fromkeys(range(7), Fraction(1)), grain=None)
    if not size0 or not size1 or not set(groups0) & set(groups1):
        return neutral
    weight = {
        group: Fraction(groups1.get(group, 0), size1) / Fraction(count, size0)
        for group, count in groups0.items()
    }
    if all(value == 1 for value in weight.values()):
        return neutral
    return Weights(
        by_weekday={
            day: weight.get(day if fine else _weekend_group(day), Fraction(1)) for day in range(7)
        },
        grain="weekday" if fine else "weekend",
        missing=tuple(_group_name(g, fine=fine) for g in sorted(set(groups1) - set(groups0))),
    )


# --- Counts --------------------------------------------------------------------------------------


def _plain(cells: Sequence[Cell]) -> tuple[int, int]:
    return sum(cell.n for cell in cells), sum(cell.x for cell in cells)


def _share(x: int, n: int) -> Fraction:
    return Fraction(x, n) if n else ZERO


def _share_of(cells: Sequence[Cell]) -> Fraction:
    n, x = _plain(cells)
    return _share(x, n)


def _by_weekday(cells: Sequence[Cell]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for cell in cells:
        counts[cell.weekday] += cell.n
    return {day: count for day, count in counts.items() if count}


def _weekend_group(day: int) -> int:
    return 5 if day >= 5 else 0


def _weekend(days: Mapping[int, int]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for day, count in days.items():
        counts[_weekend_group(day)] += count
    return dict(counts)


def _group_name(group: int, *, fine: bool) -> str:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return names[group] if fine else ("weekend" if group else "weekdays")


def _adjusted_share(cells: Sequence[Cell], weights: Weights) -> Fraction:
    n, x = _weighted(cells, weights)
    return x / n if n else ZERO


def _weighted(cells: Sequence[Cell], weights: Weights | None) -> tuple[Fraction, Fraction]:
    """Add integer counts by (m, weekday) first and divide last: no drift, and few Fractions."""
    counts: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        counts[cell.m, cell.weekday][0] += cell.n
        counts[cell.m, cell.weekday][1] += cell.x
    n, x = ZERO, ZERO
    for (m, day), (many, counted) in counts.items():
        weight = Fraction(1, m) * (weights.by_weekday[day] if weights else 1)
        n += weight * many
        x += weight * counted
    return n, x


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
    p0, p1 = _adjusted_share(total.before, weights), _share_of(total.after)
    middle = (p0 + p1) / 2
    size0, size1 = _weighted(total.before, weights)[0], Fraction(_plain(total.after)[0])
    errors = _Errors(total, weights, clusters)
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
    errors: "_Errors",
) -> Row:
    size0, size1, middle = whole
    n0, x0 = _weighted(cells.before, weights)
    n1, x1 = _weighted(cells.after, None)
    s0, s1 = (n0 / size0 if size0 else ZERO), (n1 / size1 if size1 else ZERO)
    # A value that one window lacks takes the other's share: all mix, no rate, the sum is kept.
    r0 = x0 / n0 if n0 else (x1 / n1 if n1 else ZERO)
    r1 = x1 / n1 if n1 else r0
    pivot = (r0 + r1) / 2 - middle
    rate, mix = (s0 + s1) / 2 * (r1 - r0), (s1 - s0) * pivot
    rate_error = errors.rate(cells, (n0, n1), (r0, r1), (s0 + s1) / 2)
    mix_error = errors.mix(cells, (s0, s1), pivot)
    raw_n0, raw_x0 = _weighted(cells.before, None)
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
        touched0=_plain(cells.before),
        touched1=_plain(cells.after),
    )


def _ratio(estimate: Fraction, error: float) -> float:
    return float(estimate) / error if error > 1e-12 else 0.0


class _Errors:
    """Standard errors from each conversation's influence, summed per account before squaring."""

    def __init__(self, total: Sides, weights: Weights, clusters: frozenset[str]) -> None:
        self._v = {day: float(weight) for day, weight in weights.by_weekday.items()}
        self._clusters = clusters
        self._size0 = float(_weighted(total.before, weights)[0])
        self._size1 = float(_plain(total.after)[0])
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
    (n0, x0), (n1, x1) = _plain(cells.before), _plain(cells.after)
    if not n0 or not n1:
        return 0.0
    pooled = (x0 + x1) / (n0 + n1)
    return float(share) * sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))


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
    n1, x1 = _plain(total.after)
    weight = float(_weighted(total.before, weights)[0])
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
    errors = _Errors(total, weights, clusters)
    n0, n1 = _weighted(total.before, weights)[0], Fraction(_plain(total.after)[0])
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
    if min(_plain(total.before)[0], _plain(total.after)[0]) < ENOUGH:
        return Verdict.TOO_FEW, None
    change = _share_of(total.after) - adjusted
    if p_value >= 0.05 or change == 0:
        return Verdict.NO_CHANGE, None
    account, part = _largest_account(total, weights, clusters, adjusted)
    if account and (part > Fraction(1, 2) or abs(clustered_z) < statistics.Z95):
        return Verdict.CONCENTRATED, Found(Kind.ACCOUNT, Dimension.ACCOUNT, account)
    return Verdict.CHANGE, _largest_row(tables, change)


def _largest_account(
    total: Sides, weights: Weights, clusters: frozenset[str], adjusted: Fraction
) -> tuple[str | None, Fraction]:
    """Return the account that adds most to the change, and its share of it.

    A conversation adds (y - rbar) / N, with the sign of its window; over all it is the change.
    """
    p1 = _share_of(total.after)
    middle = (adjusted + p1) / 2
    size0, size1 = _weighted(total.before, weights)[0], Fraction(_plain(total.after)[0])
    parts: dict[str, Fraction] = defaultdict(Fraction)
    for cell in total.before:
        weight = weights.by_weekday[cell.weekday]
        parts[cell.account] -= weight * (cell.x - cell.n * middle) / size0
    for cell in total.after:
        parts[cell.account] += (cell.x - cell.n * middle) / size1
    shares = {a: part / (p1 - adjusted) for a, part in parts.items() if a in clusters}
    if not shares:
        return None, ZERO
    largest = max(shares, key=lambda a: (shares[a], a))
    return largest, shares[largest]


def _largest_row(tables: Mapping[Dimension, tuple[Row, ...]], change: Fraction) -> Found | None:
    """Pick the clear row with the change's sign and the largest |z|, over lenses and kinds."""
    best: tuple[float, Found] | None = None
    for dimension, rows in tables.items():
        for row in rows:
            for kind, effect, z, clear in (
                (Kind.RATE, row.rate, row.z_rate, row.rate_clear),
                (Kind.MIX, row.mix, row.z_mix, row.mix_clear),
            ):
                # The z of a mix part does not see how small the part is.
                if clear and effect / change >= MATERIAL and (best is None or abs(z) > best[0]):
                    best = (abs(z), Found(kind, dimension, row.value))
    return None if best is None else best[1]
