"""Decides how to read a question's rows: which posting list to walk, which words to look up first.

A wrong choice costs time and never changes a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.domain.people import Viewer
from service.query import Dimension, Filter, Query, Window
from service.words import searchable
from storage.querying import (
    Hits,
    Ids,
    Rows,
    conversations_of,
    found_first,
    newest_of,
    posting_list,
    postings,
    read_all,
    rows_of,
)
from storage.rollup_reading import conversations_from_rollups
from storage.tables.facts import fact

# A posting list is counted up to here: beyond, two lists are equally long.
_LONG = 50_000
_LOTS = 60_000  # of hits: to ask the newest conversations is then enough
_FEW = 2_000  # of hits are counted where PostgreSQL has noted nothing of a word
_COMMON = 0.2  # of the conversations: PostgreSQL reads those of a period rather than its index
_THIN = 2  # times as many are passed by for each filter without a list


@dataclass(frozen=True, slots=True)
class _Work:
    """What a step costs beside passing a conversation by, as measured among a million of them."""

    collect: float  # to learn of a hit
    look_up: float  # to look up that conversation
    date: float  # to look up only when it began
    narrow: float  # to learn, for each conversation of a period, which hits can be its own
    sift: float  # to pass one by where filters without a list are checked
    ask: float  # to read what was said in a conversation
    counts: bool  # whether the hits are counted; else there may be far fewer
    spare: float  # so many times the latest ids that should do, before all hits are collected


_WORK = {
    "sqlite": _Work(
        collect=1.5, look_up=9, date=8, narrow=0.8, sift=1, ask=10, counts=True, spare=1.25
    ),
    "postgresql": _Work(
        collect=8, look_up=10, date=10, narrow=0.7, sift=2.5, ask=14, counts=False, spare=2
    ),
}


class _Way(Enum):
    """How to find the conversations that mention a phrase."""

    LEAD = auto()  # look up those that the index found
    COLLECT = auto()  # pass them all by, and keep those that the index found
    COLLECT_LAST = auto()  # the same of those that came last; of all if they are too few
    ASK = auto()  # read what was said in each


@dataclass(frozen=True, slots=True)
class _Size:
    """How many conversations there are for a question."""

    wanted: int | None  # the first so many; None for all of them
    asked: int  # at most, those of the period that fit whatever has a list
    within: int  # the period
    every: int
    thin: int  # so many are met for one that fits whatever has no list

    def needed(self) -> int | None:
        """So many that fit the lists hold enough that fit all: twice as many, to be sure."""
        return None if self.wanted is None else 2 * self.wanted * self.thin

    def passed(self, hits: int, of: int) -> int:
        """How many are gone through until enough hits are met."""
        needed = self.needed()
        if needed is None:
            return self.asked
        return min(self.asked, needed * of // max(hits, 1))

    def most(self, work: _Work) -> int:
        """So many hits, and to ask is cheaper than to collect them."""
        most = int(self.asked * work.ask / work.collect)
        return most if self.wanted is None else min(most, _LOTS)


# A word that is not among the most common is as common as the rarest of those, at most. The last
# two of the shares are the least and the greatest.
_NOTED = text("""
    SELECT
        min(reltuples * coalesce(
            most_common_elem_freqs[place],
            most_common_elem_freqs[array_length(most_common_elem_freqs, 1) - 1]
        )) AS many,
        bool_and(place IS NOT NULL) AS is_noted
    FROM pg_stats, pg_class, unnest(CAST(:words AS text[])) AS word,
        array_position(most_common_elems::text::text[], word) AS place
    WHERE tablename = 'ix_voice_words' AND schemaname = current_schema()
    AND pg_class.oid = 'ix_voice_words'::regclass
""")


def rows_for(connection: Connection, query: Query, viewer: Viewer) -> Rows:
    """How to read all of the question's conversations."""
    return _rows(connection, query, viewer, wanted=None)


def newest_for(connection: Connection, query: Query, viewer: Viewer, wanted: int) -> Rows:
    """How to read the first few of the question's conversations."""
    return _rows(connection, query, viewer, wanted=wanted)


def _rows(connection: Connection, query: Query, viewer: Viewer, *, wanted: int | None) -> Rows:
    candidates = postings(query)
    if not query.text and len(candidates) < 2:
        return rows_of(query, viewer, lead=candidates[0] if candidates else None)
    lists = {one: _listed(connection, query, one) for one in candidates}
    sizes: dict[Filter | str, int] = dict(lists.items())
    texts: dict[str, ColumnElement[bool]] = {}
    if query.text:
        size = _size_of(connection, query, viewer, wanted, lists)
        for phrase in query.text:
            way, hits, many = _way_to(connection, phrase, query.window, size)
            if hits is None or way is _Way.ASK:
                continue
            if way is _Way.COLLECT_LAST:
                spare = _WORK[connection.dialect.name].spare
                passed = int(spare * size.passed(many, size.every))
                texts[phrase] = _is_hit_of_late(connection, phrase, query.window, passed, hits)
                continue
            texts[phrase] = _is_hit(connection, way, hits)
            if way is _Way.LEAD:
                sizes[phrase] = many
    lead = min(sizes, key=sizes.__getitem__, default=None)
    return rows_of(query, viewer, lead=lead, texts=texts)


def _size_of(
    connection: Connection,
    query: Query,
    viewer: Viewer,
    wanted: int | None,
    lists: Mapping[Filter, int],
) -> _Size:
    """Count what the question holds; `lists` are counted already."""
    every = within = _conversations(connection, None)
    if query.window is not None:
        within = _conversations(connection, query.window)
    filters = list(query.filters)
    if viewer.accounts:
        filters.append(Filter.of(Dimension.ACCOUNT, *viewer.accounts))
    others = [_listed(connection, query, one) for one in filters if one not in lists]
    sizes = [size for size in (*lists.values(), *others) if size < _LONG]
    thin = _THIN ** sum(posting_list(one, None) is None for one in filters)
    return _Size(wanted, min([within, *sizes]), within, every, thin)


def _conversations(
    connection: Connection, window: Window | None, driver: Filter | None = None
) -> int:
    counted = conversations_from_rollups(window, driver)
    return int(connection.execute(counted).scalar_one() or 0)


def _listed(connection: Connection, query: Query, one: Filter) -> int:
    """How long a filter's list is, up to where the lengths count; without a list it is long."""
    if one.dimension is Dimension.DRIVER and len(one.values) == 1:
        return _conversations(connection, query.window, one)
    rows = posting_list(one, query.window)
    return _LONG if rows is None else _count(connection, rows, _LONG)


# --- Words ---------------------------------------------------------------------------------------


def _way_to(
    connection: Connection, phrase: str, window: Window | None, size: _Size
) -> tuple[_Way, Hits | None, int]:
    """The cheapest way to what mentions a phrase, its hits, and about how many they are."""
    work = _WORK[connection.dialect.name]
    hits = found_first(phrase, connection.dialect.name)
    if hits is None:  # no words
        return _Way.ASK, None, 0
    most = size.most(work)
    many = _mentions(connection, phrase, hits, min(most, 2 * size.within))
    if size.wanted is not None and many >= _LOTS:
        return _Way.ASK, None, many
    way, cost = _cheapest(work, size, many, of=size.every)
    if window is not None and cost > 2 * work.narrow * size.within:
        hits, many = _narrowed(connection, phrase, window, most, share=many / size.every)
        way, _ = _cheapest(work, size, many, of=size.within)
        way = _Way.COLLECT if way is _Way.COLLECT_LAST else way  # these are few already
    return way, hits, many


def _cheapest(work: _Work, size: _Size, hits: int, *, of: int) -> tuple[_Way, float]:
    passed, needed = size.passed(hits, of), size.needed()
    found = work.look_up if needed is None else work.date
    is_listed = size.asked < size.within  # then ids lie further apart, and a sentiment is at hand
    sift = 1 if size.thin == 1 or is_listed else work.sift
    costs = {
        _Way.LEAD: hits * (work.collect + found),
        _Way.COLLECT: hits * work.collect + passed * sift,
        _Way.ASK: (passed if work.counts else size.asked) * work.ask / size.thin,
    }
    if needed is not None and not is_listed:
        costs[_Way.COLLECT_LAST] = needed * work.collect + passed * (sift + work.narrow)
    return min(costs.items(), key=itemgetter(1))


def _narrowed(
    connection: Connection, phrase: str, window: Window, most: int, *, share: float
) -> tuple[Hits | None, int]:
    """Only the hits that can be of a period, and about how many they are.

    `share` is how many there are for each conversation: PostgreSQL knows no better.
    """
    held = Ids(*connection.execute(conversations_of(window)).one())
    if connection.dialect.name == "sqlite":
        hits = found_first(phrase, connection.dialect.name, held)
        return hits, 0 if hits is None else _count(connection, hits.narrow, most)
    many = int(share * (held.last - held.first + 1))
    if share > _COMMON:
        return read_all(phrase, held), many
    return found_first(phrase, connection.dialect.name, held), many


def _is_hit_of_late(
    connection: Connection, phrase: str, window: Window | None, passed: int, every: Hits
) -> ColumnElement[bool]:
    """Whether the index found a conversation, looked up at first among the latest ids only.

    The newest of a period are nearly always among them. Both databases collect every hit when they
    first meet another one: what was only said long ago costs no more than without this.
    """
    newest = connection.execute(newest_of(window)).scalar() or 0
    late = Ids(newest - passed, newest + passed)
    hits = found_first(phrase, connection.dialect.name, late)
    if hits is None:
        return _is_collected(every)
    is_late = fact.c.conversation_id.between(late.first, late.last)
    return case((is_late, _is_collected(hits)), else_=_is_collected(every))


def _is_hit(connection: Connection, way: _Way, hits: Hits) -> ColumnElement[bool]:
    """Whether the index found a conversation."""
    if way is _Way.COLLECT:
        return _is_collected(hits)
    if connection.dialect.name == "sqlite":
        return fact.c.conversation_id.in_(hits.conversations)
    found = hits.conversations.subquery().c.conversation_id
    # In one value, as it came: to read thousands and bind them takes longer than the search itself.
    ids = connection.execute(select(cast(func.array_agg(found), Text))).scalar_one() or "{}"
    return fact.c.conversation_id == any_(cast(literal(ids), ARRAY(BigInteger)))


def _is_collected(hits: Hits) -> ColumnElement[bool]:
    # Of a sum there is no index, and as a value PostgreSQL keeps to the order of time.
    plain = fact.c.conversation_id + literal_column("0")
    return func.coalesce(plain.in_(hits.conversations), false())


def _mentions(connection: Connection, phrase: str, hits: Hits, most: int) -> int:
    """How many conversations may hold a phrase, counted up to `most`."""
    if connection.dialect.name == "sqlite":
        return _count(connection, hits.narrow, most)
    # PostgreSQL reads all of a word's list before its first row. Of an index on some rows only its
    # planner does not look at what it has noted of it, so that is asked for here.
    found = connection.execute(_NOTED, {"words": searchable(phrase).split()}).one()
    if not found.is_noted:  # rare, or much rarer
        few = _count(connection, hits.narrow, _FEW)
        if few < _FEW:
            return few
    return int(found.many or 0)


def _count(connection: Connection, rows: Select[Any], most: int) -> int:
    some = rows.limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
