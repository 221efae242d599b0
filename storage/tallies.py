"""What a number counts: the rate behind a query's metric, and its four parts as SQL sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, literal

from service.domain.answers import Tally
from service.domain.measurements import Metric, Rate
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
    """The numbers that can be asked for, made from the metrics that were handed in."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = tuple(metrics)
        self._rates: dict[str, tuple[Metric, Rate]] = {
            rate.name: (metric, rate) for metric in metrics for rate in metric.rates
        }

    def named(self, name: str) -> Measure:
        if name in {CONVERSATIONS, ACCOUNTS}:
            return Measure(name)
        if name not in self._rates:
            known = ", ".join((CONVERSATIONS, ACCOUNTS, *self._rates))
            raise Misused(f"There is no number called {name!r}; there is {known}.")
        metric, rate = self._rates[name]
        return Measure(name, metric.name, rate.value)


def sums(
    measure: Measure, value: ColumnElement[Any] | None, weight: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """Total, numerator, empty and unmeasured, of rows that stand for `weight` conversations."""
    total = func.coalesce(func.sum(weight), 0)
    nothing = literal(0)
    if measure.name == ACCOUNTS:
        known_account = case((fact.c.account != NO_VALUE, fact.c.account))
        parts = [total, func.count(known_account.distinct()), nothing, nothing]
    elif value is None:
        parts = [total, total, nothing, nothing]
    else:
        parts = [
            total,
            *(
                func.coalesce(func.sum(case((value == wanted, weight), else_=0)), 0)
                for wanted in (measure.value, EMPTY_VALUE, UNMEASURED_VALUE)
            ),
        ]
    names = ("total", "numerator", "empty", "unmeasured")
    return [part.label(name) for part, name in zip(parts, names, strict=True)]


def tallies(rows: Sequence[Row[Any]]) -> list[Tally]:
    """What `sums` counted, of each row in turn."""
    if not rows:
        return []
    *_, totals, numerators, empties, unmeasured = zip(*rows, strict=True)
    # PostgreSQL adds whole numbers into decimal ones.
    parts = [list(map(int, part)) for part in (totals, numerators, empties, unmeasured)]
    return [
        Tally(counted, total - counted - empty - unknown, empty, unknown)
        for total, counted, empty, unknown in zip(*parts, strict=True)
    ]
