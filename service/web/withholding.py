"""Which metrics a viewer is not shown yet. The gateway decides; pages only ask it and obey.

It knows no rule of its own: a metric is withheld when the gateway gives no number for it.
"""

from collections.abc import Iterable
from dataclasses import replace

from service.domain.answers import Intent
from service.domain.people import PersonRole, Viewer
from service.measures import every_metric, rate_named
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Query
from service.web.site import Gateway


def withheld_metrics(viewer: Viewer, answers: Gateway) -> frozenset[str]:
    """Return the names of the metrics that this viewer is not shown.

    Only leaders are kept from any, so nobody else pays for asking.
    """
    if viewer.role is not PersonRole.LEADER:
        return frozenset()
    return frozenset(
        metric.name
        for metric in every_metric()
        if answers.ask(Query(metric=metric.rates[0].name), viewer, intent=Intent.COUNT).headline
        is None
    )


def tells(query: Query, hidden: Iterable[str]) -> bool:
    """Whether a question's answer would give away a withheld metric."""
    dimensions = {Dimension(name) for name in hidden}
    asked = {one.dimension for one in (*query.filters, *query.exclude)} | {*query.group_by}
    if query.metric not in {CONVERSATIONS, ACCOUNTS}:
        asked.add(Dimension(rate_named(query.metric)[0].name))
    return bool(asked & dimensions)


def without_rate(query: Query, hidden: Iterable[str]) -> Query:
    """Return the question as it may be asked: a withheld share becomes a plain count."""
    return replace(query, metric=CONVERSATIONS) if tells(query, hidden) else query
