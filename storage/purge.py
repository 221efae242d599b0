"""Takes a conversation out of every table. What stays is a tombstone without a word of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select

from service.domain.conversations import ConversationKey, split_key
from storage import erasing, rollups
from storage.bulk import chunks, upsert
from storage.tables.analyses import (
    ANALYSER,
    analysis,
    assigned_tag,
    failure,
    history,
    ledger,
    measurement,
    quote,
)
from storage.tables.checks import quote_report, spot_check
from storage.tables.conversations import (
    conversation,
    message,
    quarantine,
    tombstone,
    voice,
    waiting_message,
)

GONE = "gone from the helpdesk"  # why, when a page said so

_OF_THE_ANALYSER: tuple[Table, ...] = (analysis, assigned_tag, quote)
_OF_A_CONVERSATION: tuple[Table, ...] = (
    *_OF_THE_ANALYSER,
    message,
    voice,
    measurement,
    history,
    failure,
    ledger,
    spot_check,
    quote_report,
)


def forget_analyses(connection: Connection, ids: Sequence[int]) -> None:
    """Remove what an analyser found in a version that is no more. People's values stay."""
    for chunk in chunks(ids):
        for table in _OF_THE_ANALYSER:
            connection.execute(table.delete().where(table.c.conversation_id.in_(chunk)))
        connection.execute(
            measurement.delete().where(
                measurement.c.conversation_id.in_(chunk), measurement.c.origin == ANALYSER
            )
        )


def last_seen(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """Return the newest `updated_at` that is known of each key; 0 for one never heard of."""
    seen = dict.fromkeys(keys, 0)
    for chunk in chunks(list(seen)):
        for table in (tombstone, conversation):
            query = select(table.c.key, table.c.updated_at).where(table.c.key.in_(chunk))
            for row in connection.execute(query):
                seen[row.key] = max(seen[row.key], row.updated_at)
    return seen


def purge(
    connection: Connection,
    seen: Mapping[str, int],
    *,
    at: int,
    why: str,
    days: Mapping[str, int] | None = None,
) -> int:
    """Remove conversations by key, with the newest `updated_at` known of each; return how many
    were not gone yet.

    `days` are those of their creation while the helpdesk still has them, and counts them.
    """
    stored = _ids(connection, seen)
    buried = _buried(connection, seen)
    found = days or {}
    _delete(connection, list(stored.values()))
    for chunk in chunks(seen):
        for column in (waiting_message.c.conversation, quarantine.c.key):
            connection.execute(column.table.delete().where(column.in_(chunk)))
    if stored:
        erasing.note(connection)
    new: list[dict[str, Any]] = [
        {
            "key": key,
            "updated_at": updated_at,
            "gone_at": at,
            "why": why,
            "source": split_key(ConversationKey(key))[0] if key in found else None,
            "day": found.get(key),
        }
        for key, updated_at in seen.items()
        if key in stored or key not in buried
    ]
    upsert(connection, tombstone, ["key"], new)
    _count_no_more(connection, [key for key in seen if key not in found])
    return len(new)


def _count_no_more(connection: Connection, keys: Sequence[str]) -> None:
    """What its helpdesk does not have any more is not among what the helpdesk counts."""
    for chunk in chunks(keys):
        mine = tombstone.c.key.in_(chunk) & tombstone.c.day.is_not(None)
        connection.execute(tombstone.update().where(mine).values(source=None, day=None))


def _ids(connection: Connection, keys: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(keys):
        query = select(conversation.c.key, conversation.c.id).where(conversation.c.key.in_(chunk))
        found.update({row.key: row.id for row in connection.execute(query)})
    return found


def _buried(connection: Connection, keys: Mapping[str, int]) -> set[str]:
    found: set[str] = set()
    for chunk in chunks(keys):
        query = select(tombstone.c.key).where(tombstone.c.key.in_(chunk))
        found.update(connection.execute(query).scalars())
    return found


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    rollups.remove(connection, ids)
    for chunk in chunks(ids):
        for table in _OF_A_CONVERSATION:
            connection.execute(table.delete().where(table.c.conversation_id.in_(chunk)))
        connection.execute(conversation.delete().where(conversation.c.id.in_(chunk)))
