"""Derives the facts and touched tags of single conversations from their rows, in memory.

The same rows that `storage.deriving` makes of everything at once: the laws hold both together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, select

from service.domain.taxonomy import UNMAPPED
from service.query import EMPTY_VALUE, NO_VALUE, UNMEASURED_VALUE, Dimension
from storage.among import rows_among
from storage.in_force import LEFT_BLANK
from storage.tables.accounts import account
from storage.tables.analyses import PERSON, assigned_tag, measurement
from storage.tables.conversations import conversation
from storage.tables.facts import NOT_ANALYSED, fact, touch

METRICS = ("sentiment", "effort", "churn_risk")
Fact = tuple[Any, ...]  # in the order of the table's columns, as is the next
Touch = tuple[Any, ...]
Found = Sequence[Any]  # a row as it was read

_TOUCHED = ((Dimension.TAG.value, 2), (Dimension.RAW_TAG.value, 1))  # and its place in _TAGS
_ID = "conversation_id"
_FACTS, _TOUCHES = select(fact), select(touch)
_UNMEASURED = (UNMEASURED_VALUE, "")
_NOTHING_MEASURED = (*(UNMEASURED_VALUE for _ in METRICS), *("" for _ in METRICS), 0)
_c, _of, _tag = conversation.c, measurement.c, assigned_tag.c
_HEADS = select(
    *(_c.id, _c.day, _c.created_at, _c.month, _c.source, _c.channel, _c.status, _c.account),
    *(account.c.segment, account.c.owner, _c.agent, _c.measured_by),
).select_from(conversation.outerjoin(account, account.c.key == _c.account))
VALUE_COLUMNS = ("conversation_id", "metric", "origin", "value", "reason")
TAG_COLUMNS = ("conversation_id", "raw", "canonical", "driver")
_MEASURED = select(*(_of[name] for name in VALUE_COLUMNS))
_TAGS = select(*(_tag[name] for name in TAG_COLUMNS)).order_by(_tag.conversation_id, _tag.nth)


@dataclass(slots=True, kw_only=True)
class Derived:
    """Rows of facts and touched tags."""

    facts: list[Fact] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What facts are derived from beside the head: values and tags, by their conversation."""

    values: dict[int, list[Found]] = field(default_factory=dict)
    tags: dict[int, list[Found]] = field(default_factory=dict)


def stored(connection: Connection, ids: Sequence[int]) -> Derived:
    """Read what was derived before."""
    facts, touches = (
        list(map(tuple, rows_among(connection, query, query.selected_columns[_ID], ids)))
        for query in (_FACTS, _TOUCHES)
    )
    return Derived(facts=facts, touches=touches)


def derived(connection: Connection, ids: Sequence[int]) -> Derived:
    """Derive anew from what is stored and measured."""
    values = _by_conversation(connection, _MEASURED, ids)
    tags = _by_conversation(connection, _TAGS, ids)
    return derived_from(connection, ids, Measured(values=values, tags=tags))


def derived_from(connection: Connection, ids: Sequence[int], measured: Measured) -> Derived:
    """Derive conversations of which this is all that is measured."""
    made = Derived()
    values, tags = measured.values, measured.tags
    for head in rows_among(connection, _HEADS, _c.id, ids):
        of_one, tags_of_one = values.get(head[0], ()), tags.get(head[0], ())
        if head[-1] or of_one or tags_of_one:
            _derive(head, of_one, tags_of_one, made)
        else:
            made.facts.append(_unmeasured(head))
    return made


def _unmeasured(head: Found) -> Fact:
    """What `_derive` makes of a head of which nothing is measured."""
    one, day, created_at, month, source, channel, status, of, segment, owner, agent, _ = head
    return (
        *(day, created_at, one, 0, NOT_ANALYSED, 1, month, source, channel, status),
        *(of or NO_VALUE, segment or NO_VALUE, owner or NO_VALUE, agent or NO_VALUE),
        *_NOTHING_MEASURED,
    )


def _by_conversation(
    connection: Connection, query: Select[Any], ids: Sequence[int]
) -> dict[int, list[Found]]:
    found: dict[int, list[Found]] = {}
    for row in rows_among(connection, query, query.selected_columns[_ID], ids):
        found.setdefault(row[0], []).append(row)
    return found


def _derive(head: Found, measured: Sequence[Found], tags: Sequence[Found], made: Derived) -> None:
    one, day, created_at, month, source, channel, status, of, segment, owner, agent, mark = head
    in_force = _in_force(measured)
    by_person = any(origin == PERSON for origin, _, _ in in_force.values())
    known = mark != "" or by_person
    drivers = _drivers(in_force, tags) or [UNMAPPED if known else NOT_ANALYSED]
    values, reasons = zip(*(_said(in_force.get(metric)) for metric in METRICS), strict=True)
    shared = (
        *(month, source, channel, status, of or NO_VALUE, segment or NO_VALUE, owner or NO_VALUE),
        *(agent or NO_VALUE, *values, *reasons, 1 if mark else 0),
    )
    m = len(drivers)
    for rank, driver in enumerate(drivers):
        made.facts.append((day, created_at, one, rank, driver, m, *shared))
    untouched = set() if drivers[0] == NOT_ANALYSED else {UNMAPPED}
    for dimension, place in _TOUCHED:
        touched = {tag[place] for tag in tags} - {None} or untouched
        n = len(touched)
        made.touches += [(dimension, value, day, created_at, one, n) for value in touched]


def _in_force(measured: Sequence[Found]) -> Mapping[str, tuple[int, str | None, str | None]]:
    """Each metric's origin, value and reason: a person's before the analyser's."""
    found: dict[str, tuple[int, str | None, str | None]] = {}
    for _, metric, origin, value, reason in measured:
        if metric not in found or origin > found[metric][0]:
            found[metric] = (origin, value, reason)
    return found


def _said(found: tuple[int, str | None, str | None] | None) -> tuple[str, str]:
    """Return a value and why it is empty, as the facts spell them."""
    if found is None:
        return _UNMEASURED
    _, value, reason = found
    if value is None or value == EMPTY_VALUE:
        return EMPTY_VALUE, reason or LEFT_BLANK
    return value, ""


def _drivers(
    in_force: Mapping[str, tuple[int, str | None, str | None]], tags: Sequence[Found]
) -> list[str]:
    """The distinct drivers, the strongest first; a person's choice replaces the analyser's."""
    origin, chosen, _ = in_force.get("driver", (None, None, None))
    if origin == PERSON:
        return [] if chosen is None else [chosen]
    return list(dict.fromkeys(tag[3] for tag in tags if tag[3] is not None))
