"""Conversations that arrived and could not be read: set aside, counted, tried again later."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from service.domain.conversations import ConversationKey, Page, Unusable, split_key
from service.stores import Quarantined
from storage.among import among, keys_for
from storage.bulk import insert_into
from storage.moments import from_ms
from storage.tables.conversations import quarantine


def keep_up(connection: Connection, page: Page, *, at: int) -> None:
    """Set aside what the page could not read, and take out what it could."""
    gone = frozenset(page.gone)
    unusable = {one.key: one for one in page.unusable if one.key not in gone}
    # Also a head that is older than ours or than its tombstone: it can be read, so nothing waits.
    release(connection, [head.key for head in page.heads if head.key not in unusable])
    _set_aside(connection, list(unusable.values()), at=at)


def release(connection: Connection, keys: Sequence[ConversationKey]) -> int:
    """Return how many of these were set aside."""
    if not keys:
        return 0
    these = quarantine.delete().where(among(connection, quarantine.c.key))
    return connection.execute(these, keys_for(connection, dict.fromkeys(keys))).rowcount


def everything(connection: Connection) -> list[Quarantined]:
    query = select(quarantine).order_by(quarantine.c.since, quarantine.c.key)
    return [
        Quarantined(
            key=ConversationKey(row.key),
            source=row.source,
            why=row.why,
            since=from_ms(row.since),
            attempts=row.attempts,
        )
        for row in connection.execute(query)
    ]


def _set_aside(connection: Connection, unusable: Sequence[Unusable], *, at: int) -> None:
    if not unusable:
        return
    new = insert_into(connection, quarantine)
    again = new.on_conflict_do_update(
        index_elements=["key"],
        set_={"why": new.excluded.why, "attempts": quarantine.c.attempts + 1},
    )
    rows = [
        {
            "key": one.key,
            "source": split_key(one.key)[0],
            "why": one.why,
            "since": at,
            "attempts": 1,
        }
        for one in unusable
    ]
    connection.execute(again, rows)
