"""Every value that a metric of a conversation ever had, and who set it. Never rewritten."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis, EmptyReason, SetBy, ValueChange
from storage.analysis_rows import measurement_rows
from storage.bulk import insert
from storage.moments import from_ms
from storage.tables.analyses import history
from storage.tables.conversations import conversation

_NOTED = (
    "conversation_id",
    "metric",
    "value",
    "reason",
    "set_by",
    "analyser",
    "created_at",
)


def note_analysis(connection: Connection, current: Sequence[tuple[int, Analysis]]) -> None:
    """Note what an analyser now says and did not say before."""
    last = _last_of_analysers(connection, [one_id for one_id, _ in current])
    rows = [row for pair in current for row in measurement_rows(*pair)]
    new = [row for row in rows if last.get((row["conversation_id"], row["metric"])) != _said(row)]
    insert(connection, history, [{name: row[name] for name in _NOTED} for row in new])


def note_person(connection: Connection, row: Mapping[str, Any]) -> None:
    insert(connection, history, [{name: row[name] for name in _NOTED}])


def read_history(connection: Connection, key: ConversationKey) -> list[ValueChange]:
    query = (
        select(history)
        .join(conversation, conversation.c.id == history.c.conversation_id)
        .where(conversation.c.key == key)
        .order_by(history.c.id)
    )
    return [
        ValueChange(
            metric=row.metric,
            value=row.value,
            reason=EmptyReason(row.reason) if row.reason else None,
            set_by=SetBy(row.set_by),
            version=row.analyser,
            at=from_ms(row.created_at),
        )
        for row in connection.execute(query)
    ]


def _last_of_analysers(
    connection: Connection, ids: Sequence[int]
) -> dict[tuple[int, str], tuple[Any, ...]]:
    query = (
        select(history)
        .where(history.c.conversation_id.in_(ids), history.c.analyser.is_not(None))
        .order_by(history.c.id)
    )
    return {
        (row.conversation_id, row.metric): _said(row._mapping) for row in connection.execute(query)
    }


def _said(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return (row["value"], row["reason"], row["set_by"], row["analyser"])
