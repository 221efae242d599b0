"""Proof of "every conversation": stored and measured against the helpdesk's own count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.domain.people import SYSTEM
from service.measures import all_metrics
from service.ports import Database, Helpdesk
from service.query import Dimension, Filter, Query

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before any helpdesk's first conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    source: str
    helpdesk: int | None  # None: the helpdesk could not say
    stored: int
    analysed: int
    failed: int
    empty: Mapping[str, Mapping[str, int]]  # metric -> reason -> conversations
    not_written: Mapping[str, int]  # reason -> conversations

    @property
    def missing(self) -> int | None:
        return None if self.helpdesk is None else self.helpdesk - self.stored

    def line(self) -> str:
        counted = "does not say" if self.helpdesk is None else f"{self.helpdesk:,}"
        line = (
            f"{self.source}: helpdesk {counted}, stored {self.stored:,}, "
            f"measured {self.analysed:,}, failed {self.failed}"
        )
        if self.missing:
            line += f"; {abs(self.missing)} {'missing' if self.missing > 0 else 'more than there'}"
        for reason, count in sorted(self.not_written.items()):
            line += f"; {count:,} not written: {reason}"
        return line


def reconcile(
    database: Database, helpdesks: Mapping[str, Helpdesk], *, until: datetime
) -> Sequence[SourceCoverage]:
    """Return one row a source that is connected or stored."""
    stored = set(database.conversations.synced_at())
    return [
        _of_source(database, source, helpdesks.get(source), until)
        for source in sorted(stored | set(helpdesks))
    ]


def _of_source(
    database: Database, source: str, helpdesk: Helpdesk | None, until: datetime
) -> SourceCoverage:
    query = Query(filters=(Filter.of(Dimension.SOURCE, source),))
    counts = database.facts.coverage(query, SYSTEM)
    return SourceCoverage(
        source=source,
        helpdesk=_helpdesk_count(helpdesk, until),
        stored=counts.total,
        analysed=counts.analysed,
        failed=counts.failed,
        empty=_empty(database, query),
        not_written=database.write_back.not_written(source),
    )


def _empty(database: Database, query: Query) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for metric in all_metrics():
        of_metric = Query(metric=metric.rates[0].name, filters=query.filters)
        found[metric.name] = database.facts.coverage(of_metric, SYSTEM).empty
    return found


def _helpdesk_count(helpdesk: Helpdesk | None, until: datetime) -> int | None:
    return None if helpdesk is None else helpdesk.count(_BEGINNING, until)
