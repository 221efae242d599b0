"""What every answer needs in hand: counting with receipts, names, coverage, freshness.

The only place where an answer's numbers are counted; it knows no kind of question.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from service import measures, statistics, wording
from service.domain.answers import Change, Counted, Coverage, Tally
from service.domain.measurements import Effort, Sentiment, YesNo
from service.domain.people import PersonRole, Viewer
from service.domain.taxonomy import Taxonomy
from service.domain.validation import GateState
from service.errors import Misused
from service.links import Links
from service.ports import Clock
from service.query import ACCOUNTS, CONVERSATIONS, NO_VALUE, Dimension, Filter, Query
from service.receipts import Receipts, n_of
from service.spotchecks import SpotChecks, Standing
from service.stores import CoverageCounts, Database

T = TypeVar("T")
STALE = timedelta(hours=2)
_OPEN_TO_LEADERS = frozenset({GateState.VALIDATED})
UNMEASURED_WORTH_SAYING = 0.05  # share of conversations without the metric
_SPOKEN: Mapping[tuple[Dimension, tuple[str, ...]], str] = {
    (Dimension.CHURN_RISK, (YesNo.YES.value,)): "with a churn-risk signal",
    (Dimension.CHURN_RISK, (YesNo.NO.value,)): "without a churn-risk signal",
    (Dimension.SENTIMENT, (Sentiment.NEGATIVE.value,)): "with negative sentiment",
    (Dimension.SENTIMENT, (Sentiment.POSITIVE.value,)): "with positive sentiment",
    (Dimension.EFFORT, (Effort.HIGH.value,)): "with high effort",
    (Dimension.STATUS, ("open", "pending")): "not solved yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Counts for one request and keeps what it has looked up."""

    database: Database
    taxonomy: Taxonomy
    links: Links
    clock: Clock
    zone: ZoneInfo
    analyser: str
    masking: str
    receipts: Receipts
    viewer: Viewer
    known: dict[object, object] = field(default_factory=dict)

    def today(self) -> date:
        return self.clock().astimezone(self.zone).date()

    def counted(self, query: Query) -> Counted:
        """Count a query and publish the number."""
        return self.published(query, self._tally(replace(query, group_by=(), compare_to=None)))

    def _tally(self, query: Query) -> Tally:
        # Words are looked for in each conversation: once, for both of what an answer tells of them.
        found = self._covered(query).tally if query.text else None
        return found or self.database.facts.count(query, self.viewer)

    def _covered(self, query: Query) -> CoverageCounts:
        return self._once(query, lambda: self.database.facts.coverage(query, self.viewer))

    def published(self, query: Query, tally: Tally) -> Counted:
        return self.publish(query, *n_of(query.metric, tally))

    def publish(self, query: Query, n: int, of: int) -> Counted:
        """Publish a number that was already counted for exactly this query."""
        receipt = self.receipts.publish(
            query, self.viewer, (n, of), versions=self.versions(), as_of=self.as_of()
        )
        interval = statistics.wilson(n, of)
        return Counted(
            n=n,
            of=of,
            low=interval[0] if interval else None,
            high=interval[1] if interval else None,
            receipt=self.links.receipt(receipt),
            listing=self.links.explore(numerator_query(query)),
        )

    def versions(self) -> Mapping[str, str]:
        def found() -> Mapping[str, str]:
            store = self.database.conversations
            cursors = {source: store.cursor(source) or "" for source in sorted(store.synced_at())}
            return {
                "analyser": self.analyser,
                "taxonomy": self.taxonomy.version,
                "masking": self.masking,
                "cursor": ", ".join(f"{source} {cursor}" for source, cursor in cursors.items()),
            }

        return self._once("versions", found)

    def as_of(self) -> datetime | None:
        """The end of the last finished sync; of several sources the one that is furthest back."""
        return self._once(
            "as_of", lambda: min(self.database.conversations.synced_at().values(), default=None)
        )

    def names(self) -> Mapping[str, str]:
        """Names of accounts and agents by key."""

        def found() -> Mapping[str, str]:
            store = self.database.conversations
            accounts = {str(account.key): account.name for account in store.accounts()}
            return accounts | {str(agent.key): agent.name for agent in store.agents()}

        return self._once("names", found)

    def name(self, dimension: Dimension, value: str) -> str:
        if value in {"", NO_VALUE}:
            return f"no {dimension.words}"
        if dimension in {Dimension.ACCOUNT, Dimension.AGENT}:
            return self.names().get(value, value)
        if dimension in {Dimension.SEGMENT, Dimension.CHANNEL, Dimension.SOURCE}:
            return wording.capital(value)
        return value

    def filter_words(self, query: Query) -> list[str]:
        """State a query's filters in words, without its dates."""
        return [
            *(self._filter(one, "") for one in query.filters),
            *(self._filter(one, "not ") for one in query.exclude),
            *(f'mentions "{text}"' for text in query.text),
        ]

    def _filter(self, one: Filter, prefix: str) -> str:
        spoken = _SPOKEN.get((one.dimension, one.values)) if not prefix else None
        if spoken is not None:
            return spoken
        named = sorted({self.name(one.dimension, value) for value in one.values})
        shown = " or ".join(named[:3]) + (f" or {len(named) - 3} more" if len(named) > 3 else "")
        return f"{one.dimension.words} {prefix}{shown}"

    def coverage(self, query: Query) -> Coverage:
        """How many of the query's conversations were read, and how fresh they are."""
        asked = replace(query, group_by=(), compare_to=None)
        found = self._covered(asked)
        whole = self.publish(replace(asked, metric=CONVERSATIONS), found.total, found.total)
        return Coverage(
            total=found.total,
            analysed=found.analysed,
            failed=found.failed,
            waiting=max(0, found.total - found.analysed - found.failed),
            empty=dict(found.empty) if is_rate(query.metric) else {},
            as_of=self.as_of(),
            taxonomy=self.taxonomy.version,
            analyser=self.analyser,
            receipt=whole.receipt,
        )

    def stored_days(self, query: Query) -> list[str]:
        """A sentence about the days on record when the question asks for none of them."""
        known, asked = self.database.facts.days(), query.window
        if known is None or asked is None or (asked.start < known.end and known.start < asked.end):
            return []
        return [wording.stored_between(known.start, known.end - timedelta(days=1))]

    def stale(self) -> list[str]:
        """A sentence when the last sync is more than two hours old."""
        as_of = self.as_of()
        if as_of is None or self.clock() - as_of <= STALE:
            return []
        return [
            wording.stale(as_of, int((self.clock() - as_of).total_seconds() // 3600), self.zone)
        ]

    def caveats(self, query: Query, found: Coverage) -> list[str]:
        """What a reader must know before trusting the number; staleness comes first."""
        said = self.stale()
        told = (one for one in measures.every_metric() if measures.tells(query, {one.name}))
        said += [f"{one.title}: {self.validation(one.name)}" for one in told]
        if not is_rate(query.metric):
            return said
        missing = found.failed + found.waiting
        if found.total and missing / found.total > UNMEASURED_WORTH_SAYING:
            said.append(f"{missing} of {found.total} conversations are not measured")
        return said

    def hidden(self) -> frozenset[str]:
        """Return the metrics that this viewer is not shown: leaders see only validated ones."""
        if self.viewer.role is not PersonRole.LEADER:
            return frozenset()
        unchecked = (one.name for one in measures.retired_metrics())
        return frozenset(
            one.metric.name
            for one in self._checked()
            if one.agreement.state not in _OPEN_TO_LEADERS
        ).union(unchecked)

    def withheld(self, query: Query) -> bool:
        """Whether the answer would give away a metric that this viewer is not shown."""
        return measures.tells(query, self.hidden())

    def validation(self, metric: str) -> str:
        """Whether people agreed often enough, and how often they did."""
        found = next((o.agreement for o in self._checked() if o.metric.name == metric), None)
        if found is None:
            return "retired, asked no more"
        if found.state in _OPEN_TO_LEADERS:
            return f"{wording.VALIDATED}, {found.words()}"
        counted = f" ({found.agreed} of {found.n} agreed)" if found.n else ""
        return f"{wording.NOT_VALIDATED}{counted}"

    def unvalidated(self) -> str:
        """A sentence with the metrics that are shown and not validated; blank without any."""
        hidden = self.hidden()
        told = [
            f"{one.metric.title} ({one.agreement.agreed} of {one.agreement.n} agreed)"
            if one.agreement.n
            else one.metric.title
            for one in self._checked()
            if one.metric.name not in hidden and one.agreement.state not in _OPEN_TO_LEADERS
        ]
        return f"{wording.capital(wording.NOT_VALIDATED)}: {', '.join(told)}." if told else ""

    def _checked(self) -> Sequence[Standing]:
        checks = SpotChecks(database=self.database, analyser=self.analyser, clock=self.clock)
        return self._once("checks", checks.standing)

    def title(self, query: Query) -> str:
        return measures.title(query.metric)

    def _once(self, name: object, look: Callable[[], T]) -> T:
        if name not in self.known:
            self.known[name] = look()
        return cast(T, self.known[name])


def is_rate(metric: str) -> bool:
    return metric not in {CONVERSATIONS, ACCOUNTS}


def numerator_query(query: Query) -> Query:
    """The conversations behind a number: for a rate, those that it counts."""
    plain = replace(query, metric=CONVERSATIONS, group_by=(), compare_to=None)
    if not is_rate(query.metric):
        return plain
    metric, rate = measures.rate_named(query.metric)
    counted = Filter.of(Dimension(metric.name), rate.value)
    try:
        return replace(plain, filters=(*plain.filters, counted))
    except Misused:  # the question asks for other values of this metric: nothing is counted
        return plain


def change_of(baseline: Counted, current: Counted) -> Change | None:
    """The difference of two shares in points; None when one side is empty."""
    interval = statistics.newcombe(baseline.n, baseline.of, current.n, current.of)
    if interval is None or baseline.rate is None or current.rate is None:
        return None
    low, high = interval
    return Change(
        points=100 * (current.rate - baseline.rate),
        low=100 * low,
        high=100 * high,
        clear=low > 0 or high < 0,
    )


def texts(*parts: Iterable[str] | Sequence[str]) -> tuple[str, ...]:
    """Join lines of text, leaving out the empty ones."""
    return tuple(line for part in parts for line in part if line)
