"""Keeps the facts, the touched tags and the rollups equal to the rows they are made from.

`refresh` derives the facts of the given conversations anew and moves the rollups by the difference,
in the caller's transaction. A rebuild takes a slice at a time: `mend` and `recount` write what is
wrong there. Both end with the same rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, func, select, union

from service.collecting import no_collections
from service.query import Dimension
from storage import day_marks, deriving
from storage.bulk import add, change_by, insert_tuples
from storage.bulk import remove as remove_rows
from storage.columnar import read
from storage.derived import (
    Derived,
    Fact,
    Measured,
    derived,
    derived_from,
    stored,
)
from storage.deriving import derive_everything, within
from storage.tables.conversations import conversation
from storage.tables.facts import EVERYTHING, NOT_ANALYSED, fact, rollup_day, touch

ROLLED_UP = {
    "sentiment": fact.c.sentiment,
    "effort": fact.c.effort,
    "churn_risk": fact.c.churn_risk,
}
WHY_EMPTY = {
    "sentiment": fact.c.sentiment_why,
    "effort": fact.c.effort_why,
    "churn_risk": fact.c.churn_risk_why,
}
# What is counted of every row: the metrics, whether there is an analysis, and why one is empty.
ANALYSED = "analysed"
_COUNTED = {
    **ROLLED_UP,
    ANALYSED: fact.c.analysed,
    **{f"{metric} empty": column for metric, column in WHY_EMPTY.items()},
}
_METRICS = tuple(_COUNTED)
_DRIVER, _SEGMENT, _CHANNEL, _SOURCE = (
    lens.value
    for lens in (Dimension.DRIVER, Dimension.SEGMENT, Dimension.CHANNEL, Dimension.SOURCE)
)
LENSES = {
    EVERYTHING: None,
    _DRIVER: fact.c.driver,
    _SEGMENT: fact.c.segment,
    _CHANNEL: fact.c.channel,
    _SOURCE: fact.c.source,
}
# Conversations that are derived at once, and days that are counted: others write in between.
_SLICE, _DAYS = 5_000, 14
_KEY = ("metric", "lens", "name", "day", "m", "value")

Cell = tuple[str, str, int, int, int]  # lens, name, day, m, month
# How many conversations more there are, by metric, lens, name, day, m, value and month.
Moved = defaultdict[tuple[str, str, str, int, int, str, int], int]

_AT = {name: place for place, name in enumerate(fact.c.keys())}
_RANK = _AT["rank"]
_SEEN = ("rank", "driver", "m", "segment", "channel", "source", "day", "month")
_TOLD = tuple(column.name for column in _COUNTED.values())
_day_of_fact, _day_of_touch = itemgetter(_AT["day"]), itemgetter(touch.c.keys().index("day"))
_row_of = itemgetter(_AT["conversation_id"], _RANK)
_seen_in = itemgetter(*(_AT[name] for name in _SEEN))
_values_of = itemgetter(*(_AT[name] for name in _TOLD))


def empty_of(metric: str) -> str:
    """The name under which the rollups count why a metric is empty."""
    return f"{metric} empty"


def refresh(connection: Connection, ids: Iterable[int]) -> None:
    wanted = sorted(set(ids))
    if wanted:
        with no_collections():
            _replace(connection, stored(connection, wanted), derived(connection, wanted))


def begin(connection: Connection, ids: Iterable[int], measured: Measured) -> None:
    """Derive conversations that were stored just now, of which this is all that is measured."""
    new = derived_from(connection, sorted(set(ids)), measured)
    insert_tuples(connection, touch, touch.c.keys(), sorted(new.touches))
    insert_tuples(connection, fact, fact.c.keys(), sorted(new.facts))
    day_marks.note(connection, map(_day_of_fact, new.facts))
    _move(connection, _counted(fact.c.keys(), zip(*new.facts, strict=True)))


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Take conversations out of facts and rollups."""
    _replace(connection, stored(connection, sorted(set(ids))), Derived())


def build(connection: Connection) -> None:
    """Derive and count everything at once, which nothing else can write beside."""
    derive_everything(connection)
    day_marks.note_all(connection)
    connection.execute(rollup_day.delete())
    for days in spans(connection):
        recount(connection, days)


def mend(connection: Connection, ids: range) -> None:
    """Derive these conversations again, and write what differs; none keeps what is gone."""
    known = (conversation.c.id, fact.c.conversation_id, touch.c.conversation_id)
    found = union(*(select(one).where(within(one, ids)) for one in known))
    refresh(connection, connection.execute(found).scalars())


def miscounted(connection: Connection, days: range) -> tuple[set[Any], set[Any]]:
    """Return the counts of these days that should not be there, and those that are missing."""
    names = (*_SEEN, *_TOLD)
    wanted, stored = [fact.c[name] for name in names], list(rollup_day.c)
    with no_collections():
        facts = read(connection, wanted, fact, [within(fact.c.day, days)])
        there = read(connection, stored, rollup_day, [within(rollup_day.c.day, days)])
        counted = _counted(names, facts)
        return _apart(zip(*there, strict=True), ((*key, n) for key, n in counted.items()))


def recount(connection: Connection, days: range) -> None:
    _write(connection, rollup_day, *miscounted(connection, days))


def slices(connection: Connection) -> Iterator[range]:
    """Cut the ids of all conversations, and of what was derived of others, into pieces."""
    start: int | None = 0
    while start is not None:
        later = select(conversation.c.id).where(conversation.c.id >= start)
        stop = connection.execute(
            later.order_by(conversation.c.id).offset(_SLICE).limit(1)
        ).scalar_one_or_none()
        yield range(start, deriving.EVERYTHING.stop if stop is None else stop)
        start = stop


def spans(connection: Connection) -> Iterator[range]:
    """Cut the days that are counted, or should be, into pieces."""
    bounds = [
        connection.execute(select(func.min(of.day), func.max(of.day))).one()
        for of in (fact.c, rollup_day.c)
    ]
    known = [day for bound in bounds for day in bound if day is not None]
    if known:
        for first in range(min(known), max(known) + 1, _DAYS):
            yield range(first, first + _DAYS)


def are_missing(connection: Connection) -> bool:
    """Whether there are conversations and nothing was derived from any."""
    stored, derived = (
        connection.execute(select(column).limit(1)).first() is not None
        for column in (conversation.c.id, fact.c.day)
    )
    return stored and not derived


def _replace(connection: Connection, old: Derived, new: Derived) -> None:
    """Write what differs, and move the rollups by it; what did not change costs nothing."""
    touches, facts = _apart(old.touches, new.touches), _apart(old.facts, new.facts)
    _write(connection, touch, *touches)
    _write(connection, fact, *facts)
    changed = {*map(_day_of_touch, set.union(*touches)), *map(_day_of_fact, set.union(*facts))}
    day_marks.note(connection, changed)
    move(connection, *facts)


def move(connection: Connection, gone: Iterable[Fact], come: Iterable[Fact]) -> None:
    """Move the rollups by the facts that are no more, and those that were not."""
    before, after = ({_row_of(one): one for one in rows} for rows in (gone, come))
    moved = Moved(int)
    for row in before.keys() | after.keys():
        _count(moved, before.get(row), after.get(row))
    _move(connection, moved)


def _apart(old: Iterable[Any], new: Iterable[Any]) -> tuple[set[Any], set[Any]]:
    """Return the rows that are no more, and those that were not."""
    there, wanted = set(old), set(new)
    return there - wanted, wanted - there


def _write(connection: Connection, table: Table, gone: Iterable[Any], come: Iterable[Any]) -> None:
    """Take rows out of a table and put others in. A row begins with its key."""
    key = table.primary_key.columns.keys()
    there, wanted = ({row[: len(key)]: row for row in rows} for rows in (gone, come))
    remove_rows(connection, table, key, sorted(there.keys() - wanted.keys()))
    added = sorted(wanted[place] for place in wanted.keys() - there.keys())
    insert_tuples(connection, table, table.c.keys(), added)
    _change(connection, table, [(there[place], wanted[place]) for place in there.keys() & wanted])


def _change(connection: Connection, table: Table, pairs: Iterable[tuple[Any, Any]]) -> None:
    """Write the columns that differ, and no index of the others."""
    names, key = table.c.keys(), table.primary_key.columns.keys()
    by_places: dict[tuple[int, ...], list[tuple[Any, ...]]] = {}
    for before, after in pairs:
        places = tuple(n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)
        values = (*(after[place] for place in places), *after[: len(key)])
        by_places.setdefault(places, []).append(values)
    for places, rows in by_places.items():
        change_by(connection, table, [names[place] for place in places], sorted(rows), key=key)


def _count(moved: Moved, old: Fact | None, new: Fact | None) -> None:
    """Count what a row is no more, and what it is now. Where it stays, only values that differ."""
    if old is None or new is None or _seen_in(old) != _seen_in(new):
        for row, n in ((old, -1), (new, 1)):
            if row is not None:
                _add(moved, _cells_of(row), zip(_METRICS, _values_of(row), strict=True), n)
        return
    cells = _cells_of(old)
    both = zip(_METRICS, _values_of(old), _values_of(new), strict=True)
    differing = [told for told in both if told[1] != told[2]]
    _add(moved, cells, [(metric, before) for metric, before, _ in differing], -1)
    _add(moved, cells, [(metric, after) for metric, _, after in differing], 1)


def _counted(names: Iterable[str], columns: Iterable[Sequence[Any]]) -> Moved:
    """Count facts, which come as columns; those that a lens sees alike are counted together."""
    facts, moved = dict(zip(names, columns, strict=False)), Moved(int)
    if not facts:
        return moved  # no rows make no columns
    values = [facts[name] for name in _TOLD]
    first = [rank == 0 for rank in facts["rank"]]
    analysed = [driver != NOT_ANALYSED for driver in facts["driver"]]
    for lens, column in LENSES.items():
        of = repeat(EVERYTHING) if column is None else facts[column.name]
        ms, chosen = (facts["m"], analysed) if lens == _DRIVER else (repeat(0), first)
        seen = zip(of, facts["day"], ms, facts["month"], *values, strict=False)
        for (name, day, m, month, *told), n in Counter(compress(seen, chosen)).items():
            for metric, value in zip(_METRICS, told, strict=True):
                if value != "":
                    moved[metric, lens, name, day, m, str(value), month] += n
    return moved


def _cells_of(row: Fact) -> list[Cell]:
    """Where the rollups count a row."""
    rank, driver, m, segment, channel, source, day, month = _seen_in(row)
    cells = [] if driver == NOT_ANALYSED else [(_DRIVER, driver, day, m, month)]
    if rank == 0:
        cells += [
            (EVERYTHING, EVERYTHING, day, 0, month),
            (_SEGMENT, segment, day, 0, month),
            (_CHANNEL, channel, day, 0, month),
            (_SOURCE, source, day, 0, month),
        ]
    return cells


def _add(moved: Moved, cells: Iterable[Cell], told: Iterable[tuple[str, Any]], n: int) -> None:
    values = [(metric, str(value)) for metric, value in told if value != ""]
    for lens, name, day, m, month in cells:
        for metric, value in values:
            moved[metric, lens, name, day, m, value, month] += n


def _move(connection: Connection, moved: Moved) -> None:
    """Add what changed to the rollups; what did not change costs nothing."""
    rows = [(*key, moved[key]) for key in sorted(moved) if moved[key]]
    add(connection, rollup_day, (*_KEY, "month", "n"), rows, key=_KEY, counter="n")
