"""Which questions the rollups can answer alone, and how: without scope, text or other filters."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from service.domain.people import Viewer
from service.query import ACCOUNTS, Dimension, Query
from storage.querying import week_of
from storage.tables.facts import ALL_DRIVERS, rollup_day
from storage.tallies import Measure, sums

_ANY_METRIC = "sentiment"  # each metric's rows count every conversation
_GROUPABLE = {
    Dimension.DRIVER: rollup_day.c.driver,
    Dimension.DAY: rollup_day.c.day,
    Dimension.WEEK: week_of(rollup_day.c.day),
}


def from_rollups(
    query: Query, viewer: Viewer, measure: Measure, rolled_up: frozenset[str]
) -> Select[Any] | None:
    """Return the statement that groups the query over the rollups, or None."""
    metric = measure.metric or _ANY_METRIC
    drivers = _drivers(query)
    if (
        viewer.accounts is not None
        or query.text
        or query.exclude
        or drivers is None
        or measure.name == ACCOUNTS
        or metric not in rolled_up
        or not set(query.group_by) <= set(_GROUPABLE)
    ):
        return None
    r = rollup_day.c
    groups = [_GROUPABLE[dimension] for dimension in query.group_by]
    value = r.value if measure.metric else None
    wanted = [r.metric == metric, drivers]
    if query.window is not None:
        wanted += [r.day >= query.window.start.toordinal(), r.day < query.window.end.toordinal()]
    return select(*groups, *sums(measure, value, r.n)).where(*wanted).group_by(*groups)


def _drivers(query: Query) -> ColumnElement[bool] | None:
    """One driver's rows, every driver's, or those that count each conversation once."""
    driver = rollup_day.c.driver
    grouped = Dimension.DRIVER in query.group_by
    if not query.filters:
        return driver != ALL_DRIVERS if grouped else driver == ALL_DRIVERS
    only = query.filters[0]
    if len(query.filters) > 1 or only.dimension is not Dimension.DRIVER or grouped:
        return None
    return driver == only.values[0] if len(only.values) == 1 else None
