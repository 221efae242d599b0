"""Times as the tables hold them: UTC milliseconds, and ordinals of the workspace's local days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.domain.moments import from_ms, to_ms
from service.errors import Misused

__all__ = ["from_ms", "iso", "local_day", "month_of", "ordinal", "to_ms", "weekday_of"]


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
