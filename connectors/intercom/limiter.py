"""Slows our calls down while Intercom's share for this window runs out.

Knows the X-RateLimit headers of the page "Rate Limiting": how many calls the window allows, how
many are left, when it starts again. Knows no HTTP library, and hard-codes no limit: they differ by
plan, and some servers send none.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from connectors._http import retry_after

WINDOW = 10.0  # seconds; the minute's calls are handed out in windows of this length
_FAR_AWAY = 120.0  # a reset later than this is told by another clock than ours
_BUSY = 0.5  # below this remaining share the calls are spread out
_RESERVED = 0.25  # of the window, for the customer's other apps


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
        self._limit: float | None = None
        self._remaining = 0.0
        self._reset = 0.0

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
            pause = self._pause()
            self._remaining = max(self._remaining - 1, 0.0)
        if pause > 0:
            self._sleep(pause)

    def _pause(self) -> float:
        left = self._reset - self._now()
        if not self._limit or not 0 < left < _FAR_AWAY:
            return 0.0
        if self._remaining / self._limit >= _BUSY:
            return 0.0
        budget = self._remaining - self._limit * _RESERVED
        return left / budget if budget > 1 else left

    def asked_wait(self, headers: Mapping[str, str]) -> timedelta:
        """Return how long a 429 asks us to wait.

        Intercom documents X-RateLimit-Reset and no Retry-After; without either the next window is
        a safe guess.
        """
        reset = _positive(headers.get("x-ratelimit-reset"))
        if reset is not None and 0 < reset - self._now() < _FAR_AWAY:
            return timedelta(seconds=max(reset - self._now(), 1.0))
        header = headers.get("retry-after")
        if header is None:
            return timedelta(seconds=WINDOW)
        return retry_after(header, now=_utc(self._now()))


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None
