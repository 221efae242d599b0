"""How long to wait before Intercom is asked again, and when to give up.

Knows waits and counts. Being asked to slow down is no failure and is counted by itself: on a
workspace shared with other apps it happens at every window's end.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from connectors._http import Refused
from service.errors import Misbehaving, RateLimited, Unreachable

T = TypeVar("T")

TRIES = 6
_LONGEST = 60.0
_JITTER = 0.25  # of the wait, so that several workers do not come back in step
_MOST_SLOW_DOWNS = 60  # in a row; at ten seconds a window, ten minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """Waits 1, 2, 4 ... seconds after a failure, and what a 429 asks for."""

    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default=random.random)

    def call(self, request: Callable[[], T], *, tries: int = TRIES) -> T:
        """Return the answer of a request that may be made twice, or raise its last error."""
        for failed in range(1, tries):
            try:
                return self.call_once(request)
            except (Misbehaving, Unreachable) as error:
                if isinstance(error, Refused):
                    raise
                self.sleep(min(2.0 ** (failed - 1), _LONGEST) * (1 + _JITTER * self.chance()))
        return self.call_once(request)

    def call_once(self, request: Callable[[], T]) -> T:
        """Make a request that must not run twice: only a 429 was certainly not carried out."""
        for _ in range(_MOST_SLOW_DOWNS):
            try:
                return request()
            except RateLimited as error:
                self.sleep(error.retry_after.total_seconds() + self.chance())
        return request()
