"""What the API reads from an address: the explorer's conditions, and how much of the answer.

It refuses every name that would have no effect, so that a typing mistake never widens a question.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.errors import Misused
from service.measures import all_metrics, own_metrics, rate_named
from service.query import ACCOUNTS, CONVERSATIONS, TIME, Dimension, Query
from service.web.api_shapes import MAX_ROWS

ROWS = 50
MAX_WORD = 500  # characters of one value
MAX_CONDITIONS = 100
Param = dict[str, object]

_WORD: Param = {"type": "string", "minLength": 1, "maxLength": MAX_WORD, "pattern": "^[^\\u0000]*$"}
_DAY: Param = {"type": "string", "format": "date"}
_LIST_ONLY = frozenset({"after", "sort"})
_GROUP_ONLY = frozenset({"metric", "group"})
_NO_EFFECT = frozenset({"vs_from", "vs_to"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question from an address."""

    query: Query
    limit: int
    after: str | None = None


def asked_list(params: Iterable[tuple[str, str]]) -> Asked:
    """Read what /api/v1/conversations was asked."""
    given = _checked(params, foreign=_GROUP_ONLY | _NO_EFFECT)
    after = _only(given, "after")
    rest = [(name, value) for name, value in given if name not in {"after", "limit"}]
    return Asked(query=_query(rest), limit=_limit(given), after=after)


def asked_groups(params: Iterable[tuple[str, str]]) -> Asked:
    """Read what /api/v1/group was asked; without a dimension it is by driver."""
    given = _checked(params, foreign=_LIST_ONLY | _NO_EFFECT)
    query = _query([(name, value) for name, value in given if name != "limit"])
    if query.metric not in {CONVERSATIONS, ACCOUNTS}:
        rate_named(query.metric)  # an unknown number is refused with the names there are
    if not query.group_by:
        query = replace(query, group_by=(Dimension.DRIVER,))
    if Dimension.CONVERSATION in query.group_by or len(set(query.group_by)) < len(query.group_by):
        raise Misused("Group by one or two different dimensions, and not by conversation.")
    return Asked(query=query, limit=_limit(given))


def conditions() -> list[Param]:
    """Describe the conditions that lists and groups share."""
    found = [
        _param("from", "First day, in the workspace's time zone.", _DAY),
        _param("to", "The day after the last one: `from` and `to` come together.", _DAY),
    ]
    for one in Dimension:
        words = one.value.replace("_", " ")
        many = _many(_DAY if one in TIME else _WORD)
        found.append(_param(one.value, f"Conversations with one of these {words} values.", many))
        found.append(_param(f"not.{one.value}", f"None with one of these {words} values.", many))
    found.append(_param("text", "Words that a customer wrote; each must occur.", _many(_WORD)))
    rows: Param = {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": ROWS}
    found.append(_param("limit", "How many rows at most.", rows))
    return found


def of_lists() -> list[Param]:
    order: Param = {"type": "string", "enum": ["-created", "created"], "default": "-created"}
    return [
        *conditions(),
        _param("sort", "Newest or oldest first.", order),
        _param("after", "`next` or `previous` of a page that was read.", _WORD),
    ]


def of_groups() -> list[Param]:
    listed = [d.value for d in Dimension if d.value != "conversation"]
    known: Param = {"anyOf": [{"type": "string", "enum": listed}, _own("custom_[a-z0-9_]+")]}
    by: Param = {"type": "array", "items": known, "maxItems": 2, "uniqueItems": True}
    built_in = [one for one in all_metrics() if not one.is_custom]
    shares = [rate.name for one in built_in for rate in one.rates]
    listed = [CONVERSATIONS, ACCOUNTS, *shares]
    measure: Param = {
        "anyOf": [{"type": "string", "enum": listed}, _own("custom_[a-z0-9_]+_rate")],
        "default": CONVERSATIONS,
    }
    return [
        *conditions(),
        _param("metric", "What is counted, or the share that is.", measure),
        _param("group", "One or two dimensions; default: driver.", by),
    ]


def of_receipts() -> list[Param]:
    shape: Param = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
    about = "The last part of a receipt's address."
    return [
        {
            "name": "receipt_id",
            "in": "path",
            "required": True,
            "description": about,
            "schema": shape,
        }
    ]


def _own(pattern: str) -> Param:
    """The names of a workspace's own metrics: the description is the same for everybody."""
    return {"type": "string", "pattern": f"^{pattern}$", "maxLength": MAX_WORD}


def _many(item: Param) -> Param:
    return {"type": "array", "items": item, "maxItems": MAX_CONDITIONS}


def _param(name: str, words: str, schema: Param) -> Param:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _checked(
    params: Iterable[tuple[str, str]], *, foreign: frozenset[str]
) -> list[tuple[str, str]]:
    given = list(params)
    if len(given) > MAX_CONDITIONS:
        raise Misused(f"That is more than {MAX_CONDITIONS} conditions.")
    for name, value in given:
        if name in foreign:
            raise Misused(f"{name} has no effect here.")
        if value == "":
            raise Misused(f"{name} has no value.")
        if len(value) > MAX_WORD or "\0" in name + value:
            raise Misused(f"The value of {name} cannot be read.")
    return given


def _query(params: list[tuple[str, str]]) -> Query:
    query = Query.from_params(params)
    known = {*Dimension, *(Dimension(metric.name) for metric in own_metrics())}
    used = {one.dimension for one in (*query.filters, *query.exclude)} | {*query.group_by}
    for dimension in used - known:
        raise Misused(f"There is no metric {dimension.value!r} of your own.")
    return query


def _only(params: list[tuple[str, str]], name: str) -> str | None:
    values = [value for key, value in params if key == name]
    if len(values) > 1:
        raise Misused(f"{name} is given twice.")
    return values[0] if values else None


def _limit(params: list[tuple[str, str]]) -> int:
    text = _only(params, "limit") or str(ROWS)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_ROWS:
        raise Misused(f"limit is a number from 1 to {MAX_ROWS}.")
    return int(text)
