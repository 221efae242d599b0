"""Puts conversations on the local days of the workspace again, after its time zone changed."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from storage.bulk import change
from storage.deriving import within
from storage.moments import from_ms, local_day, month_of
from storage.tables.conversations import conversation


def recompute(connection: Connection, zone: ZoneInfo, ids: range) -> None:
    c = conversation.c
    moved: list[dict[str, int]] = []
    for row in connection.execute(select(c.id, c.created_at, c.day).where(within(c.id, ids))):
        day = local_day(from_ms(row.created_at), zone)
        if day.toordinal() != row.day:
            month = month_of(day).toordinal()
            moved.append({"id": row.id, "day": day.toordinal(), "month": month})
    change(connection, conversation, moved)
