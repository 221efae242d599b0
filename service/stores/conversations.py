"""Conversations: saving pages of them, finding what has to be measured, and removing them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.conversations import Account, Agent, Conversation, ConversationKey, Page
from service.stores.analyses import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A conversation that was set aside; saving it whole later takes it out."""

    key: ConversationKey
    source: str
    why: str
    since: datetime
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a saved page changed."""

    conversations: int = 0  # new or changed heads
    messages: int = 0  # new or changed messages
    gone: int = 0


class ConversationStore(Protocol):
    def cursor(self, source: str) -> str | None: ...

    def save_page(self, source: str, page: Page, labels: Labels = ...) -> Stored:
        """Store a page (already masked) and its cursor in one transaction.

        Idempotent; stale heads never win. `labels` are of the words that are stored then, also of
        conversations that the page does not mention.
        """
        ...

    def sync_finished(self, source: str, at: datetime) -> None: ...

    def synced_at(self) -> Mapping[str, datetime]:
        """Per source, the end of the last finished sync."""
        ...

    def get(self, key: ConversationKey) -> Conversation | None: ...

    def get_many(self, keys: Sequence[ConversationKey]) -> list[Conversation]: ...

    def unmeasured(self, analyser: str, taxonomy: str) -> Iterator[list[Conversation]]:
        """Yield batches of conversations without a current Analysis of this analyser and taxonomy
        version.

        Current: same fingerprint. Failed ones of the same fingerprint and version are left out,
        and those whose words are still to come. Safe to save analyses while iterating.
        """
        ...

    def unmeasured_count(self, analyser: str, taxonomy: str) -> int: ...

    def awaiting_words(self) -> Mapping[str, int]:
        """Per source, how many are not measured because later pages bring words of theirs."""
        ...

    def accounts(self) -> list[Account]: ...

    def agents(self) -> list[Agent]: ...

    def exists(self, keys: Iterable[ConversationKey]) -> set[ConversationKey]: ...

    def stored_keys(self, source: str) -> Iterator[list[ConversationKey]]:
        """Yield batches of the keys of one source, in one order; safe to purge while iterating."""
        ...

    def purge(self, keys: Sequence[ConversationKey], *, why: str) -> int:
        """Remove conversations with all that depended on them; a text-free tombstone stays."""
        ...

    def quarantined(self) -> list[Quarantined]: ...

    def release(self, keys: Sequence[ConversationKey]) -> int:
        """Drop quarantine entries; return how many there were."""
        ...

    def daily_counts(self, source: str) -> Mapping[date, int]: ...

    def updated_at(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        """When each stored conversation was last changed, by its helpdesk's clock."""
        ...
