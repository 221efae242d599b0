"""Cuts what is imported into batches of masked rows, each to be stored in one transaction.

Knows how much is held at a time, and when a second process pays. Stores nothing.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TypeVar

from service.errors import BadRow
from service.exchange import Row, read_rows
from service.masking import Masks, masked_rows

_MOST = 500  # conversations in one transaction: whoever else writes to SQLite waits for its end
_MOST_CHARACTERS = 2_000_000
_ALONE = 4  # batches that are stored before a second process would be ready

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows that are masked, and what is wrong with the others among them."""

    rows: Sequence[Row] = ()
    bad: Sequence[BadRow] = ()
    words: Mapping[str, str] = field(
        default_factory=dict
    )  # of customers' texts, where made already


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of a file that follow each other; `first` is the number of the first one."""

    first: int
    lines: Sequence[str]


def batches_of_rows(rows: Iterable[Row | BadRow], masks: Masks) -> Iterator[Batch]:
    for some in _parts(rows, _characters):
        yield _batch(some, masks)


def batches_of_lines(lines: Iterable[str], masks: Masks, *, source: str) -> Iterator[Batch]:
    """Yield what the lines of a file are, in their order; those of a large one are read and masked
    by a process beside this one, which stores meanwhile.
    """

    def read(these: Lines) -> Batch:
        return read_lines(these, masks, source=source)

    parts = _numbered(lines)
    yield from map(read, islice(parts, _ALONE))
    more = next(parts, None)
    if more is None:
        return
    parts = chain([more], parts)
    if (os.cpu_count() or 1) == 1:
        yield from map(read, parts)
        return
    from service.import_reader import Reader  # late: few files are large

    with Reader(masks, source=source) as reader:
        yield from reader.batches(parts)


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
    return Batch(rows=masked_rows(rows, masks), bad=bad)


def _numbered(lines: Iterable[str]) -> Iterator[Lines]:
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
