"""Asks people blindly what conversations say, and tells which metrics may reach leaders.

What counts as enough stands in service.domain.validation. A reviewer's answer is a label as well:
it becomes the value in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.domain.answers import EvidenceLink
from service.domain.conversations import ConversationKey
from service.domain.feedback import QuoteReport, ShownQuote
from service.domain.measurements import Metric, SetBy
from service.domain.people import PersonRole, Viewer
from service.domain.validation import Agreement, Check, GateState, agreement_of, confusion
from service.errors import Forbidden, Misused
from service.measures import all_metrics, metric_named
from service.ports import Clock
from service.query import Query
from service.stores import Database

SIZE = 120  # conversations drawn at a time: the first look is at 100, and some cannot be told
REVIEW_WITHIN = timedelta(days=7)
_REVIEWERS = frozenset({PersonRole.ADMIN, PersonRole.ANALYST, PersonRole.AGENT, PersonRole.CSM})


def shown_quote(one: EvidenceLink, query: Query | None) -> ShownQuote:
    """What a reviewer would be asked of a quote: its metric, else the one that was counted.

    A quote of a driver stands for no metric; neither does a count of conversations.
    """
    metric = one.shows
    if metric not in {each.name for each in all_metrics()}:
        counted = query.metric if query is not None else ""
        rates = {rate.name: each.name for each in all_metrics() for rate in each.rates}
        metric = rates.get(counted, all_metrics()[0].name)
    return ShownQuote(
        conversation=one.conversation,
        message=one.message,
        start=one.start,
        end=one.end,
        metric=metric,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One metric: what the checks say of the version that measures now."""

    metric: Metric
    agreement: Agreement
    confusion: tuple[tuple[str, str, int], ...]  # measured, answered, how many
    answered: tuple[Check, ...] = ()
    due: datetime | None = None  # when the oldest check that waits is overdue


class SpotChecks:
    """The checks of one workspace, for the analyser version that it measures with now."""

    def __init__(self, *, database: Database, analyser: str, clock: Clock) -> None:
        self._database = database
        self._analyser = analyser
        self._clock = clock

    def draw(self, metric: str, *, size: int = SIZE, seed: int | None = None) -> int:
        """Draw conversations of each measured class; return how many there were to draw."""
        metric_named(metric)
        if size < 1:
            raise Misused("Draw at least one conversation.")
        at = self._clock()
        chosen = int(at.timestamp()) if seed is None else seed
        return self._database.checks.draw(metric, size, seed=chosen, at=at)

    def next(self, metric: str, viewer: Viewer) -> ConversationKey | None:
        """Return a conversation that waits for an answer and that this viewer may see."""
        metric_named(metric)
        return self._database.checks.next(metric, viewer)

    def report(self, metric: str, viewer: Viewer) -> QuoteReport | None:
        """Return a quote of this metric that somebody named wrong and nobody has looked at."""
        metric_named(metric)
        return self._database.checks.next_report(metric, viewer)

    def reports(self) -> Mapping[str, int]:
        """Metric -> quotes named wrong that wait."""
        return self._database.checks.reports_waiting()

    def answer(
        self, key: ConversationKey, metric: str, value: str | None, *, viewer: Viewer
    ) -> bool:
        """Keep what a person says (None: cannot tell); False when nobody asked, or no longer.

        Raises Misused for a value that the metric does not have.
        """
        asked = metric_named(metric)
        if viewer.role not in _REVIEWERS:
            raise Forbidden("Your role reads numbers; reviewing is for those who know the cases.")
        if value is not None and value not in asked.values:
            raise Misused(f"{asked.title} is one of {', '.join(asked.values)}, not {value!r}.")
        at, by = self._clock(), viewer.person
        # A person who was shown what somebody doubts is not blind: that settles no spot check.
        kept = self._database.checks.settle_reports(key, metric, by=by, at=at)
        kept = kept or self._database.checks.answer(key, metric, value, by=by, at=at)
        if kept and value is not None:
            self._database.analyses.set_by_person(key, metric, value, set_by=SetBy.REVIEWER)
        return kept

    def standing(self) -> list[Standing]:
        """Return every metric with its agreement."""
        checks = self._database.checks.checks()
        found = []
        for metric in all_metrics():
            own = [one for one in checks if one.metric == metric.name]
            current = [one for one in own if one.analyser == self._analyser]
            pairs = sorted((*pair, n) for pair, n in confusion(current).items())
            agreement = agreement_of(metric.name, self._analyser, own)
            asked = min((one.drawn_at for one in current if one.waits), default=None)
            found.append(
                Standing(
                    metric=metric,
                    agreement=agreement,
                    confusion=tuple(pairs),
                    answered=tuple(one for one in current if one.counts),
                    due=None if asked is None else asked + REVIEW_WITHIN,
                )
            )
        return found

    def overdue(self, at: datetime) -> int:
        """How many reviews nobody had made by then, a week after they were asked for.

        Only of metrics that are not validated: of the others nothing hangs on them.
        """
        open_metrics = {one.name for one in all_metrics()} - self.validated()
        return sum(
            one.metric in open_metrics
            and one.analyser == self._analyser
            and one.drawn_at < at - REVIEW_WITHIN
            and (one.answered_at is None or one.answered_at >= at)
            for one in self._database.checks.checks()
        )

    def validated(self) -> frozenset[str]:
        """Return the names of the metrics that may reach leaders."""
        return frozenset(
            one.metric.name for one in self.standing() if one.agreement.state is GateState.VALIDATED
        )
