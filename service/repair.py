"""Sets right what the daily counts show to be wrong, and tries what they cannot show.

Lists a day that differs and fetches or purges only what does; then asks for the list of what was
deleted, and compares some conversations with what is stored. Counts nothing and asks for no count.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from service.domain.conversations import (
    Conversation,
    ConversationHead,
    ConversationKey,
    Message,
    Page,
    fingerprint,
)
from service.pipeline import Pipeline
from service.ports import Helpdesk
from service.stores import Database

SAMPLED = 500  # conversations compared by their content in one run
MOST_FETCHED = 5_000  # by one run and source; the days behind it wait for the next
_DELETED_WITHIN = timedelta(days=8)  # the list of deletions is read back so far
_SETTLING = timedelta(minutes=5)  # helpdesks show changes late: what is newer is news, no mistake
_GONE = "no longer in the helpdesk"

Told = Mapping[ConversationKey, datetime | None]  # when each was last changed there


@dataclass(slots=True, kw_only=True)
class DayRepair:
    day: date
    fetched: int = 0
    gone: int = 0
    set_aside: int = 0

    def line(self) -> str:
        aside = f", {self.set_aside} set aside" if self.set_aside else ""
        return f"repaired {self.day}: {self.fetched} fetched, {self.gone} gone{aside}"


@dataclass(slots=True, kw_only=True)
class Repair:
    """What was done for one source."""

    source: str
    days: list[DayRepair] = field(default_factory=list)
    left: list[date] = field(default_factory=list)  # differ and were not reached
    deleted: int = 0  # were still here, and on the helpdesk's list of deletions
    compared: int = 0
    gone: int = 0  # of those that were to be compared
    differ: list[ConversationKey] = field(default_factory=list)
    calls: int = 0

    @property
    def fetched(self) -> int:
        return sum(day.fetched + day.set_aside for day in self.days)

    def lines(self) -> list[str]:
        found = [f"{self.source}: {day.line()}" for day in self.days]
        if self.left:
            found.append(f"{self.source}: {len(self.left)} days left for the next run")
        if self.deleted:
            found.append(f"{self.source}: {self.deleted} gone by its list of deletions")
        if not self.compared:
            return found
        gone = f", {self.gone} gone" if self.gone else ""
        compared = f"{self.compared} compared by content, {len(self.differ)} differ{gone}"
        return [*found, f"{self.source}: {compared}; {self.calls:,} calls"]


class Repairs:
    def __init__(
        self, *, database: Database, helpdesks: Mapping[str, Helpdesk], pipeline: Pipeline
    ) -> None:
        self._store = database.conversations
        self._coverage = database.coverage
        self._helpdesks = helpdesks
        self._pipeline = pipeline

    def walk(self, day: date, window: tuple[datetime, datetime], report: Repair) -> None:
        """List what was created on the day; fetch what is missing or newer, purge what is gone."""
        helpdesk, done = self._helpdesks[report.source], DayRepair(day=day)
        erased = self._coverage.erased_keys(report.source, day)
        unlisted = self._coverage.keys(report.source, day) | erased
        report.days.append(done)
        for listed in helpdesk.created(*window):
            unlisted -= listed.keys()
            wanted = [key for key in self._wanted(report.source, listed) if key not in erased]
            some = wanted[: max(0, MOST_FETCHED - report.fetched)]
            self._take(report.source, some, done)
            if len(some) < len(wanted):
                report.left.append(day)
                return
        gone = helpdesk.missing(sorted(unlisted)) if unlisted else frozenset()
        done.gone += self._store.purge(sorted(gone), why=_GONE)

    def bury(self, report: Repair, *, now: datetime) -> None:
        """Purge what the helpdesk lists as deleted."""
        for keys in self._helpdesks[report.source].deleted(now - _DELETED_WITHIN):
            here = self._store.exists(keys)
            report.deleted += self._store.purge(sorted(here), why=_GONE)

    def compare(self, report: Repair, *, day: date, most: int = SAMPLED) -> None:
        """Fetch some of the stored conversations, chosen by the day, and compare the content."""
        source = report.source
        synced = self._store.synced_at().get(source)
        settled = None if synced is None else synced - _SETTLING
        chosen = sample(self._store.stored_keys(source), most, f"{source} {day}")
        # In one go: a connector then asks only once for people who are in several of them.
        for page in self._pipeline.whole(source, chosen):
            held = {
                each.key: each for each in self._store.get_many([head.key for head in page.heads])
            }
            report.compared += len(page.heads)
            report.differ.extend(_differing(page, held, settled))
            report.gone += self._store.save_page(source, page).gone

    def _wanted(self, source: str, listed: Told) -> list[ConversationKey]:
        """What is not here or was changed since; what is set aside is retried on its own."""
        stored = self._store.updated_at(list(listed))
        aside = {one.key for one in self._store.quarantined() if one.source == source}
        return [
            key
            for key, changed in listed.items()
            if key not in aside and (key not in stored or changed is None or changed > stored[key])
        ]

    def _take(self, source: str, keys: Sequence[ConversationKey], done: DayRepair) -> None:
        for page in self._pipeline.whole(source, keys):
            done.gone += self._store.save_page(source, page).gone
            done.fetched += len(page.heads)
            done.set_aside += len(page.unusable)


def sample(batches: Iterator[list[ConversationKey]], most: int, seed: str) -> list[ConversationKey]:
    """Choose evenly from a stream of unknown length; the same seed chooses the same."""
    chance = random.Random(seed)  # noqa: S311 -- a sample is no secret
    chosen: list[ConversationKey] = []
    for seen, key in enumerate(key for batch in batches for key in batch):
        if len(chosen) < most:
            chosen.append(key)
        elif (place := chance.randrange(seen + 1)) < most:
            chosen[place] = key
    return sorted(chosen)


def _differing(
    page: Page, held: Mapping[ConversationKey, Conversation], settled: datetime | None
) -> list[ConversationKey]:
    """Return those that were not read right: what changed since the last sync is only news."""
    said: dict[ConversationKey, list[Message]] = {head.key: [] for head in page.heads}
    for each in page.messages:
        said.setdefault(each.conversation, []).append(each.message)
    return [
        head.key
        for head in page.heads
        if (old := held.get(head.key)) is not None
        and (head.updated_at <= old.head.updated_at or (settled and head.updated_at <= settled))
        and not _is_held(head, said[head.key], old, whole=head.key in page.complete)
    ]


def _is_held(
    head: ConversationHead, said: Sequence[Message], old: Conversation, *, whole: bool
) -> bool:
    """Whether the content is what is stored. A long conversation may come without its oldest."""
    there, here = _hashes(said), _hashes(old.messages)
    return _of_head(head) == _of_head(old.head) and (there == here if whole else there <= here)


def _of_head(head: ConversationHead) -> tuple[object, ...]:
    return head.subject, head.status, head.channel, head.account, head.rating


def _hashes(messages: Sequence[Message]) -> frozenset[str]:
    return frozenset(fingerprint((message,)) for message in messages)
