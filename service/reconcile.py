"""Proof of "every conversation": stored and measured against the helpdesk's own counts, by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from service import wording
from service.domain.measurements import EmptyReason
from service.domain.people import SYSTEM
from service.in_turn import InTurn
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
    problem: str | None = None  # why the helpdesk could not be asked this time
    erased: int = 0  # on request or past retention; the helpdesk still has them
    languages: Mapping[str, int] = field(default_factory=dict)  # other ones than English
    awaiting: int = 0  # not measured yet, since their messages are still being fetched

    @property
    def missing(self) -> int | None:
        if self.helpdesk is None:
            return None
        return self.helpdesk - self.stored - self.quarantined - self.erased

    @property
    def left_unread(self) -> int:
        """Conversations that every metric leaves blank because of their language."""
        return max((why.get(EmptyReason.LANGUAGE, 0) for why in self.empty.values()), default=0)

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
        if self.problem is not None:
            counted = "could not be asked"
        line = (
            f"{self.source}: helpdesk {counted}, stored {self.stored:,}, "
            f"measured {self.analysed:,}, failed {self.failed}"
        )
        if self.awaiting:
            line += f", waiting for their messages {self.awaiting:,}"
        if self.quarantined:
            line += f", set aside {self.quarantined}"
        if self.erased:
            line += f", erased here {self.erased:,}"
        if self.missing:
            line += f"; {abs(self.missing)} {'missing' if self.missing > 0 else 'more than there'}"
        for reason, count in sorted(self.not_written.items()):
            line += f"; {count:,} not written: {reason}"
        if self.left_unread or self.languages:
            said = wording.languages(self.left_unread, self.stored, self.languages)
            line += f"; {said}"
        wrong = [day for day in self.days if day.missing]
        lines = [line, *(f"  {day.day}: {_difference(day)}" for day in wrong)]
        if self.problem is not None:
            return [lines[0], f"  {self.problem}", *lines[1:]]
        if wrong:
            lines.append("  set these days right with: verbatim reconcile --repair")
        if self.lacking and (self.missing or 0) >= 0:
            lines.append(f"  or fetch everything again with: verbatim sync {self.source} --full")
        return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a helpdesk said: its count of everything, and the days that it was asked for."""

    total: int | None
    window: Window | None


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
        """Return one row a source that is connected or stored; one call a day and source.

        A helpdesk that cannot be asked hinders no other: its row says why.
        """
        turn = InTurn()
        asked = turn.each(self.sources(), lambda source: self.ask(source, days))
        return [self.row(each, asked.get(each), turn) for each in self.sources()]

    def sources(self) -> list[str]:
        stored = {
            name
            for name in self._database.conversations.synced_at()
            if not name.startswith("file:")
        }
        return sorted(stored | set(self._helpdesks))

    def ask(self, source: str, days: int) -> Asked:
        now = self._clock()
        helpdesk = self._helpdesks.get(source)
        total = None if helpdesk is None else helpdesk.count(_BEGINNING, now)
        window = self._proven_window(source, now, days, total)
        if window is not None:
            self.ask_days(source, [window.start + timedelta(days=n) for n in range(window.days)])
        return Asked(total=total, window=window)

    def ask_days(self, source: str, days: Sequence[date]) -> None:
        """Ask for the counts of these days, and keep them in the ledger."""
        helpdesk = self._helpdesks.get(source)
        if helpdesk is None:
            return
        counts: dict[date, int] = {}
        for day in days:
            counted = helpdesk.count(*self.bounds(day))
            if counted is not None:
                counts[day] = counted
        self._database.coverage.record(source, counts, at=self._clock())

    def ask_total(self, source: str) -> int | None:
        return self._helpdesks[source].count(_BEGINNING, self._clock())

    def wrong_days(self, source: str, window: Window | None) -> list[date]:
        """Return the days of which helpdesk and store hold different numbers, newest first.

        What is set aside is no excuse here: only the day of its arrival is known.
        """
        if window is None:
            return []
        days = self._database.coverage.days(source, window)
        return [d.day for d in reversed(days) if d.helpdesk not in (None, d.stored + d.erased)]

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return when a day begins and ends in the workspace's time zone."""
        return self._midnight(day), self._midnight(day + timedelta(days=1))

    def row(self, source: str, asked: Asked | None, turn: InTurn) -> SourceCoverage:
        """Return the source's row; without an answer by what the ledger holds from before."""
        window = self._proven_window(source, self._clock(), PROVEN_DAYS, None)
        if asked is not None:
            window = asked.window
        problem = turn.problems.get(source)
        query = Query(filters=(Filter.of(Dimension.SOURCE, source),))
        counts = self._database.facts.coverage(query, SYSTEM)
        waiting = self._database.conversations.quarantined()
        return SourceCoverage(
            source=source,
            helpdesk=None if asked is None else asked.total,
            stored=counts.total,
            analysed=counts.analysed,
            failed=counts.failed,
            quarantined=sum(one.source == source for one in waiting),
            empty=_empty(self._database, query),
            languages=self._database.facts.languages(query, SYSTEM),
            not_written=self._database.write_back.not_written(source),
            days=tuple(self._database.coverage.days(source, window)) if window else (),
            problem=None if problem is None else str(problem),
            erased=self._database.coverage.erased(source),
            awaiting=self._database.conversations.awaiting_words().get(source, 0),
        )

    def _proven_window(
        self, source: str, now: datetime, days: int, total: int | None
    ) -> Window | None:
        """The last days. Those before the first conversation that we hold are left out, unless
        we hold less than the helpdesk in all: what is missing may be the oldest.
        """
        today = now.astimezone(self._zone).date()
        held = self._database.conversations.daily_counts(source)
        erased = self._database.coverage.erased(source)
        first = today - timedelta(days=days - 1)
        if total is None or total <= sum(held.values()) + erased:
            if not held:
                return None
            first = max(min(held), first)
        return Window(first, today + timedelta(days=1)) if first <= today else None

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), self._zone).astimezone(UTC)


def _difference(day: DayCoverage) -> str:
    missing = day.missing or 0
    word = "missing" if missing > 0 else "more than there"
    erased = f", erased here {day.erased}" if day.erased else ""
    return f"helpdesk {day.helpdesk}, stored {day.stored}{erased}: {abs(missing)} {word}"


def _empty(database: Database, query: Query) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, Mapping[str, int]] = {}
    for metric in all_metrics():
        of_metric = Query(metric=metric.rates[0].name, filters=query.filters)
        found[metric.name] = database.facts.coverage(of_metric, SYSTEM).empty
    return found
