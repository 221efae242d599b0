"""Draws the conversations of made-up desks: accounts, segments, channels and drivers that go
together, heavy-tailed account volumes, weekday habits, one to three drivers each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from service.query import Dimension

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DRIVERS = (
    *(f"driver {letter}" for letter in "abcdefghijkl"),
    *(f"driver {number}" for number in range(13, 61)),
)
CHANNELS = ("email", "chat", "web", "phone")
SEGMENTS = ("enterprise", "growth", "starter", "free")
NAMES = {Dimension.DRIVER: DRIVERS, Dimension.CHANNEL: CHANNELS, Dimension.SEGMENT: SEGMENTS}
WEEKDAY_VOLUME = np.array([1.15, 1.1, 1.05, 1.0, 0.95, 0.45, 0.4])
NOTHING = -1  # a place in `drivers` that holds none


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a world is and how much its accounts differ."""

    conversations: int = 5_000  # in the current window
    accounts: int = 1_500
    tail: float = 1.4  # sigma of the log-normal account volumes
    baseline_days: int = 28
    current_days: int = 28
    weekend: float = 0.2  # what a weekend adds to the log-odds
    most_drivers: int = 3
    drivers: int = 12
    drivers_each: tuple[float, ...] = (0.05, 0.7, 0.2, 0.05)  # of conversations with none, one, ...


@dataclass(slots=True, kw_only=True)
class Shift:
    """What the current window adds. Preferences and odds are logs; volumes are factors."""

    odds: Callable[["Drawn"], Floats] | None = None
    driver: dict[int, float] = field(default_factory=dict)
    channel: dict[int, float] = field(default_factory=dict)
    segment: dict[int, float] = field(default_factory=dict)
    before: dict[int, float] = field(default_factory=dict)  # drivers, in the baseline
    account: dict[int, float] = field(default_factory=dict)
    volume: float = 1.0
    day_volume: dict[int, float] = field(default_factory=dict)  # logs, by day of the window
    relabel: Callable[[Ints], Ints] | None = None  # what agents make of the drivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What stays the same in both windows: who writes, about what, where, and how content."""

    scale: Scale
    segment: Ints  # of each account
    log_volume: Floats
    driver_taste: Floats  # account x driver
    channel_taste: Floats
    driver_odds: Floats
    channel_odds: Floats
    segment_odds: Floats
    account_odds: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The conversations of one window."""

    account: Ints
    day: Ints  # of the window
    weekday: Ints
    segment: Ints
    channel: Ints
    drivers: Ints  # conversation x most drivers, padded with NOTHING
    chance: Floats
    negative: Flags


def desk_of(rng: np.random.Generator, scale: Scale) -> Desk:
    size = scale.accounts
    segment = rng.choice(len(SEGMENTS), size=size, p=[0.15, 0.3, 0.35, 0.2])
    many = scale.drivers
    driver_share = np.log(np.maximum(rng.dirichlet(np.full(many, 4.0)), 0.36 / many))
    driver_by_segment = rng.normal(0, 0.3, (len(SEGMENTS), many))
    channel_share = np.log(np.array([0.4, 0.3, 0.2, 0.1]))
    channel_by_segment = rng.normal(0, 0.3, (len(SEGMENTS), len(CHANNELS)))
    volume = rng.normal(0, scale.tail, size) + np.array([1.0, 0.3, 0.0, -0.5])[segment]
    return Desk(
        scale=scale,
        segment=segment,
        log_volume=volume,
        driver_taste=driver_share + driver_by_segment[segment] + rng.normal(0, 0.5, (size, many)),
        channel_taste=channel_share
        + channel_by_segment[segment]
        + rng.normal(0, 0.5, (size, len(CHANNELS))),
        driver_odds=rng.normal(0, 0.6, many),
        channel_odds=rng.normal(0, 0.3, len(CHANNELS)),
        segment_odds=rng.normal(0, 0.2, len(SEGMENTS)),
        account_odds=rng.normal(0, 0.3, size),
    )


def draw(desk: Desk, seed: Sequence[int], shift: Shift | None, size: int, days: int) -> Drawn:
    """Draw a window. The same seed draws the same dice, so a shift moves only what it shifts."""
    rng = np.random.default_rng(seed)
    shift = shift or Shift()
    volume = desk.log_volume + _added(shift.segment, len(SEGMENTS))[desk.segment]
    volume = volume + _added(shift.account, len(desk.segment))
    chances = np.exp(volume) / np.exp(volume).sum()
    account = np.searchsorted(np.cumsum(chances), rng.random(size)).clip(0, len(chances) - 1)
    calendar = np.arange(days) % 7
    weight = WEEKDAY_VOLUME[calendar] * np.exp(_added(shift.day_volume, days))
    day = np.searchsorted(np.cumsum(weight / weight.sum()), rng.random(size))
    taste = desk.driver_taste[account] + _added(shift.driver, desk.scale.drivers)
    taste = taste + rng.gumbel(size=taste.shape)
    order = np.argsort(-taste, axis=1)[:, : desk.scale.most_drivers]
    many = rng.choice(len(desk.scale.drivers_each), size=size, p=desk.scale.drivers_each)
    drivers = np.where(np.arange(order.shape[1]) < many[:, None], order, NOTHING)
    usual = desk.channel_taste[account] + _added(shift.channel, len(CHANNELS))
    channel = np.argmax(usual + rng.gumbel(size=usual.shape), axis=1)
    dice = rng.random(size)
    drawn = Drawn(
        account=account,
        day=day,
        weekday=calendar[day],
        segment=desk.segment[account],
        channel=channel,
        drivers=drivers,
        chance=dice,
        negative=dice < 0,
    )
    odds = _odds(desk, drawn)
    if shift.odds is not None:
        odds = odds + shift.odds(drawn)
    chance = 1 / (1 + np.exp(-odds))
    told = drivers if shift.relabel is None else shift.relabel(drivers)
    return replace(drawn, drivers=told, chance=chance, negative=dice < chance)


def _added(shift: Mapping[int, float], size: int) -> Floats:
    found = np.zeros(size)
    for place, value in shift.items():
        found[place] = value
    return found


def _odds(desk: Desk, drawn: Drawn) -> Floats:
    touched = drawn.drivers != NOTHING
    per_driver = np.where(touched, desk.driver_odds[drawn.drivers], 0.0).sum(axis=1)
    odds: Floats = (
        -1.2
        + per_driver / np.maximum(touched.sum(axis=1), 1)
        + desk.channel_odds[drawn.channel]
        + desk.segment_odds[drawn.segment]
        + desk.account_odds[drawn.account]
        + np.where(drawn.weekday >= 5, desk.scale.weekend, 0.0)
    )
    return odds


def touches(drawn: Drawn, driver: int) -> Flags:
    found: Flags = (drawn.drivers == driver).any(axis=1)
    return found
