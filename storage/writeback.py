"""What may have to be written to a helpdesk, and what became of it.

A conversation is pending from any change until an outcome settles exactly what was handed out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, select

from service.domain.conversations import ConversationKey, HelpdeskState, Status
from service.domain.measurements import Analysis
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome
from storage.analyses import analyses_of
from storage.bulk import change, chunks, upsert
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
                newest = {outcome.change.conversation: outcome for outcome in chunk}
                pairs = [(rows[key], newest[key]) for key in newest if key in rows]
                noted = [_noted(row, outcome) for row, outcome in pairs]
                upsert(connection, ledger, ["conversation_id"], noted)
                change(connection, conversation, [self._standing(*pair) for pair in pairs])

    def keep(self, conversation_key: ConversationKey, field_name: str, value: str | None) -> None:
        self._note(conversation_key, written={}, kept={field_name: value})

    def arrived(self, conversation_key: ConversationKey, fields: Mapping[str, str | None]) -> None:
        self._note(conversation_key, written=fields, kept={})

    def _note(
        self,
        conversation_key: ConversationKey,
        *,
        written: Mapping[str, str | None],
        kept: Mapping[str, str | None],
    ) -> None:
        """Add to what is known of one conversation; it stays as settled as it was."""
        with self._engine.changing() as connection:
            row = _by_key(connection, [conversation_key]).get(conversation_key)
            if row is not None:
                new = {
                    "conversation_id": row.id,
                    "written": dumped(_read(row.written) | dict(written)),
                    "kept": dumped(_read(row.kept) | dict(kept)),
                    "reason": row.reason,
                }
                upsert(connection, ledger, ["conversation_id"], [new])

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

    def _standing(self, row: Row[Any], outcome: WriteOutcome) -> dict[str, Any]:
        """How the conversation stands now; it is settled unless it changed since it was handed out
        or is worth another try.
        """
        pending = row.pending
        if outcome.written or outcome.permanent:
            pending = 0 if self._handed_out.pop(row.key, pending) == pending else pending
        seen = row.updated_at if outcome.updated_at is None else to_ms(outcome.updated_at)
        return {
            "id": row.id,
            "pending": pending,
            "updated_at": max(row.updated_at, seen),
            "state": _state_after(row, outcome),
        }


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
        kept=_read(row.kept),
    )


def _read(text: str | None) -> dict[str, str | None]:
    return {} if text is None else dict(json.loads(text))


def _noted(row: Row[Any], outcome: WriteOutcome) -> dict[str, Any]:
    written = _read(row.written)
    if outcome.written:
        written |= dict(outcome.change.fields)
    return {
        "conversation_id": row.id,
        "written": dumped(written),
        "kept": dumped(_read(row.kept)),
        "reason": None if outcome.written else outcome.reason,
    }


def _state_after(row: Row[Any], outcome: WriteOutcome) -> str | None:
    """What the helpdesk shows: as it said, or as it must when it took the change."""
    if outcome.state is not None:
        return state_text(outcome.state)
    if outcome.written and row.state is not None:
        return state_text(_applied(state_of(row.state), outcome.change))
    state: str | None = row.state
    return state


def _applied(state: HelpdeskState, change: FieldChange) -> HelpdeskState:
    return HelpdeskState(
        fields={**state.fields, **change.fields},
        tags=(state.tags | change.add_tags) - change.remove_tags,
        writable=state.writable,
        reason=state.reason,
    )
