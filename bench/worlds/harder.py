"""More kinds of worlds, thought of after the rules were chosen: what desks really do.

It refuses to know how causes are found.
"""

from collections.abc import Callable, Mapping

import numpy as np

from bench.worlds.changes import (
    NEVER,
    Made,
    Recipe,
    Truth,
    driver_in_channel,
    driver_in_segment,
    mix_channel,
    nothing,
    rate_driver,
)
from bench.worlds.counting import account_key
from bench.worlds.drawing import (
    CHANNELS,
    DRIVERS,
    NOTHING,
    SEGMENTS,
    Desk,
    Drawn,
    Floats,
    Ints,
    Scale,
    Shift,
    touches,
)
from service.decomposition import Kind
from service.query import Dimension

HOLIDAY = 7  # the Monday of the second week
LATE = 4  # days, of seven
RELABELLED = 0.5  # of a driver's conversations


def segment_in_channel(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Neither all of a segment nor all of a channel."""
    segment, channel = int(rng.integers(0, 3)), int(rng.integers(0, 3))
    return (
        lambda step: Shift(
            odds=lambda now: step * ((now.segment == segment) & (now.channel == channel))
        ),
        Truth(
            named=(
                (Kind.RATE, Dimension.SEGMENT, SEGMENTS[segment]),
                (Kind.RATE, Dimension.CHANNEL, CHANNELS[channel]),
            ),
            pair=((Dimension.SEGMENT, SEGMENTS[segment]), (Dimension.CHANNEL, CHANNELS[channel])),
        ),
    )


def big_account(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """An account that always wrote much gets unhappy; it writes no more than before."""
    account = int(np.argmax(desk.log_volume))
    rest = np.log(np.exp(np.delete(desk.log_volume, account)).sum())
    desk.log_volume[account] = rest + np.log(0.12 / 0.88)
    return (
        lambda step: Shift(odds=lambda now: step * (now.account == account)),
        Truth(named=((Kind.ACCOUNT, Dimension.ACCOUNT, account_key(account)),)),
    )


def driver_and_channel_mix(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Two causes of two kinds at once; either may be named."""
    one, truth = rate_driver(rng, desk, drawn)
    desk.channel_odds[1] += 1.0
    return (
        lambda step: Shift(odds=one(step).odds, channel={1: 0.6 * step}),
        Truth(named=(*truth.named, (Kind.MIX, Dimension.CHANNEL, CHANNELS[1]))),
    )


def up_and_down(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """One driver gets worse and another half as much better: the first is the cause."""
    first, truth = _large(rng, drawn)
    other = next(d for d in (_large(rng, drawn)[0] for _ in range(100)) if d != first)
    return (
        lambda step: Shift(
            odds=lambda now: step * touches(now, first) - 0.4 * step * touches(now, other)
        ),
        truth,
    )


def _large(rng: np.random.Generator, drawn: Drawn, least: float = 0.06) -> tuple[int, Truth]:
    shares = {driver: touches(drawn, driver).mean() for driver in np.unique(drawn.drivers)}
    usual = [driver for driver, share in shares.items() if share >= least and driver != NOTHING]
    driver = int(rng.choice(usual))
    return driver, Truth(named=((Kind.RATE, Dimension.DRIVER, DRIVERS[driver]),))


def of_many_drivers(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver, truth = _large(rng, drawn, 0.025)
    return lambda step: Shift(odds=lambda now: step * touches(now, driver)), truth


def _turning(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> tuple[int, Truth]:
    """A driver of mostly unhappy conversations, which comes or goes."""
    driver, _ = _large(rng, drawn, 0.01)
    desk.driver_odds[driver] = 2.0
    return driver, Truth(named=((Kind.MIX, Dimension.DRIVER, DRIVERS[driver]),))


def new_of_many(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    driver, truth = _turning(rng, desk, drawn)
    return (
        lambda step: Shift(before={driver: NEVER}, driver={driver: step}),
        truth,
    )


def gone_of_many(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """What vanishes was mostly unhappy, so the share falls."""
    driver, truth = _turning(rng, desk, drawn)
    return (
        lambda step: Shift(before={driver: step}, driver={driver: NEVER}),
        truth,
    )


def mix_and_drift(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """The mix of channels changes while every driver's own rate drifts a little."""
    mix, truth = mix_channel(rng, desk, drawn)
    drift = rng.normal(0, 0.08, desk.scale.drivers)
    return (
        lambda step: Shift(channel=mix(step).channel, odds=lambda now: _drifted(now, drift)),
        truth,
    )


def _drifted(now: Drawn, drift: Floats) -> Floats:
    moved: Floats = np.where(now.drivers != NOTHING, drift[now.drivers], 0.0).sum(axis=1)
    return moved


def relabelled(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Agents call half of one driver another; customers write as before."""
    return lambda step: Shift(relabel=_relabelling(rng, drawn)), Truth()


def relabelled_and_worse(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Agents relabel while a channel gets worse."""
    channel, relabel = int(rng.integers(0, 3)), _relabelling(rng, drawn)
    return (
        lambda step: Shift(relabel=relabel, odds=lambda now: step * (now.channel == channel)),
        Truth(named=((Kind.RATE, Dimension.CHANNEL, CHANNELS[channel]),)),
    )


def _relabelling(rng: np.random.Generator, drawn: Drawn) -> Callable[[Ints], Ints]:
    first = _large(rng, drawn)[0]
    other = next(d for d in (_large(rng, drawn)[0] for _ in range(100)) if d != first)
    seed = int(rng.integers(1 << 30))

    def relabel(drivers: Ints) -> Ints:
        some = np.random.default_rng(seed).random(len(drivers)) < RELABELLED
        chosen = some & (drivers != other).all(axis=1)
        told: Ints = np.where((drivers == first) & chosen[:, None], other, drivers)
        return told

    return relabel


def weekends_grow(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Weekends, when people are less content, bring ever more of the conversations."""
    days = range(desk.scale.current_days)
    return lambda step: Shift(day_volume={d: 0.7 for d in days if d % 7 >= 5}), Truth()


def holiday(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """A Monday that is like a Sunday: few write, and less content."""
    return (
        lambda step: Shift(
            day_volume={HOLIDAY: -1.0},
            odds=lambda now: desk.scale.weekend * (now.day == HOLIDAY),
        ),
        Truth(),
    )


def late_driver(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """A driver gets worse when four days of the week are over."""
    driver, truth = _large(rng, drawn)
    return (
        lambda step: Shift(odds=lambda now: step * (touches(now, driver) & (now.day >= LATE))),
        truth,
    )


def bad_days(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Days differ, as they always do, by more than chance."""
    noise = rng.normal(0, 0.12 * np.sqrt(28 / desk.scale.current_days), desk.scale.current_days)
    return lambda step: Shift(odds=lambda now: noise[now.day]), Truth()


def accounts_drift(rng: np.random.Generator, desk: Desk, drawn: Drawn) -> Made:
    """Every account has a better or worse time than before, each by itself."""
    drift = rng.normal(0, 0.4, desk.scale.accounts)
    return lambda step: Shift(odds=lambda now: drift[now.account]), Truth()


SMALL = Scale(conversations=600, accounts=120)  # 150 a week
MANY = Scale(drivers=60)
TAIL = Scale(accounts=400, tail=2.2)
FEW = Scale(accounts=40)
LIVELY = Scale(weekend=0.8)
WEEKS = Scale(baseline_days=7, current_days=7)
SEVERAL = Scale(drivers_each=(0.05, 0.2, 0.3, 0.45))
HARDER: Mapping[str, Recipe] = {
    "segment in a channel": Recipe(change=segment_in_channel, points=0.8),
    "in a segment, drivers each": Recipe(change=driver_in_segment, points=0.8, scale=SEVERAL),
    "driver, the last days": Recipe(change=late_driver, points=1.2, scale=WEEKS),
    "large account, unhappy": Recipe(change=big_account),
    "driver and channel mix": Recipe(change=driver_and_channel_mix),
    "one up, one down": Recipe(change=up_and_down, points=0.8),
    "150 a week": Recipe(change=rate_driver, points=2.5, scale=SMALL),
    "150 a week, in a segment": Recipe(change=driver_in_segment, points=2.0, scale=SMALL),
    "of 60 drivers": Recipe(change=of_many_drivers, points=0.4, scale=MANY),
    "new of 60 drivers": Recipe(change=new_of_many, points=0.6, scale=MANY),
    "gone of 60 drivers": Recipe(change=gone_of_many, points=-0.6, scale=MANY),
    "heavy tail, in a segment": Recipe(change=driver_in_segment, scale=TAIL),
    "better in a channel": Recipe(change=driver_in_channel, points=-0.5),
    "mix and drift": Recipe(change=mix_and_drift),
    "relabelled and worse": Recipe(change=relabelled_and_worse),
    "rate, lively weekends": Recipe(change=rate_driver, scale=LIVELY),
    "relabelled": Recipe(change=relabelled, changes=False),
    "weekends grow": Recipe(change=weekends_grow, changes=False, scale=LIVELY),
    "holiday": Recipe(change=holiday, changes=False, scale=LIVELY),
    "bad days": Recipe(change=bad_days, changes=False),
    "bad days, a week": Recipe(change=bad_days, changes=False, scale=WEEKS),
    "few accounts drift": Recipe(change=accounts_drift, changes=False, scale=FEW),
    "heavy tail drifts": Recipe(change=accounts_drift, changes=False, scale=TAIL),
    "nothing, 60 drivers": Recipe(change=nothing, changes=False, scale=MANY),
    "nothing, 150 a week": Recipe(change=nothing, changes=False, scale=SMALL),
    "nothing, heavier tail": Recipe(change=nothing, changes=False, scale=TAIL),
}
