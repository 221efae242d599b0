"""Every value that a metric of a conversation ever had, and who set it. Never rewritten."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from service.domain.conversations import ConversationKey
from service.domain.measurements import EmptyReason, SetBy, ValueChange
from storage.among import rows_among
from storage.analysis_rows import MEASUREMENT, Values
from storage.bulk import insert, insert_tuples
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
_WHAT = ("value", "reason", "set_by", "analyser")
_OF_ANALYSERS: Select[Any] = (
    select(history.c.conversation_id, history.c.metric, *(history.c[name] for name in _WHAT))
    .where(history.c.analyser.is_not(None))
    .order_by(history.c.id)
)
_AT_ID, _AT_METRIC = (MEASUREMENT.index(name) for name in ("conversation_id", "metric"))
_noted = itemgetter(*(MEASUREMENT.index(name) for name in _NOTED))
_said = itemgetter(*(MEASUREMENT.index(name) for name in _WHAT))


def note_analysis(connection: Connection, rows: Sequence[Values]) -> None:
    """Note what an analyser's measurements now say and did not say before."""
    last = _last_of_analysers(connection, list({row[_AT_ID]: None for row in rows}))
    new = [_noted(row) for row in rows if last.get((row[_AT_ID], row[_AT_METRIC])) != _said(row)]
    insert_tuples(connection, history, _NOTED, new)


def note_first(connection: Connection, rows: Sequence[Values]) -> None:
    """Note what is measured of conversations that were measured at no time before."""
    insert_tuples(connection, history, _NOTED, list(map(_noted, rows)))


def note_person(connection: Connection, row: Mapping[str, Any]) -> None:
    insert(connection, history, [{name: row[name] for name in _NOTED}])


def read_history(connection: Connection, key: ConversationKey) -> list[ValueChange]:
    query = (
        select(history)
        .join(conversation, conversation.c.id == history.c.conversation_id)
        .where(conversation.c.key == key)
        .order_by(history.c.id)
    )
    return [change_of(row) for row in connection.execute(query)]


def change_of(row: Row[Any]) -> ValueChange:
    return ValueChange(
        metric=row.metric,
        value=row.value,
        reason=EmptyReason(row.reason) if row.reason else None,
        set_by=SetBy(row.set_by),
        version=row.analyser,
        at=from_ms(row.created_at),
    )


def _last_of_analysers(connection: Connection, ids: Sequence[int]) -> dict[tuple[int, str], Values]:
    rows: Sequence[Values] = rows_among(connection, _OF_ANALYSERS, history.c.conversation_id, ids)
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}
