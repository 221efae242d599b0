"""A conversation's way through: fetch, mask, store, measure, write back.

Knows the order of the steps and what repeats harmlessly. Knows no helpdesk, no SQL and no model.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from service.analysing import AnalyseReport, Analysing
from service.collecting import few_collections
from service.domain.conversations import (
    ConversationKey,
    Page,
)
from service.domain.taxonomy import Taxonomy
from service.domain.writeback import FieldChange, WriteRules
from service.errors import RetryLater
from service.flags import Flags
from service.in_turn import InTurn
from service.links import Links
from service.masking import Masks, masked_page
from service.ports import Analyser, Clock, Helpdesk
from service.progress import Progress
from service.stores import Database, Quarantined
from service.writing_back import WriteReport, WritingBack


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReport:
    synced: tuple[SyncReport, ...]
    analysed: AnalyseReport
    flagged: int  # changes of churn-risk flags
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
        write_rules: WriteRules | None = None,
    ) -> None:
        self._database = database
        self._helpdesks = helpdesks
        self._analyser = analyser
        self._taxonomy = taxonomy
        self._masks = masks
        self._links = links
        self._clock = clock
        self._write_rules = write_rules or WriteRules()

    def cycle(self, progress: Progress) -> CycleReport:
        """Sync, analyse, flag and write back once, for every connected helpdesk.

        A helpdesk that fails hinders no other: its error is raised when all else is done.
        """
        turn = InTurn()
        synced = turn.each(self._helpdesks, lambda name: self._news(name, progress))
        analysed = self.analyse(progress)
        flags = Flags(database=self._database, links=self._links, clock=self._clock)
        flagged = len(flags.update())
        written = turn.each(self._helpdesks, lambda name: self.write_back(name, progress))
        turn.raise_first()
        return CycleReport(
            synced=tuple(synced.values()),
            analysed=analysed,
            flagged=flagged,
            written=tuple(written.values()),
        )

    def _news(self, source: str, progress: Progress) -> SyncReport:
        self.follow_hints(source)
        return self.sync(source, progress)

    def sync(self, source: str, progress: Progress, *, full: bool = False) -> SyncReport:
        """Fetch what changed since the cursor; a page is stored with its cursor or not at all."""
        with self._alone_at(source), few_collections():
            return self._sync(source, progress, full=full)

    def _sync(self, source: str, progress: Progress, *, full: bool) -> SyncReport:
        helpdesk = self._helpdesks[source]
        store = self._database.conversations
        report = SyncReport(source=source)
        calls_before = helpdesk.calls
        started = self._clock()
        cursor = None if full else store.cursor(source)
        with progress.step(f"Fetching from {source}", None) as advance:
            for page in helpdesk.pages(cursor):
                stored = store.save_page(source, masked_page(page, self._masks))
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
        """Yield what write_back would change, also what has to wait. Nothing is recorded."""
        return (each.change for each in self._writing_back(source).planned() if each.change)

    def write_back(self, source: str, progress: Progress) -> WriteReport:
        """Bring the helpdesk's fields and tags up to date; only differences are written."""
        with self._alone_at(source):
            return self._writing_back(source).run(progress)

    @contextmanager
    def _alone_at(self, source: str) -> Iterator[None]:
        """Be the only process that reads or writes a helpdesk.

        Two at once would each take the other's writes for somebody else's.
        """
        with self._database.work.alone(source) as mine:
            if not mine:
                raise RetryLater(f"Another process is at work on {source}; it will do this too.")
            yield

    def _writing_back(self, source: str) -> WritingBack:
        return WritingBack(
            source,
            self._helpdesks[source],
            database=self._database,
            links=self._links,
            clock=self._clock,
            rules=self._write_rules,
        )

    def whole(self, source: str, keys: Sequence[ConversationKey]) -> Iterator[Page]:
        """Yield these conversations as they are now and as they would be stored: masked."""
        for page in self._helpdesks[source].fetch(keys):
            yield masked_page(page, self._masks)

    def _fetch(self, source: str, keys: Sequence[ConversationKey]) -> int:
        fetched = 0
        for page in self.whole(source, keys):
            self._database.conversations.save_page(source, page)
            fetched += len(page.heads)
        return fetched

    def _quarantined(self, keys: Collection[ConversationKey] | None) -> list[Quarantined]:
        everything = self._database.conversations.quarantined()
        return [one for one in everything if keys is None or one.key in keys]
