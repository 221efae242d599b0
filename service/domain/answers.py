"""What an answer is made of. Every counted number carries the address of its receipt.

Surfaces render these; none of them counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from service.domain.conversations import AccountKey, ConversationKey
from service.domain.measurements import ValueChange
from service.query import Dimension, Query


class Intent(StrEnum):
    """The question types of the reading; the same words as in `verbatim read`."""

    WHY_CHANGE = "why_change"
    COUNT = "count"
    TREND = "trend"
    TOP = "top"
    COMPARE = "compare"
    ACCOUNT_BRIEF = "account_brief"
    QUOTES = "quotes"
    CHURN_LIST = "churn_list"
    FIX_IMPACT = "fix_impact"
    FUNNEL = "funnel"
    DEFINITION = "definition"
    HELP = "help"
    CLARIFY = "clarify"
    REFUSE = "refuse"


class Tally(NamedTuple):
    """Always all four: numerator + complement + empty + unmeasured = total.

    For `conversations` the numerator is the total; for `accounts` it is the number of distinct
    accounts and the other parts count conversations. A tuple, because there is one for each of
    twenty thousand accounts.
    """

    numerator: int
    complement: int
    empty: int
    unmeasured: int

    @property
    def known(self) -> int:
        return self.numerator + self.complement

    @property
    def total(self) -> int:
        return sum(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """`n` of `of`, with its Wilson interval (95 %), and where to count it again."""

    n: int
    of: int
    low: float | None  # None when `of` is 0
    high: float | None
    receipt: str  # URL
    listing: str  # URL of the conversations behind `n`

    @property
    def rate(self) -> float | None:
        return self.n / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference of two shares in points (hundredths), with its Newcombe interval (95 %)."""

    points: float
    low: float
    high: float
    clear: bool  # the interval excludes 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    metric: str
    current: Counted
    baseline: Counted | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one value of a dimension adds to the change, in points; the parts of an answer sum to
    its change.
    """

    dimension: str  # a Dimension's value, "driver x segment", "composition" or "everything else"
    value: str
    points: float
    rate_effect: float
    mix_effect: float
    current: Counted | None
    baseline: Counted | None
    receipt: str | None
    clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The largest identified contributor; `within` names the value of another dimension that
    carries most of it.
    """

    type: str  # "rate", "mix" or "account"
    dimension: Dimension
    value: str
    within_dimension: Dimension | None = None
    within_value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One row of a breakdown."""

    values: tuple[str, ...]
    counted: Counted


def cut(quote: str, limit: int = 220) -> str:
    """At most `limit` characters of a quote, cut at a word with an ellipsis."""
    if len(quote) <= limit:
        return quote
    head = quote[: limit - 1]
    kept = head.rsplit(" ", 1)[0] or head
    return f"{kept.rstrip()}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLink:
    """A quote with everything that stands beside it."""

    conversation: ConversationKey
    message: str
    start: int
    end: int
    text: str  # the exact slice
    url: str
    helpdesk_url: str | None
    shows: str
    account: AccountKey | None
    account_name: str | None
    channel: str
    created_at: datetime

    def shown(self, limit: int = 220) -> str:
        """The quote as surfaces print it."""
        return cut(self.text, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of the conversations in question: how many were analysed, failed, wait; and how fresh the
    data is.
    """

    total: int
    analysed: int
    failed: int
    waiting: int
    empty: Mapping[str, int]  # reason -> conversations, for the metric in question
    as_of: datetime | None  # the end of the last finished sync; None: it never ran
    taxonomy: str
    analyser: str
    receipt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """What else a question may have meant."""

    words: str  # what it is called; said in the same thread, they ask for it
    reading: Mapping[str, object]
    url: str  # its conversations


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    intent: Intent
    query: Query | None
    reading: Mapping[str, object]  # as `verbatim read` prints it
    understood: str  # the question as understood, with its assumptions
    headline: Headline | None = None
    cause: Cause | None = None
    parts: tuple[Part, ...] = ()
    groups: tuple[Group, ...] = ()
    quotes: tuple[EvidenceLink, ...] = ()
    quote_rule: str | None = None
    counter_quote: EvidenceLink | None = None  # one quote of the other side
    also_changed: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    coverage: Coverage | None = None
    options: tuple[str, ...] = ()  # for clarify: what to choose from
    alternatives: tuple[Alternative, ...] = ()  # the likelier reading was answered, not these
    text: tuple[str, ...] = ()  # the rendered lines, at most twelve before "More"
    explore_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A published number: its query, its time and the versions behind it."""

    id: str
    query: Query
    as_of: datetime
    versions: Mapping[str, str]  # analyser, taxonomy, masking, cursor
    n: int
    of: int
    members: tuple[
        ConversationKey, ...
    ]  # what was counted in `n`, so that a difference can be named; no text
    others: tuple[ConversationKey, ...] | None = None  # the rest of a small `of`
    published_at: datetime | None = None  # None of those that were published before it was noted


class WhyDifferent(StrEnum):
    """Why a conversation is counted now and was not then, or the other way round."""

    LATE = "late arrival"
    RELABELLED = "relabelled"
    ANALYSED_AGAIN = "re-analysed"
    REMAPPED = "remapped"
    WAITING = "not measured yet"
    MOVED = "changed in the helpdesk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is on record of one conversation."""

    changes: tuple[ValueChange, ...] = ()  # every value it ever had, oldest first
    analysed_at: datetime | None = None  # None: it waits to be measured
    analyser: str = ""
    taxonomy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    why: WhyDifferent
    words: str  # of our own, and never a customer's


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """A receipt that was run again: then, now, and what differs."""

    receipt: Receipt
    now_n: int
    now_of: int
    arrived: tuple[ConversationKey, ...]  # counted now, not then
    left: tuple[ConversationKey, ...]  # counted then, not now
    erased: int  # of `left`, no longer stored
    joined: tuple[ConversationKey, ...] = ()  # among `of` now and not then, and not in `arrived`
    parted: tuple[ConversationKey, ...] = ()  # among `of` then and not now, and not in `left`
    unnamed: int = 0  # more that came into `of` (or, below 0, left it) and cannot be named
    reasons: Mapping[ConversationKey, Difference] = field(default_factory=dict)  # of those stored

    @property
    def same(self) -> bool:
        return (self.receipt.n, self.receipt.of) == (self.now_n, self.now_of)

    @property
    def differs(self) -> bool:
        """Whether the number is another, or that of other conversations."""
        moved = self.arrived or self.left or self.joined or self.parted or self.unnamed
        return not self.same or bool(moved)
