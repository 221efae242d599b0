"""Turns a Query into SQL, here and nowhere else.

One list of conditions, the viewer's scope among them, stands behind every number, list and quote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import TSQUERY

from service.domain.people import Viewer
from service.query import MULTI_VALUED, Dimension, Filter, Query, Window
from storage.in_force import value_in_force
from storage.moments import ordinal
from storage.rollups import ROLLED_UP
from storage.tables.conversations import conversation, message
from storage.tables.facts import NOT_ANALYSED, fact, touch
from storage.words import searchable

_COLUMNS: Mapping[Dimension, Column[Any]] = {
    Dimension.ACCOUNT: fact.c.account,
    Dimension.SEGMENT: fact.c.segment,
    Dimension.CHANNEL: fact.c.channel,
    Dimension.AGENT: fact.c.agent,
    Dimension.OWNER: fact.c.owner,
    Dimension.SOURCE: fact.c.source,
    Dimension.STATUS: fact.c.status,
    Dimension.SENTIMENT: fact.c.sentiment,
    Dimension.EFFORT: fact.c.effort,
    Dimension.CHURN_RISK: fact.c.churn_risk,
    Dimension.DAY: fact.c.day,
    Dimension.MONTH: fact.c.month,
}
GRAINS = frozenset({Dimension.DAY, Dimension.WEEK, Dimension.MONTH})

# Each conversation once: its first row. Statements about drivers read all of its rows instead.
ONCE = fact.c.rank == 0


def conditions(query: Query, viewer: Viewer, dialect: str) -> list[ColumnElement[bool]]:
    """Return what must hold of a fact row; nothing here reads the row's own driver."""
    found = [*scope(viewer), *_during(query.window)]
    found += [_touches(one) for one in query.filters]
    found += [~_touches(one) for one in query.exclude]
    found += [_mentions(phrase, dialect) for phrase in query.text]
    return found


def scope(viewer: Viewer) -> list[ColumnElement[bool]]:
    if viewer.accounts is None:
        return []
    return [fact.c.account.in_(sorted(viewer.accounts))]


def value_of(metric: str) -> ColumnElement[Any]:
    """The metric's value in force: a column of the facts, or looked up for a custom metric."""
    if metric in ROLLED_UP:
        return ROLLED_UP[metric]
    return value_in_force(metric, fact.c.conversation_id)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What to select for some dimensions: the value and the weight's divisor of each."""

    values: tuple[ColumnElement[Any], ...]
    divisors: tuple[ColumnElement[Any], ...]  # how many values of the dimension are touched
    source: FromClause
    rows: ColumnElement[bool]  # which rows of the facts to read


def grouping(dimensions: Sequence[Dimension]) -> Grouping:
    source: FromClause = fact
    pairs: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = []
    for place, dimension in enumerate(dimensions):
        if dimension in {Dimension.TAG, Dimension.RAW_TAG}:
            touched = touch.alias(f"touched_{place}")
            source = source.join(
                touched,
                (touched.c.conversation_id == fact.c.conversation_id)
                & (touched.c.dimension == dimension.value),
            )
            pairs.append((touched.c.value, touched.c.m))
        elif dimension is Dimension.DRIVER:
            pairs.append((fact.c.driver, fact.c.m))
        else:
            pairs.append((_single(dimension), literal(1)))
    rows = fact.c.driver != NOT_ANALYSED if Dimension.DRIVER in dimensions else ONCE
    values, divisors = zip(*pairs, strict=True) if pairs else ((), ())
    return Grouping(values, divisors, source, rows)


def week_of(day: ColumnElement[Any]) -> ColumnElement[Any]:
    """The ordinal of the Monday: ordinal 1 was one."""
    return day - (day - 1) % 7


def _single(dimension: Dimension) -> ColumnElement[Any]:
    if dimension is Dimension.DRIVER:
        return fact.c.driver
    if dimension is Dimension.WEEK:
        return week_of(fact.c.day)
    if dimension is Dimension.CONVERSATION:
        return (
            select(conversation.c.key)
            .where(conversation.c.id == fact.c.conversation_id)
            .correlate(fact)
            .scalar_subquery()
        )
    return _COLUMNS.get(dimension, value_of(dimension.value))


def _during(window: Window | None) -> list[ColumnElement[bool]]:
    if window is None:
        return []
    return [fact.c.day >= window.start.toordinal(), fact.c.day < window.end.toordinal()]


def _touches(one: Filter) -> ColumnElement[bool]:
    if one.dimension in GRAINS:
        return _single(one.dimension).in_([ordinal(value) for value in one.values])
    holders = _holders(one)
    if holders is not None:
        return fact.c.conversation_id.in_(holders)
    return _single(one.dimension).in_(one.values)


def _holders(one: Filter) -> Select[Any] | None:
    """The ids of conversations that touch a value, for what is not a column of the facts."""
    if one.dimension is Dimension.CONVERSATION:
        return select(conversation.c.id).where(conversation.c.key.in_(one.values))
    if one.dimension is Dimension.DRIVER:
        rows = fact.alias("by_driver")
        return select(rows.c.conversation_id).where(rows.c.driver.in_(one.values))
    if one.dimension in MULTI_VALUED:
        return select(touch.c.conversation_id).where(
            touch.c.dimension == one.dimension.value, touch.c.value.in_(one.values)
        )
    return None


def _mentions(phrase: str, dialect: str) -> ColumnElement[bool]:
    """Whether one message of the customer holds these words in a row.

    The search index narrows; the comparison of folded words decides, alike on both databases.
    """
    words = searchable(phrase)
    if not words:
        return false()
    spaced: ColumnElement[str] = literal_column("' '") + message.c.words + literal_column("' '")
    holders = select(message.c.conversation_id).where(
        message.c.words.is_not(None), spaced.contains(f" {words} ", autoescape=True)
    )
    return fact.c.conversation_id.in_(holders.where(*_indexed(words, dialect)))


def _indexed(words: str, dialect: str) -> list[ColumnElement[bool]]:
    if dialect != "sqlite":
        # Words are letters and digits only, so quoting them is enough.
        wanted = " & ".join(f"'{word}'" for word in words.split())
        listed = func.string_to_array(message.c.words, literal_column("' '"))
        return [func.array_to_tsvector(listed).op("@@")(cast(wanted, TSQUERY))]
    if not words.isascii():
        return []  # the index may know fewer letters than we do
    matches = literal_column("message_search").op("MATCH")(f'"{words}"')
    rowid: ColumnElement[int] = literal_column("rowid")
    hits = select(rowid).select_from(sql_table("message_search")).where(matches)
    return [message.c.id.in_(hits)]
