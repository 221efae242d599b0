"""Makes two windows comparable by weekday, exactly."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm

from service.sides import Sides

ZERO = Fraction(0)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much a baseline conversation of each weekday counts, so that weekday shares agree."""

    by_weekday: Mapping[int, Fraction]
    grain: str | None  # "weekday", "weekend", or None when nothing had to be adjusted
    missing: tuple[str, ...] = ()  # groups of the current window that the baseline lacks

    @cached_property
    def parts(self) -> tuple[Sequence[int], int]:
        """The seven weights in whole parts of one number: adding those is cheap and exact."""
        days = [self.by_weekday[day] for day in range(7)]
        of = lcm(*(weight.denominator for weight in days))
        return [weight.numerator * (of // weight.denominator) for weight in days], of


def weekday_weights(total: Sides) -> Weights:
    """Weigh baseline conversations by v_g = (N1g / N1) / (N0g / N0), g = weekday.

    Weekday and weekend are the groups when a window lacks a weekday; a group that the baseline
    lacks cannot be weighed and is named.
    """
    days0, days1 = (_by_weekday(total, is_after=side) for side in (False, True))
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


def _by_weekday(total: Sides, *, is_after: bool) -> dict[int, int]:
    here = total.is_after == is_after
    return {
        day: count
        for day in range(7)
        if (count := int(total.n[here & (total.weekday == day)].sum()))
    }


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
