"""Brings a helpdesk's fields and tags up to date: reads the ledger, decides, writes, and notes what
became of it.

Knows the order that loses nothing when it is cut off anywhere. What to write is decided in
service.writeback, how in the helpdesk's connector.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from service import writeback
from service.domain.measurements import Analysis
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome, WriteRules
from service.errors import VerbatimError
from service.links import Links
from service.ports import Clock, Helpdesk
from service.progress import Advance, Progress
from service.stores import Database

WRITE_BATCH = 500  # what a helpdesk is handed at once; a crash leaves no more than this in doubt
SWITCHED_OFF = "write-back is switched off"


@dataclass(slots=True, kw_only=True)
class WriteReport:
    source: str
    written: int = 0
    calls: int = 0
    kept: int = 0  # fields that agents set
    not_written: dict[str, int] = field(default_factory=dict)  # reason -> conversations
    switched_off: bool = False

    def count(self, outcomes: Sequence[WriteOutcome]) -> None:
        for outcome in outcomes:
            if outcome.written:
                self.written += 1
            elif outcome.reason is not None:
                self.not_written[outcome.reason] = self.not_written.get(outcome.reason, 0) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is to become of one conversation."""

    entry: LedgerEntry
    ours: Mapping[str, str | None]  # values that stand there and turned out to be ours
    edits: Mapping[str, str | None]  # values that agents set since
    change: FieldChange | None
    outcome: WriteOutcome | None  # when no call is needed


class WritingBack:
    """The write-back of one helpdesk. It may be killed anywhere and run again."""

    def __init__(
        self,
        source: str,
        helpdesk: Helpdesk,
        *,
        database: Database,
        links: Links,
        clock: Clock,
        rules: WriteRules,
    ) -> None:
        self._source = source
        self._helpdesk = helpdesk
        self._database = database
        self._links = links
        self._clock = clock
        self._rules = rules
        self._report = WriteReport(source=source, switched_off=not rules.switched_on)

    def run(self, progress: Progress) -> WriteReport:
        ledger = self._database.write_back
        if not self._rules.switched_on:
            ledger.hold(self._source, SWITCHED_OFF)
            return self._report
        calls_before = self._helpdesk.calls
        with progress.step(f"Writing back to {self._source}", None) as advance:
            changes = self._changes(advance)
            try:
                while chunk := list(islice(changes, WRITE_BATCH)):
                    self._apply(chunk)
            except VerbatimError as error:
                # It concerns the helpdesk and not one conversation: all that wait, wait for it.
                ledger.hold(self._source, str(error))
                raise
        self._report.calls = self._helpdesk.calls - calls_before
        return self._report

    def planned(self) -> Iterator[Decided]:
        """Yield what a run would change now, also what has to wait. Changes and records nothing."""
        for batch in self._database.write_back.entries(self._source):
            for entry, analysis in batch:
                decided = self._decide(entry, analysis)
                if decided.change is not None:
                    yield decided

    def _changes(self, advance: Advance) -> Iterator[FieldChange]:
        """Yield the changes to make, after recording what needs no call."""
        for batch in self._database.write_back.entries(self._source):
            decided = [self._decide(entry, analysis) for entry, analysis in batch]
            for each in decided:
                self._hear(each)
            self._record([each.outcome for each in decided if each.outcome is not None])
            yield from (
                each.change for each in decided if each.change is not None and each.outcome is None
            )
            advance(len(batch))

    def _decide(self, entry: LedgerEntry, analysis: Analysis) -> Decided:
        wanted = writeback.desired(analysis, self._links, fields=self._helpdesk.fields)
        ours = writeback.ours_by_now(entry)
        entry = replace(entry, written={**entry.written, **ours})
        edits = writeback.agents_edits(entry)
        people_set = {name: entry.state.fields.get(name) for name in entry.kept} | edits
        made = writeback.change(
            wanted, entry, kept=people_set, flag_tags_only=self._helpdesk.flag_tags_only
        )
        outcome = self._without_writing(entry, made)
        return Decided(entry=entry, ours=ours, edits=edits, change=made, outcome=outcome)

    def _without_writing(self, entry: LedgerEntry, made: FieldChange | None) -> WriteOutcome | None:
        """Return the outcome of an entry that needs no call, or None."""
        if made is None:
            nothing = FieldChange(conversation=entry.conversation, fields={})
            return WriteOutcome(change=nothing, written=False, permanent=True)
        if not entry.state.writable:
            reason = entry.state.reason or "closed"
            return WriteOutcome(change=made, written=False, reason=reason, permanent=True)
        waits_for = writeback.waits_for(entry, made, self._rules, now=self._clock())
        if waits_for is not None:
            return WriteOutcome(change=made, written=False, reason=waits_for)
        return None

    def _hear(self, decided: Decided) -> None:
        key = decided.entry.conversation
        if decided.ours:
            self._database.write_back.arrived(key, decided.ours)
        for name, value in decided.edits.items():
            self._database.write_back.keep(key, name, value)
            self._database.analyses.set_by_person(key, name, value)
        self._report.kept += len(decided.edits)

    def _apply(self, chunk: Sequence[FieldChange]) -> None:
        """Make the changes and record every outcome, also those before a failure midway."""
        outcomes: list[WriteOutcome] = []
        self._database.write_back.begin(chunk)
        try:
            for outcome in self._helpdesk.apply(chunk):
                outcomes.append(outcome)
        finally:
            self._record(outcomes)

    def _record(self, outcomes: Sequence[WriteOutcome]) -> None:
        self._database.write_back.record(outcomes)
        self._report.count(outcomes)
