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
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import TSQUERY

from service.domain.people import Viewer
from service.query import EMPTY_VALUE, MULTI_VALUED, TIME, Dimension, Filter, Query, Window
from service.words import searchable
from storage.in_force import LEFT_BLANK, reason_in_force, value_in_force
from storage.moments import ordinal
from storage.rollups import ROLLED_UP, WHY_EMPTY
from storage.tables.conversations import conversation, voice
from storage.tables.facts import NOT_ANALYSED, fact, touch

NO_TEXTS: Mapping[str, ColumnElement[bool]] = {}
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
LISTED = {
    Dimension.DRIVER: fact.c.driver,
    Dimension.ACCOUNT: fact.c.account,
    Dimension.AGENT: fact.c.agent,
}

# Each conversation once: its first row. A literal, because a partial index is not used for a
# bound value.
ONCE = fact.c.rank == literal_column("0")
IS_ANALYSED = fact.c.driver != NOT_ANALYSED
PLACE = (fact.c.day, fact.c.created_at, fact.c.conversation_id)  # in time; newest is the greatest


# Of a list that leads. Made once: the columns of an alias cost more than the rest of a statement.
_LED, _LED_TOUCH = fact.alias("lead"), touch.alias("lead")
_BESIDE, _BESIDE_TOUCH = (  # the facts of the conversations that lead
    led.join(fact, and_(*(led.c[one.name] == one for one in PLACE))) for led in (_LED, _LED_TOUCH)
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Where to read a question's conversations, each once: from what, and what must hold."""

    source: FromClause
    once: ColumnElement[bool]  # one row of each conversation
    wanted: tuple[ColumnElement[bool], ...]
    place: tuple[Column[Any], ...]  # the columns to sort by, of the table that leads
    each: "EachDriver"


@dataclass(frozen=True, slots=True)
class EachDriver:
    """Where to read a row for each driver of the same conversations."""

    source: FromClause
    wanted: tuple[ColumnElement[bool], ...]


def rows_of(
    query: Query,
    viewer: Viewer,
    *,
    lead: Filter | str | None = None,
    texts: Mapping[str, ColumnElement[bool]] = NO_TEXTS,
) -> Rows:
    """Return what the query reads.

    `lead` is a filter on one value whose posting list is walked, in the order of time, or words
    that were looked up; every other condition is checked on what that finds. `texts` holds, for
    rare words, what picks out the conversations that mention them.
    """
    checked = [*scope(viewer)]
    checked += [_touches(one) for one in query.filters if one is not lead]
    checked += [~_touches(one) for one in query.exclude]
    for phrase in query.text:
        known = texts.get(phrase)
        checked.append(mentions(phrase) if known is None else known)
    if lead is None or isinstance(lead, str):
        # With words in the lead no database starts with a period's rows: a sum has no index.
        day = fact.c.day if lead is None else fact.c.day + literal_column("0")
        within = (*_during(query.window, day), *checked)
        return Rows(fact, ONCE, within, PLACE, EachDriver(fact, within))
    if lead.dimension is Dimension.DRIVER:
        begun = [_LED.c.driver == lead.values[0], *_during(query.window, _LED.c.day)]
        each = EachDriver(_BESIDE, (*begun, *checked))
        within = (*_during(query.window, fact.c.day), *checked)
        return Rows(fact, fact.c.driver == lead.values[0], within, PLACE, each)
    led = _LED_TOUCH.c
    begun = [
        *(led.dimension == lead.dimension.value, led.value == lead.values[0]),
        *_during(query.window, led.day),
    ]
    within = (*begun, *checked)
    place = tuple(led[one.name] for one in PLACE)
    each = EachDriver(_BESIDE_TOUCH, within)
    return Rows(_BESIDE_TOUCH, ONCE, within, place, each)


def postings(query: Query) -> list[Filter]:
    """The filters that can lead: on one value of something a conversation can have several of."""
    return [one for one in query.filters if one.dimension in MULTI_VALUED and len(one.values) == 1]


def posting_list(one: Filter, window: Window | None) -> Select[Any] | None:
    """The rows of a filter that an index lists, to see how many there are; None without one."""
    if one.dimension in LISTED:
        held = [LISTED[one.dimension].in_(one.values), *_during(window, fact.c.day)]
        return select(literal(1)).select_from(fact).where(*held)
    if one.dimension not in MULTI_VALUED:
        return None
    held = [
        *(touch.c.dimension == one.dimension.value, touch.c.value.in_(one.values)),
        *_during(window, touch.c.day),
    ]
    return select(literal(1)).select_from(touch).where(*held)


def scope(viewer: Viewer) -> list[ColumnElement[bool]]:
    if viewer.accounts is None:
        return []
    return [fact.c.account.in_(sorted(viewer.accounts))]


def value_of(metric: str) -> ColumnElement[Any]:
    """The metric's value in force: a column of the facts, or looked up for a custom metric."""
    if metric in ROLLED_UP:
        return ROLLED_UP[metric]
    return value_in_force(metric, fact.c.conversation_id)


def why_empty(metric: str) -> ColumnElement[Any]:
    """The reason of a value in force that is empty."""
    if metric in WHY_EMPTY:
        return WHY_EMPTY[metric]
    return reason_in_force(metric, fact.c.conversation_id)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What to select for some dimensions: the value and the weight's divisor of each."""

    values: tuple[ColumnElement[Any], ...]
    divisors: tuple[ColumnElement[Any], ...]  # how many values of the dimension are touched
    source: FromClause
    wanted: tuple[ColumnElement[bool], ...]


def grouping(dimensions: Sequence[Dimension], rows: Rows) -> Grouping:
    by_driver = Dimension.DRIVER in dimensions
    source = rows.each.source if by_driver else rows.source
    pairs: list[tuple[ColumnElement[Any], ColumnElement[Any]]] = []
    for place, dimension in enumerate(dimensions):
        if dimension in {Dimension.TAG, Dimension.RAW_TAG}:
            touched = touch.alias(f"touched_{place}")
            source = source.join(
                touched,
                # Joined to nothing, so that no database starts with every tag there is.
                (touched.c.conversation_id == fact.c.conversation_id)
                & (touched.c.dimension + literal_column("''") == dimension.value),
            )
            pairs.append((touched.c.value, touched.c.m))
        elif dimension is Dimension.DRIVER:
            pairs.append((fact.c.driver, fact.c.m))
        else:
            pairs.append((_single(dimension), literal(1)))
    values, divisors = zip(*pairs, strict=True) if pairs else ((), ())
    if by_driver:
        return Grouping(values, divisors, source, (IS_ANALYSED, *rows.each.wanted))
    return Grouping(values, divisors, source, (rows.once, *rows.wanted))


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
    column = _COLUMNS.get(dimension)
    return value_of(dimension.value) if column is None else column


def _during(window: Window | None, day: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    if window is None:
        return []
    return [day >= window.start.toordinal(), day < window.end.toordinal()]


def _touches(one: Filter) -> ColumnElement[bool]:
    if one.dimension in TIME:
        return _single(one.dimension).in_([ordinal(value) for value in one.values])
    if one.dimension is Dimension.CONVERSATION:
        ids = select(conversation.c.id).where(conversation.c.key.in_(one.values))
        return fact.c.conversation_id.in_(ids)
    if one.dimension is Dimension.DRIVER:
        rows = fact.alias("by_driver")
        return exists().where(
            rows.c.conversation_id == fact.c.conversation_id, rows.c.driver.in_(one.values)
        )
    if one.dimension in MULTI_VALUED:
        return exists().where(
            touch.c.conversation_id == fact.c.conversation_id,
            touch.c.dimension == one.dimension.value,
            touch.c.value.in_(one.values),
        )
    value = _single(one.dimension)
    asked = value.in_(one.values)
    if not one.reasons or (one.dimension in _COLUMNS and one.dimension.value not in WHY_EMPTY):
        return asked
    why = func.coalesce(func.nullif(why_empty(one.dimension.value), ""), LEFT_BLANK)
    return asked | ((value == EMPTY_VALUE) & why.in_(one.reasons))


def mentions(phrase: str) -> ColumnElement[bool]:
    """Whether the customer said these words in a row, asked of each conversation."""
    words = searchable(phrase)
    if not words:
        return false()
    own = voice.c.conversation_id == fact.c.conversation_id
    one: Select[Any] = select(literal_column("1")).where(own, _holds(words)).limit(1)
    # As a value, because PostgreSQL would read everything that was said for a join instead; and not
    # as a certain one, because it takes that for rare, and would sort all that it had asked.
    return func.coalesce(one.correlate(fact).scalar_subquery(), literal_column("0")) != 0


@dataclass(frozen=True, slots=True)
class Ids:
    """From the first to the last of some conversations' ids."""

    first: int
    last: int


def conversations_of(window: Window) -> Select[Any]:
    """The first and the last id of a period's conversations."""
    # Of a sum, because PostgreSQL would walk the index of ids until it meets one of the period.
    own = fact.c.conversation_id + literal_column("0")
    ends = (func.coalesce(end(own), 0) for end in (func.min, func.max))
    return select(*ends).where(*_during(window, fact.c.day))


def newest_of(window: Window | None) -> Select[Any]:
    """The id of a period's newest conversation."""
    newest = [one.desc() for one in PLACE]
    held = select(fact.c.conversation_id).where(*_during(window, fact.c.day))
    return held.order_by(*newest).limit(1)


@dataclass(frozen=True, slots=True)
class Hits:
    """What the search index knows of a phrase."""

    narrow: Select[Any]  # conversations, some of which may not hold the phrase
    conversations: Select[Any]  # those that do


def found_first(phrase: str, dialect: str, among: Ids | None = None) -> Hits | None:
    """A phrase looked up in the search index; None when it has no words.

    `among` are the only conversations that matter.
    """
    words = searchable(phrase)
    if not words:
        return None
    return _found_by_postgres(words, among) if dialect != "sqlite" else _found(words, among)


def _found(words: str, among: Ids | None) -> Hits:
    rowid: ColumnElement[int] = literal_column("rowid")
    matches = literal_column("voice_search").op("MATCH")(f'"{words}"')
    found = select(rowid).select_from(sql_table("voice_search")).where(matches)
    if among is not None:
        found = found.where(rowid.between(among.first, among.last))
    return Hits(found, found)


def _found_by_postgres(words: str, among: Ids | None) -> Hits:
    # Words are ASCII letters, digits and underscores, so quoting them is enough. They are spelled
    # out: PostgreSQL knows how common a word is, and not how common a bound value will be.
    quoted = " & ".join(f"''{word}''" for word in words.split())
    wanted: ColumnElement[str] = literal_column(f"'{quoted}'")
    listed = func.string_to_array(voice.c.words, literal_column("' '"))
    hits = func.array_to_tsvector(listed).op("@@")(cast(wanted, TSQUERY))
    narrow = select(voice.c.conversation_id).where(hits)
    if among is not None:
        narrow = narrow.where(voice.c.conversation_id.between(among.first, among.last))
    # The index holds whole words: only of several it does not know whether they are in a row.
    return Hits(narrow, narrow.where(_holds(words)) if " " in words else narrow)


def read_all(phrase: str, among: Ids) -> Hits | None:
    """A phrase looked for in some conversations one by one; None when it has no words."""
    words = searchable(phrase)
    if not words:
        return None
    own = voice.c.conversation_id.between(among.first, among.last)
    found = select(voice.c.conversation_id).where(own, _holds(words))
    return Hits(found, found)


def _holds(words: str) -> ColumnElement[bool]:
    spaced: ColumnElement[str] = literal_column("' '") + voice.c.words + literal_column("' '")
    return spaced.contains(f" {words} ", autoescape=True)
