"""Keeps the facts, the touched tags and the rollups equal to the rows they are made from.

`refresh` derives the facts of the given conversations anew and moves the rollups by the difference,
in the caller's transaction; `mend` and `recount` make everything again, a slice at a time. Both end
with the same rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    CompoundSelect,
    Connection,
    Select,
    Table,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)

from service.collecting import no_collections
from service.query import Dimension
from storage import day_marks, deriving
from storage.bulk import add, change_by, insert_tuples
from storage.bulk import remove as remove_rows
from storage.derived import (
    Derived,
    Fact,
    Measured,
    derived,
    derived_from,
    stored,
)
from storage.deriving import derive_everything, facts_of, touches_of, within
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
_SLICE, _DAYS = 5_000, 7  # conversations and days mended at once: others write in between
_KEY = ("metric", "lens", "name", "day", "m", "value")

Cell = tuple[str, str, int, int, int]  # lens, name, day, m, month
# How many conversations more there are, by metric, lens, name, day, m, value and month.
Alike = Counter[tuple[Any, ...]]
Wanted = Select[Any] | CompoundSelect[Any]
Moved = defaultdict[tuple[str, str, str, int, int, str, int], int]

_AT = {name: place for place, name in enumerate(fact.c.keys())}
_RANK = _AT["rank"]
_day_of_fact, _day_of_touch = itemgetter(_AT["day"]), itemgetter(touch.c.keys().index("day"))
_row_of = itemgetter(_AT["conversation_id"], _RANK)
_seen_in = itemgetter(
    *(_AT[name] for name in ("driver", "m", "segment", "channel", "source", "day", "month"))
)
_values = tuple(_AT[column.name] for column in _COUNTED.values())
_values_of = itemgetter(*_values)
_by_driver = itemgetter(*(_AT[name] for name in ("driver", "m", "day", "month")), *_values)
_by_first = itemgetter(
    *(_AT[name] for name in ("segment", "channel", "source", "day", "month")), *_values
)


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
    moved: Moved = defaultdict(int)
    for cells_of, alike in _like_each_other(new.facts):
        for seen, n in alike.items():
            values = zip(_METRICS, seen[-len(_METRICS) :], strict=True)
            _add(moved, cells_of(*seen[: -len(_METRICS)]), values, n)
    _move(connection, moved)


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Take conversations out of facts and rollups."""
    _replace(connection, stored(connection, sorted(set(ids))), Derived())


def build(connection: Connection) -> None:
    """Derive and count everything at once, which nothing else can write beside."""
    derive_everything(connection)
    day_marks.note_all(connection)
    connection.execute(rollup_day.delete())
    counted = _counted(deriving.EVERYTHING)
    connection.execute(rollup_day.insert().from_select([*_KEY, "month", "n"], counted))


def mend(connection: Connection, ids: range) -> None:
    """Derive these conversations again, and write what differs; none keeps what is gone."""
    facts = facts_of(ids)
    if not _is_right(connection, facts, fact.c.conversation_id, ids):
        gone, come = _differing(connection, facts, fact.c.conversation_id, ids)
        _write(connection, fact, gone, come)
        day_marks.note(connection, map(_day_of_fact, gone | come))
        move(connection, gone, come)
    touches = touches_of(ids)
    if not _is_right(connection, touches, touch.c.conversation_id, ids):
        gone, come = _differing(connection, touches, touch.c.conversation_id, ids)
        _write(connection, touch, gone, come)
        day_marks.note(connection, map(_day_of_touch, gone | come))


def recount(connection: Connection, days: range) -> None:
    """Count the facts of these days again, and write what differs."""
    counted = _counted(days)
    if not _is_right(connection, counted, rollup_day.c.day, days):
        _write(connection, rollup_day, *_differing(connection, counted, rollup_day.c.day, days))


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


def weeks(connection: Connection) -> Iterator[range]:
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
    moved: Moved = defaultdict(int)
    for row in before.keys() | after.keys():
        _count(moved, before.get(row), after.get(row))
    _move(connection, moved)


def _apart(old: Iterable[Any], new: Iterable[Any]) -> tuple[set[Any], set[Any]]:
    """Return the rows that are no more, and those that were not."""
    there, wanted = set(old), set(new)
    return there - wanted, wanted - there


def _is_right(connection: Connection, wanted: Wanted, of: Column[int], numbers: range) -> bool:
    """Whether a table, where its column is one of the numbers, holds what it should, and no more.

    Looking each row up takes half as long as comparing all with all.
    """
    table, new = of.table, wanted.cte("wanted")
    same = and_(*(there == should for there, should in zip(table.c, new.c, strict=True)))
    counted = (
        select(func.count()).select_from(new),
        select(func.count()).select_from(table).where(within(of, numbers)),
        select(func.count()).select_from(new.join(table, same)),
    )
    found = connection.execute(select(*(one.scalar_subquery() for one in counted))).one()
    return len(set(found)) == 1


def _differing(
    connection: Connection, wanted: Wanted, of: Column[int], numbers: range
) -> tuple[set[Any], set[Any]]:
    """Return the rows that are there and should not be, and those that are missing."""
    new, there = wanted.cte("wanted"), select(of.table).where(within(of, numbers)).cte("there")
    gone, come = (
        {tuple(row) for row in connection.execute(select(one).except_(select(other)))}
        for one, other in ((there, new), (new, there))
    )
    return gone, come


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


def _like_each_other(facts: Iterable[Fact]) -> Iterator[tuple[Callable[..., list[Cell]], Alike]]:
    """Count facts that the rollups count in the same places by the same values."""
    yield _cells_of_driver, Counter(map(_by_driver, facts))
    yield _cells_of_first, Counter(map(_by_first, (row for row in facts if row[_RANK] == 0)))


def _cells_of(row: Fact) -> list[Cell]:
    """Where the rollups count a row."""
    driver, m, segment, channel, source, day, month = _seen_in(row)
    cells = _cells_of_driver(driver, m, day, month)
    if row[_RANK] == 0:
        cells += _cells_of_first(segment, channel, source, day, month)
    return cells


def _cells_of_driver(driver: str, m: int, day: int, month: int) -> list[Cell]:
    return [] if driver == NOT_ANALYSED else [(_DRIVER, driver, day, m, month)]


def _cells_of_first(segment: str, channel: str, source: str, day: int, month: int) -> list[Cell]:
    """Where every conversation is counted once."""
    return [
        (EVERYTHING, EVERYTHING, day, 0, month),
        (_SEGMENT, segment, day, 0, month),
        (_CHANNEL, channel, day, 0, month),
        (_SOURCE, source, day, 0, month),
    ]


def _add(moved: Moved, cells: Iterable[Cell], told: Iterable[tuple[str, Any]], n: int) -> None:
    values = [(metric, str(value)) for metric, value in told if value != ""]
    for lens, name, day, m, month in cells:
        for metric, value in values:
            moved[metric, lens, name, day, m, value, month] += n


def _move(connection: Connection, moved: Moved) -> None:
    """Add what changed to the rollups; what did not change costs nothing."""
    rows = [(*key, moved[key]) for key in sorted(moved) if moved[key]]
    add(connection, rollup_day, (*_KEY, "month", "n"), rows, key=_KEY, counter="n")


def _counted(days: range) -> CompoundSelect[Any]:
    """The rollups of these days, in the order of the columns."""
    return union_all(*(part for lens in LENSES for part in _counted_in(lens, days)))


def _counted_in(lens: str, days: range) -> Iterator[Select[Any]]:
    """Count one lens: in one pass over the facts, then metric by metric."""
    f, name = fact.c, LENSES[lens]
    by_driver = lens == Dimension.DRIVER
    groups = [f.day, f.month, *([] if name is None else [name]), *([f.m] if by_driver else [])]
    passed = (
        select(
            (literal(EVERYTHING) if name is None else name).label("name"),
            f.day,
            f.month,
            (f.m if by_driver else literal(0)).label("m"),
            *(column.label(f"of_{metric}") for metric, column in _COUNTED.items()),
            func.count().label("n"),
        )
        .where(f.driver != NOT_ANALYSED if by_driver else f.rank == 0, within(f.day, days))
        .group_by(*groups, *_COUNTED.values())
        .cte(f"passed_{lens}")
    )
    for metric in _METRICS:
        yield _of_metric(passed, lens, metric)


def _of_metric(passed: CTE, lens: str, metric: str) -> Select[Any]:
    p = passed.c
    value = cast(p[f"of_{metric}"], Text)
    n = cast(func.sum(p.n), BigInteger)
    return (
        select(literal(metric), literal(lens), p.name, p.day, p.m, value, p.month, n)
        .where(value != "")
        .group_by(p.name, p.day, p.m, value, p.month)
    )
