"""Puts conversations on the local days of the workspace again, after its time zone changed."""

from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select, update

from storage.bulk import chunks
from storage.moments import from_ms, local_day, month_of
from storage.tables.conversations import conversation


def recompute(connection: Connection, zone: ZoneInfo) -> None:
    c = conversation.c
    rows = connection.execute(select(c.id, c.created_at, c.day)).all()
    moved: list[dict[str, int]] = []
    for row in rows:
        day = local_day(from_ms(row.created_at), zone)
        if day.toordinal() != row.day:
            month = month_of(day).toordinal()
            moved.append({"one": row.id, "to_day": day.toordinal(), "to_month": month})
    change = (
        update(conversation)
        .where(c.id == bindparam("one"))
        .values(day=bindparam("to_day"), month=bindparam("to_month"))
    )
    for chunk in chunks(moved):
        connection.execute(change, chunk)
