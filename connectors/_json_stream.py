"""Reads JSON objects one by one from a file of any size: one a line, in a list, or in a wrapper.

Knows where an object begins and ends; what it means is decided elsewhere. At most one object is
held in memory.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any, TextIO

from service.errors import BadRow

LONGEST = 32 * 1024 * 1024  # characters of one object
_BLANK = "\ufeff \t\r\n"
_WRAPPER_REACH = 4000  # characters before the list of a wrapper
_CHUNK = 256 * 1024
# Possessive, so that a string without an end is read once.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    line: int
    data: dict[str, Any]


def objects(file: TextIO, *, wrappers: frozenset[str]) -> Iterator[Found | BadRow]:
    """Yield the objects of a file. `wrappers` are names under which a list of them may stand."""
    first = file.readline(_CHUNK)
    number = 1
    while first and not first.strip(_BLANK):
        number += first.count("\n")
        first = file.readline(_CHUNK)
    if _is_by_line(first, wrappers):
        yield from _by_line(first, number, file)
    else:
        yield from _Elements(file, first, number, wrappers).read()


def first_object(start: str, *, wrappers: frozenset[str]) -> dict[str, Any] | None:
    """Return the first whole object of the start of a file."""
    found = objects(StringIO(start), wrappers=wrappers)
    return next((each.data for each in found if isinstance(each, Found)), None)


def _is_by_line(first: str, wrappers: frozenset[str]) -> bool:
    start = first.lstrip(_BLANK)
    if not start.startswith("{") or any(
        re.search(rf'"{name}"\s*:\s*\[', start[:_WRAPPER_REACH]) for name in wrappers
    ):
        return False
    # A first line that is only half of an object is one bad row of many.
    return len(start.rstrip()) > 1


def _by_line(first: str, number: int, file: TextIO) -> Iterator[Found | BadRow]:
    line = first
    while line:
        whole = line.endswith("\n") or len(line) < _CHUNK
        while not whole and len(line) < LONGEST:
            more = file.readline(min(len(line), LONGEST))
            line += more
            whole = more.endswith("\n") or not more
        if not whole:
            _skip_line(file)
            yield BadRow(number, f"it has more than {LONGEST} characters")
        elif line.strip(_BLANK):
            yield _parsed(line, number)
        number += 1
        line = file.readline(_CHUNK)


def _skip_line(file: TextIO) -> None:
    while (more := file.readline(_CHUNK)) and not more.endswith("\n"):
        pass


def _parsed(text: str, line: int) -> Found | BadRow:
    try:
        data = json.loads(text.strip(_BLANK))
    except (ValueError, RecursionError):
        return BadRow(line, "it is not JSON, or only half of it")
    if not isinstance(data, dict):
        return BadRow(line, "it is not a JSON object")
    return Found(line=line, data=data)


class _Elements:
    """Finds objects by their brackets, whatever lines they stand on."""

    def __init__(self, file: TextIO, first: str, line: int, wrappers: frozenset[str]) -> None:
        self._file = file
        self._buffer = first
        self._line = line  # of the buffer's first character
        self._names = frozenset(f'"{name}"' for name in wrappers)
        self._position = 0  # up to here the buffer was looked at
        self._start: int | None = None  # of the object that is open
        self._base = 0  # how deep objects stand
        self._depth = 0
        self._name = ""  # the last string seen outside of objects
        self._is_wrapper = False
        self._base_was_found = not first

    def read(self) -> Iterator[Found | BadRow]:
        while True:
            mark = _TOKEN.search(self._buffer, self._position)
            if mark is None or mark.group() == '"':
                self._position = len(self._buffer) if mark is None else mark.start()
                if self._too_long():
                    yield BadRow(
                        self._line,
                        f"it has more than {LONGEST} characters; the rest of the file was not read",
                    )
                    return
                if not self._refilled():
                    break
                continue
            self._position = mark.end()
            found = self._step(mark.group(), mark.start())
            if found is not None:
                yield found
        if self._start is not None or self._depth:
            yield BadRow(self._line, "the file ends in the middle of it")
        elif not self._base_was_found:
            yield BadRow(1, "there is no list of conversations in it")

    def _step(self, mark: str, at: int) -> Found | BadRow | None:
        if mark in "{[":
            self._open(mark, at)
            return None
        if mark in "}]":
            self._depth = max(self._depth - 1, 0)
            if self._start is not None and self._depth == self._base:
                return self._close(at + 1)
            if self._is_wrapper and self._depth < self._base:
                self._base, self._is_wrapper = 0, False
            return None
        if self._start is None:
            self._name = mark
        return None

    def _open(self, mark: str, at: int) -> None:
        if self._start is None:
            if mark == "[" and self._depth == 0:
                self._base, self._base_was_found = 1, True
            elif mark == "[" and self._depth == 1 and self._name in self._names:
                self._base, self._is_wrapper, self._base_was_found = 2, True, True
            elif mark == "{" and self._depth == self._base and self._base:
                self._start = at
        self._depth += 1

    def _close(self, end: int) -> Found | BadRow:
        start = self._start or 0
        text, line = self._buffer[start:end], self._line + self._buffer.count("\n", 0, start)
        self._start = None
        return _parsed(text, line)

    def _too_long(self) -> bool:
        return len(self._buffer) - (self._start or 0) > LONGEST

    def _refilled(self) -> bool:
        """Drop what was read and read on; twice as much each time, so that copying stays linear."""
        keep = self._position if self._start is None else self._start
        more = self._file.read(max(_CHUNK, len(self._buffer) - keep))
        if not more:
            # What is left open starts here.
            self._line += self._buffer.count("\n", 0, keep)
            return False
        self._line += self._buffer.count("\n", 0, keep)
        self._buffer = self._buffer[keep:] + more
        self._position -= keep
        self._start = None if self._start is None else 0
        return True
