"""Validation: the conversations of which people are asked what a metric should say."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from service.domain.conversations import ConversationKey
from service.domain.people import Viewer
from service.domain.validation import Check


class CheckStore(Protocol):
    """Spot checks: conversations of which people are asked what a metric should say."""

    def draw(self, metric: str, size: int, *, seed: int, at: datetime) -> int:
        """Draw up to `size` conversations, even over the measured classes, none twice.

        They are those of the analyser version that measured most. Return how many were drawn.
        """
        ...

    def next(self, metric: str, viewer: Viewer) -> ConversationKey | None:
        """Return one that waits, in a mixed order that does not give away its class."""
        ...

    def answer(
        self, key: ConversationKey, metric: str, value: str | None, *, by: str, at: datetime
    ) -> bool:
        """Keep an answer (None: could not tell); False when nothing waits for it."""
        ...

    def checks(self, metric: str | None = None) -> Sequence[Check]: ...
