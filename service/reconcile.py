"""Proof of "every conversation": stored and measured against the helpdesk's own counts, by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service.domain.people import SYSTEM
from service.measures import all_metrics
from service.ports import Clock, Helpdesk
from service.query import Dimension, Filter, Query, Window
from service.stores import Database, DayCoverage

PROVEN_DAYS = 90  # how far back each day is counted on its own
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)  # before any helpdesk's first conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverage:
    """One source over all time, and its days that were proven one by one."""

    source: str
    helpdesk: int | None  # None: the helpdesk could not say
    stored: int
    analysed: int
    failed: int
    quarantined: int
    empty: Mapping[str, Mapping[str, int]]  # metric -> reason -> conversations
    not_written: Mapping[str, int]  # reason -> conversations
    days: tuple[DayCoverage, ...]

    @property
    def missing(self) -> int | None:
        if self.helpdesk is None:
            return None
        return self.helpdesk - self.stored - self.quarantined

    @property
    def lacking(self) -> bool:
        """Whether something is missing. A day that holds too much makes up for no other day; what
        is in quarantine does, because only the day of its arrival is known.
        """
        lacking = sum(max(0, day.missing or 0) for day in self.days)
        return bool(self.missing) or lacking > self.quarantined

    def lines(self) -> list[str]:
        """One line of sums, one for each day that differs, and what to do when one lacks some."""
        counted = "does not say" if self.helpdesk is None else f"{self.helpdesk:,}"
        line = (
            f"{self.source}: helpdesk {counted}, stored {self.stored:,}, "
            f"measured {self.analysed:,}, failed {self.failed}"
        )
        if self.quarantined:
            line += f", set aside {self.quarantined}"
        if self.missing:
            line += f"; {abs(self.missing)} {'missing' if self.missing > 0 else 'more than there'}"
        for reason, count in sorted(self.not_written.items()):
            line += f"; {count:,} not written: {reason}"
        wrong = [day for day in self.days if day.missing]
        lines = [line, *(f"  {day.day}: {_difference(day)}" for day in wrong)]
        if self.lacking and (self.missing or 0) >= 0:
            lines.append(f"  fetch what is missing with: verbatim sync {self.source} --full")
        return lines


class Reconciliation:
    """Asks the helpdesks for their counts, keeps them in the ledger and compares."""

    def __init__(
        self,
        *,
        database: Database,
        helpdesks: Mapping[str, Helpdesk],
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._database = database
        self._helpdesks = helpdesks
        self._zone = zone
        self._clock = clock

    def run(self, *, days: int = PROVEN_DAYS) -> Sequence[SourceCoverage]:
        """Return one row a source that is connected or stored; one call a day and source."""
        stored = {
            name
            for name in self._database.conversations.synced_at()
            if not name.startswith("file:")
        }
        return [self._source(source, days) for source in sorted(stored | set(self._helpdesks))]

    def _source(self, source: str, days: int) -> SourceCoverage:
        now = self._clock()
        helpdesk = self._helpdesks.get(source)
        total = None if helpdesk is None else helpdesk.count(_BEGINNING, now)
        window = self._proven_window(source, now, days, total)
        if helpdesk is not None and window is not None:
            self._ask(source, helpdesk, window)
        query = Query(filters=(Filter.of(Dimension.SOURCE, source),))
        counts = self._database.facts.coverage(query, SYSTEM)
        waiting = self._database.conversations.quarantined()
        return SourceCoverage(
            source=source,
            helpdesk=total,
            stored=counts.total,
            analysed=counts.analysed,
            failed=counts.failed,
            quarantined=sum(one.source == source for one in waiting),
            empty=_empty(self._database, query),
            not_written=self._database.write_back.not_written(source),
            days=tuple(self._database.coverage.days(source, window)) if window else (),
        )

    def _proven_window(
        self, source: str, now: datetime, days: int, total: int | None
    ) -> Window | None:
        """The last days. Those before the first conversation that we hold are left out, unless
        we hold less than the helpdesk in all: what is missing may be the oldest.
        """
        today = now.astimezone(self._zone).date()
        held = self._database.conversations.daily_counts(source)
        first = today - timedelta(days=days - 1)
        if total is None or total <= sum(held.values()):
            if not held:
                return None
            first = max(min(held), first)
        return Window(first, today + timedelta(days=1)) if first <= today else None

    def _ask(self, source: str, helpdesk: Helpdesk, window: Window) -> None:
        counts: dict[date, int] = {}
        for offset in range(window.days):
            day = window.start + timedelta(days=offset)
            counted = helpdesk.count(self._midnight(day), self._midnight(day + timedelta(days=1)))
            if counted is not None:
                counts[day] = counted
        self._database.coverage.record(source, counts, at=self._clock())

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), self._zone).astimezone(UTC)


def _difference(day: DayCoverage) -> str:
    missing = day.missing or 0
    word = "missing" if missing > 0 else "more than there"
    return f"helpdesk {day.helpdesk}, stored {day.stored}: {abs(missing)} {word}"


def _empty(database: Database, query: Query) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for metric in all_metrics():
        of_metric = Query(metric=metric.rates[0].name, filters=query.filters)
        found[metric.name] = database.facts.coverage(of_metric, SYSTEM).empty
    return found
