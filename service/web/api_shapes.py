"""The shapes of what the API takes and gives: the one source of its OpenAPI description.

Requests are refused when they hold anything else; answers may gain names and lose none.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain.answers import Intent, WhyDifferent
from service.domain.conversations import Status
from service.domain.flags import FlagState
from service.domain.measurements import ChurnTier
from service.reading.model import BaselineKind

MAX_QUESTION = 2_000  # characters
MAX_THREAD = 20
MAX_ROWS = 200
MAX_QUOTES = 25
Words = dict[str, list[str]]


class Span(BaseModel):
    """Whole days of the workspace's time zone: `start` is the first, `end` the day after."""

    start: date
    end: date


class EarlierBaseline(Span):
    kind: BaselineKind


class EarlierReading(BaseModel):
    """The `reading` of an earlier answer, as it was given; its other names are kept as they are."""

    model_config = ConfigDict(extra="allow")

    intent: Intent
    metric: str | None = None
    filters: dict[str, list[str] | bool] = {}
    exclude: dict[str, list[str] | bool] = {}
    period: Span | None = None
    baseline: EarlierBaseline | None = None
    group_by: list[str] = Field(default=[], max_length=2)
    limit: int | None = Field(default=None, ge=1, le=MAX_QUOTES)


class Earlier(BaseModel):
    """An earlier message of the same thread, with the `reading` that its answer came with."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(default="", max_length=MAX_QUESTION)
    reading: EarlierReading | None = None


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=MAX_QUESTION, description="The question in words.")
    thread: list[Earlier] = Field(
        default=[], max_length=MAX_THREAD, description="Earlier messages, oldest first."
    )
    today: date | None = Field(
        default=None,
        ge=date(1970, 1, 1),
        lt=date(2200, 1, 1),
        description="Answer as if it were this day, of the years 1970 to 2199.",
    )


class Counted(BaseModel):
    """`n` of `of` with its Wilson interval (95 %), where to count it again, and what it counts."""

    n: Annotated[int, Field(ge=0)]
    of: Annotated[int, Field(ge=0)]
    rate: float | None = Field(description="null when `of` is 0")
    low: float | None
    high: float | None
    receipt: str
    listing: str


class Change(BaseModel):
    """A difference of two shares in points (hundredths), with its interval (95 %)."""

    points: float
    low: float
    high: float
    clear: bool


class Headline(BaseModel):
    metric: str
    current: Counted
    baseline: Counted | None
    change: Change | None


class Within(BaseModel):
    dimension: str
    value: str | None


class Cause(BaseModel):
    type: str
    dimension: str
    value: str
    within: Within | None


class Part(BaseModel):
    """What one value adds to the change, in points; the parts sum to the headline's change."""

    dimension: str
    value: str
    points: float
    rate_effect: float
    mix_effect: float
    current: Counted | None
    baseline: Counted | None
    receipt: str | None
    clear: bool


class Group(Counted):
    values: list[str]


class Quote(BaseModel):
    """A customer's words: exactly the characters [start, end) of the stored message."""

    conversation: str
    message: str
    start: int
    end: int
    text: str
    url: str
    helpdesk_url: str | None
    shows: str
    account: str | None
    account_name: str | None
    channel: str
    created_at: datetime


class Coverage(BaseModel):
    total: int
    analysed: int
    failed: int
    waiting: int
    empty: dict[str, int]
    as_of: datetime | None
    taxonomy: str
    analyser: str
    receipt: str | None


class Alternative(BaseModel):
    """What else the question may have meant; its words, said in the same thread, ask for it."""

    words: str
    reading: dict[str, object]
    url: str


class Answer(BaseModel):
    """What `verbatim ask --json` prints."""

    intent: Intent
    reading: dict[str, object]
    understood: str
    query: Words
    headline: Headline | None
    cause: Cause | None
    parts: list[Part]
    groups: list[Group]
    quotes: list[Quote]
    quote_rule: str | None
    counter_quote: Quote | None
    also_changed: list[str]
    caveats: list[str]
    coverage: Coverage | None
    options: list[str]
    alternatives: list[Alternative]
    explore_url: str | None
    text: list[str]


class Label(BaseModel):
    """A metric of one conversation. Only a measured one has a value."""

    state: Literal["measured", "empty", "unmeasured", "withheld"]
    value: str | None


class AccountName(BaseModel):
    key: str
    name: str
    segment: str | None


class ListedConversation(BaseModel):
    conversation: str
    url: str
    helpdesk_url: str | None
    created_at: datetime
    updated_at: datetime
    account: AccountName | None
    subject: str
    summary: str
    channel: str
    status: Status
    labels: dict[str, Label]
    drivers: list[str]
    tags: list[str]


class Conversations(BaseModel):
    query: Words
    sentence: str
    total: Counted
    conversations: list[ListedConversation]
    next: str | None = Field(description="`after` of the next page")
    previous: str | None = Field(description="`after` of the page before")


class GroupRow(Group):
    """One group. `empty` and `unmeasured` are what a share leaves out; null for plain counts."""

    titles: list[str]
    conversations: Counted
    empty: Counted | None
    unmeasured: Counted | None


class Grouping(BaseModel):
    query: Words
    sentence: str
    metric: str
    group_by: list[str]
    total: Counted
    groups: list[GroupRow]
    left_out: int = Field(description="groups beyond `limit`")
    overlaps: bool = Field(description="a conversation may be in several groups")
    caveats: list[str]


class Number(BaseModel):
    n: int
    of: int


class Reason(BaseModel):
    why: WhyDifferent
    words: str


class Recount(BaseModel):
    """A published number, counted again now."""

    id: str
    receipt: str
    metric: str
    query: Words
    sentence: str
    as_of: datetime
    versions: dict[str, str]
    then: Number
    now: Number
    same: bool = Field(description="the same number, of the same conversations")
    arrived: list[str] = Field(description="conversations that are counted now and were not then")
    left: list[str] = Field(description="counted then and not now, and still stored")
    erased: int = Field(description="counted then and no longer stored")
    joined: list[str] = Field(description="among `of` now and not then, and not in `arrived`")
    parted: list[str] = Field(description="among `of` then and not now, and not in `left`")
    unnamed: int = Field(description="more that came into `of`, or below 0 left it")
    reasons: dict[str, Reason] = Field(description="why each of them differs, by conversation")
    text: list[str]


class FlaggedAccount(BaseModel):
    key: str
    name: str
    segment: str | None
    owner: str | None
    aliases: list[str]
    renewal: str | None


class Signal(BaseModel):
    """A customer's words behind a flag."""

    conversation: str
    message: str
    start: int
    end: int
    text: str
    tier: ChurnTier
    at: datetime
    url: str


class Flag(BaseModel):
    account: FlaggedAccount
    state: FlagState
    tier: ChurnTier
    since: datetime
    rule: str
    changed_by: str
    drivers: list[str]
    owner: str | None
    playbook: str | None
    due: date | None = Field(description="The last day before the channel is told of it.")
    signals: list[Signal]


class Flags(BaseModel):
    """Accounts with a standing churn-risk flag: explicit ones first, then the newest."""

    flags: list[Flag]


class Error(BaseModel):
    error: str
    what_to_do: str
