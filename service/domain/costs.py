"""What paid calls cost: tokens, money, and what a day or a run came to.

Money is whole billionths of a dollar, so that sums are exact. Knows no vendor and no price.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from service.domain.conversations import ConversationKey

NANO = 1_000_000_000


def in_usd(nano: int) -> float:
    return round(nano / NANO, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The tokens of one answer, as the vendor counted them."""

    tokens_in: int = 0  # neither read from nor written to the cache
    tokens_out: int = 0  # thinking included
    cache_read: int = 0
    cache_written: int = 0  # kept for five minutes
    cache_written_long: int = 0  # kept for an hour
    thinking: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            cache_read=self.cache_read + other.cache_read,
            cache_written=self.cache_written + other.cache_written,
            cache_written_long=self.cache_written_long + other.cache_written_long,
            thinking=self.thinking + other.thinking,
        )

    @property
    def prompt(self) -> int:
        return self.tokens_in + self.cache_read + self.cache_written + self.cache_written_long

    @property
    def tokens(self) -> int:
        return self.prompt + self.tokens_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What one call came to. A batch is one call with many answers."""

    nano: int
    usage: Usage
    answers: int = 1
    request: str | None = None  # the vendor's own id of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a day's calls came to."""

    nano: int = 0  # settled calls, at their cost
    reserved: int = 0  # calls that are still out, at the most they can cost
    lost: int = 0  # calls whose end nobody saw, at the most they can have cost
    calls: int = 0
    calls_lost: int = 0
    answers: int = 0
    usage: Usage = field(default_factory=Usage)
    quotes: int = 0  # that the model gave
    quotes_dropped: int = 0  # of them, not in the customer's words

    @property
    def counted(self) -> int:
        """What stands against a budget: a call of unknown end counts in full."""
        return self.nano + self.reserved + self.lost


class BatchState(StrEnum):
    SENDING = "sending"  # noted before it is sent; without the vendor's id
    SENT = "sent"
    DONE = "done"  # every row has an outcome
    LOST = "lost"  # the vendor does not have it: its rows wait again


class RowState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    AGAIN = "again"  # expired, canceled, or an error that may pass: it is sent again
    FAILED = "failed"
    OUTDATED = "outdated"  # the conversation changed meanwhile: the answer is of other words


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One request of a batch, and the version of the conversation that it shows."""

    custom_id: str
    conversation: ConversationKey
    fingerprint: str
    state: RowState = RowState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBatch:
    name: str  # ours; every custom_id begins with it
    remote: str | None  # the vendor's id
    state: BatchState
    analyser: str
    taxonomy: str
    call: int  # in the ledger of costs
    created_at: datetime
    rows: tuple[BatchRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What measuring the waiting conversations would come to, before it is begun."""

    conversations: int
    counted: int  # of them, those whose tokens the vendor counted
    tokens: int
    nano_least: int  # the common beginning of the prompts read from the vendor's cache each time
    nano: int  # and never found there
    prices_of: date

    def sentence(self) -> str:
        return (
            f"about {self.conversations:,} conversations, {_short(self.tokens)} tokens, "
            f"{in_usd(self.nano_least):.2f} to {in_usd(self.nano):.2f} USD "
            f"by the price table of {self.prices_of}"
        )

    def as_json(self) -> Mapping[str, object]:
        return {
            "conversations": self.conversations,
            "counted": self.counted,
            "tokens": self.tokens,
            "usd_least": in_usd(self.nano_least),
            "usd": in_usd(self.nano),
            "prices_of": self.prices_of.isoformat(),
        }


def total(usages: Sequence[Usage]) -> Usage:
    whole = Usage()
    for usage in usages:
        whole += usage
    return whole


def _short(tokens: int) -> str:
    return f"{tokens / 1_000_000:.1f} M" if tokens >= 100_000 else f"{tokens:,}"
