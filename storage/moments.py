"""Times as the tables hold them: UTC milliseconds, and ordinals of the workspace's local days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.errors import Misused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    since = moment - _EPOCH  # by its parts: dividing it takes twice as long
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def from_ms(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def month_of(day: date) -> date:
    return day.replace(day=1)


def weekday_of(ordinal: int) -> int:
    """Day 1 of the proleptic calendar was a Monday, which is 0."""
    return (ordinal - 1) % 7


def iso(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def ordinal(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError as error:
        raise Misused(f"{text!r} is not a date; write it as 2026-11-16.") from error
