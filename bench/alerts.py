"""How often alert rules cry over quiet weeks, and how often they see a real rise within a week.

Seeded workspaces of twelve drivers, from 120 conversations a day down to 2; weekdays, and shares
that vary from day to day more than chance does. `python -m bench alerts`.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from bench.table import line
from service.domain.alerts import (
    BEFORE,
    FEWEST,
    QUIET,
    RECENT,
    DayCount,
    Days,
    Reading,
    Rule,
    RuleKind,
    fires,
    readings,
    spread,
    windows,
)
from service.query import Dimension, Query

SEED = 20261122
VOLUMES = (120, 90, 60, 45, 30, 24, 18, 12, 8, 5, 3, 2)
WEEKDAYS = (1.25, 1.2, 1.1, 1.05, 1.0, 0.75, 0.65)
WEEKS, WORKSPACES = 26, 40
RISE = 0.10
SEEN_AT = (0, 4, 7)  # drivers that rise
FIRST = date(2026, 1, 5)  # a Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How daily shares vary, in logits."""

    name: str
    day: float = 0.0  # of one driver and day
    workspace: float = 0.0  # of all drivers together on a day
    drift: float = 0.0  # step of a slow walk of each driver


WORLDS = (
    World(name="chance alone"),
    World(name="days vary", day=0.25, workspace=0.15),
    World(name="days vary, slow drift", day=0.25, workspace=0.15, drift=0.03),
)


class Counted(NamedTuple):
    reading: Reading
    phi: float


RULE = Rule(
    id="bench",
    name="bench",
    kind=RuleKind.RISE,
    query=Query(metric="negative_rate"),
    over=Dimension.DRIVER,
    threshold=3.0,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def _plain_z(one: Counted) -> float:
    return (one.reading.z or 0.0) * math.sqrt(one.phi)


def _has(one: Counted, least: int = FEWEST) -> bool:
    return one.reading.n1 >= least and one.reading.n0 >= least


RULES: dict[str, Callable[[Counted], bool]] = {
    "+5 points": lambda one: _has(one, 1) and one.reading.rise >= 0.05,
    "+10 points, n >= 30": lambda one: _has(one) and one.reading.rise >= 0.10,
    "z > 1.96": lambda one: _has(one, 1) and _plain_z(one) > 1.96,
    "z > 3, n >= 30": lambda one: _has(one) and _plain_z(one) > 3,
    "z > 3 / root phi, n >= 30, +3 points": lambda one: (
        _has(one) and one.reading.rise >= 0.03 and _plain_z(one) > 3 / math.sqrt(one.phi)
    ),
    "ours: z / root phi > 3, n >= 30, +3 points": lambda one: fires(RULE, one.reading),
    "ours for leaders: > 3.5": lambda one: fires(replace(RULE, threshold=3.5), one.reading),
}


def workspace(world: World, number: int, *, rise: tuple[int, int] | None = None) -> Days:
    """One workspace's counts; `rise` adds ten points to a driver's share from a day on."""
    chance = random.Random(f"{SEED} {world.name} {number}")  # noqa: S311 -- a simulation
    shares = [chance.uniform(0.15, 0.4) for _ in VOLUMES]
    walks = [0.0] * len(VOLUMES)
    found: dict[str, dict[date, DayCount]] = {f"driver {d:02}": {} for d in range(len(VOLUMES))}
    for step in range(WEEKS * 7):
        day = FIRST + timedelta(days=step)
        common = chance.gauss(0, world.workspace)
        for driver, volume in enumerate(VOLUMES):
            walks[driver] = 0.97 * walks[driver] + chance.gauss(0, world.drift)
            mean = volume * WEEKDAYS[day.weekday()] * chance.gammavariate(25, 1 / 25)
            n = _poisson(chance, mean)
            logit = math.log(shares[driver] / (1 - shares[driver]))
            p = 1 / (1 + math.exp(-logit - common - walks[driver] - chance.gauss(0, world.day)))
            if rise is not None and rise[0] == driver and step >= rise[1]:
                p = min(1.0, p + RISE)
            x = sum(chance.random() < p for _ in range(n))
            found[f"driver {driver:02}"][day] = DayCount(n=n, x=x)
    return found


def _poisson(chance: random.Random, mean: float) -> int:
    """Knuth's for small means, the normal approximation for large ones."""
    if mean > 60:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, n, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        n, product = n + 1, product * chance.random()
    return n


def looks(days: Days, first: int, last: int) -> Iterator[tuple[date, list[Counted]]]:
    for step in range(first, last):
        today = FIRST + timedelta(days=step)
        phi = spread(days, windows(today)[1])
        yield today, [Counted(one, phi) for one in readings(days, today)]


def false_alarms(world: World) -> dict[str, float]:
    """Alarms a workspace and week where nothing happened, an alert's quiet time between two."""
    alarms = dict.fromkeys(RULES, 0)
    weeks = 0.0
    for number in range(WORKSPACES):
        seen: dict[tuple[str, str], date] = {}
        for today, found in looks(workspace(world, number), RECENT + BEFORE, WEEKS * 7):
            weeks += 1 / 7
            for name, rule in RULES.items():
                for one in found:
                    if not rule(one):
                        continue
                    key = (name, one.reading.value)
                    alarms[name] += key not in seen or today - seen[key] > QUIET
                    seen[key] = today
    return {name: count / weeks for name, count in alarms.items()}


def seen_within_a_week(world: World, driver: int) -> dict[str, float]:
    """How many of the workspaces' real rises are seen within seven days."""
    starts = WEEKS * 7 - 20
    seen = dict.fromkeys(RULES, 0)
    for number in range(WORKSPACES):
        days = workspace(world, number, rise=(driver, starts))
        value = f"driver {driver:02}"
        told = [
            one
            for _, found in looks(days, starts + 1, starts + RECENT + 1)
            for one in found
            if one.reading.value == value
        ]
        for name, rule in RULES.items():
            seen[name] += any(rule(one) for one in told)
    return {name: count / WORKSPACES for name, count in seen.items()}


def figures() -> None:
    alarms = [false_alarms(world) for world in WORLDS]
    seen = [seen_within_a_week(WORLDS[1], driver) for driver in SEEN_AT]
    worlds = ", ".join(world.name for world in WORLDS)
    volumes = ", ".join(str(VOLUMES[driver]) for driver in SEEN_AT)
    for name in RULES:
        said = " / ".join(f"{one[name]:.2f}" for one in alarms)
        note = f"false alarms a workspace and week: {worlds}"
        line(f"alerts: {name}", said, note)
        said = " / ".join(f"{one[name]:.2f}" for one in seen)
        line(f"alerts: {name}", said, f"+10 points seen in 7 days at {volumes} a day")
