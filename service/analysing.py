"""Measures what waits: conversation by conversation, or in an analyser's batches.

Knows what is kept when, and when to stop. A process may be killed anywhere here and go on: what is
measured is saved, what is out with a vendor is remembered. Knows no vendor and no price.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice

from service.costs import Answered, Bill, PaidAnalyser
from service.domain.conversations import Conversation
from service.domain.costs import Estimate, RowState, in_usd
from service.domain.measurements import Analysis, Metric
from service.domain.people import SYSTEM
from service.domain.taxonomy import Taxonomy
from service.errors import Misused, OverBudget, RetryLater
from service.measuring import Unreadable, measure
from service.ports import Analyser, Clock
from service.progress import Advance, Progress
from service.query import Query
from service.stores import Database

GROUP = 2_000  # conversations offered to a batch at once
KEPT_AFTER = timedelta(seconds=1)  # what took long to measure is not risked for long
SAMPLE_FROM, SAMPLE = 400, 50
FEW = 10  # that are counted while somebody waits for a page
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 60.0  # seconds between two looks at a batch


class Way(StrEnum):
    """How conversations are measured by an analyser that costs money."""

    AS_MANY_WAIT = "as many wait"  # batches when more wait than the analyser's threshold
    BATCHES = "batches"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which of the waiting conversations are meant."""

    limit: int | None = None
    rest: bool = False  # only those that no analyser has measured


EVERYTHING = Part()


@dataclass(slots=True, kw_only=True)
class AnalyseReport:
    analysed: int = 0
    failed: int = 0
    in_batches: int = 0  # still out with the vendor
    left: int = 0  # that still wait, when it was stopped
    awaiting: int = 0  # not measured yet, since their messages are still being fetched
    stopped: str | None = None  # why it ended before all was measured
    over_budget: bool = False
    cost_usd: float = 0.0
    calls: int = 0
    calls_lost: int = 0  # of which nobody knows how they ended; each counts at its most
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    quotes: int = 0  # that a model gave
    quotes_dropped: int = 0  # of them, nobody's words


class Analysing:
    """One analyser at work on one database."""

    def __init__(
        self,
        *,
        database: Database,
        analyser: Analyser,
        taxonomy: Taxonomy,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._analyser = analyser
        self._taxonomy = taxonomy
        self._clock = clock
        self._pause = pause

    def step(self, progress: Progress) -> AnalyseReport:
        """Do what can be done without waiting for a batch; the next step goes on."""
        return self._told(progress, self._stepped)

    def run(
        self, progress: Progress, *, way: Way = Way.AS_MANY_WAIT, part: Part = EVERYTHING
    ) -> AnalyseReport:
        """Measure all that is meant, and wait for the batches that it takes."""

        def whole(report: AnalyseReport, advance: Advance) -> None:
            paid = self._paid()
            if paid is None:
                self._one_by_one(part, report, advance)
                return
            in_batches = self._takes_batches(paid, way)
            self._until_all_are_back(paid, part, report, advance, sends=in_batches)
            if not in_batches:
                self._one_by_one(part, report, advance)

        if way is Way.BATCHES and self._paid() is None:
            raise Misused(f"The analyser {self._analyser.name} has no batches.")
        return self._told(progress, whole)

    def estimate(self, way: Way = Way.AS_MANY_WAIT, part: Part = EVERYTHING) -> Estimate | None:
        """What the batches of a run would come to; None when it would send none."""
        paid = self._paid()
        if paid is None or not self._takes_batches(paid, way):
            return None
        sample = list(islice(self._waiting(part), SAMPLE_FROM))
        if not sample:
            return None
        waiting = self._count() - paid.out()
        meant = waiting if part.limit is None else min(waiting, part.limit)
        if part.rest:
            meant = sum(1 for _ in self._waiting(part))
        spread = sample[:: max(1, len(sample) // SAMPLE)][:SAMPLE]
        return paid.estimate(spread, self._taxonomy, conversations=meant)

    def estimate_anew(self, metric: Metric) -> Estimate | None:
        """What measuring every conversation again would come to, with this metric among those
        that are asked; None where that costs nothing.
        """
        paid, facts = self._paid(), self._database.facts
        total = 0 if paid is None else facts.count(Query(), SYSTEM).total
        if paid is None or not total:
            return None
        rows = facts.conversations(Query(), SYSTEM, limit=FEW).rows
        sample = (self._database.conversations.get(row.head.key) for row in rows)
        found = [one for one in sample if one is not None]
        return paid.estimate(found, self._taxonomy, conversations=total, also=metric)

    def affords(self, estimate: Estimate) -> bool:
        paid = self._paid()
        return paid is None or paid.affords(estimate)

    def _paid(self) -> PaidAnalyser | None:
        return self._analyser if isinstance(self._analyser, PaidAnalyser) else None

    def _takes_batches(self, paid: PaidAnalyser, way: Way) -> bool:
        return way is Way.BATCHES or self._count() - paid.out() > paid.batch_from

    def _count(self) -> int:
        store = self._database.conversations
        return store.unmeasured_count(self._analyser.version, self._taxonomy.version)

    def _awaiting(self) -> int:
        return sum(self._database.conversations.awaiting_words().values())

    def _told(
        self, progress: Progress, work: Callable[[AnalyseReport, Advance], None]
    ) -> AnalyseReport:
        """Do the work; when the other side is not ready, say what is left."""
        report = AnalyseReport(awaiting=self._awaiting())
        waiting = self._count()
        paid = self._paid()
        if not waiting and not (paid is not None and paid.out()):
            return report
        before = _copy(paid.bill) if paid is not None else Bill()
        with progress.step("Measuring conversations", waiting) as advance:
            try:
                work(report, advance)
            except RetryLater as error:
                _stop(report, error)
        if paid is not None:
            _charge(report, before, paid.bill)
            report.in_batches = paid.out()
        if report.stopped is not None:
            report.left = self._count()
        report.awaiting = self._awaiting()
        return report

    def _stepped(self, report: AnalyseReport, advance: Advance) -> None:
        paid = self._paid()
        if paid is None:
            self._one_by_one(EVERYTHING, report, advance)
            return
        if paid.out():
            self._collect(paid, report, advance)
        if self._takes_batches(paid, Way.AS_MANY_WAIT):
            self._send(paid, EVERYTHING, report, advance)
        else:
            self._one_by_one(EVERYTHING, report, advance)

    def _one_by_one(self, part: Part, report: AnalyseReport, advance: Advance) -> None:
        """Two processes at once would each measure all that waits, and each pay for it."""
        with self._database.work.alone("measuring") as mine:
            if not mine:
                raise RetryLater("Another process is measuring; it will do this too.")
            waiting = self._waiting(part)
            while batch := list(islice(waiting, 200)):
                self._measure(batch, report)
                advance(len(batch))

    def _waiting(self, part: Part) -> Iterator[Conversation]:
        return islice(self._all_waiting(part), part.limit)

    def _all_waiting(self, part: Part) -> Iterator[Conversation]:
        """Yield what is meant and is not out with a vendor."""
        store = self._database.conversations
        paid = self._paid()
        for batch in store.unmeasured(self._analyser.version, self._taxonomy.version):
            busy = self._database.costs.in_batches() if paid is not None else frozenset()
            for conversation in batch:
                if conversation.key in busy:
                    continue
                if part.rest and self._database.analyses.get(conversation.key) is not None:
                    continue
                yield conversation

    def _measure(self, batch: Sequence[Conversation], report: AnalyseReport) -> None:
        """Analyse and save a batch; what cannot be read is set aside."""
        done: list[Analysis] = []
        kept_at = self._clock()
        try:
            for result in measure(self._analyser, batch, self._taxonomy):
                if isinstance(result, Unreadable):
                    self._set_aside(result.conversation, result.why, report)
                else:
                    done.append(result)
                if self._clock() - kept_at > KEPT_AFTER:
                    self._keep(done, report)
                    done, kept_at = [], self._clock()
        finally:
            self._keep(done, report)

    def _keep(self, done: Sequence[Analysis], report: AnalyseReport) -> None:
        self._database.analyses.save(done)
        report.analysed += len(done)

    def _set_aside(self, conversation: Conversation, why: str, report: AnalyseReport) -> None:
        self._database.analyses.fail(
            conversation.key, conversation.fingerprint(), self._analyser.version, why
        )
        report.failed += 1

    def _until_all_are_back(
        self,
        paid: PaidAnalyser,
        part: Part,
        report: AnalyseReport,
        advance: Advance,
        *,
        sends: bool,
    ) -> None:
        """Send and collect in turn: a batch that is settled makes room in the day's budget."""
        pause = FIRST_PAUSE
        taken = 0
        while True:
            back = self._collect(paid, report, advance) if paid.out() else 0
            sent = 0
            if sends:
                rest = part if part.limit is None else _less(part, taken)
                sent = self._send(paid, rest, report, advance)
                taken += sent
            if not paid.out():
                return
            if back or sent:
                pause = FIRST_PAUSE
            self._pause(pause)
            pause = min(LONGEST_PAUSE, pause * 1.5)

    def _send(self, paid: PaidAnalyser, part: Part, report: AnalyseReport, advance: Advance) -> int:
        """Send what waits, as far as the budget goes; return how many were sent."""
        waiting = self._waiting(part)
        group: list[Conversation] = []
        sent = 0
        report.stopped, report.over_budget = None, False
        while True:
            group += islice(waiting, GROUP - len(group))
            group = self._without_unasked(paid, group, report, advance)
            if not group:
                return sent
            try:
                taken = paid.send(group, self._taxonomy)
            except OverBudget as error:
                _stop(report, error)
                return sent
            if not taken:
                return sent  # another process is about to send one of them
            sent += taken
            group = group[taken:]

    def _without_unasked(
        self,
        paid: PaidAnalyser,
        group: list[Conversation],
        report: AnalyseReport,
        advance: Advance,
    ) -> list[Conversation]:
        done = paid.unasked(group, self._taxonomy)
        self._keep(done, report)
        advance(len(done))
        known = {one.conversation for one in done}
        return [one for one in group if one.key not in known]

    def _collect(self, paid: PaidAnalyser, report: AnalyseReport, advance: Advance) -> int:
        """Save the answers that are back and only then mark them; return how many there were."""
        back = 0
        for together in paid.collect(self._database.conversations.get_many, self._taxonomy):
            self._keep([one.analysis for one in together if one.analysis is not None], report)
            for one in together:
                if one.state is RowState.FAILED and one.conversation is not None:
                    self._set_aside(one.conversation, one.why or "not analysed", report)
            self._mark(together)
            back += len(together)
            advance(sum(one.state in {RowState.DONE, RowState.FAILED} for one in together))
        return back

    def _mark(self, together: Sequence[Answered]) -> None:
        for name in dict.fromkeys(one.batch for one in together):
            outcomes = [(one.custom_id, one.state) for one in together if one.batch == name]
            self._database.costs.answered(name, outcomes)


def _less(part: Part, taken: int) -> Part:
    return Part(limit=max(0, (part.limit or 0) - taken), rest=part.rest)


def _stop(report: AnalyseReport, error: RetryLater) -> None:
    report.stopped = str(error)
    report.over_budget = isinstance(error, OverBudget)


def _copy(bill: Bill) -> Bill:
    return Bill(
        nano=bill.nano,
        calls=bill.calls,
        calls_lost=bill.calls_lost,
        usage=bill.usage,
        quotes=bill.quotes,
        quotes_dropped=bill.quotes_dropped,
    )


def _charge(report: AnalyseReport, before: Bill, after: Bill) -> None:
    report.cost_usd = in_usd(after.nano - before.nano)
    report.calls = after.calls - before.calls
    report.calls_lost = after.calls_lost - before.calls_lost
    report.tokens_in = after.usage.prompt - before.usage.prompt
    report.tokens_out = after.usage.tokens_out - before.usage.tokens_out
    report.tokens_cached = after.usage.cache_read - before.usage.cache_read
    report.quotes = after.quotes - before.quotes
    report.quotes_dropped = after.quotes_dropped - before.quotes_dropped
