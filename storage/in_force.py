"""Which value of a metric counts: a person's, else the analyser's, else none was measured."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, literal, select

from service.domain.measurements import EmptyReason, Measurement, SetBy
from service.query import EMPTY_VALUE, UNMEASURED_VALUE
from storage.tables.analyses import PERSON, measurement

# An agent may also correct these fields. They are no metrics: the driver acts through the facts.
FIELDS_OF_PEOPLE = frozenset({"driver", "topic"})
LEFT_BLANK = "left blank by a person"  # the reason of an empty value without one of ours


def value_in_force(metric: str, conversation_id: Column[Any]) -> ColumnElement[str]:
    """The value as text: "empty" when measured as empty, "unmeasured" without any row."""
    value = _newest_word(metric, conversation_id, func.coalesce(measurement.c.value, EMPTY_VALUE))
    return func.coalesce(value, literal(UNMEASURED_VALUE))


def reason_in_force(metric: str, conversation_id: Column[Any]) -> ColumnElement[str]:
    return _newest_word(metric, conversation_id, func.coalesce(measurement.c.reason, ""))


def _newest_word(
    metric: str, conversation_id: Column[Any], what: ColumnElement[Any]
) -> ColumnElement[Any]:
    return (
        select(what)
        .where(
            measurement.c.conversation_id == conversation_id,
            measurement.c.metric == metric,
        )
        .order_by(measurement.c.origin.desc())
        .limit(1)
        .correlate(conversation_id.table)
        .scalar_subquery()
    )


def measurements_of(
    connection: Connection, ids: Sequence[int]
) -> dict[int, dict[str, Measurement]]:
    """Per conversation, the measurements in force by metric, in the analyser's order."""
    found: dict[int, dict[str, Measurement]] = {}
    columns = measurement.c
    rows = connection.execute(
        select(measurement)
        .where(columns.conversation_id.in_(ids))
        .order_by(columns.conversation_id, columns.origin, columns.nth, columns.metric)
    )
    for row in rows:
        of_one = found.setdefault(row.conversation_id, {})
        old = of_one.get(row.metric)
        of_one[row.metric] = Measurement(
            metric=row.metric,
            value=row.value,
            reason=EmptyReason(row.reason) if row.reason else None,
            confidence=None if row.origin == PERSON else row.confidence,
            detail=row.detail if old is None or old.value != row.value else old.detail,
            set_by=SetBy(row.set_by),
        )
    return found


def people_driver(measured: dict[str, Measurement]) -> Measurement | None:
    """The driver that a person chose, also when they chose none."""
    return measured.get("driver")
