"""What a person thinks of an answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
class Feedback:
    """One verdict; a person's later one on the same answer takes its place."""

    answer: str  # an opaque id
    person: str  # an e-mail address
    verdict: Verdict
    at: datetime
    what: WrongPart | None = None  # None also while nobody said
    note: str = ""
    receipt: str | None = None  # of the number that was shown
