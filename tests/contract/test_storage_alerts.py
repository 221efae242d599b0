"""Alert rules and alerts as stored: what goes in comes out, and the newest state wins."""

from dataclasses import replace
from datetime import timedelta

from service.domain.alerts import Alert, AlertState, Reading, Rule, RuleKind
from service.query import Dimension, Filter, Query
from storage.database import SqlDatabase
from tests.builders import NOON

RULE = Rule(
    id="billing",
    name="Billing turns bad",
    kind=RuleKind.RISE,
    query=Query(metric="negative_rate", filters=(Filter.of(Dimension.DRIVER, "Billing"),)),
    over=Dimension.SEGMENT,
    threshold=3.5,
    channel="C1",
    playbook="Ask finance.",
    by="ana@example.com",
    created_at=NOON,
)
READING = Reading(value="enterprise", n0=280, x0=56, n1=70, x1=35, z=4.25)
ALERT = Alert(
    rule="billing",
    opened_on=NOON.date(),
    seen_on=NOON.date(),
    state=AlertState.OPEN,
    reading=READING,
)


def test_a_rule_comes_back_as_it_was_made_and_is_ended(database: SqlDatabase) -> None:
    plain = replace(RULE, id="all", kind=RuleKind.ABOVE, over=None, channel=None, threshold=0.4)
    for rule in (RULE, plain):
        database.alerts.save_rule(rule)
    assert list(database.alerts.rules()) == [plain, RULE]
    ended = replace(RULE, ended_at=NOON)
    database.alerts.save_rule(ended)
    assert list(database.alerts.rules()) == [plain, ended]


def test_of_an_alert_the_newest_state_is_kept(database: SqlDatabase) -> None:
    later = NOON.date() + timedelta(days=3)
    grown = replace(READING, x1=50, z=None)
    known = replace(ALERT, seen_on=later, reading=grown, told_excess=21.5, receipt="r1")
    for one in (ALERT, known, replace(ALERT, opened_on=later, seen_on=later)):
        database.alerts.save(one)
    found = database.alerts.alerts(NOON.date())
    assert [one.opened_on for one in found] == [later, NOON.date()]
    assert found[1] == known
    assert list(database.alerts.alerts(later + timedelta(days=1))) == []
