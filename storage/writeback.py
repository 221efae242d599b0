"""What may have to be written to a helpdesk, and what became of it.

A conversation is pending from any change until an outcome settles exactly what was handed out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, literal, literal_column, select

from service.domain.conversations import ConversationKey, HelpdeskState, Status
from service.domain.measurements import Analysis
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome
from service.ports import Clock
from storage.analyses import analyses_of
from storage.bulk import change, chunks, insert_into, upsert
from storage.engine import Engine
from storage.heads import dumped, state_of, state_text
from storage.moments import from_ms, to_ms
from storage.tables.analyses import ledger
from storage.tables.conversations import conversation, message

_BATCH = 500
MOST_REFUSALS = 10  # then a refusal is believed until the conversation or its analysis changes
_OF_LEDGER = (
    ledger.c.written,
    ledger.c.kept,
    ledger.c.reason,
    ledger.c.written_at,
    ledger.c.refused,
    ledger.c.under_way,
)

Batch = list[tuple[LedgerEntry, Analysis]]


class SqlWriteBack:
    """Implements WriteBackStore."""

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
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

    def begin(self, changes: Sequence[FieldChange]) -> None:
        with self._engine.changing() as connection:
            for chunk in chunks(changes):
                rows = _by_key(connection, [each.conversation for each in chunk])
                noted = [
                    _begun(rows[each.conversation], each)
                    for each in chunk
                    if each.conversation in rows
                ]
                upsert(connection, ledger, ["conversation_id"], noted)

    def record(self, outcomes: Sequence[WriteOutcome]) -> None:
        """What is under way is crossed out in the transaction that stores its outcome."""
        with self._engine.changing() as connection:
            for chunk in chunks(outcomes):
                keys = [outcome.change.conversation for outcome in chunk]
                rows = _by_key(connection, keys)
                newest = {outcome.change.conversation: outcome for outcome in chunk}
                pairs = [(rows[key], newest[key]) for key in newest if key in rows]
                now = to_ms(self._clock())
                noted = [_noted(row, outcome, now=now) for row, outcome in pairs]
                upsert(connection, ledger, ["conversation_id"], noted)
                change(connection, conversation, [self._standing(*pair) for pair in pairs])

    def keep(self, conversation_key: ConversationKey, field_name: str, value: str | None) -> None:
        self._note(conversation_key, kept={field_name: value})

    def arrived(self, conversation_key: ConversationKey, fields: Mapping[str, str | None]) -> None:
        self._note(conversation_key, written=fields)

    def hold(self, source: str, reason: str) -> None:
        """One statement: there may be many, and this happens in every cycle."""
        waiting = select(conversation.c.id, literal("{}"), literal("{}"), literal(reason)).where(
            *_is_pending(source)
        )
        with self._engine.changing() as connection:
            new = insert_into(connection, ledger).from_select(
                ["conversation_id", "written", "kept", "reason"], waiting
            )
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=["conversation_id"], set_={"reason": new.excluded.reason}
                )
            )

    def get(self, key: ConversationKey) -> LedgerEntry | None:
        with self._engine.reading() as connection:
            row = _by_key(connection, [key]).get(key)
            if row is None or row.state is None:
                return None
            return _entry(row, _last_said(connection, [row.id]).get(row.id))

    def keys_not_written(self, source: str, reason: str, *, limit: int) -> list[ConversationKey]:
        query = (
            select(conversation.c.key)
            .join(ledger, ledger.c.conversation_id == conversation.c.id)
            .where(conversation.c.source == source, ledger.c.reason == reason)
            .order_by(conversation.c.key)
            .limit(limit)
        )
        with self._engine.reading() as connection:
            return [ConversationKey(key) for key in connection.execute(query).scalars()]

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

    def _note(
        self,
        key: ConversationKey,
        *,
        written: Mapping[str, str | None] | None = None,
        kept: Mapping[str, str | None] | None = None,
    ) -> None:
        with self._engine.changing() as connection:
            row = _by_key(connection, [key]).get(key)
            if row is not None:
                new = {
                    "conversation_id": row.id,
                    "written": dumped(_read(row.written) | dict(written or {})),
                    "kept": dumped(_read(row.kept) | dict(kept or {})),
                }
                upsert(connection, ledger, ["conversation_id"], [new])

    def _entries_of(self, connection: Connection, rows: Sequence[Row[Any]]) -> Batch:
        analyses = analyses_of(connection, [ConversationKey(row.key) for row in rows])
        said = _last_said(connection, [row.id for row in rows])
        batch: Batch = []
        for row in rows:
            found = analyses.get(ConversationKey(row.key))
            if found is not None:
                self._handed_out[row.key] = row.pending
                batch.append((_entry(row, said.get(row.id)), found))
        return batch

    def _standing(self, row: Row[Any], outcome: WriteOutcome) -> dict[str, Any]:
        """How the conversation stands now; it is settled unless it changed since it was handed out
        or is worth another try.
        """
        pending = row.pending
        is_believed = outcome.refused and (row.refused or 0) + 1 >= MOST_REFUSALS
        if outcome.written or outcome.permanent or is_believed:
            pending = 0 if self._handed_out.pop(row.key, pending) == pending else pending
        seen = row.updated_at if outcome.updated_at is None else to_ms(outcome.updated_at)
        return {
            "id": row.id,
            "pending": pending,
            "updated_at": max(row.updated_at, seen),
            "state": _state_after(row, outcome),
        }


def _pending(source: str, *, after: int) -> Any:
    return (
        select(conversation, *_OF_LEDGER)
        .outerjoin(ledger, ledger.c.conversation_id == conversation.c.id)
        .where(
            *_is_pending(source),
            conversation.c.id > after,
        )
        .order_by(conversation.c.id)
        .limit(_BATCH)
    )


def _is_pending(source: str) -> tuple[ColumnElement[bool], ...]:
    """Only conversations of which the helpdesk's state is known: others may hold agents' values."""
    return (
        conversation.c.source == source,
        conversation.c.pending > literal_column("0"),  # as the partial index spells it
        conversation.c.measured_by != "",
        conversation.c.state.is_not(None),
    )


def _last_said(connection: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    query = (
        select(message.c.conversation_id, func.max(message.c.created_at).label("at"))
        .where(message.c.conversation_id.in_(ids))
        .group_by(message.c.conversation_id)
    )
    return {row.conversation_id: from_ms(row.at) for row in connection.execute(query)}


def _by_key(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    query = (
        select(conversation, *_OF_LEDGER)
        .outerjoin(ledger, ledger.c.conversation_id == conversation.c.id)
        .where(conversation.c.key.in_(keys))
    )
    return {row.key: row for row in connection.execute(query)}


def _entry(row: Row[Any], last_said: datetime | None) -> LedgerEntry:
    return LedgerEntry(
        conversation=ConversationKey(row.key),
        status=Status(row.status),
        updated_at=from_ms(row.updated_at),
        state=state_of(row.state),
        written=_read(row.written),
        kept=_read(row.kept),
        last_said=last_said,
        written_at=None if row.written_at is None else from_ms(row.written_at),
        refused=row.refused or 0,
        reason=row.reason,
        under_way=_values(row.under_way),
    )


def _values(text: str | None) -> dict[str, list[str | None]]:
    return {} if text is None else dict(json.loads(text))


def _read(text: str | None) -> dict[str, str | None]:
    return {} if text is None else dict(json.loads(text))


def _begun(row: Row[Any], change: FieldChange) -> dict[str, Any]:
    """An earlier value may still arrive, too: all are ours until an outcome is certain."""
    values = _values(row.under_way)
    for name, value in change.fields.items():
        earlier = values.get(name, [])
        values[name] = earlier if value in earlier else [*earlier, value]
    return {
        "conversation_id": row.id,
        "written": dumped(_read(row.written)),
        "kept": dumped(_read(row.kept)),
        "under_way": dumped(values),
    }


def _noted(row: Row[Any], outcome: WriteOutcome, *, now: int) -> dict[str, Any]:
    written, refused = _read(row.written), (row.refused or 0) + outcome.refused
    if outcome.written:
        written |= dict(outcome.change.fields)
    return {
        "conversation_id": row.id,
        "written": dumped(written),
        "kept": dumped(_read(row.kept)),
        "reason": None if outcome.written else outcome.reason,
        "written_at": now if outcome.written else row.written_at,
        "refused": 0 if outcome.written else refused,
        "under_way": None if outcome.written or outcome.permanent else row.under_way,
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
