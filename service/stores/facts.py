"""Facts: the reading side, where a Query becomes counts, lists and quotes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import shorten
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from service.domain.answers import Tally
from service.domain.conversations import Account, ConversationHead, ConversationKey
from service.domain.measurements import Quote
from service.domain.people import Viewer
from service.query import Dimension, Query, Window

if TYPE_CHECKING:
    from service.sides import Ints

T = TypeVar("T")
_TITLE = 90  # characters of a summary that stand for a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """A row of a list: the head, its labels and the account's name."""

    head: ConversationHead
    account: Account | None
    agent_name: str | None
    labels: Mapping[str, str | None]  # metric -> value; a missing metric is not measured
    drivers: tuple[str, ...]
    tags: tuple[str, ...]
    summary: str

    @property
    def title(self) -> str:
        """What a list calls it: its subject, else the beginning of its summary, else its key."""
        begun = shorten(self.summary, width=_TITLE, placeholder="\u2026")
        return self.head.subject or begun or self.head.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    rows: tuple[ListedConversation, ...]
    next: str | None  # keyset token of the next page
    previous: str | None = None


class Kind(NamedTuple):
    """What an explanation asks of a conversation beside its values."""

    m: int  # distinct values that it touches; it weighs 1/m in each
    weekday: int  # Monday is 0
    first: bool  # the one row among the conversation's that stands for all of them
    counted: bool  # whether the rate counts it


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One value in every row: those that occur, and each row's place among them.

    Columns that share their known values have them in order, and then some may not occur.
    """

    known: Sequence[T]
    places: "Ints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The conversations of a window whose metric is known, one row for each value they touch.

    Column by column, because an explanation reads a hundred thousand of them.
    """

    accounts: Column[str]  # "" without one
    kinds: Column[Kind]
    values: Mapping[Dimension, Column[str]]  # "" in a row that stands for no value


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRow:
    """A stored quote with the conversation it stands in; not yet checked against the message."""

    quote: Quote
    conversation: ConversationKey
    message_text: str
    created_at: datetime
    channel: str
    account: Account | None
    requester: str | None
    helpdesk_url: str | None
    driver: str  # the conversation's first one
    tag: str | None  # and its first canonical tag


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageCounts:
    total: int
    analysed: int
    failed: int
    empty: Mapping[str, int] = field(default_factory=dict)
    # Of the query, where the same conversations were gone through: no part of what is told.
    tally: Tally | None = field(default=None, compare=False)


class Facts(Protocol):
    """The reading side.

    Every method applies the viewer's scope; nothing else makes SQL of a Query.
    """

    def count(self, query: Query, viewer: Viewer) -> Tally: ...

    def groups(self, query: Query, viewer: Viewer) -> list[tuple[tuple[str, ...], Tally]]:
        """Tallies by the query's group_by, one tuple of values each; NO_VALUE where there is
        none.
        """
        ...

    def columns(
        self, query: Query, viewer: Viewer, lenses: Sequence[Dimension], window: Window
    ) -> Columns:
        """The conversations of the query's metric in `window`, for the exact decomposition.

        A conversation can have several values of one of the lenses at most.
        """
        ...

    def conversations(
        self, query: Query, viewer: Viewer, *, after: str | None = None, limit: int = 50
    ) -> Listing: ...

    def keys(
        self, query: Query, viewer: Viewer, *, numerator: bool, limit: int
    ) -> tuple[ConversationKey, ...]:
        """Keys of the query's conversations, newest first; `numerator` keeps those that its rate
        counts.
        """
        ...

    def others(self, query: Query, viewer: Viewer, *, limit: int) -> tuple[ConversationKey, ...]:
        """Keys of those that its rate knows and does not count."""
        ...

    def quotes(
        self, query: Query, viewer: Viewer, *, shows: Sequence[str], limit: int
    ) -> list[QuoteRow]:
        """Quotes of the query's conversations, newest first, at most one per conversation and
        `shows`.
        """
        ...

    def languages(self, query: Query, viewer: Viewer) -> Mapping[str, int]:
        """Conversations in other languages than English, by their code, the most first.

        Those that say too little to tell are in none.
        """
        ...

    def coverage(self, query: Query, viewer: Viewer) -> CoverageCounts: ...

    def days(self) -> Window | None:
        """First and last day that hold a conversation."""
        ...

    def names(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        """Distinct values in no order, also of those seldom used; nothing is counted for them."""
        ...

    def values(self, dimension: Dimension, viewer: Viewer) -> list[str]:
        """Distinct values in use, most frequent first, at most 200."""
        ...
