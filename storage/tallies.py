"""What a number counts: the rate behind a query's metric, and its four parts as SQL sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column

from service.domain.answers import Tally
from service.domain.measurements import Metric
from service.errors import Misused
from service.query import ACCOUNTS, CONVERSATIONS, EMPTY_VALUE, NO_VALUE, UNMEASURED_VALUE
from storage.tables.facts import fact


@dataclass(frozen=True, slots=True)
class Measure:
    """A query's metric: a rate of a metric, or conversations or accounts when there is none."""

    name: str
    metric: str | None = None
    value: str | None = None


class Measures:
    """The numbers that can be asked for now: a workspace's own metrics come and go."""

    def __init__(self, metrics: Callable[[], Sequence[Metric]]) -> None:
        self.metrics = metrics

    def named(self, name: str) -> Measure:
        if name in {CONVERSATIONS, ACCOUNTS}:
            return Measure(name)
        rates = {rate.name: (metric, rate) for metric in self.metrics() for rate in metric.rates}
        if name not in rates:
            known = ", ".join((CONVERSATIONS, ACCOUNTS, *rates))
            raise Misused(f"There is no number called {name!r}; there is {known}.")
        metric, rate = rates[name]
        return Measure(name, metric.name, rate.value)


def sums(
    measure: Measure, value: ColumnElement[Any] | None, weight: ColumnElement[Any] | None = None
) -> list[ColumnElement[Any]]:
    """Total, numerator, empty and unmeasured, of rows that stand for `weight` conversations each.

    Without a weight they stand for one, and are counted: that is faster than adding ones. What
    needs no counting is left out at the end: a numerator that is the total, and nothing.
    """
    total: ColumnElement[Any] = func.count()
    if weight is not None:
        total = func.coalesce(func.sum(weight), 0)
    parts: list[ColumnElement[Any]]
    if measure.name == ACCOUNTS:
        known_account = case((fact.c.account != NO_VALUE, fact.c.account))
        parts = [total, func.count(known_account.distinct())]
    elif value is None:
        parts = [total]
    else:
        values = (measure.value, EMPTY_VALUE, UNMEASURED_VALUE)
        parts = [total, *(_of_those(value == wanted, weight) for wanted in values)]
    names = ("total", "numerator", "empty", "unmeasured")
    return [part.label(name) for part, name in zip(parts, names, strict=False)]


def _of_those(which: ColumnElement[bool], weight: ColumnElement[Any] | None) -> ColumnElement[Any]:
    if weight is None:
        return func.count(case((which, literal_column("1"))))
    return func.coalesce(func.sum(case((which, weight), else_=0)), 0)


def tally_of(measure: Measure, values: Mapping[str | None, int]) -> Tally | None:
    """What counted conversations by their value come to; None where accounts are counted."""
    total = sum(values.values())
    if measure.name == ACCOUNTS:
        return None
    if measure.metric is None:
        return Tally(total, 0, 0, 0)
    counted, empty, unmeasured = (
        values.get(one, 0) for one in (measure.value, EMPTY_VALUE, UNMEASURED_VALUE)
    )
    return Tally(counted, total - counted - empty - unmeasured, empty, unmeasured)


def tallies(counted: Sequence[Sequence[int]]) -> list[Tally]:
    """What `sums` counted, column by column, of each row in turn."""
    totals, nothing = counted[0], [0] * len(counted[0])
    if len(counted) == 1:
        return list(map(_TALLY, zip(totals, nothing, nothing, nothing, strict=True)))
    numerators, empties, unmeasured = (*counted[1:], nothing, nothing)[:3]
    rest = [
        total - counted - empty - unknown
        for total, counted, empty, unknown in zip(
            totals, numerators, empties, unmeasured, strict=True
        )
    ]
    return list(map(_TALLY, zip(numerators, rest, empties, unmeasured, strict=True)))


# Of thousands, two thirds of the time that it takes to call the class.
_TALLY: Callable[[tuple[int, ...]], Tally] = partial(tuple.__new__, Tally)
