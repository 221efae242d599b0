"""Reads single values out of Intercom's JSON without trusting any of it.

Knows that ids come as numbers or strings, times as numbers or dates, and that everything may be
null or broken. Knows nothing of what the values mean.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._text import clean

Json = Mapping[str, Any]

_FIRST_MILLISECOND = 100_000_000_000  # as seconds this would be the year 5138
_MOST_DIGITS = 19


def parsed(content: bytes) -> Any:
    """Return an answer's JSON, with nothing in it that no store takes; None when it is none."""
    if not content:
        return {}
    try:
        found = json.loads(content)
        # Lone surrogates and NUL arrive as escapes: names, tags and titles have them too.
        return _storable(found) if b"\\u" in content else found
    except (ValueError, RecursionError):
        return None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {clean(name): _storable(each) for name, each in value.items()}
    return value


def identity(value: object) -> str | None:
    """Return an id; unassigned is null until version 2.15 and 0 from 2.16 on."""
    if isinstance(value, bool) or not isinstance(value, int | str):
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
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return at if at >= 0 else None


def moment_of(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def number(value: object) -> int | None:
    text = str(value)
    digits = text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS
    return int(text) if digits and isinstance(value, int | str) else None


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


def complaint_code(body: object) -> str:
    return next((words(row.get("code")) for row in rows(body, "errors")), "")
