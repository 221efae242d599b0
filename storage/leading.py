"""Decides how to read a question's rows: which posting list to walk, which words to look up first.

A wrong choice costs time and never changes a number.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    any_,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from service.domain.people import Viewer
from service.query import Dimension, Filter, Query
from storage.querying import Hits, Rows, found_first, mentions, posting_list, postings, rows_of
from storage.rollup_reading import conversations_from_rollups
from storage.tables.facts import fact
from storage.words import searchable

# A posting list is counted up to here: beyond, two lists are equally long.
_LONG = 50_000
# With more mentions, the newest few are found sooner by asking one conversation after the other.
_COMMON = {"sqlite": 12_000, "postgresql": 28_000}
# Asking is quicker when the messages to look for are known, up to so many of them,
_AMONG = 80_000
# and up to so many for each conversation that would be asked. PostgreSQL cannot tell them.
_FOR_EACH = {"sqlite": 10, "postgresql": 0}


# A word that is not among the most common is as common as the rarest of those, at most. The last
# two of the shares are the least and the greatest.
_NOTED = text("""
    SELECT min(reltuples * coalesce(
        most_common_elem_freqs[array_position(most_common_elems::text::text[], word)],
        most_common_elem_freqs[array_length(most_common_elem_freqs, 1) - 1]
    ))
    FROM pg_stats, pg_class, unnest(CAST(:words AS text[])) AS word
    WHERE tablename = 'ix_message_words' AND schemaname = current_schema()
    AND pg_class.oid = 'ix_message_words'::regclass
""")


def rows_for(connection: Connection, query: Query, viewer: Viewer) -> Rows:
    """How to read all of the question's conversations."""
    return _rows(connection, query, viewer, most=None)


def newest_for(connection: Connection, query: Query, viewer: Viewer) -> Rows:
    """How to read the first few of the question's conversations."""
    return _rows(connection, query, viewer, most=_COMMON[connection.dialect.name])


def _rows(connection: Connection, query: Query, viewer: Viewer, *, most: int | None) -> Rows:
    candidates = postings(query)
    if not query.text and len(candidates) < 2:
        return rows_of(query, viewer, lead=candidates[0] if candidates else None)
    sizes: dict[Filter | str, int] = {one: _listed(connection, query, one) for one in candidates}
    texts: dict[str, ColumnElement[bool]] = {}
    if query.text:
        asked = _asked(connection, query, viewer)
        for phrase in query.text:
            found = _looked_for(connection, phrase, asked, most)
            if found is not None:
                texts[phrase], many = found
                if many < asked:
                    sizes[phrase] = many
    lead = min(sizes, key=sizes.__getitem__, default=None)
    return rows_of(query, viewer, lead=lead, texts=texts)


def _asked(connection: Connection, query: Query, viewer: Viewer) -> int:
    """About how many conversations would be asked for words, one after the other."""
    within = connection.execute(conversations_from_rollups(query.window)).scalar_one() or 0
    filters = list(query.filters)
    if viewer.accounts:
        filters.append(Filter.of(Dimension.ACCOUNT, *viewer.accounts))
    sizes = [size for one in filters if (size := _listed(connection, query, one)) < _LONG]
    return min([within, *sizes])


def _listed(connection: Connection, query: Query, one: Filter) -> int:
    """How long a filter's list is, up to where the lengths count; without a list it is long."""
    rows = posting_list(one, query.window)
    return _LONG if rows is None else _size(connection, rows, _LONG)


def _looked_for(
    connection: Connection, phrase: str, asked: int, most: int | None
) -> tuple[ColumnElement[bool], int] | None:
    """What picks out the conversations that mention a phrase, and about how many they are.

    None when there are too many mentions, or the index cannot tell.
    """
    hits = found_first(phrase, connection.dialect.name)
    if hits is None:
        return None
    fewest = asked if most is None else min(most, asked)
    among = asked * _FOR_EACH[connection.dialect.name]
    among = among if most is None else min(_AMONG, among)
    many = _mentions(connection, phrase, hits, max(fewest, among))
    if many < fewest:
        return _looked_up(connection, hits, many)
    return (mentions(phrase, hits.narrow), asked) if many < among else None


def _looked_up(connection: Connection, hits: Hits, many: int) -> tuple[ColumnElement[bool], int]:
    if connection.dialect.name == "sqlite":
        return fact.c.conversation_id.in_(hits.conversations), many
    found = hits.conversations.subquery().c.conversation_id
    # In one value, as it came: to read thousands and bind them takes longer than the search itself.
    ids = connection.execute(select(cast(func.array_agg(found), Text))).scalar_one() or "{}"
    return fact.c.conversation_id == any_(cast(literal(ids), ARRAY(BigInteger))), many


def _mentions(connection: Connection, phrase: str, hits: Hits, most: int) -> int:
    """How many messages may hold a phrase, counted up to `most`."""
    if connection.dialect.name == "sqlite":
        return _size(connection, hits.narrow, most)
    # PostgreSQL reads all of a word's list before its first row. Of an index on some rows only its
    # planner does not look at what it has noted of it, so that is asked for here.
    found = connection.execute(_NOTED, {"words": searchable(phrase).split()})
    return int(found.scalar_one() or 0)


def _size(connection: Connection, rows: Select[Any], most: int) -> int:
    some = rows.limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()
