"""Answers: the receipts behind them and what people think of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.answers import Receipt, Trace
from service.domain.conversations import ConversationKey
from service.domain.feedback import Feedback


class FeedbackStore(Protocol):
    """What people think of answers."""

    def note(self, one: Feedback) -> None:
        """Keep a verdict; it takes the place of the person's earlier one on that answer."""
        ...

    def since(self, at: datetime) -> Sequence[Feedback]:
        """Return the verdicts since then, newest first."""
        ...


class ReceiptStore(Protocol):
    def save(self, receipt: Receipt) -> None: ...

    def get(self, receipt_id: str) -> Receipt | None: ...

    def exists(self, receipt_id: str) -> bool: ...

    def all_ids(self) -> Iterator[str]: ...

    def traces(self, keys: Collection[ConversationKey]) -> Mapping[ConversationKey, Trace]:
        """Return what is on record of those that are stored."""
        ...
