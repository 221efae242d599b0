"""How fast we may call: one budget for the exports, which are counted apart, one for everything.

Learns the real limits from every answer's headers and slows down before they are used up, since
the account's other integrations live on the same calls. zenpy's own protection looks only at
x-rate-limit-remaining, where the exports' ten calls a minute do not show.
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors._http import Pace

# Ten a minute (thirty with an add-on) for all integrations together; two are left to the others.
EXPORT_CALLS_PER_MINUTE = 8
_LONGEST_HOLD = 120.0  # limits are counted by the minute, so a later reset is a mistake
_DEFAULT_HOLD = 60.0
_GENERAL = (
    ("x-rate-limit", "x-rate-limit-remaining", "ratelimit-reset"),
    ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    ("rate-limit-limit", "rate-limit-remaining", "rate-limit-reset"),
)
_ENDPOINT = "zendesk-ratelimit-"
_OF_WRITES = "zendesk-ratelimit-per-ticket-updates"  # of one ticket; counted where we write
_PART = re.compile(r"(total|remaining|resets)\s*=\s*(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer says of a limit."""

    limit: int
    left: int
    resets: float | None = None  # seconds until all calls are free again


def general_limit(headers: Mapping[str, str]) -> Told | None:
    for limit, left, resets in _GENERAL:
        found = _number(headers.get(limit)), _number(headers.get(left))
        if found[0] and found[1] is not None:
            return Told(limit=found[0], left=found[1], resets=_number(headers.get(resets)))
    return None


def endpoint_limit(headers: Mapping[str, str]) -> Told | None:
    """Return the tightest limit that counts this kind of call alone."""
    found: list[Told] = []
    for name, text in headers.items():
        if not name.lower().startswith(_ENDPOINT) or name.lower() == _OF_WRITES:
            continue
        parts = {key: int(value) for key, value in _PART.findall(text)}
        if parts.get("total") and "remaining" in parts:
            told = Told(limit=parts["total"], left=parts["remaining"], resets=parts.get("resets"))
            found.append(told)
    return min(found, key=lambda each: each.left, default=None)


def _number(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


class Budget:
    """Calls of one kind. `per_minute` (None: no pace of our own) gives way to what is told."""

    def __init__(
        self,
        per_minute: int | None,
        *,
        most: int | None = None,
        leave: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._paced = per_minute is not None
        self._most = most
        self._leave = leave  # the share of every limit that is left to others
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace(_least(per_minute, most), clock=clock, sleep=sleep)
        self._not_before = clock()

    def wait(self) -> None:
        """Return when the next call may be made."""
        hold = min(self._not_before - self._clock(), _LONGEST_HOLD)
        if hold > 0:
            self._sleep(hold)
        self._pace.wait()

    def learn(self, told: Told) -> None:
        reserve = max(1, int(told.limit * self._leave))
        if self._paced:
            self._pace.per_minute = _least(max(1, told.limit - reserve), self._most)
        resets = _DEFAULT_HOLD if told.resets is None else min(told.resets, _LONGEST_HOLD)
        free = told.left - reserve
        if free <= 0:
            self._not_before = self._clock() + resets
        elif free <= reserve:
            # The end is near: what is left is spread over the rest of the minute.
            self._not_before = self._clock() + resets / (free + 1)


def _least(first: int | None, second: int | None) -> int | None:
    given = [each for each in (first, second) if each is not None]
    return min(given) if given else None
