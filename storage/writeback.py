"""What may have to be written to a helpdesk, and what became of it.

A conversation is pending from any change until an outcome settles exactly what was handed out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select, update

from service.domain.conversations import ConversationKey, HelpdeskState, Status
from service.domain.measurements import Analysis
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome
from storage.analyses import analyses_of
from storage.bulk import chunks, upsert
from storage.engine import Engine
from storage.heads import dumped, state_of, state_text
from storage.moments import from_ms, to_ms
from storage.tables.analyses import ledger
from storage.tables.conversations import conversation

_BATCH = 500

Batch = list[tuple[LedgerEntry, Analysis]]


class SqlWriteBack:
    """Implements WriteBackStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # What was handed out, so that a change that came after it is not settled with it.
        self._handed_out: dict[str, int] = {}

    def entries(self, source: str) -> Iterator[Batch]:
        last: int | None = -1
        while last is not None:
            with self._engine.reading() as connection:
                rows = connection.execute(_pending(source, after=last)).all()
                batch = self._entries_of(connection, rows)
            last = rows[-1].id if rows else None
            if batch:
                yield batch

    def record(self, outcomes: Sequence[WriteOutcome]) -> None:
        with self._engine.changing() as connection:
            for chunk in chunks(outcomes):
                keys = [outcome.change.conversation for outcome in chunk]
                rows = _by_key(connection, keys)
                for outcome in chunk:
                    row = rows.get(outcome.change.conversation)
                    if row is not None:
                        self._record(connection, row, outcome)

    def keep(self, conversation_key: ConversationKey, field_name: str, value: str | None) -> None:
        with self._engine.changing() as connection:
            row = _by_key(connection, [conversation_key]).get(conversation_key)
            if row is not None:
                kept = _read(row.kept) | {field_name: value}
                _save_ledger(connection, row, written=_read(row.written), kept=kept, why=row.reason)

    def not_written(self, source: str) -> Mapping[str, int]:
        query = (
            select(ledger.c.reason, func.count().label("n"))
            .join(conversation, conversation.c.id == ledger.c.conversation_id)
            .where(conversation.c.source == source, ledger.c.reason.is_not(None))
            .group_by(ledger.c.reason)
            .order_by(ledger.c.reason)
        )
        with self._engine.reading() as connection:
            return {row.reason: row.n for row in connection.execute(query)}

    def _entries_of(self, connection: Connection, rows: Sequence[Row[Any]]) -> Batch:
        analyses = analyses_of(connection, [ConversationKey(row.key) for row in rows])
        batch: Batch = []
        for row in rows:
            found = analyses.get(ConversationKey(row.key))
            if found is not None:
                self._handed_out[row.key] = row.pending
                batch.append((_entry(row), found))
        return batch

    def _record(self, connection: Connection, row: Row[Any], outcome: WriteOutcome) -> None:
        written = _read(row.written)
        if outcome.written:
            written |= dict(outcome.change.fields)
        why = None if outcome.written else outcome.reason
        _save_ledger(connection, row, written=written, kept=_read(row.kept), why=why)
        values: dict[str, Any] = _observed(row, outcome)
        if outcome.written or outcome.permanent:
            handed_out = self._handed_out.pop(row.key, row.pending)
            values["pending"] = 0 if handed_out == row.pending else row.pending
        if values:
            connection.execute(
                update(conversation).where(conversation.c.id == row.id).values(**values)
            )


def _pending(source: str, *, after: int) -> Any:
    """Only conversations of which the helpdesk's state is known: others may hold agents' values."""
    return (
        select(conversation, ledger.c.written, ledger.c.kept, ledger.c.reason)
        .outerjoin(ledger, ledger.c.conversation_id == conversation.c.id)
        .where(
            conversation.c.source == source,
            conversation.c.pending > literal_column("0"),  # as the partial index spells it
            conversation.c.measured_by != "",
            conversation.c.state.is_not(None),
            conversation.c.id > after,
        )
        .order_by(conversation.c.id)
        .limit(_BATCH)
    )


def _by_key(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    query = (
        select(conversation, ledger.c.written, ledger.c.kept, ledger.c.reason)
        .outerjoin(ledger, ledger.c.conversation_id == conversation.c.id)
        .where(conversation.c.key.in_(keys))
    )
    return {row.key: row for row in connection.execute(query)}


def _entry(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        conversation=ConversationKey(row.key),
        status=Status(row.status),
        updated_at=from_ms(row.updated_at),
        state=state_of(row.state),
        written=_read(row.written),
        kept=frozenset(_read(row.kept)),
    )


def _read(text: str | None) -> dict[str, str | None]:
    return {} if text is None else dict(json.loads(text))


def _save_ledger(
    connection: Connection,
    row: Row[Any],
    *,
    written: Mapping[str, str | None],
    kept: Mapping[str, str | None],
    why: str | None,
) -> None:
    new = {
        "conversation_id": row.id,
        "written": dumped(written),
        "kept": dumped(kept),
        "reason": why,
    }
    upsert(connection, ledger, ["conversation_id"], [new])


def _observed(row: Row[Any], outcome: WriteOutcome) -> dict[str, Any]:
    """How the helpdesk stands now: as it said, or as it must when it took the change."""
    values: dict[str, Any] = {}
    if outcome.updated_at is not None:
        values["updated_at"] = max(row.updated_at, to_ms(outcome.updated_at))
    if outcome.state is not None:
        values["state"] = state_text(outcome.state)
    elif outcome.written and row.state is not None:
        values["state"] = state_text(_applied(state_of(row.state), outcome.change))
    return values


def _applied(state: HelpdeskState, change: FieldChange) -> HelpdeskState:
    return HelpdeskState(
        fields={**state.fields, **change.fields},
        tags=(state.tags | change.add_tags) - change.remove_tags,
        writable=state.writable,
        reason=state.reason,
    )
