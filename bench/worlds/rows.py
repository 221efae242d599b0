"""A made-up world as labelled rows of an import, so that it goes through storage like any other."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bench.worlds.changes import World
from bench.worlds.counting import account_key
from bench.worlds.drawing import CHANNELS, DRIVERS, NOTHING, SEGMENTS, Drawn

BASELINE = date(2026, 8, 3)  # a Monday


def periods(world: World) -> tuple[tuple[date, date], tuple[date, date]]:
    """The current window and its baseline, half-open."""
    middle = BASELINE + timedelta(days=world.scale.baseline_days)
    return (middle, middle + timedelta(days=world.scale.current_days)), (BASELINE, middle)


def rows(world: World) -> Iterator[dict[str, Any]]:
    current, baseline = periods(world)
    yield from _rows(world.before, *baseline)
    yield from _rows(world.after, *current)


def _rows(drawn: Drawn, start: date, end: date) -> Iterator[dict[str, Any]]:
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    for number, weekday in enumerate(drawn.weekday.tolist()):
        fitting = [day for day in days if day.weekday() == weekday]
        account, segment = int(drawn.account[number]), int(drawn.segment[number])
        named = [DRIVERS[driver] for driver in drawn.drivers[number].tolist() if driver != NOTHING]
        yield {
            "id": f"{start}-{number}",
            "source": "zendesk",
            "channel": CHANNELS[int(drawn.channel[number])],
            "created_at": f"{fitting[number % len(fitting)]}T12:00:00Z",
            "account": {
                "id": account_key(account).partition(":")[2],
                "name": f"Company {account}",
                "segment": SEGMENTS[segment],
            },
            "labels": {
                "sentiment": "negative" if drawn.negative[number] else "neutral",
                "drivers": named,
            },
        }
