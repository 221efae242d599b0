"""Write-back: the ledger of what a helpdesk shows, should show and is being told."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis
from service.domain.writeback import FieldChange, LedgerEntry, WriteOutcome


class WriteBackStore(Protocol):
    def entries(self, source: str) -> Iterator[list[tuple[LedgerEntry, Analysis]]]:
        """Yield batches of what may have to be written, safe to record outcomes while iterating.

        These are the analysed conversations of which the analysis, the values in force, the state
        in the helpdesk or our own knowledge of it changed since the last outcome; never all of
        them again.
        """
        ...

    def begin(self, changes: Sequence[FieldChange]) -> None:
        """Note what is on its way, before it is sent: killed then, we still know it as ours."""
        ...

    def record(self, outcomes: Sequence[WriteOutcome]) -> None:
        """Store what became of changes; what is certain is under way no longer."""
        ...

    def keep(self, conversation: ConversationKey, field_name: str, value: str | None) -> None:
        """Mark a field as set by an agent: it is never overwritten."""
        ...

    def arrived(self, conversation: ConversationKey, fields: Mapping[str, str | None]) -> None:
        """Note values of ours that stand in the helpdesk though the ledger does not say so."""
        ...

    def hold(self, source: str, reason: str) -> None:
        """Note why nothing that waits to be written can be written at all."""
        ...

    def get(self, key: ConversationKey) -> LedgerEntry | None:
        """Return what is known of one conversation's fields; None before its state was read."""
        ...

    def keys_not_written(self, source: str, reason: str, *, limit: int) -> list[ConversationKey]:
        """Conversations of which nothing could be written for this reason."""
        ...

    def not_written(self, source: str) -> Mapping[str, int]:
        """Reason -> conversations, for the coverage ledger."""
        ...
