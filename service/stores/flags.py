"""Flags: what customers said of leaving, what happened since, and how accounts ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.domain.conversations import AccountKey
from service.domain.flags import FlagChange, Outcome, Signal, Stay


class FlagStore(Protocol):
    """Churn-risk flags: what customers said, what happened since, and how accounts ended."""

    def signals(self, since: datetime) -> list[Signal]:
        """Words written since that state a risk by the values in force, oldest first."""
        ...

    def stays(self, since: datetime) -> list[Stay]:
        """Conversations in which a customer took a threat back since, oldest first."""
        ...

    def changes(
        self, accounts: Collection[AccountKey] | None = None
    ) -> Mapping[AccountKey, tuple[FlagChange, ...]]:
        """The history of these accounts' flags (None: of all that have one), in order."""
        ...

    def add(self, change: FlagChange) -> bool:
        """Append a change; False when somebody else wrote the nth one first."""
        ...

    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Keep how accounts ended; one a day and account, the last one given wins."""
        ...

    def outcomes(self) -> list[Outcome]:
        """Every recorded outcome, oldest first."""
        ...
