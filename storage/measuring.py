"""Stores analyses of the words that are there now, and marks their conversations as measured."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, select, update

from service.domain.measurements import Analysis
from service.stores.analyses import Labels
from storage.among import among, keys_for, rows_among
from storage.analysis_rows import (
    ANALYSIS,
    MEASUREMENT,
    QUOTE,
    TAG,
    Values,
    analysis_row,
    measurement_rows,
    quote_rows,
    tag_rows,
)
from storage.bulk import chunks, insert_tuples
from storage.derived import TAG_COLUMNS, VALUE_COLUMNS, Measured
from storage.history import note_analysis, note_first
from storage.purge import forget_analyses
from storage.tables.analyses import analysis, assigned_tag, failure, measurement, quote
from storage.tables.conversations import conversation

Known = Row[Any]  # key, id, fingerprint, measured_by
_KNOWN = select(*(conversation.c[n] for n in ("key", "id", "fingerprint", "measured_by")))
_value_of = itemgetter(*map(MEASUREMENT.index, VALUE_COLUMNS))
_tag_of = itemgetter(*map(TAG.index, TAG_COLUMNS))
Current = Sequence[tuple[Known, Analysis]]
Pairs = Sequence[tuple[int, Analysis]]


def measured_by(analyser: str, taxonomy: str) -> str:
    return f"{analyser}|{taxonomy}"


def known(connection: Connection, keys: Iterable[str]) -> Mapping[str, Known]:
    return {row[0]: row for row in rows_among(connection, _KNOWN, conversation.c.key, keys)}


def of_present_words(connection: Connection, analyses: Iterable[Analysis]) -> Current:
    """Leave out analyses of words that changed since, and of conversations that are gone."""
    wanted = {one.conversation: one for one in analyses}
    found = known(connection, wanted)
    pairs = [(found[key], one) for key, one in wanted.items() if key in found]
    return [(row, one) for row, one in pairs if row.fingerprint == one.fingerprint]


def labelled(connection: Connection, labels: Labels) -> Current:
    """Labels are of the words that are stored, whichever these are."""
    found = known(connection, labels)
    return [
        (found[key], of_words(found[key].fingerprint))
        for key, of_words in labels.items()
        if key in found
    ]


def store(connection: Connection, current: Current) -> Measured:
    """Replace these analyses and derive nothing; return what is to be derived from."""
    told = Measured(values={row.id: [] for row, _ in current})
    for chunk in chunks(current):
        _replace(connection, chunk, told)
    return told


def store_first(connection: Connection, pairs: Pairs) -> Measured:
    """Store analyses of conversations that are new, and marked as measured already."""
    told = Measured(values={one_id: [] for one_id, _ in pairs})
    measured = _measurements(pairs)
    note_first(connection, measured)
    _insert(connection, pairs, measured, told)
    return told


def _replace(connection: Connection, current: Current, told: Measured) -> None:
    pairs = [(row.id, one) for row, one in current]
    measured = _measurements(pairs)
    note_analysis(connection, measured)
    forget_analyses(connection, [row.id for row, _ in current if row.measured_by])
    _insert(connection, pairs, measured, told)
    _mark(connection, pairs)


def _measurements(pairs: Pairs) -> list[Values]:
    return [values for pair in pairs for values in measurement_rows(*pair)]


def _insert(
    connection: Connection, pairs: Pairs, measured: Sequence[Values], told: Measured
) -> None:
    tags = [values for pair in pairs for values in tag_rows(*pair)]
    quotes = [values for pair in pairs for values in quote_rows(*pair)]
    insert_tuples(connection, analysis, ANALYSIS, [analysis_row(*pair) for pair in pairs])
    insert_tuples(connection, measurement, MEASUREMENT, measured)
    insert_tuples(connection, assigned_tag, TAG, tags)
    insert_tuples(connection, quote, QUOTE, quotes)
    for values in map(_value_of, measured):
        told.values[values[0]].append(values)
    for values in map(_tag_of, tags):
        told.tags.setdefault(values[0], []).append(values)


def _mark(connection: Connection, pairs: Pairs) -> None:
    """They are measured, have something to write back, and failed at no time."""
    by_mark: dict[str, list[int]] = {}
    for one_id, one in pairs:
        by_mark.setdefault(measured_by(one.analyser, one.taxonomy), []).append(one_id)
    for mark, ids in by_mark.items():
        keys = keys_for(connection, ids)
        mine = update(conversation).where(among(connection, conversation.c.id))
        grown = mine.values(measured_by=mark, pending=conversation.c.pending + 1)
        connection.execute(grown, keys)
        failed = failure.delete().where(
            among(connection, failure.c.conversation_id), failure.c.version == mark.split("|")[0]
        )
        connection.execute(failed, keys)
