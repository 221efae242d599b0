"""Keeps our calls within half of what Intercom allows in a window, and off when it says stop.

Knows the X-RateLimit headers of the page "Rate Limiting": how many calls the window allows, how
many are left, when it starts again. Knows no HTTP library, and hard-codes no limit: they differ by
plan, and some servers send none.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from connectors._http import retry_after

WINDOW = 10.0  # seconds; the minute's calls are handed out in windows of this length
OUR_SHARE = 0.5  # of the window; the customer's other apps have the rest
_RESERVED = 0.1  # nobody goes on when so little is left, whoever used it up
_FAR_AWAY = 120.0  # a reset later than this is told by another clock than ours


class Limiter:
    """Shared by all threads that call one workspace."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._turns: deque[float] = deque()  # of our calls: the last window's, and those to come
        self._limit: float | None = None
        self._remaining = 0.0
        self._reset = 0.0
        self._closed_until = 0.0

    def read(self, headers: Mapping[str, str]) -> None:
        """Note what an answer's headers say; an answer without them changes nothing."""
        limit, remaining, reset = (
            _positive(headers.get(f"x-ratelimit-{name}"))
            for name in ("limit", "remaining", "reset")
        )
        if limit is None or remaining is None or reset is None:
            return
        with self._lock:
            self._limit, self._remaining, self._reset = limit, remaining, reset

    def wait(self) -> None:
        """Return when the next call may be made."""
        with self._lock:
            now = self._now()
            turn = self._next_turn(now)
            self._turns.append(turn)
            self._remaining = max(self._remaining - 1, 0.0)
        if turn > now:
            self._sleep(turn - now)

    def _next_turn(self, now: float) -> float:
        """Return when a call may go: a window that slides has no edge at which two halves meet."""
        while self._turns and self._turns[0] <= now - WINDOW:
            self._turns.popleft()
        turn = max(now, self._closed_until if self._closed_until - now < _FAR_AWAY else now)
        if not self._limit:
            return turn
        share = max(int(self._limit * OUR_SHARE), 1)
        if len(self._turns) >= share:
            turn = max(turn, self._turns[-share] + WINDOW)
        if self._remaining < self._limit * _RESERVED and 0 < self._reset - now < _FAR_AWAY:
            turn = max(turn, self._reset)
        return turn

    def slow_down(self, headers: Mapping[str, str]) -> timedelta:
        """Return how long a 429 asks us to wait; nobody else calls before that either.

        Intercom documents X-RateLimit-Reset and no Retry-After; without either the next window is
        a safe guess.
        """
        asked = self._asked_wait(headers)
        with self._lock:
            self._closed_until = max(self._closed_until, self._now() + asked.total_seconds())
        return asked

    def _asked_wait(self, headers: Mapping[str, str]) -> timedelta:
        reset = _positive(headers.get("x-ratelimit-reset"))
        if reset is not None and 0 < reset - self._now() < _FAR_AWAY:
            return timedelta(seconds=max(reset - self._now(), 1.0))
        header = headers.get("retry-after")
        if header is None:
            return timedelta(seconds=WINDOW)
        return retry_after(header, now=datetime.fromtimestamp(self._now(), UTC))


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None
