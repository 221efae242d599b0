"""Reads single values out of Intercom's JSON without trusting any of it.

Knows that ids come as numbers or strings, times as numbers or dates, and that everything may be
null. Knows nothing of what the values mean.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

_FIRST_MILLISECOND = 100_000_000_000  # as seconds this would be the year 5138


def identity(value: object) -> str | None:
    """Return an id; unassigned is null until version 2.15 and 0 from 2.16 on."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    return None if text in ("", "0") else text


def words(value: object) -> str:
    return value if isinstance(value, str) else ""


def seconds(value: object) -> int | None:
    """Return a moment in whole seconds since 1970, which is as fine as Intercom tells time."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value))
    except ValueError:
        return _seconds_of_date(str(value))
    if not 0 <= number < _FIRST_MILLISECOND * 1000:
        return None
    return int(number / 1000 if number >= _FIRST_MILLISECOND else number)


def _seconds_of_date(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def moment_of(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    return int(str(value)) if str(value).isdigit() else None


def part(value: object, name: str) -> Json:
    """Return an object inside an object; empty when it is missing or something else."""
    inner = value.get(name) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def rows(value: object, *names: str) -> list[Json]:
    """Return the objects of a list that stands under one of the names, or is the value itself."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in names if isinstance(value.get(name), list)), [])
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def complaint(body: object) -> str:
    """Return the first message of an error.list, which is what Intercom answers with a 4xx."""
    return next((words(row.get("message")) for row in rows(body, "errors")), "")
