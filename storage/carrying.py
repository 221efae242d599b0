"""What a restored copy must not undo: erasures, what was posted and done, what was written back.

Read from the database that goes, added to the copy that comes. Rows are found by their keys, which
mean the same in both.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, inspect, select

from service.errors import RetryLater
from storage.bulk import chunks, upsert
from storage.engine import Engine
from storage.tables.analyses import ledger
from storage.tables.conversations import conversation, source, tombstone
from storage.tables.erasures import erasure
from storage.tables.work import job_run, outbox

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    erasures: Sequence[Values] = ()
    tombstones: Sequence[Values] = ()
    posts: Sequence[Values] = ()
    runs: Sequence[Values] = ()
    written: Sequence[Values] = ()  # with the conversation's key


def keep_still(engine: Engine, held: ExitStack) -> Carried:
    """Read what must not be undone, and keep others from working until `held` closes."""
    with engine.reading() as connection:
        names = list(connection.execute(select(source.c.name)).scalars())
    for name in names:
        if not held.enter_context(engine.alone(name)):
            raise RetryLater(f"Another process is at work on {name}: stop the worker first.")
    with engine.reading() as connection:
        return _carried(connection)


def _carried(connection: Connection) -> Carried:
    """Read it; nothing from a schema that is older than erasures."""
    if not inspect(connection).has_table(erasure.name):
        return Carried()
    by_key = select(ledger, conversation.c.key).join(
        conversation, conversation.c.id == ledger.c.conversation_id
    )
    return Carried(
        erasures=_values(connection, select(erasure)),
        tombstones=_values(connection, select(tombstone).where(tombstone.c.erasure.is_not(None))),
        posts=_values(connection, select(outbox)),
        runs=_values(connection, select(job_run).where(job_run.c.done_at.is_not(None))),
        written=_values(connection, by_key),
    )


def carry(connection: Connection, known: Carried) -> int:
    """Add it to a copy; return how many posts the copy did not know. Safe to repeat."""
    unfinished = [{**row, "done_at": None} for row in known.erasures]  # the copy has their words
    upsert(connection, erasure, ["subject"], unfinished)
    upsert(connection, tombstone, ["key"], known.tombstones)
    new = len(known.posts) - _there(connection, [row["key"] for row in known.posts])
    upsert(connection, outbox, ["key"], known.posts)
    upsert(connection, job_run, ["job", "due"], known.runs)
    _carry_written(connection, known.written)
    return new


def _carry_written(connection: Connection, rows: Sequence[Values]) -> None:
    """What we wrote since the copy was made stands in the helpdesk: without this it would look as
    if agents had set it.
    """
    for chunk in chunks(rows):
        keys = [row["key"] for row in chunk]
        query = select(conversation.c.key, conversation.c.id).where(conversation.c.key.in_(keys))
        ids = {row.key: row.id for row in connection.execute(query)}
        upsert(
            connection,
            ledger,
            ["conversation_id"],
            [
                {n: v for n, v in row.items() if n != "key"} | {"conversation_id": ids[row["key"]]}
                for row in chunk
                if row["key"] in ids
            ],
        )


def _there(connection: Connection, keys: Sequence[str]) -> int:
    return sum(
        len(connection.execute(select(outbox.c.key).where(outbox.c.key.in_(chunk))).all())
        for chunk in chunks(keys)
    )


def _values(connection: Connection, query: Any) -> list[Values]:
    rows: Sequence[Row[Any]] = connection.execute(query).all()
    return [dict(row._mapping) for row in rows]
