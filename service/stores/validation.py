"""Validation: the conversations of which people are asked what a metric should say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.conversations import ConversationKey
from service.domain.feedback import QuoteReport
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

    def report(self, reports: Sequence[QuoteReport]) -> int:
        """Keep quotes that were named wrong; return how many were not known yet."""
        ...

    def next_report(self, metric: str, viewer: Viewer) -> QuoteReport | None:
        """Return the oldest report that waits and that this viewer may see."""
        ...

    def reports_waiting(self) -> Mapping[str, int]:
        """Metric -> reports that wait for a reviewer."""
        ...

    def settle_reports(self, key: ConversationKey, metric: str, *, by: str, at: datetime) -> bool:
        """Close what was reported of a conversation and metric; False when nothing waits."""
        ...
