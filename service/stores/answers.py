"""Answers: the receipts behind them and what people think of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.answers import Receipt
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

    def all_ids(self) -> Iterator[str]: ...
