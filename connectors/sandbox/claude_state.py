"""What the Claude stand-in remembers: its script of misbehaviours, batches and what it was asked.

Knows no HTTP.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Mode(StrEnum):
    """How the next answers turn out; without a script they follow the schema."""

    ANSWER = "answer"
    UNGROUNDED_QUOTE = "ungrounded_quote"  # a quote that no customer wrote
    WRONG_ENUM = "wrong_enum"  # a word that the schema does not allow
    REFUSAL = "refusal"
    MAX_TOKENS = "max_tokens"  # cut off in the middle of the JSON
    GARBAGE_JSON = "garbage_json"
    NO_JSON = "no_json"  # a polite sentence instead
    OVERLOADED = "overloaded"  # 529
    CONTEXT_WINDOW = "context_window"  # stop_reason model_context_window_exceeded


class BatchMode(StrEnum):
    """What goes wrong with the next batch; several at once are fine."""

    SLOW = "slow"  # in progress for `SLOW_LOOKS` looks
    SHUFFLED = "shuffled"
    DUPLICATED = "duplicated"  # each line twice, the second with another answer
    STRANGE_IDS = "strange_ids"  # lines more with ids that nobody sent
    LEFT_OUT = "left_out"  # every other request has no line
    OTHER_HOST = "other_host"  # the results are said to lie elsewhere
    EXPIRED = "expired"  # every other request
    ERRORED = "errored"  # every other request, with an error that passes
    INVALID = "invalid"  # every other request, with an error that stays
    ARCHIVED = "archived"  # the results were kept for too short a time


SLOW_LOOKS = 6


@dataclass(slots=True, kw_only=True)
class Batch:
    id: str
    requests: list[Mapping[str, Any]]
    created_at: datetime
    modes: frozenset[BatchMode] = frozenset()
    results: list[dict[str, Any]] = field(default_factory=list)
    polls: int = 0
    canceled: bool = False

    @property
    def ended(self) -> bool:
        """The first look finds it in progress, so that a caller must be able to wait."""
        return self.polls > (SLOW_LOOKS if BatchMode.SLOW in self.modes else 1)


@dataclass(slots=True, kw_only=True)
class ClaudeState:
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    requests: list[Mapping[str, Any]] = field(default_factory=list)  # as they arrived
    batches: dict[str, Batch] = field(default_factory=dict)
    lifecycles: dict[str, str] = field(default_factory=dict)  # model -> deprecated or retired
    lock: threading.Lock = field(default_factory=threading.Lock)
    _script: deque[Mode] = field(default_factory=deque)
    _batch_modes: list[BatchMode] = field(default_factory=list)
    _cached: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def script(self, mode: Mode, times: int = 1) -> None:
        """Make the next answers turn out this way."""
        with self.lock:
            self._script.extend([mode] * times)

    def next_mode(self) -> Mode:
        with self.lock:
            return self._script.popleft() if self._script else Mode.ANSWER

    def script_batch(self, *modes: BatchMode) -> None:
        """Make the next batch turn out this way."""
        with self.lock:
            self._batch_modes.extend(modes)

    def next_batch_modes(self) -> frozenset[BatchMode]:
        with self.lock:
            modes, self._batch_modes = frozenset(self._batch_modes), []
            return modes

    def next_number(self) -> int:
        return next(self._numbers)

    def was_cached(self, prefix: str) -> bool:
        """Whether this prefix was sent before; from now on it was."""
        with self.lock:
            known = prefix in self._cached
            self._cached.add(prefix)
            return known
