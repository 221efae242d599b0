"""Which questions the rollups can answer alone, and how: without scope, text or other filters."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from service.domain.people import SYSTEM, Viewer
from service.query import ACCOUNTS, Dimension, Filter, Query, Window
from storage.querying import week_of
from storage.rollups import ANALYSED, LENSES, ROLLED_UP, empty_of
from storage.tables.facts import EVERYTHING, rollup_day
from storage.tallies import Measure, sums

_ANY_METRIC = "sentiment"  # each metric's rows count every conversation
_TIMES = {
    Dimension.DAY: rollup_day.c.day,
    Dimension.WEEK: week_of(rollup_day.c.day),
    Dimension.MONTH: rollup_day.c.month,
}


def from_rollups(query: Query, viewer: Viewer, measure: Measure) -> Select[Any] | None:
    """Return the statement that groups the query over the rollups, or None."""
    metric = measure.metric or _ANY_METRIC
    held = _held(query, viewer)
    if held is None or measure.name == ACCOUNTS or metric not in ROLLED_UP:
        return None
    r = rollup_day.c
    groups = [_TIMES.get(dimension, r.name) for dimension in query.group_by]
    value = r.value if measure.metric else None
    wanted = [r.metric == metric, *held]
    return select(*groups, *sums(measure, value, r.n)).where(*wanted).group_by(*groups)


def analysed_from_rollups(query: Query, viewer: Viewer) -> Select[Any] | None:
    """The conversations with and without an analysis, or None."""
    return _by_value(query, viewer, ANALYSED)


def empty_from_rollups(query: Query, viewer: Viewer, metric: str) -> Select[Any] | None:
    """The empty conversations by reason, or None."""
    return _by_value(query, viewer, empty_of(metric)) if metric in ROLLED_UP else None


def values_from_rollups(dimension: Dimension, viewer: Viewer) -> Select[Any] | None:
    """The values of a dimension with how often each is used, or None."""
    held = _held(Query(group_by=(dimension,)), viewer)
    if held is None or dimension in _TIMES:
        return None
    r = rollup_day.c
    counts = select(r.name.label("value"), func.sum(r.n).label("n"))
    return counts.where(r.metric == _ANY_METRIC, *held).group_by(r.name)


def conversations_from_rollups(window: Window | None, driver: Filter | None = None) -> Select[Any]:
    """How many conversations a period holds, or touch one driver in it."""
    only = () if driver is None else (driver,)
    r, held = rollup_day.c, _held(Query(window=window, filters=only), SYSTEM) or ()
    return select(func.sum(r.n)).where(r.metric == _ANY_METRIC, *held)


def _by_value(query: Query, viewer: Viewer, metric: str) -> Select[Any] | None:
    held = _held(query, viewer)
    if held is None:
        return None
    r = rollup_day.c
    counts = select(r.value, func.sum(r.n).label("n")).where(r.metric == metric, *held)
    return counts.group_by(r.value)


def _held(query: Query, viewer: Viewer) -> Sequence[ColumnElement[bool]] | None:
    """The rollup rows that stand for exactly the query's conversations."""
    if viewer.accounts is not None or query.text or query.exclude or len(query.filters) > 1:
        return None
    lenses = {one for one in query.group_by if one not in _TIMES}
    lenses |= {one.dimension for one in query.filters}
    lens = lenses.pop() if lenses else EVERYTHING
    if lenses or str(lens) not in LENSES or len(query.group_by) > len(set(query.group_by)):
        return None
    r = rollup_day.c
    held = [r.lens == str(lens)]
    if query.window is not None:
        held += [r.day >= query.window.start.toordinal(), r.day < query.window.end.toordinal()]
    for only in query.filters:
        # Conversations touch several drivers: those of two, or beside one, are not a sum of rows.
        if lens is Dimension.DRIVER and (len(only.values) > 1 or lens in query.group_by):
            return None
        held.append(r.name.in_(only.values))
    return held
