"""Cuts what is imported into batches of masked rows, each to be stored in one transaction.

Knows how much is held at a time, and what is done with a row before its turn. Stores nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from service.beginnings import beginning
from service.domain.conversations import Account, Agent, Beginning, Conversation, ConversationHead
from service.domain.measurements import Analysis, quote_is_true
from service.errors import BadRow
from service.exchange import Labels, Row, read_rows
from service.masking import Masks, masked_rows

_MOST = 500  # conversations in one transaction: whoever else writes to SQLite waits for its end
_MOST_CHARACTERS = 2_000_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A row that is masked, and spelled as it is stored."""

    line: int
    head: ConversationHead
    begun: Beginning
    account: Account | None
    agent: Agent | None
    labels: Labels | None
    analysis: Analysis | None  # of these words, without untrue quotes
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that can be stored, and what is wrong with the others among them."""

    rows: Sequence[Prepared] = ()
    bad: Sequence[BadRow] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of a file that follow each other; `first` is the number of the first one."""

    first: int
    lines: Sequence[str]


def batches_of_rows(rows: Iterable[Row | BadRow], masks: Masks) -> Iterator[Batch]:
    for some in _parts(rows, _characters):
        yield _batch(some, masks)


def read_lines(these: Lines, masks: Masks, *, source: str) -> Batch:
    return _batch(read_rows(these.lines, source=source, first=these.first), masks)


def _batch(found: Iterable[Row | BadRow], masks: Masks) -> Batch:
    rows: list[Row] = []
    bad: list[BadRow] = []
    for one in found:
        if isinstance(one, BadRow):
            bad.append(one)
        else:
            rows.append(one)
    return Batch(rows=list(map(_prepared, masked_rows(rows, masks))), bad=bad)


def _prepared(row: Row) -> Prepared:
    one = row.conversation
    begun = beginning(one.key, one.messages)
    return Prepared(
        line=row.line,
        head=one.head,
        begun=begun,
        account=row.account,
        agent=row.agent,
        labels=row.labels,
        analysis=None if row.analysis is None else _of_its_words(row.analysis, one, begun),
        whole=row.whole,
    )


def _of_its_words(analysis: Analysis, one: Conversation, begun: Beginning) -> Analysis:
    quotes = tuple(quote for quote in analysis.quotes if quote_is_true(quote, one))
    return replace(analysis, fingerprint=begun.fingerprint, quotes=quotes)


def numbered(lines: Iterable[str]) -> Iterator[Lines]:
    first = 1
    for some in _parts(lines, len):
        yield Lines(first=first, lines=some)
        first += len(some)


def _parts(items: Iterable[T], characters: Callable[[T], int]) -> Iterator[list[T]]:
    part: list[T] = []
    held = 0
    for one in items:
        part.append(one)
        held += characters(one)
        if len(part) == _MOST or held >= _MOST_CHARACTERS:
            yield part
            part, held = [], 0
    if part:
        yield part


def _characters(row: Row | BadRow) -> int:
    if isinstance(row, BadRow):
        return 0
    return sum(len(message.text) for message in row.conversation.messages)
