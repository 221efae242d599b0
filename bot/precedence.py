"""Lets Slack's acknowledgements go before answers: one is due at once, the other within seconds.

Knows only how many are under way and when the last one ended; whoever has time asks to wait.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET = 0.05  # seconds without one; a burst comes through few threads, with gaps between
LONGEST = 1.0  # seconds that an answer waits in all, however many come


class Precedence:
    """Safe among threads. `pause` waits for some seconds, by the clock that `now` reads."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._now = now
        self._pause = pause
        self._under_way = 0
        self._last = -QUIET + now()
        self._lock = threading.Lock()

    @contextmanager
    def acknowledging(self) -> Iterator[None]:
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._last = self._now()

    def give_way(self) -> None:
        """Return when no acknowledgement is due, or when that has taken too long."""
        until = self._now() + LONGEST
        while (left := min(self._still_due(), until - self._now())) > 0:
            self._pause(left)

    def _still_due(self) -> float:
        """Return for how long it is worth waiting before looking again."""
        with self._lock:
            return QUIET if self._under_way else self._last + QUIET - self._now()
