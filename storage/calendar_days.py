"""Puts conversations on the local days of the workspace again, after its time zone changed."""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select

from storage.bulk import change
from storage.moments import from_ms, local_day, month_of
from storage.tables.conversations import conversation

_BATCH = 10_000  # conversations in memory at once


def recompute(connection: Connection, zone: ZoneInfo) -> None:
    for rows in _batches(connection):
        moved: list[dict[str, int]] = []
        for row in rows:
            day = local_day(from_ms(row.created_at), zone)
            if day.toordinal() != row.day:
                month = month_of(day).toordinal()
                moved.append({"id": row.id, "day": day.toordinal(), "month": month})
        change(connection, conversation, moved)


def _batches(connection: Connection) -> Iterator[Sequence[Row[Any, Any, Any]]]:
    c = conversation.c
    query = select(c.id, c.created_at, c.day).order_by(c.id).limit(_BATCH)
    rows: Sequence[Row[Any, Any, Any]] = connection.execute(query).all()
    while rows:
        yield rows
        rows = connection.execute(query.where(c.id > rows[-1].id)).all()
