"""Every metric there is, found in service.metrics, and the rates that can be asked of them."""

from functools import cache

from service import metrics, plugins
from service.domain.measurements import Metric, Rate
from service.errors import Misused
from service.query import ACCOUNTS, CONVERSATIONS


@cache
def all_metrics() -> tuple[Metric, ...]:
    """Return the built-in metrics, sentiment first, then by name."""
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
    for metric in all_metrics():
        for rate in metric.rates:
            if rate.name == name:
                return metric, rate
    known = ", ".join((CONVERSATIONS, ACCOUNTS, *rate_names()))
    raise Misused(f"There is no number called {name!r}; there is {known}.")


def rate_names() -> tuple[str, ...]:
    return tuple(rate.name for metric in all_metrics() for rate in metric.rates)


def title(measure: str) -> str:
    """Return what people call a query's metric: "negative share", "conversations"."""
    if measure in {CONVERSATIONS, ACCOUNTS}:
        return measure
    return rate_named(measure)[1].title
