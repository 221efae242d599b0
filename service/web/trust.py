"""Trust: of all conversations, how many were analysed, and why the others were not.

It shows the ledger and hides no exception.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template

from service.domain.conversations import ConversationKey
from service.domain.measurements import Metric
from service.domain.people import Viewer
from service.measures import all_metrics
from service.query import EMPTY_VALUE, Dimension, Filter, Query, Window
from service.stores import CoverageCounts, DayCoverage, Quarantined
from service.web.site import HERE, Site, current_viewer, site

FAILURES = 50
LEDGER_DAYS = 28

pages = Blueprint("trust", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One metric measured as empty: how often, and why."""

    metric: Metric
    reasons: Mapping[str, int]
    total: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    name: str
    synced: datetime | None
    counts: CoverageCounts
    waiting: int
    url: str
    blanks: tuple[Blank, ...]
    not_written: Mapping[str, int]
    days: tuple[DayCoverage, ...]  # newest first

    @property
    def set_aside(self) -> int:
        return sum(day.quarantined for day in self.days)


@pages.get("/trust")
def page() -> str:
    here, viewer = site(), current_viewer()
    synced = here.database.conversations.synced_at()
    names = sorted({*here.database.facts.values(Dimension.SOURCE, viewer), *synced})
    failures = _failures(viewer, here)
    return render_template(
        "trust.html",
        sources=[_source(name, viewer, here, synced.get(name)) for name in names],
        failures=failures[:FAILURES],
        more_failures=max(0, len(failures) - FAILURES),
        set_aside=_set_aside(viewer, here)[:FAILURES],
        taxonomy=here.taxonomy.version,
        everything=viewer.accounts is None,
    )


def _source(name: str, viewer: Viewer, here: Site, synced: datetime | None) -> Source:
    query = Query(filters=(Filter.of(Dimension.SOURCE, name),))
    counts = here.database.facts.coverage(query, viewer)
    return Source(
        name=name,
        synced=synced,
        counts=counts,
        waiting=max(0, counts.total - counts.analysed - counts.failed),
        url=HERE.explore(query),
        blanks=tuple(_blank(metric, query, viewer, here) for metric in all_metrics()),
        # The ledger of writes knows no viewer, so only those who see everything see it.
        not_written=here.database.write_back.not_written(name) if viewer.accounts is None else {},
        days=_days(name, here) if viewer.accounts is None else (),
    )


def _days(name: str, here: Site) -> tuple[DayCoverage, ...]:
    """The coverage ledger of the last weeks; a day is proven when the helpdesk was asked."""
    today = here.clock().astimezone(here.zone).date()
    window = Window(today - timedelta(days=LEDGER_DAYS - 1), today + timedelta(days=1))
    return tuple(reversed(here.database.coverage.days(name, window)))


def _blank(metric: Metric, query: Query, viewer: Viewer, here: Site) -> Blank:
    asked = Query(metric=metric.rates[0].name, filters=query.filters)
    reasons = here.database.facts.coverage(asked, viewer).empty
    listed = query.narrowed(Dimension(metric.name), EMPTY_VALUE)
    return Blank(
        metric=metric,
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        total=sum(reasons.values()),
        url=HERE.explore(listed),
    )


def _failures(viewer: Viewer, here: Site) -> list[tuple[ConversationKey, str]]:
    return here.database.analyses.failures() if viewer.accounts is None else []


def _set_aside(viewer: Viewer, here: Site) -> list[Quarantined]:
    return here.database.conversations.quarantined() if viewer.accounts is None else []
