"""Analyses: what was measured of each conversation, and what people said instead."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis, SetBy, ValueChange

# What came measured with a conversation, as an analysis of the words that have a fingerprint.
Labels = Mapping[ConversationKey, Callable[[str], Analysis]]


class AnalysisStore(Protocol):
    def save(self, analyses: Sequence[Analysis]) -> None:
        """Replace each conversation's current analysis, its facts and the rollups they touch, in
        one transaction.

        Values that a person set (SetBy.AGENT, SetBy.REVIEWER) stay in force.
        """
        ...

    def fail(
        self, conversation: ConversationKey, fingerprint: str, version: str, why: str
    ) -> None: ...

    def get(self, key: ConversationKey) -> Analysis | None: ...

    def get_many(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, Analysis]: ...

    def fingerprints(self, keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, str]:
        """Return those of the words that are stored, which an analysis has to be of."""
        ...

    def failures(self) -> list[tuple[ConversationKey, str]]: ...

    def set_by_person(
        self,
        key: ConversationKey,
        metric: str,
        value: str | None,
        *,
        set_by: SetBy = SetBy.AGENT,
    ) -> None:
        """Record what an agent or a reviewer says as the value in force."""
        ...

    def history(self, key: ConversationKey) -> list[ValueChange]:
        """Return every value that a conversation's metrics ever had, oldest first."""
        ...

    def set_by_people(self, metric: str) -> list[tuple[ConversationKey, str]]:
        """Conversations with the value that a person set, where it is not blank."""
        ...

    def rebuild(self) -> int:
        """Recompute facts and rollups from the rows, while others may write; return the
        conversations read.
        """
        ...
