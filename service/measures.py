"""Every metric there is, and the rates that can be asked of them.

Built-in ones are found in service.metrics; the workspace's own are handed in once, when its
settings are read.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from service import metrics, plugins
from service.domain.measurements import Metric, Rate, YesNo
from service.errors import Misused
from service.query import ACCOUNTS, CONVERSATIONS, Query

_defined: list[Metric] = []  # the workspace's own; a process serves one workspace


def define(metrics: Sequence[Metric]) -> None:
    """Make these the workspace's own metrics, in place of those before."""
    _defined[:] = metrics


def all_metrics() -> tuple[Metric, ...]:
    """Return the built-in metrics, sentiment first, then the workspace's own."""
    return (*_built_in(), *own_metrics())


def every_metric() -> tuple[Metric, ...]:
    """All metrics, and those that are asked no more: what they counted may be counted again."""
    return (*_built_in(), *_defined)


def own_metrics() -> tuple[Metric, ...]:
    return tuple(metric for metric in _defined if not metric.retired)


def retired_metrics() -> tuple[Metric, ...]:
    return tuple(metric for metric in _defined if metric.retired)


@cache
def _built_in() -> tuple[Metric, ...]:
    found: list[Metric] = [plugins.load(metrics, name).METRIC for name in plugins.names(metrics)]
    return tuple(sorted(found, key=lambda metric: (metric.name != "sentiment", metric.name)))


def metric_named(name: str) -> Metric:
    for metric in all_metrics():
        if metric.name == name:
            return metric
    known = ", ".join(metric.name for metric in all_metrics())
    raise Misused(f"There is no metric {name!r}; there is {known}.")


def rate_named(name: str) -> tuple[Metric, Rate]:
    """Return the metric and the rate behind a query's metric name, e.g. "negative_rate"."""
    for metric in every_metric():
        for rate in metric.rates:
            if rate.name == name:
                return metric, rate
    known = ", ".join((CONVERSATIONS, ACCOUNTS, *rate_names()))
    raise Misused(f"There is no number called {name!r}; there is {known}.")


def is_defined(measure: str) -> bool:
    """Whether a query's metric can be counted; one that was taken out of its file cannot."""
    named = (rate.name for metric in every_metric() for rate in metric.rates)
    return measure in {CONVERSATIONS, ACCOUNTS, *named}


def rate_names() -> tuple[str, ...]:
    return tuple(rate.name for metric in all_metrics() for rate in metric.rates)


def own_rates() -> tuple[str, ...]:
    """What the workspace's own metrics count: each of their values but a plain no."""
    return tuple(r.name for metric in own_metrics() for r in metric.rates if r.value != YesNo.NO)


def tells(query: Query, hidden: Iterable[str]) -> bool:
    """Whether the answer to a question would give away one of these metrics."""
    asked = {one.dimension.value for one in (*query.filters, *query.exclude)}
    asked |= {dimension.value for dimension in query.group_by}
    if query.metric not in {CONVERSATIONS, ACCOUNTS}:
        asked.add(rate_named(query.metric)[0].name)
    return not asked.isdisjoint(hidden)


def title(measure: str) -> str:
    """Return what people call a query's metric: "negative share", "conversations"."""
    if measure in {CONVERSATIONS, ACCOUNTS}:
        return measure
    return rate_named(measure)[1].title
