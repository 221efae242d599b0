"""When a share is worth telling somebody about: rules, the test behind them, and what follows.

Everything here is pure and counts only. The measured rule compares 7 days with the 28 before; it
fires seldom by design, and says how seldom.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import sqrt

from service.query import Dimension, Query, Window

RECENT, BEFORE = 7, 28  # days that are compared
FEWEST = 30  # conversations on either side, below which a share says nothing
LEAST_RISE = 0.03
Z, Z_FOR_LEADERS = 3.0, 3.5
QUIET = timedelta(days=7)  # after so long without firing an alert is over, and may rise again
BUDGET, BUDGET_DAYS = 4, timedelta(days=28)  # new alerts told of; the others stand on the page
DOUBLED = 2.0  # of the excess: then people are told once more


class RuleKind(StrEnum):
    RISE = "rise"  # the measured rule; its threshold is a z
    ABOVE = "above"  # a share over 7 days; its threshold is that share


class AlertState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    HELD = "held back"  # over the budget: nobody was told
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    id: str
    name: str
    kind: RuleKind
    query: Query  # its metric and filters
    over: Dimension | None  # each value is looked at by itself; None: all together
    threshold: float
    channel: str | None = None
    playbook: str = ""
    by: str = "verbatim"
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    n: int  # conversations where the metric is known
    x: int  # of them, those that the rate counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value's counts over the days that are compared."""

    value: str
    n0: int
    x0: int
    n1: int
    x1: int
    z: float | None  # by the spread that days have; None where it was not tested

    @property
    def rise(self) -> float:
        return self.x1 / self.n1 - self.x0 / self.n0 if self.n0 and self.n1 else 0.0

    @property
    def excess(self) -> float:
        """How many more than expected by the days before."""
        return self.x1 - self.n1 * (self.x0 / self.n0 if self.n0 else 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule and value, from the day on which it first fired. `nth` tellings have one message."""

    rule: str
    opened_on: date
    seen_on: date
    state: AlertState
    reading: Reading
    told_excess: float | None = None
    receipt: str | None = None

    @property
    def key(self) -> str:
        return f"alert:{self.rule}:{self.reading.value}:{self.opened_on}"

    @property
    def stands(self) -> bool:
        return self.state is not AlertState.RESOLVED


Days = Mapping[str, Mapping[date, DayCount]]  # value -> day -> counts


def windows(today: date) -> tuple[Window, Window]:
    """Return the last full days and those before them, as seen on this day."""
    start = today - timedelta(days=RECENT)
    return Window(start, today), Window(start - timedelta(days=BEFORE), start)


def spread(days: Days, window: Window) -> float:
    """How much more daily shares vary than counts of that size would by chance, at least 1.

    Pooled over all values: one alone has too few days to tell.
    """
    squares, freedom = 0.0, 0
    for by_day in days.values():
        counted = [one for one in _within(by_day, window) if one.n]
        n, x = sum(one.n for one in counted), sum(one.x for one in counted)
        if n == 0 or not 0 < x < n:
            continue
        p = x / n
        squares += sum((one.x - one.n * p) ** 2 / (one.n * p * (1 - p)) for one in counted)
        freedom += len(counted) - 1
    return max(1.0, squares / freedom) if freedom else 1.0


def readings(days: Days, today: date) -> list[Reading]:
    """Count every value's days, and test its rise by the spread of the days before."""
    recent, before = windows(today)
    phi = spread(days, before)
    return [_reading(value, days[value], recent, before, phi) for value in sorted(days)]


def fires(rule: Rule, reading: Reading) -> bool:
    if reading.n1 < FEWEST:
        return False
    if rule.kind is RuleKind.ABOVE:
        return reading.x1 / reading.n1 >= rule.threshold
    return (
        reading.n0 >= FEWEST
        and reading.rise >= LEAST_RISE
        and reading.z is not None
        and reading.z > rule.threshold
    )


def judged(
    rule: Rule, found: Sequence[Reading], known: Sequence[Alert], today: date, *, room: int
) -> list[Alert]:
    """Return the alerts that are new or changed today; asking again gives the same.

    `room` is how many new ones may be told of; what is beyond is held back, the largest first in.
    """
    standing = {one.reading.value: one for one in known if one.stands and one.rule == rule.id}
    firing = {one.value: one for one in found if fires(rule, one)}
    changed = [
        replace(one, seen_on=today, reading=firing[value])
        for value, one in standing.items()
        if value in firing and (one.seen_on, one.reading) != (today, firing[value])
    ]
    changed += [
        replace(one, state=AlertState.RESOLVED)
        for value, one in standing.items()
        if value not in firing and today - one.seen_on >= QUIET
    ]
    new = sorted(
        (one for value, one in firing.items() if value not in standing),
        key=lambda one: (-one.excess, one.value),
    )
    for place, one in enumerate(new):
        state = AlertState.OPEN if place < room else AlertState.HELD
        changed.append(
            Alert(rule=rule.id, opened_on=today, seen_on=today, state=state, reading=one)
        )
    return changed


def is_to_be_told(alert: Alert) -> bool:
    """A new alert, and one whose excess has doubled since; one that somebody took up, no more."""
    if alert.state is not AlertState.OPEN:
        return False
    return alert.told_excess is None or alert.reading.excess >= DOUBLED * alert.told_excess


def room_left(known: Iterable[Alert], today: date) -> int:
    """How many new alerts may still be told of: the budget of all rules together."""
    told = sum(one.told_excess is not None and today - one.opened_on < BUDGET_DAYS for one in known)
    return max(0, BUDGET - told)


def fired_days(rule: Rule, days: Days, last: date, span: int) -> list[tuple[date, str]]:
    """Say when a rule would have fired over the last days, an alert's quiet time between two."""
    fired: list[tuple[date, str]] = []
    seen: dict[str, date] = {}
    for back in range(span - 1, -1, -1):
        today = last - timedelta(days=back)
        for one in readings(days, today):
            if not fires(rule, one):
                continue
            if one.value not in seen or today - seen[one.value] > QUIET:
                fired.append((today, one.value))
            seen[one.value] = today
    return fired


def _reading(
    value: str, by_day: Mapping[date, DayCount], recent: Window, before: Window, phi: float
) -> Reading:
    n1, x1 = _sum(by_day, recent)
    n0, x0 = _sum(by_day, before)
    return Reading(value=value, n0=n0, x0=x0, n1=n1, x1=x1, z=_z(n0, x0, n1, x1, phi))


def _z(n0: int, x0: int, n1: int, x1: int, phi: float) -> float | None:
    """The pooled z of two shares by the spread of days: variance grows by phi."""
    if not n0 or not n1:
        return None
    pooled = (x0 + x1) / (n0 + n1)
    variance = pooled * (1 - pooled) * (1 / n0 + 1 / n1) * phi
    return (x1 / n1 - x0 / n0) / sqrt(variance) if variance > 0 else None


def _sum(by_day: Mapping[date, DayCount], window: Window) -> tuple[int, int]:
    inside = _within(by_day, window)
    return sum(one.n for one in inside), sum(one.x for one in inside)


def _within(by_day: Mapping[date, DayCount], window: Window) -> list[DayCount]:
    days = (window.start + timedelta(days=number) for number in range(window.days))
    return [by_day[day] for day in days if day in by_day]
