"""Puts conversations on the local days of the workspace again, after its time zone changed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from storage.bulk import Row, change
from storage.deriving import within
from storage.moments import from_ms, local_day, month_of
from storage.tables.conversations import conversation

_DAY = timedelta(days=1)
_MS = timedelta(milliseconds=1)
_NOTHING = timedelta()
_EPOCH = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 -- a day of the calendar, no moment


def recompute(connection: Connection, zone: ZoneInfo, ids: range) -> None:
    change(connection, conversation, misplaced(connection, zone, ids))


def misplaced(connection: Connection, zone: ZoneInfo, ids: range) -> list[Row]:
    """The days of conversations that are on another one; only those near midnight are read."""
    c = conversation.c
    among = within(c.id, ids)
    ends = connection.execute(select(func.min(c.created_at), func.max(c.created_at)).where(among))
    first, last = ends.one()
    if first is None:
        return []
    least, most = _offsets(from_ms(first), from_ms(last), zone)
    midnight = (c.day - _EPOCH) * (_DAY // _MS)
    doubtful = (c.created_at + least < midnight) | (c.created_at + most >= midnight + _DAY // _MS)
    found: list[Row] = []
    for row in connection.execute(select(c.id, c.created_at, c.day).where(among, doubtful)):
        day = local_day(from_ms(row.created_at), zone)
        if day.toordinal() != row.day:
            month = month_of(day).toordinal()
            found.append({"id": row.id, "day": day.toordinal(), "month": month})
    return found


def _offsets(first: datetime, last: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The least and the most that the zone was ahead of UTC in between, in milliseconds."""
    moments = (first + _DAY * n for n in range((last - first) // _DAY + 1))
    offsets = [moment.astimezone(zone).utcoffset() or _NOTHING for moment in (*moments, last)]
    return min(offsets) // _MS, max(offsets) // _MS
