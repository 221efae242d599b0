"""Published numbers. A receipt is saved once and never changes."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Row, Select, literal_column, select

from service.domain.answers import Receipt, Trace
from service.domain.conversations import ConversationKey
from service.domain.measurements import ValueChange
from service.query import Query
from storage.among import rows_among
from storage.bulk import insert_into
from storage.engine import Engine
from storage.heads import dumped
from storage.history import change_of
from storage.moments import from_ms, to_ms
from storage.tables.analyses import analysis, history
from storage.tables.conversations import conversation
from storage.tables.receipts import receipt

_ANALYSED: Select[Any] = select(
    conversation.c.key, analysis.c.created_at, analysis.c.analyser, analysis.c.taxonomy
).join(analysis, analysis.c.conversation_id == conversation.c.id, isouter=True)
_CHANGES: Select[Any] = (
    select(conversation.c.key, history)
    .join(history, history.c.conversation_id == conversation.c.id)
    .order_by(history.c.id)
)


class SqlReceipts:
    """Implements ReceiptStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, one: Receipt) -> None:
        """A receipt that exists stays as it was published."""
        row = {
            "id": one.id,
            "query": dumped([list(pair) for pair in one.query.to_params()]),
            "as_of": to_ms(one.as_of),
            "versions": dumped(one.versions),
            "n": one.n,
            "of": one.of,
            "members": dumped(list(one.members)),
            "others": None if one.others is None else dumped(list(one.others)),
            "published_at": to_ms(one.published_at) if one.published_at else None,
        }
        with self._engine.writing() as connection:
            statement = insert_into(connection, receipt).values(row)
            connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))

    def get(self, receipt_id: str) -> Receipt | None:
        with self._engine.reading() as connection:
            query = select(receipt).where(receipt.c.id == receipt_id)
            row = connection.execute(query).one_or_none()
        return None if row is None else _receipt(row)

    def exists(self, receipt_id: str) -> bool:
        with self._engine.reading() as connection:
            query: Select[Any] = select(literal_column("1")).where(receipt.c.id == receipt_id)
            return connection.execute(query).first() is not None

    def all_ids(self) -> Iterator[str]:
        with self._engine.reading() as connection:
            query = select(receipt.c.id).order_by(receipt.c.as_of, receipt.c.id)
            ids = list(connection.execute(query).scalars())
        yield from ids

    def traces(self, keys: Collection[ConversationKey]) -> Mapping[ConversationKey, Trace]:
        with self._engine.reading() as connection:
            analysed = rows_among(connection, _ANALYSED, conversation.c.key, keys)
            changes = rows_among(connection, _CHANGES, conversation.c.key, keys)
        values: dict[str, list[ValueChange]] = {}
        for row in changes:
            values.setdefault(row.key, []).append(change_of(row))
        return {
            ConversationKey(row.key): Trace(
                changes=tuple(values.get(row.key, ())),
                analysed_at=None if row.created_at is None else from_ms(row.created_at),
                analyser=row.analyser or "",
                taxonomy=row.taxonomy or "",
            )
            for row in analysed
        }


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        id=row.id,
        query=Query.from_params((name, value) for name, value in json.loads(row.query)),
        as_of=from_ms(row.as_of),
        versions=json.loads(row.versions),
        n=row.n,
        of=row._mapping["of"],
        members=_keys(row.members),
        others=None if row.others is None else _keys(row.others),
        published_at=None if row.published_at is None else from_ms(row.published_at),
    )


def _keys(listed: str) -> tuple[ConversationKey, ...]:
    return tuple(ConversationKey(key) for key in json.loads(listed))
