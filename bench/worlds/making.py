"""Makes one world of a kind: sizes the change, then draws both windows."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bench.worlds.changes import RECIPES, Recipe, World
from bench.worlds.drawing import WEEKDAY_VOLUME, Desk, Scale, Shift, desk_of, draw
from bench.worlds.harder import HARDER

STEEPEST = 5.0  # the largest shift of a log-odds or log preference that is tried
TRIED = 6_000  # conversations that a step is sized with
KINDS: Mapping[str, Recipe] = {**RECIPES, **HARDER}


def make(kind: str, seed: int, points: float, *, scale: Scale | None = None) -> World:
    """Make one world whose share of negatives is expected to move by about so many points."""
    recipe = KINDS[kind]
    scale = scale or recipe.scale
    rng = np.random.default_rng([seed, *kind.encode()])
    desk = desk_of(rng, scale)
    seeds = [[seed, number, *kind.encode()] for number in range(3)]
    usual = draw(desk, seeds[0], None, TRIED, scale.baseline_days)
    shift_of, truth = recipe.change(rng, desk, usual)
    target = points / 100 * recipe.points
    shift = shift_of(_step(desk, seeds[0], shift_of, target) if recipe.changes else 0.0)
    # Both windows have the same daily volume, so a window of other length holds other many.
    daily = WEEKDAY_VOLUME[np.arange(scale.current_days) % 7].sum()
    usually = WEEKDAY_VOLUME[np.arange(scale.baseline_days) % 7].sum()
    size0 = rng.poisson(scale.conversations * usually / daily)
    size1 = rng.poisson(scale.conversations * shift.volume)
    return World(
        kind=kind,
        truth=truth,
        scale=scale,
        before=draw(desk, seeds[1], Shift(driver=shift.before), size0, scale.baseline_days),
        after=draw(desk, seeds[2], shift, size1, scale.current_days),
    )


def _step(
    desk: Desk, seed: Sequence[int], shift_of: Callable[[float], Shift], target: float
) -> float:
    """Find by bisection the step that moves the expected share by the target."""
    days = desk.scale.baseline_days

    def moved(step: float) -> float:
        shift = shift_of(step)
        before = draw(desk, seed, Shift(driver=shift.before), TRIED, days)
        after = draw(desk, seed, shift, TRIED, days)
        return float(after.chance.mean() - before.chance.mean())

    low, high = 0.0, STEEPEST if moved(STEEPEST) * target > 0 else -STEEPEST
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (middle, high) if abs(moved(middle)) < abs(target) else (low, middle)
    return (low + high) / 2
