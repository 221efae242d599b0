"""Reads and masks lines of a file in a process beside the one that stores them, a batch ahead.

That process lives as long as the pipe to it: it ends with whoever started it, however that ends.
When it dies itself, its lines are read here.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from multiprocessing.connection import Connection
from types import TracebackType
from typing import IO, NamedTuple, Self, cast

import msgspec

from service.errors import BadRow
from service.import_batches import Batch, Lines, Prepared, numbered, read_lines
from service.masking import Masks
from service.measures import define, own_metrics

_PROGRAM = f"from {__name__} import work; work()"
_GONE = (EOFError, OSError)  # what a pipe says when its other end is closed
_ALONE = 1  # batch: of a file that has no more, nobody else need read anything


class _Bad(NamedTuple):
    line: int
    why: str


class _Told(NamedTuple):
    rows: list[Prepared]
    bad: list[_Bad]


_packed = msgspec.msgpack.Encoder().encode
_lines_of = msgspec.msgpack.Decoder(Lines).decode
_told_of = msgspec.msgpack.Decoder(_Told).decode


def batches_of_lines(lines: Iterable[str], masks: Masks, *, source: str) -> Iterator[Batch]:
    """Yield what the lines of a file are, in their order; those of a large one are read by a
    process beside this one, which stores meanwhile.
    """

    def read(these: Lines) -> Batch:
        return read_lines(these, masks, source=source)

    parts = numbered(lines)
    yield from map(read, islice(parts, _ALONE))
    more = next(parts, None)
    if more is None:
        return
    parts = chain([more], parts)
    if (os.cpu_count() or 1) == 1:
        yield from map(read, parts)
        return
    with Reader(masks, source=source) as reader:
        yield from reader.batches(parts)


class Reader:
    """The other process. It has one batch of lines in hand, so neither waits to be listened to."""

    def __init__(self, masks: Masks, *, source: str) -> None:
        self._masks = masks
        self._source = source
        # A fresh interpreter, because a fork would share the open database. Of a group of its own,
        # because Ctrl-C is for the one that stores.
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
            process_group=0,
        )
        self._to = Connection(_taken(self.process.stdin), readable=False)
        self._from = Connection(_taken(self.process.stdout), writable=False)
        self._is_ready = self._is_lost = False
        self._send(pickle.dumps((masks, source, own_metrics())))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._to.close()
        self._from.close()
        if not self._is_ready:
            self.process.kill()  # it would go on until it had begun
        self.process.wait()

    def batches(self, parts: Iterable[Lines]) -> Iterator[Batch]:
        """Yield the lines' batches in their order; those before it is ready are read here."""
        ahead: Lines | None = None
        for these in parts:
            if ahead is not None:
                found = self._result(ahead)
                ahead = self._give(these)
                yield found
            elif self.is_reading():
                ahead = self._give(these)
            else:
                yield self._read(these)
        if ahead is not None:
            yield self._result(ahead)

    def is_reading(self) -> bool:
        """Whether the other process has begun, and is there."""
        if not (self._is_ready or self._is_lost) and self._from.poll():
            self._is_ready = self._receive() is not None
        return self._is_ready and not self._is_lost

    def _give(self, these: Lines) -> Lines:
        self._send(_packed(these))
        return these

    def _result(self, these: Lines) -> Batch:
        told = self._receive()
        if told is None:
            return self._read(these)
        found = _told_of(told)
        bad = [BadRow(*one) for one in found.bad]
        return Batch(rows=found.rows, bad=bad)

    def _send(self, told: bytes) -> None:
        try:
            self._to.send_bytes(told)
        except OSError:
            self._is_lost = True

    def _receive(self) -> bytes | None:
        try:
            return None if self._is_lost else self._from.recv_bytes()
        except _GONE:
            self._is_lost = True
            return None

    def _read(self, these: Lines) -> Batch:
        return read_lines(these, self._masks, source=self._source)


def _taken(stream: IO[bytes] | None) -> int:
    """Take a pipe away from the process object, and return it."""
    with cast(IO[bytes], stream) as file:
        return os.dup(file.fileno())


def work() -> None:
    """Be the other process: answer until its input is closed."""
    asked, told = Connection(0, writable=False), Connection(1, readable=False)
    try:
        masks, source, metrics = pickle.loads(asked.recv_bytes())  # noqa: S301  # from ourselves
        define(metrics)
        told.send_bytes(b"")
        while True:
            found = read_lines(_lines_of(asked.recv_bytes()), masks, source=source)
            bad = [_Bad(one.line, one.why) for one in found.bad]
            told.send_bytes(_packed(_Told(list(found.rows), bad)))
    except _GONE:
        return
