"""Coverage: what the helpdesks count against what is stored, by source and day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.conversations import ConversationKey
from service.query import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCoverage:
    """One source and day of the coverage ledger. stored = analysed + failed + waiting."""

    source: str
    day: date
    helpdesk: int | None  # by the helpdesk's own count, when it was last asked
    stored: int
    analysed: int
    failed: int
    quarantined: int  # arrived and unreadable; day unknown counts on the day it arrived
    empty: Mapping[str, Mapping[str, int]]  # metric -> reason -> conversations
    not_written: Mapping[str, int]  # reason -> conversations
    asked_at: datetime | None  # when the helpdesk was asked
    erased: int = 0  # on request or past retention; the helpdesk still has them

    @property
    def missing(self) -> int | None:
        """Conversations that the helpdesk counts and we hold in no form; None when not asked."""
        if self.helpdesk is None:
            return None
        return self.helpdesk - self.stored - self.quarantined - self.erased


class CoverageLedger(Protocol):
    """What the helpdesks count against what is stored, by source and day."""

    def record(self, source: str, counts: Mapping[date, int], *, at: datetime) -> None:
        """Store the helpdesk's own counts of conversations created on these days."""
        ...

    def days(self, source: str, window: Window) -> list[DayCoverage]:
        """Return a row a day of the window that anybody counts a conversation on."""
        ...

    def keys(self, source: str, day: date) -> set[ConversationKey]:
        """Return what is held of one day."""
        ...

    def erased(self, source: str) -> int:
        """Count what was erased here and the helpdesk still has."""
        ...

    def erased_keys(self, source: str, day: date) -> set[ConversationKey]:
        """Return what of one day was erased here and the helpdesk still has."""
        ...

    def missing(self, window: Window | None) -> Mapping[str, int]:
        """Per source, how many conversations of the window are missing by the last counts."""
        ...
