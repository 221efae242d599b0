"""Search of the Intercom stand-in: a query tree becomes a test, a time range and pages.

Knows operators, nesting limits and keyset cursors. Knows nothing of what a conversation is.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.intercom_attributes import Refusal, invalid
from connectors.sandbox.records import Key

Values = Callable[[str], Any]  # a row's value of a named field
Test = Callable[[Values], bool]

MOST_PER_PAGE = 150
_DEFAULT_PER_PAGE = 20
_MOST_LEVELS = 2
_MOST_FILTERS = 15
_ORDERING = frozenset({">", "<", ">=", "<="})
_OPERATORS = _ORDERING | {"=", "!=", "IN", "NIN", "~", "!~", "^", "$"}
_DATES = frozenset({"created_at", "updated_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A half-open range of a time field; None leaves that side open."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    per_page: int
    field: str
    descending: bool
    after: Key | None
    given: str | None  # the cursor as it came
    page: int

    @property
    def beginning(self) -> Key:
        """Return the key that stands before every row."""
        return (2**62, 2**62) if self.descending else (-1, -1)


def compile_query(query: Any, *, day_precision: bool = False) -> Test:
    """Turn a query tree into a test; contacts compare dates by day and know no >= and <=."""
    if query is None:
        return lambda _: True
    return _compile(query, level=0, day_precision=day_precision)


def _compile(node: Any, *, level: int, day_precision: bool) -> Test:
    if not isinstance(node, dict):
        raise invalid("query must be an object")
    if node.get("operator") in ("AND", "OR"):
        return _compile_group(node, level=level, day_precision=day_precision)
    return _compile_filter(node, day_precision=day_precision)


def _compile_group(node: dict[str, Any], *, level: int, day_precision: bool) -> Test:
    children = node.get("value")
    if level >= _MOST_LEVELS:
        raise invalid(f"Nesting is limited to {_MOST_LEVELS} levels")
    if not isinstance(children, list) or not 0 < len(children) <= _MOST_FILTERS:
        raise invalid(f"A group takes 1 to {_MOST_FILTERS} filters")
    tests = [_compile(each, level=level + 1, day_precision=day_precision) for each in children]
    if node["operator"] == "AND":
        return lambda values: all(test(values) for test in tests)
    return lambda values: any(test(values) for test in tests)


def _compile_filter(node: dict[str, Any], *, day_precision: bool) -> Test:
    name, sign, wanted = node.get("field"), node.get("operator"), node.get("value")
    if not isinstance(name, str) or sign not in _OPERATORS or "value" not in node:
        raise invalid("A filter needs field, operator and value")
    if sign in ("IN", "NIN") and not isinstance(wanted, list):
        raise invalid(f"{sign} needs a list of values")
    by_day = day_precision and name in _DATES
    if day_precision and sign in (">=", "<="):
        raise invalid(f"operator {sign} is not valid for {name}")
    return lambda values: _holds(str(sign), values(name), wanted, by_day=by_day)


def _holds(sign: str, found: Any, wanted: Any, *, by_day: bool) -> bool:
    match sign:
        case "IN":
            return any(_same(found, each) for each in wanted)
        case "NIN":
            return not any(_same(found, each) for each in wanted)
        case "=":
            return _days(found) == _days(wanted) if by_day else _same(found, wanted)
        case "!=":
            return not _same(found, wanted)
        case "~" | "!~":
            return (str(wanted).lower() in str(found or "").lower()) == (sign == "~")
        case "^":
            return str(found or "").lower().startswith(str(wanted).lower())
        case "$":
            return str(found or "").lower().endswith(str(wanted).lower())
        case _:
            return _ordered(sign, found, wanted, by_day=by_day)


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, list | tuple | set | frozenset):
        return any(_same(each, wanted) for each in found)
    if found is None or wanted is None:
        return found is wanted
    return str(found).lower() == str(wanted).lower()


def _ordered(sign: str, found: Any, wanted: Any, *, by_day: bool) -> bool:
    if found is None:
        return False
    left, right = _number(found), _number(wanted)
    if by_day:
        left, right = _days(left), _days(right)
    answers = {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}
    return answers[sign]


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"{value} is not a number") from None


def _days(value: Any) -> int:
    return _number(value) // (24 * 60 * 60)


def range_of(query: Any, name: str) -> Range:
    """Return a range of the time field outside of which nothing can match; it may be too wide."""
    if not isinstance(query, dict):
        return Range()
    if query.get("operator") in ("AND", "OR"):
        ranges = [range_of(each, name) for each in query["value"]]
        return _narrowest(ranges) if query["operator"] == "AND" else _widest(ranges)
    if query.get("field") != name:
        return Range()
    match query["operator"]:
        case ">=":
            return Range(start=_number(query["value"]))
        case ">":
            return Range(start=_number(query["value"]) + 1)
        case "<":
            return Range(end=_number(query["value"]))
        case "<=":
            return Range(end=_number(query["value"]) + 1)
        case "=":
            value = _number(query["value"])
            return Range(start=value, end=value + 1)
        case _:
            return Range()


def _narrowest(ranges: list[Range]) -> Range:
    starts = [each.start for each in ranges if each.start is not None]
    ends = [each.end for each in ranges if each.end is not None]
    return Range(start=max(starts, default=None), end=min(ends, default=None))


def _widest(ranges: list[Range]) -> Range:
    starts = [each.start for each in ranges]
    ends = [each.end for each in ranges]
    return Range(
        start=None if None in starts else min(start for start in starts if start is not None),
        end=None if None in ends else max(end for end in ends if end is not None),
    )


def read_paging(body: dict[str, Any], *, strict_order: bool) -> Paging:
    """Read pagination and sort; since 2.16 the order must be spelled out."""
    asked = body.get("pagination") or {}
    per_page = _number(asked.get("per_page", _DEFAULT_PER_PAGE))
    if not 1 <= per_page <= MOST_PER_PAGE:
        raise invalid(f"per_page must be between 1 and {MOST_PER_PAGE}")
    sort = body.get("sort") or {}
    order = str(sort.get("order", "descending"))
    spelled = ("ascending", "descending")
    if order not in (spelled if strict_order else (*spelled, "asc", "desc")):
        raise invalid("sort order must be ascending or descending")
    name = str(sort.get("field", "updated_at"))
    if name not in ("updated_at", "created_at", "id"):
        raise invalid(f"cannot sort by {name}")
    given = str(asked["starting_after"]) if asked.get("starting_after") else None
    after, page = (None, 1) if given is None else _read_cursor(given)
    return Paging(
        per_page=per_page,
        field=name,
        descending=order.startswith("desc"),
        after=after,
        given=given,
        page=page,
    )


def write_cursor(key: Key, page: int) -> str:
    text = json.dumps([key[0] * 1000, key[1], page])
    return urlsafe_b64encode(text.encode()).decode()


def _read_cursor(text: str) -> tuple[Key, int]:
    try:
        milliseconds, id_, page = json.loads(urlsafe_b64decode(text.encode()))
        return (int(milliseconds) // 1000, int(id_)), int(page)
    except (ValueError, TypeError):
        raise Refusal(400, "parameter_invalid", "starting_after is invalid") from None
