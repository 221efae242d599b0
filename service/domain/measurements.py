"""What was measured in a conversation, and the words that show it.

Three states stay three: measured, measured as empty (`value is None`, with a reason), not measured
(no row).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from service.domain.conversations import Conversation, ConversationKey, is_customer_voice
from service.domain.segments import lies_in_new_text

CUSTOM = "custom_"  # before the name of every metric that a workspace defines


class Sentiment(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"


class Effort(StrEnum):
    HIGH = "high"
    LOW = "low"


class ChurnTier(StrEnum):
    EXPLICIT = "explicit"
    EARLY = "early"


class EmptyReason(StrEnum):
    """Why a metric was measured and is blank."""

    NO_CUSTOMER_TEXT = "no customer text"
    TOO_SHORT = "under four words"
    LANGUAGE = "unsupported language"
    LOW_CONFIDENCE = "under the confidence floor"
    NO_BACK_AND_FORTH = "not enough back-and-forth"
    NO_QUOTE = "no customer quote"
    NO_EXAMPLES = "no examples of its values"
    LABELLED_EMPTY = "labelled as empty"


class SetBy(StrEnum):
    ANALYSER = "analyser"
    AGENT = "agent"
    IMPORTED = "imported"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A share that can be asked for: how many of a metric's known values are this one."""

    name: str  # "negative_rate"
    title: str  # "negative share"
    value: str  # "negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A customer's words for which a metric has a known value."""

    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A question that is asked of every conversation."""

    name: str  # "sentiment"
    title: str  # "Sentiment"
    question: str
    values: tuple[str, ...]
    rates: tuple[Rate, ...]
    empty_when: str  # in words, for the page that explains the metric
    decision: str = ""  # what somebody decides with it
    owner: str = ""
    examples: tuple[Example, ...] = ()
    # Asked no more; published numbers and alerts of it can still be counted. It changes nothing
    # that is measured, so it is not in the text that tells one set of definitions from another.
    retired: bool = field(default=False, repr=False)

    @property
    def is_custom(self) -> bool:
        return self.name.startswith(CUSTOM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A customer's own words: exactly `text == message.text[start:end]` of the stored, masked
    message.
    """

    message: str
    start: int  # code points
    end: int
    text: str
    shows: str  # a metric's name, "driver" or "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    metric: str
    value: str | None
    reason: EmptyReason | None = None  # set exactly when value is None
    confidence: float | None = None  # 0..1
    detail: str | None = None  # churn tier, or the effort signals, in words
    set_by: SetBy = SetBy.ANALYSER


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One entry of a conversation's history: who set which value when."""

    metric: str
    value: str | None
    reason: EmptyReason | None
    set_by: SetBy
    version: str | None  # the analyser's; None for a person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAssignment:
    """A raw tag and what it was mapped to; strongest first in an Analysis. `canonical is None` is
    Unmapped.
    """

    raw: str
    canonical: str | None
    driver: str | None
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Everything one analyser found in one version of a conversation."""

    conversation: ConversationKey
    fingerprint: str
    analyser: str  # name and version, e.g. "local-1"
    taxonomy: str  # version of the taxonomy used for the mapping
    language: str | None
    measurements: tuple[Measurement, ...]
    tags: tuple[TagAssignment, ...]
    quotes: tuple[Quote, ...]
    summary: str
    tone_start: str | None
    tone_end: str | None
    created_at: datetime

    def measured(self, metric: str) -> Measurement | None:
        return next((m for m in self.measurements if m.metric == metric), None)

    def drivers(self) -> tuple[str, ...]:
        """Distinct drivers, strongest first; the first is the primary driver. Empty means
        Unmapped.
        """
        return tuple(dict.fromkeys(t.driver for t in self.tags if t.driver is not None))


def quote_is_true(quote: Quote, conversation: Conversation) -> bool:
    """Whether a quote is, letter for letter, what a customer publicly wrote in it and was new."""
    return any(
        message.id == quote.message
        and is_customer_voice(message)
        and 0 <= quote.start < quote.end
        and message.text[quote.start : quote.end] == quote.text
        and lies_in_new_text(message.text, quote.start, quote.end)
        for message in conversation.messages
    )
