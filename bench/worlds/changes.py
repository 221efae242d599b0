"""Makes worlds in which one thing changed by a known number of points, or nothing did.

It refuses to know how causes are found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bench.worlds.counting import account_key, cells
from bench.worlds.drawing import (
    CHANNELS,
    DRIVERS,
    SEGMENTS,
    Desk,
    Drawn,
    Ints,
    Scale,
    Shift,
    touches,
)
from service.causes import Narrowed
from service.decomposition import Kind
from service.query import Dimension
from service.sides import Sides

NEVER = -60.0  # a log preference so low that it is not chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was changed. Several entries: any of them counts as named."""

    named: tuple[tuple[Kind, Dimension, str], ...] = ()
    within: tuple[Dimension, str] | None = None
    pair: tuple[tuple[Dimension, str], ...] = ()  # both, when either may be named first


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    kind: str
    truth: Truth
    scale: Scale
    before: Drawn
    after: Drawn

    def counts(self, narrowed: Narrowed, lens: Dimension | None) -> Sides:
        """The counts that storage would give for these filters."""
        return Sides.of(*(cells(side, narrowed, lens) for side in (self.before, self.after)))


Made = tuple[Callable[[float], Shift], Truth]
Change = Callable[[np.random.Generator, Desk, Drawn], Made]


def _common(rng: np.random.Generator, drawn: Drawn, least: float = 0.06) -> int:
    """Choose a driver that is large enough to move the whole."""
    shares = [touches(drawn, driver).mean() for driver in range(len(DRIVERS))]
    return int(rng.choice([driver for driver, share in enumerate(shares) if share >= least]))


def _extreme(drawn: Drawn, column: Ints, many: int, least: float) -> int:
    """Choose the value whose share of negatives is furthest from the whole's."""
    gaps = {
        value: abs(drawn.chance[column == value].mean() - drawn.chance.mean())
        for value in range(many)
        if (column == value).mean() >= least
    }
    return max(gaps, key=lambda value: gaps[value])


def rate_driver(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver = _common(rng, drawn)
    return (
        lambda step: Shift(odds=lambda now: step * touches(now, driver)),
        Truth(named=((Kind.RATE, Dimension.DRIVER, DRIVERS[driver]),)),
    )


def two_drivers(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    first = _common(rng, drawn)
    second = next(d for d in (_common(rng, drawn) for _ in range(100)) if d != first)
    return (
        lambda step: Shift(
            odds=lambda now: step * touches(now, first) + step / 2 * touches(now, second)
        ),
        Truth(
            named=tuple(
                (Kind.RATE, Dimension.DRIVER, DRIVERS[driver]) for driver in (first, second)
            )
        ),
    )


def driver_in_segment(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    return _within_segment(_common(rng, drawn, 0.1), int(rng.integers(0, 3)))


def better_in_segment(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver = _common(rng, drawn, 0.1)
    desk.driver_odds[driver] = 1.0  # there must be something to get better
    return _within_segment(driver, int(rng.integers(1, 3)))


def _within_segment(driver: int, segment: int) -> Made:
    return (
        lambda step: Shift(
            odds=lambda now: step * (touches(now, driver) & (now.segment == segment))
        ),
        Truth(
            named=((Kind.RATE, Dimension.DRIVER, DRIVERS[driver]),),
            within=(Dimension.SEGMENT, SEGMENTS[segment]),
        ),
    )


def driver_in_channel(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver, channel = _common(rng, drawn, 0.1), int(rng.integers(0, 3))
    return (
        lambda step: Shift(
            odds=lambda now: step * (touches(now, driver) & (now.channel == channel))
        ),
        Truth(
            named=((Kind.RATE, Dimension.DRIVER, DRIVERS[driver]),),
            within=(Dimension.CHANNEL, CHANNELS[channel]),
        ),
    )


def rate_channel(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    channel = int(rng.integers(0, 4))
    return (
        lambda step: Shift(odds=lambda now: step * (now.channel == channel)),
        Truth(named=((Kind.RATE, Dimension.CHANNEL, CHANNELS[channel]),)),
    )


def rate_segment(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    segment = int(rng.integers(0, 4))
    return (
        lambda step: Shift(odds=lambda now: step * (now.segment == segment)),
        Truth(named=((Kind.RATE, Dimension.SEGMENT, SEGMENTS[segment]),)),
    )


def mix_driver(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver = _extreme(drawn, drawn.drivers[:, 0], len(DRIVERS), 0.04)
    return (
        lambda step: Shift(driver={driver: step}),
        Truth(named=((Kind.MIX, Dimension.DRIVER, DRIVERS[driver]),)),
    )


def mix_channel(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    desk.channel_odds[1] += 1.0  # only where channels differ can their mix matter
    return (
        lambda step: Shift(channel={1: step}),
        Truth(named=((Kind.MIX, Dimension.CHANNEL, CHANNELS[1]),)),
    )


def mix_segment(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    desk.segment_odds[3] += 1.0
    return (
        lambda step: Shift(segment={3: step}),
        Truth(named=((Kind.MIX, Dimension.SEGMENT, SEGMENTS[3]),)),
    )


def new_driver(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver = _common(rng, drawn)
    desk.driver_odds[driver] = 2.0
    return (
        lambda step: Shift(before={driver: NEVER}, driver={driver: step - 3.0}),
        Truth(named=((Kind.MIX, Dimension.DRIVER, DRIVERS[driver]),)),
    )


def gone_driver(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver = _common(rng, drawn)
    desk.driver_odds[driver] = -2.5
    return (
        lambda step: Shift(before={driver: step - 3.0}, driver={driver: NEVER}),
        Truth(named=((Kind.MIX, Dimension.DRIVER, DRIVERS[driver]),)),
    )


def one_account(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    busy = np.argsort(-desk.log_volume)[: len(desk.log_volume) // 3]
    account = int(rng.choice(busy))
    whole = np.log(np.exp(desk.log_volume).sum())
    return (
        # It writes ever more, and is mostly unhappy.
        lambda step: Shift(
            account={account: max(0.0, whole - 6.0 + step - desk.log_volume[account])},
            odds=lambda now: 2.8 * (now.account == account),
        ),
        Truth(named=((Kind.ACCOUNT, Dimension.ACCOUNT, account_key(account)),)),
    )


def nothing(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    return lambda step: Shift(), Truth()


def growth(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    return lambda step: Shift(volume=1.7), Truth()


def loud(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """One account writes much more than before, and is as content as everybody."""
    account = int(rng.integers(0, len(desk.log_volume)))
    desk.account_odds[account] = 0.0
    whole = np.log(np.exp(desk.log_volume).sum())
    wanted = max(0.0, whole - 3.2 - desk.log_volume[account])
    return lambda step: Shift(account={account: wanted}), Truth()


USUAL = Scale()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    change: Change
    points: float = 1.0  # times the size that is asked for; negative: the share falls
    scale: Scale = USUAL
    changes: bool = True  # False: there is nothing to be named


SMALL = Scale(conversations=400, accounts=150)
RECIPES: Mapping[str, Recipe] = {
    "rate of a driver": Recipe(change=rate_driver),
    "driver in a segment": Recipe(change=driver_in_segment, points=0.8),
    "driver in a channel": Recipe(change=driver_in_channel, points=0.6),
    "rate of a channel": Recipe(change=rate_channel),
    "rate of a segment": Recipe(change=rate_segment),
    "mix of drivers": Recipe(change=mix_driver),
    "mix of channels": Recipe(change=mix_channel),
    "mix of segments": Recipe(change=mix_segment),
    "new driver": Recipe(change=new_driver),
    "gone driver": Recipe(change=gone_driver),
    "better driver": Recipe(change=rate_driver, points=-1.0),
    "better in a segment": Recipe(change=better_in_segment, points=-0.6),
    "one account": Recipe(change=one_account),
    "two drivers": Recipe(change=two_drivers),
    "few conversations": Recipe(change=rate_driver, points=3.0, scale=SMALL),
    "weeks, heavy tail": Recipe(
        change=rate_driver,
        points=1.5,
        scale=Scale(accounts=300, tail=2.0, baseline_days=7, current_days=7),
    ),
    "nothing": Recipe(change=nothing, changes=False),
    "nothing, few": Recipe(change=nothing, changes=False, scale=SMALL),
    "nothing, heavy tail": Recipe(
        change=nothing, changes=False, scale=Scale(accounts=300, tail=2.0)
    ),
    "season": Recipe(change=nothing, changes=False, scale=Scale(current_days=9, weekend=0.8)),
    "growth": Recipe(change=growth, changes=False),
    "loud account": Recipe(change=loud, changes=False),
}
