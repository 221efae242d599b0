"""Keeps alert rules and alerts. What makes one fire is not decided here."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from service.domain.alerts import Alert, AlertState, Reading, Rule, RuleKind
from service.query import Dimension, Query
from storage.bulk import upsert
from storage.engine import Engine
from storage.heads import dumped
from storage.moments import from_ms, to_ms
from storage.tables.alerts import alert, alert_rule


class SqlAlerts:
    """Implements AlertStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rules(self) -> Sequence[Rule]:
        query = select(alert_rule).order_by(alert_rule.c.created_at, alert_rule.c.id)
        with self._engine.reading() as connection:
            return [_rule(row) for row in connection.execute(query)]

    def save_rule(self, rule: Rule) -> None:
        row = {
            "id": rule.id,
            "name": rule.name,
            "kind": rule.kind.value,
            "query": dumped([list(pair) for pair in rule.query.to_params()]),
            "over": None if rule.over is None else rule.over.value,
            "threshold": rule.threshold,
            "channel": rule.channel,
            "playbook": rule.playbook,
            "by": rule.by,
            "created_at": to_ms(rule.created_at),
            "ended_at": None if rule.ended_at is None else to_ms(rule.ended_at),
        }
        with self._engine.writing() as connection:
            upsert(connection, alert_rule, ["id"], [row])

    def alerts(self, since: date) -> Sequence[Alert]:
        query = (
            select(alert)
            .where(alert.c.seen_on >= since.toordinal())
            .order_by(alert.c.opened_on.desc(), alert.c.rule, alert.c.value)
        )
        with self._engine.reading() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def save(self, one: Alert) -> None:
        reading = one.reading
        row = {
            "rule": one.rule,
            "value": reading.value,
            "opened_on": one.opened_on.toordinal(),
            "seen_on": one.seen_on.toordinal(),
            "state": one.state.value,
            "n0": reading.n0,
            "x0": reading.x0,
            "n1": reading.n1,
            "x1": reading.x1,
            "z": reading.z,
            "told_excess": one.told_excess,
            "receipt": one.receipt,
        }
        with self._engine.writing() as connection:
            upsert(connection, alert, ["rule", "value", "opened_on"], [row])


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        id=row.id,
        name=row.name,
        kind=RuleKind(row.kind),
        query=Query.from_params((name, value) for name, value in json.loads(row.query)),
        over=None if row.over is None else Dimension(row.over),
        threshold=row.threshold,
        channel=row.channel,
        playbook=row.playbook,
        by=row.by,
        created_at=from_ms(row.created_at),
        ended_at=None if row.ended_at is None else from_ms(row.ended_at),
    )


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        rule=row.rule,
        opened_on=date.fromordinal(row.opened_on),
        seen_on=date.fromordinal(row.seen_on),
        state=AlertState(row.state),
        reading=Reading(value=row.value, n0=row.n0, x0=row.x0, n1=row.n1, x1=row.x1, z=row.z),
        told_excess=row.told_excess,
        receipt=row.receipt,
    )
