"""When a share fires: the test behind the rules, the budget, and the life of an alert."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain import alerts
from service.domain.alerts import (
    BUDGET,
    Alert,
    AlertState,
    DayCount,
    Days,
    Reading,
    Rule,
    RuleKind,
)
from service.query import Dimension, Query

TODAY = date(2026, 11, 16)
RULE = Rule(
    id="r",
    name="r",
    kind=RuleKind.RISE,
    query=Query(metric="negative_rate"),
    over=Dimension.DRIVER,
    threshold=3.0,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def _days(n: int, before: list[int], recent: int, value: str = "Billing") -> Days:
    """So many conversations a day; `before` repeats over the 28 days, `recent` is each of 7."""
    found = {}
    for back in range(35, 7, -1):
        found[TODAY - timedelta(days=back)] = DayCount(n=n, x=before[back % len(before)])
    for back in range(7, 0, -1):
        found[TODAY - timedelta(days=back)] = DayCount(n=n, x=recent)
    return {value: found}


def _one(days: Days) -> Reading:
    (found,) = alerts.readings(days, TODAY)
    return found


def _alert(value: str = "Billing", **changed: object) -> Alert:
    reading = Reading(value=value, n0=280, x0=56, n1=70, x1=35, z=5.0)
    values = {
        "rule": "r",
        "opened_on": TODAY,
        "seen_on": TODAY,
        "state": AlertState.OPEN,
        "reading": reading,
    }
    return Alert(**(values | changed))  # type: ignore[arg-type]  # the values above


def test_a_clear_rise_fires_and_says_by_how_much() -> None:
    found = _one(_days(20, [4], 9))
    assert (found.n0, found.x0, found.n1, found.x1) == (560, 112, 140, 63)
    assert found.rise == pytest.approx(0.25)
    assert found.excess == pytest.approx(35)
    assert alerts.fires(RULE, found)


def test_today_is_not_counted() -> None:
    days = {"Billing": {**_days(20, [4], 4)["Billing"], TODAY: DayCount(n=500, x=500)}}
    assert _one(days).n1 == 140


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        (Reading(value="", n0=280, x0=14, n1=29, x1=20, z=9.0), "too few"),
        (Reading(value="", n0=29, x0=2, n1=70, x1=35, z=9.0), "too few before"),
        (Reading(value="", n0=99_000, x0=9_900, n1=9_900, x1=1_200, z=9.0), "under 3 points"),
        (Reading(value="", n0=280, x0=56, n1=70, x1=35, z=2.9), "not clear"),
        (Reading(value="", n0=280, x0=56, n1=70, x1=35, z=None), "nothing can differ"),
        (Reading(value="", n0=280, x0=140, n1=70, x1=10, z=-6.0), "a fall"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_is_small_unclear_or_better_does_not_fire(reading: Reading, why: str) -> None:
    assert not alerts.fires(RULE, reading), why


def test_days_that_vary_more_than_chance_make_the_rule_wait() -> None:
    calm, wild = _one(_days(20, [4], 8)), _one(_days(20, [0, 8], 8))
    assert (calm.n0, calm.x0, calm.x1) == (wild.n0, wild.x0, wild.x1)
    assert alerts.spread(_days(20, [4], 8), alerts.windows(TODAY)[1]) == 1.0
    assert alerts.spread(_days(20, [0, 8], 8), alerts.windows(TODAY)[1]) > 4
    assert alerts.fires(RULE, calm)
    assert not alerts.fires(RULE, wild)


def test_a_share_that_people_set_fires_at_it() -> None:
    above = replace(RULE, kind=RuleKind.ABOVE, threshold=0.5)
    assert alerts.fires(above, Reading(value="", n0=0, x0=0, n1=30, x1=15, z=None))
    assert not alerts.fires(above, Reading(value="", n0=0, x0=0, n1=30, x1=14, z=None))
    assert not alerts.fires(above, Reading(value="", n0=0, x0=0, n1=29, x1=29, z=None))


def test_an_alert_is_opened_once_and_follows_its_numbers() -> None:
    firing = _one(_days(20, [4], 9))
    (new,) = alerts.judged(RULE, [firing], [], TODAY, room=4)
    assert (new.state, new.opened_on) == (AlertState.OPEN, TODAY)
    assert alerts.judged(RULE, [firing], [new], TODAY, room=4) == []
    tomorrow = TODAY + timedelta(days=1)
    (same,) = alerts.judged(RULE, [firing], [new], tomorrow, room=4)
    assert (same.key, same.seen_on, same.state) == (new.key, tomorrow, AlertState.OPEN)


def test_it_is_over_after_seven_quiet_days_and_may_rise_again() -> None:
    calm = _one(_days(20, [4], 4))
    known = _alert(state=AlertState.ACKNOWLEDGED)
    for days in range(1, 7):
        assert alerts.judged(RULE, [calm], [known], TODAY + timedelta(days=days), room=4) == []
    later = TODAY + timedelta(days=7)
    (over,) = alerts.judged(RULE, [calm], [known], later, room=4)
    assert over.state is AlertState.RESOLVED
    (again,) = alerts.judged(RULE, [_one(_days(20, [4], 9))], [over], later, room=4)
    assert (again.opened_on, again.state) == (later, AlertState.OPEN)


def test_beyond_the_budget_the_largest_are_told_and_the_others_held_back() -> None:
    many = [Reading(value=f"driver {n}", n0=280, x0=56, n1=70, x1=30 + n, z=5.0) for n in range(6)]
    judged = alerts.judged(RULE, many, [], TODAY, room=2)
    told = {one.reading.value for one in judged if one.state is AlertState.OPEN}
    assert told == {"driver 5", "driver 4"}
    assert len(judged) == 6  # none is lost
    spent = [_alert(f"driver {n}", told_excess=9.0) for n in range(3)]
    assert alerts.room_left(spent, TODAY) == BUDGET - 3
    assert alerts.room_left(spent, TODAY + timedelta(days=28)) == BUDGET


def test_people_are_told_again_when_it_has_doubled_unless_somebody_took_it_up() -> None:
    assert alerts.is_to_be_told(_alert())
    assert not alerts.is_to_be_told(_alert(told_excess=21.0))
    doubled = Reading(value="Billing", n0=280, x0=56, n1=70, x1=56, z=9.0)
    assert alerts.is_to_be_told(_alert(told_excess=21.0, reading=doubled))
    taken = _alert(told_excess=21.0, reading=doubled, state=AlertState.ACKNOWLEDGED)
    assert not alerts.is_to_be_told(taken)


def test_a_rule_is_tried_on_what_has_been() -> None:
    fired = alerts.fired_days(RULE, _days(20, [4], 9), TODAY, 7)
    assert [value for _, value in fired] == ["Billing"]
    assert alerts.fired_days(RULE, _days(20, [4], 4), TODAY, 7) == []
