"""Keeps the facts, the touched tags and the rollups equal to the rows they are made from.

`refresh` derives the facts of the given conversations anew and moves the rollups by the difference,
in the caller's transaction; `rebuild` makes everything again. Both end with the same rows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    Connection,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from service.query import Dimension
from storage.bulk import add, chunks
from storage.deriving import derive, derive_everything, derive_unmeasured, forget
from storage.tables.conversations import conversation
from storage.tables.facts import EVERYTHING, NOT_ANALYSED, fact, rollup_day

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
LENSES = {
    EVERYTHING: None,
    Dimension.DRIVER.value: fact.c.driver,
    Dimension.SEGMENT.value: fact.c.segment,
    Dimension.CHANNEL.value: fact.c.channel,
    Dimension.SOURCE.value: fact.c.source,
}
_KEY = ("metric", "lens", "name", "day", "m", "value")

Cell = tuple[str, str, int, int, int, tuple[str, ...]]  # lens, name, day, m, month, counted values


def empty_of(metric: str) -> str:
    """The name under which the rollups count why a metric is empty."""
    return f"{metric} empty"


def refresh(connection: Connection, ids: Iterable[int]) -> None:
    moved: Counter[Cell] = Counter()
    for chunk in chunks(sorted(set(ids))):
        moved.subtract(_cells(connection, chunk))
        forget(connection, chunk)
        derive(connection, chunk)
        moved.update(_cells(connection, chunk))
    _move(connection, moved)


def begin(connection: Connection, ids: Iterable[int]) -> None:
    """Derive conversations that were stored just now: nothing was derived or measured of them."""
    moved: Counter[Cell] = Counter()
    for chunk in chunks(sorted(set(ids))):
        derive_unmeasured(connection, chunk)
        moved.update(_cells(connection, chunk))
    _move(connection, moved)


def remove(connection: Connection, ids: Iterable[int]) -> None:
    """Take conversations out of facts and rollups."""
    moved: Counter[Cell] = Counter()
    for chunk in chunks(sorted(set(ids))):
        moved.subtract(_cells(connection, chunk))
        forget(connection, chunk)
    _move(connection, moved)


def rebuild(connection: Connection) -> int:
    """Derive everything again; return how many conversations there are."""
    connection.execute(rollup_day.delete())
    derive_everything(connection)
    for lens in LENSES:
        _roll_up(connection, lens)
    return connection.execute(select(func.count()).select_from(conversation)).scalar_one()


def are_missing(connection: Connection) -> bool:
    """Whether there are conversations and nothing was derived from any."""
    stored, derived = (
        connection.execute(select(column).limit(1)).first() is not None
        for column in (conversation.c.id, fact.c.day)
    )
    return stored and not derived


def _cells(connection: Connection, ids: list[int]) -> Counter[Cell]:
    f = fact.c
    query = select(
        *(f.rank, f.driver, f.m, f.segment, f.channel, f.source, f.day, f.month), *_COUNTED.values()
    ).where(f.conversation_id.in_(ids))
    found: Counter[Cell] = Counter()
    for row in connection.execute(query):
        found.update(_cells_of(row))
    return found


def _cells_of(row: Sequence[Any]) -> Iterable[Cell]:
    rank, driver, m, segment, channel, source, day, month = row[:8]
    values = tuple(map(str, row[8:]))
    if driver != NOT_ANALYSED:
        yield Dimension.DRIVER.value, driver, day, m, month, values
    if rank == 0:
        yield EVERYTHING, EVERYTHING, day, 0, month, values
        yield Dimension.SEGMENT.value, segment, day, 0, month, values
        yield Dimension.CHANNEL.value, channel, day, 0, month, values
        yield Dimension.SOURCE.value, source, day, 0, month, values


def _move(connection: Connection, moved: Counter[Cell]) -> None:
    """Add what changed to the rollups; what did not change costs nothing."""
    by: Counter[tuple[Any, ...]] = Counter()
    for (lens, name, day, m, month, values), n in moved.items():
        if n:
            for metric, value in zip(_METRICS, values, strict=True):
                if value:
                    by[metric, lens, name, day, m, value, month] += n
    rows = [(*key, n) for key, n in sorted(by.items()) if n]
    add(connection, rollup_day, (*_KEY, "month", "n"), rows, key=_KEY, counter="n")
    if any(row[-1] < 0 for row in rows):
        # A literal, because a partial index is not used for a bound value.
        connection.execute(rollup_day.delete().where(rollup_day.c.n == literal_column("0")))


def _roll_up(connection: Connection, lens: str) -> None:
    """Count one lens from all facts: in one pass over them, then metric by metric."""
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
        .where(f.driver != NOT_ANALYSED if by_driver else f.rank == 0)
        .group_by(*groups, *_COUNTED.values())
        .cte("passed")
    )
    counted = union_all(*(_of_metric(passed, lens, metric) for metric in _METRICS))
    connection.execute(rollup_day.insert().from_select([*_KEY, "month", "n"], counted))


def _of_metric(passed: CTE, lens: str, metric: str) -> Select[Any]:
    p = passed.c
    value = cast(p[f"of_{metric}"], Text)
    return (
        select(literal(metric), literal(lens), p.name, p.day, p.m, value, p.month, func.sum(p.n))
        .where(value != "")
        .group_by(p.name, p.day, p.m, value, p.month)
    )
