"""What a paid analyser needs of the inside: a ledger of calls and a memory of batches.

Adapters implement the two stores; an analyser that costs money implements the third.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

from service.domain.conversations import Conversation, ConversationKey
from service.domain.costs import (
    BatchState,
    Estimate,
    Payment,
    RowState,
    SentBatch,
    Spending,
    Usage,
)
from service.domain.measurements import Analysis, Metric
from service.domain.taxonomy import Taxonomy
from service.ports import Clock


class CostLedger(Protocol):
    """Each paid call once, shared by all processes. Days are UTC; money is in 1e-9 USD."""

    def note(self, analyser: str, *, most: int, limit: int, batch: str | None = None) -> int | None:
        """Note a call before it is made; None when the day would pass its limit with it."""
        ...

    def settle(self, call: int, payment: Payment) -> None:
        """Replace what was noted by what it came to; repeating it changes nothing."""
        ...

    def release(self, call: int) -> None:
        """The vendor refused it: nothing is charged."""
        ...

    def lose(self, call: int) -> None:
        """Nobody knows how it ended: it stays counted at the most it can have cost."""
        ...

    def graded(self, call: int, *, quotes: int, dropped: int) -> None:
        """Add how many quotes the answer gave, and how many were nobody's words."""
        ...

    def spending(self, first: date, last: date) -> Spending:
        """What the calls noted on these days came to, both days included."""
        ...


class BatchStore(Protocol):
    """The batches that are out with the vendor; all that a killed process needs to go on."""

    def begin(self, batch: SentBatch) -> bool:
        """Note a batch before it is sent; False when another one already holds a conversation."""
        ...

    def sent(self, name: str, remote: str) -> None: ...

    def under_way(self) -> list[SentBatch]:
        """Batches that are noted or sent and not closed, oldest first."""
        ...

    def known_remotes(self) -> frozenset[str]: ...

    def answered(self, name: str, outcomes: Sequence[tuple[str, RowState]]) -> None: ...

    def close(self, name: str, state: BatchState) -> None: ...

    def in_batches(self) -> frozenset[ConversationKey]:
        """Conversations that wait for a batch's answer: nobody else may measure them."""
        ...


class Costs(CostLedger, BatchStore, Protocol):
    """Both, over one database."""


@dataclass(slots=True, kw_only=True)
class Bill:
    """What one analyser spent since it was built."""

    nano: int = 0
    calls: int = 0
    calls_lost: int = 0
    usage: Usage = field(default_factory=Usage)
    quotes: int = 0
    quotes_dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of one request of a batch."""

    batch: str
    custom_id: str
    conversation: Conversation | None  # None: it is not stored any more, or in other words
    state: RowState
    analysis: Analysis | None = None
    why: str | None = None  # of FAILED and AGAIN


@runtime_checkable
class PaidAnalyser(Protocol):
    """An analyser that costs money, and takes many conversations for less in batches."""

    name: str
    version: str
    batch_from: int  # with more waiting conversations than this, batches are used

    @property
    def bill(self) -> Bill: ...

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]: ...

    def estimate(
        self,
        sample: Sequence[Conversation],
        taxonomy: Taxonomy,
        *,
        conversations: int,
        also: Metric | None = None,
    ) -> Estimate:
        """Count the tokens of a sample at the vendor's (free) and say what all would come to.

        `also` is a metric that is not in force, or not as it is given here.
        """
        ...

    def affords(self, estimate: Estimate) -> bool:
        """Whether what is left of today's budget covers it."""
        ...

    def unasked(self, conversations: Sequence[Conversation], taxonomy: Taxonomy) -> list[Analysis]:
        """Measure those that hold nothing to ask about; the others are left out."""
        ...

    def send(self, conversations: Sequence[Conversation], taxonomy: Taxonomy) -> int:
        """Send as many of the first as a batch and the budget take; return how many."""
        ...

    def collect(self, find: "Find", taxonomy: Taxonomy) -> Iterator[Sequence[Answered]]:
        """Yield the answers of the batches that have ended, some together; others are left alone.

        They are to be saved, and then marked as answered, before the next are asked for: after
        the last ones the batch is closed.
        """
        ...

    def out(self) -> int:
        """How many conversations wait for a batch's answer."""
        ...


Find = Callable[[Sequence[ConversationKey]], Sequence[Conversation]]


class CostsInMemory:
    """A ledger for one process that stores nothing. It implements CostLedger."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: list[_Noted] = []

    def note(self, analyser: str, *, most: int, limit: int, batch: str | None = None) -> int | None:
        del analyser, batch
        today = self._clock().date()
        if self.spending(today, today).counted + most > limit:
            return None
        self._calls.append(_Noted(day=today, most=most))
        return len(self._calls) - 1

    def settle(self, call: int, payment: Payment) -> None:
        self._calls[call].payment = payment

    def release(self, call: int) -> None:
        self._calls[call].payment = Payment(nano=0, usage=Usage(), answers=0)

    def lose(self, call: int) -> None:
        """It stays noted."""

    def graded(self, call: int, *, quotes: int, dropped: int) -> None:
        self._calls[call].quotes += quotes
        self._calls[call].dropped += dropped

    def spending(self, first: date, last: date) -> Spending:
        mine = [one for one in self._calls if first <= one.day <= last]
        paid = [one.payment for one in mine if one.payment is not None]
        usage = Usage()
        for one in paid:
            usage += one.usage
        return Spending(
            nano=sum(one.nano for one in paid),
            reserved=sum(one.most for one in mine if one.payment is None),
            calls=len(mine),
            answers=sum(one.answers for one in paid),
            usage=usage,
            quotes=sum(one.quotes for one in mine),
            quotes_dropped=sum(one.dropped for one in mine),
        )


@dataclass(slots=True, kw_only=True)
class _Noted:
    day: date
    most: int
    payment: Payment | None = None
    quotes: int = 0
    dropped: int = 0
