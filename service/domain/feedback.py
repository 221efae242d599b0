"""What a person thinks of an answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.domain.conversations import ConversationKey


class Verdict(StrEnum):
    USEFUL = "useful"
    WRONG = "wrong"


class WrongPart(StrEnum):
    """What was wrong with an answer."""

    PERIOD = "period"
    FILTER = "filter"
    QUOTE = "quote"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownQuote:
    """Where a quote stands that an answer showed; none of its words."""

    conversation: ConversationKey
    message: str
    start: int
    end: int
    metric: str  # whose value it stood for

    @property
    def name(self) -> str:
        return f"{self.conversation}#{self.message}:{self.start}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteReport:
    """A quote that a person named wrong: a reviewer looks at what it was to show."""

    quote: ShownQuote
    by: str  # an e-mail address
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One verdict; a person's later one on the same answer takes its place."""

    answer: str  # an opaque id
    person: str  # an e-mail address
    verdict: Verdict
    at: datetime
    what: WrongPart | None = None  # None also while nobody said
    note: str = ""
    receipt: str | None = None  # of the number that was shown
