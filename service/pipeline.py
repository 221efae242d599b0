"""A conversation's way through: fetch, mask, store, measure, write back.

Knows the order of the steps and what repeats harmlessly. Knows no helpdesk, no SQL and no model.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol, TypeVar

from service import writeback
from service.analysing import AnalyseReport, Analysing
from service.domain.conversations import (
    ConversationHead,
    ConversationKey,
    IncomingMessage,
    Page,
)
from service.domain.measurements import Analysis
from service.domain.taxonomy import Taxonomy
from service.domain.writeback import Desired, FieldChange, LedgerEntry, WriteOutcome
from service.errors import VerbatimError
from service.links import Links
from service.ports import Analyser, Clock, Helpdesk
from service.progress import Progress
from service.stores import Database, Quarantined
from service.under_way import UnderWay

T = TypeVar("T")

logger = logging.getLogger(__name__)

WRITE_BATCH = 100  # what one bulk call of a helpdesk takes


class Masks(Protocol):
    """Masks personal data before anything is stored or analysed."""

    version: str

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str: ...


@dataclass(slots=True, kw_only=True)
class SyncReport:
    source: str
    pages: int = 0
    calls: int = 0
    fetched: int = 0  # conversations that the helpdesk sent
    conversations: int = 0  # of them, new or changed here
    messages: int = 0  # new or changed messages
    gone: int = 0
    set_aside: int = 0  # unreadable: quarantined


@dataclass(slots=True, kw_only=True)
class WriteReport:
    source: str
    written: int = 0
    calls: int = 0
    kept: int = 0  # fields that agents set
    not_written: dict[str, int] = field(default_factory=dict)  # reason -> conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReport:
    synced: tuple[SyncReport, ...]
    analysed: AnalyseReport
    written: tuple[WriteReport, ...]


class Pipeline:
    """The steps of the loop. Each may be killed anywhere and run again."""

    def __init__(
        self,
        *,
        database: Database,
        helpdesks: Mapping[str, Helpdesk],
        analyser: Analyser,
        taxonomy: Taxonomy,
        masks: Masks,
        links: Links,
        clock: Clock,
    ) -> None:
        self._database = database
        self._helpdesks = helpdesks
        self._analyser = analyser
        self._taxonomy = taxonomy
        self._masks = masks
        self._links = links
        self._clock = clock

    def cycle(self, progress: Progress) -> CycleReport:
        """Sync, analyse and write back once, for every connected helpdesk.

        A helpdesk that fails hinders no other: its error is raised when all else is done.
        """
        problems: list[VerbatimError] = []
        synced = self._each(lambda name: self._news(name, progress), problems)
        analysed = self.analyse(progress)
        written = self._each(lambda name: self.write_back(name, progress), problems)
        if problems:
            raise problems[0]
        return CycleReport(synced=synced, analysed=analysed, written=written)

    def _each(self, step: Callable[[str], T], problems: list[VerbatimError]) -> tuple[T, ...]:
        """Take a step for every helpdesk, and collect what went wrong."""
        done = []
        for name in self._helpdesks:
            try:
                done.append(step(name))
            except VerbatimError as error:
                logger.warning("cycle.helpdesk_failed", extra={"source": name, "why": str(error)})
                problems.append(error)
        return tuple(done)

    def _news(self, source: str, progress: Progress) -> SyncReport:
        self.follow_hints(source)
        return self.sync(source, progress)

    def sync(self, source: str, progress: Progress, *, full: bool = False) -> SyncReport:
        """Fetch what changed since the cursor; a page is stored with its cursor or not at all."""
        helpdesk = self._helpdesks[source]
        store = self._database.conversations
        report = SyncReport(source=source)
        calls_before = helpdesk.calls
        started = self._clock()
        cursor = None if full else store.cursor(source)
        with progress.step(f"Fetching from {source}", None) as advance:
            for page in helpdesk.pages(cursor):
                stored = store.save_page(source, self._masked(page))
                report.pages += 1
                report.fetched += len(page.heads)
                report.conversations += stored.conversations
                report.messages += stored.messages
                report.gone += stored.gone
                report.set_aside += len(page.unusable)
                advance(len(page.heads))
        store.sync_finished(source, started)
        report.calls = helpdesk.calls - calls_before
        return report

    def follow_hints(self, source: str) -> int:
        """Fetch what webhooks said has changed; return how many conversations were fetched.

        A hint is finished after its conversation is stored, so that a crash loses none.
        """
        hints = self._database.work.unfinished(source)
        keys = {ConversationKey(key) for _, payload in hints for key in json.loads(payload)}
        fetched = self._fetch(source, sorted(keys)) if keys else 0
        for event_id, _ in hints:
            self._database.work.finish(source, event_id)
        return fetched

    def retry_quarantined(self, keys: Collection[ConversationKey] | None = None) -> int:
        """Fetch what was set aside once more; return how many are still set aside."""
        waiting = self._quarantined(keys)
        for source in {one.source for one in waiting} & set(self._helpdesks):
            self._fetch(source, [one.key for one in waiting if one.source == source])
        return len(self._quarantined(keys))

    def sweep(self, source: str, progress: Progress) -> int:
        """Purge what the helpdesk no longer has; return how many conversations that were.

        Deletions vanish from exports after a while, so a workspace that paused would miss them.
        """
        helpdesk, store = self._helpdesks[source], self._database.conversations
        purged = 0
        with progress.step(f"Looking for deletions in {source}", None) as advance:
            for keys in store.stored_keys(source):
                missing = helpdesk.missing(keys)
                if missing:
                    purged += store.purge(sorted(missing), why="no longer in the helpdesk")
                advance(len(keys))
        return purged

    def analyse(self, progress: Progress) -> AnalyseReport:
        """Measure what waits, as far as it can be done without waiting for anybody."""
        return self.analysing().step(progress)

    def analysing(self) -> Analysing:
        """The analyser at work, for whoever chooses what is measured and how."""
        return Analysing(
            database=self._database,
            analyser=self._analyser,
            taxonomy=self._taxonomy,
            clock=self._clock,
        )

    def planned_changes(self, source: str) -> Iterator[FieldChange]:
        """Yield what write_back would change now. Nothing is changed or recorded."""
        helpdesk = self._helpdesks[source]
        under_way = UnderWay(self._database.work, source)
        for batch in self._database.write_back.entries(source):
            for entry, analysis in batch:
                wanted = writeback.desired(analysis, self._links, fields=helpdesk.fields)
                edits = under_way.without_ours(
                    entry.conversation, writeback.agents_edits(entry, wanted)
                )
                made = _change(helpdesk, entry, wanted, edits)
                if made is not None:
                    yield made

    def write_back(self, source: str, progress: Progress) -> WriteReport:
        """Bring the helpdesk's fields and tags up to date; only differences are written."""
        helpdesk = self._helpdesks[source]
        report = WriteReport(source=source)
        calls_before = helpdesk.calls
        under_way = UnderWay(self._database.work, source)
        with progress.step(f"Writing back to {source}", None) as advance:
            for batch in self._database.write_back.entries(source):
                self._write_batch(helpdesk, batch, under_way, report)
                advance(len(batch))
        report.calls = helpdesk.calls - calls_before
        return report

    def _fetch(self, source: str, keys: Sequence[ConversationKey]) -> int:
        fetched = 0
        for page in self._helpdesks[source].fetch(keys):
            self._database.conversations.save_page(source, self._masked(page))
            fetched += len(page.heads)
        return fetched

    def _quarantined(self, keys: Collection[ConversationKey] | None) -> list[Quarantined]:
        everything = self._database.conversations.quarantined()
        return [one for one in everything if keys is None or one.key in keys]

    def _masked(self, page: Page) -> Page:
        names: dict[str, set[str]] = {}
        for message in page.messages:
            names.setdefault(message.conversation, set()).update(message.known_names)
        return replace(
            page,
            heads=tuple(self._masked_head(h, names.get(h.key, set())) for h in page.heads),
            messages=tuple(self._masked_message(message) for message in page.messages),
        )

    def _masked_head(self, head: ConversationHead, names: Iterable[str]) -> ConversationHead:
        rating = head.rating
        if rating is not None and rating.comment:
            rating = replace(rating, comment=self._masks.mask(rating.comment, sorted(names)))
        return replace(head, subject=self._masks.mask(head.subject, sorted(names)), rating=rating)

    def _masked_message(self, incoming: IncomingMessage) -> IncomingMessage:
        text = self._masks.mask(incoming.message.text, incoming.known_names)
        return replace(incoming, message=replace(incoming.message, text=text), known_names=())

    def _write_batch(
        self,
        helpdesk: Helpdesk,
        batch: Sequence[tuple[LedgerEntry, Analysis]],
        under_way: UnderWay,
        report: WriteReport,
    ) -> None:
        changes: list[FieldChange] = []
        settled: list[WriteOutcome] = []
        for entry, analysis in batch:
            wanted = writeback.desired(analysis, self._links, fields=helpdesk.fields)
            edits = under_way.without_ours(
                entry.conversation, writeback.agents_edits(entry, wanted)
            )
            arrived = under_way.arrived(entry.conversation, entry.state.fields)
            if arrived:
                self._database.write_back.arrived(entry.conversation, arrived)
            self._keep_edits(entry.conversation, edits)
            report.kept += len(edits)
            made = _change(helpdesk, entry, wanted, edits)
            outcome = _without_writing(entry, made)
            if outcome is not None:
                settled.append(outcome)
            elif made is not None:
                changes.append(made)
        self._record(settled, under_way, report)
        for chunk in _chunks(changes, WRITE_BATCH):
            self._apply(helpdesk, chunk, under_way, report)

    def _apply(
        self,
        helpdesk: Helpdesk,
        chunk: Sequence[FieldChange],
        under_way: UnderWay,
        report: WriteReport,
    ) -> None:
        """Make the changes and record every outcome, also those before a failure midway."""
        outcomes: list[WriteOutcome] = []
        under_way.begin(chunk)
        try:
            for outcome in helpdesk.apply(chunk):
                outcomes.append(outcome)
        finally:
            self._record(outcomes, under_way, report)

    def _keep_edits(self, key: ConversationKey, edits: Mapping[str, str | None]) -> None:
        for name, value in edits.items():
            self._database.write_back.keep(key, name, value)
            self._database.analyses.set_by_person(key, name, value)

    def _record(
        self, outcomes: Sequence[WriteOutcome], under_way: UnderWay, report: WriteReport
    ) -> None:
        self._database.write_back.record(outcomes)
        under_way.settle(outcomes)
        for outcome in outcomes:
            if outcome.written:
                report.written += 1
            elif outcome.reason is not None:
                report.not_written[outcome.reason] = report.not_written.get(outcome.reason, 0) + 1


def _change(
    helpdesk: Helpdesk, entry: LedgerEntry, wanted: Desired, edits: Mapping[str, str | None]
) -> FieldChange | None:
    people_set = {name: entry.state.fields.get(name) for name in entry.kept} | dict(edits)
    return writeback.change(wanted, entry, kept=people_set, flag_tags_only=helpdesk.flag_tags_only)


def _without_writing(entry: LedgerEntry, made: FieldChange | None) -> WriteOutcome | None:
    """The outcome of an entry that needs no call: nothing to change, or the helpdesk's door is
    shut.
    """
    if made is None:
        nothing = FieldChange(conversation=entry.conversation, fields={})
        return WriteOutcome(change=nothing, written=False, permanent=True)
    if not entry.state.writable:
        reason = entry.state.reason or "closed"
        return WriteOutcome(change=made, written=False, reason=reason, permanent=True)
    return None


def _chunks(changes: Sequence[FieldChange], size: int) -> Iterator[list[FieldChange]]:
    iterator = iter(changes)
    while chunk := list(islice(iterator, size)):
        yield chunk
