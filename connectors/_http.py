"""How every connector talks HTTP: which addresses are allowed, what a failed answer means, how
long to wait, and when to give up.

Knows no vendor and no HTTP library: requests and httpx both end up here as a status and headers.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from service.errors import Misbehaving, RateLimited, Unauthorized, Unreachable, VerbatimError

T = TypeVar("T")

SHORTEST_WAIT = timedelta(seconds=1)  # "0" or nonsense must not become a busy loop
LONGEST_ANSWER = 180.0  # seconds for a whole answer; a byte now and then meets every read timeout
LONGEST_WAIT = timedelta(minutes=15)  # a header of 1e9 seconds is a mistake, not a plan
_FIRST_BACK_OFF = 0.5
_LONGEST_BACK_OFF = 30.0


# --- Addresses -----------------------------------------------------------------------------------


def checked_base_url(text: str) -> str:
    """Return the address without a trailing slash, or raise ValueError with the reason.

    https is required, since our credentials travel there; plain http only reaches this machine.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the base URL must look like https://helpdesk.example.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the base URL must hold no user, password, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("the base URL must use https; plain http is for this machine only")
    return text.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


# --- Answers -------------------------------------------------------------------------------------


class ServerFailed(Unreachable):
    """The other side failed to answer, also after several tries."""

    def __init__(self, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # None: no answer arrived (timeout, connection lost)


class Refused(Misbehaving):
    """The other side understood the request and refused it; the same request stays refused."""

    def __init__(self, message: str | None = None, *, status: int) -> None:
        super().__init__(message)
        self.status = status


def problem_of(
    status: int,
    headers: Mapping[str, str],
    *,
    who: str,
    says: str = "",
    credential: str = "the token",
) -> VerbatimError | None:
    """Return the error that a status means, or None for success.

    `who` is the vendor's name for the sentence, `says` a short reason from its answer, and
    `credential` what we signed in with, as its setting is called.
    """
    if 200 <= status < 300:
        return None
    if status == 401:
        return Unauthorized(
            f"{who} refused our credentials (401): check {credential} and its user."
        )
    if status == 403:
        return Unauthorized(
            f"{who} does not let our user do this (403{_tail(says)}): check the rights of"
            f" {credential} and its user."
        )
    if status == 429:
        return RateLimited(retry_after(_header(headers, "retry-after"), now=datetime.now(UTC)))
    if status >= 500 or status == 408:
        return ServerFailed(
            f"{who} could not answer ({status}), also after several tries.", status=status
        )
    return Refused(f"{who} refused a request ({status}{_tail(says)}).", status=status)


def _tail(says: str) -> str:
    return f", {says[:200]}" if says else ""


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def retry_after(header: str | None, *, now: datetime) -> timedelta:
    """Return how long a Retry-After header asks us to wait, within our own bounds.

    RFC 9110 allows whole seconds or a date; vendors also send fractions, "0" and nothing at all.
    """
    return min(max(_asked_wait((header or "").strip(), now), SHORTEST_WAIT), LONGEST_WAIT)


def _asked_wait(header: str, now: datetime) -> timedelta:
    try:
        seconds = float(header)
    except ValueError:
        return _until_date(header, now)
    # "nan" compares false and "inf" is larger: neither can be turned into a timedelta.
    if not seconds < LONGEST_WAIT.total_seconds():
        return LONGEST_WAIT if seconds > 0 else SHORTEST_WAIT
    return timedelta(seconds=max(seconds, 0.0))


def _until_date(header: str, now: datetime) -> timedelta:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return SHORTEST_WAIT
    # "-0000" in a date parses as naive; HTTP dates are in UTC.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now


# --- Trying again --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a harmless request (a GET) is tried, and how long to wait in between.

    Waits what a 429 asks for, else a random time under a doubling bound (full jitter), so that
    several workers do not come back in step.
    """

    tries: int = 6
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default=random.random)

    def call(self, request: Callable[[], T]) -> T:
        """Return the request's answer, or raise its last error."""
        return self._retrying(_may_pass)(request)

    def call_write(self, request: Callable[[], T]) -> T:
        """Try a request that must not run twice: only a 429 was certainly not carried out."""
        return self._retrying(lambda error: isinstance(error, RateLimited))(request)

    def _retrying(self, again: Callable[[BaseException], bool]) -> Retrying:
        return Retrying(
            retry=retry_if_exception(again),
            stop=stop_after_attempt(self.tries),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        bound = min(_FIRST_BACK_OFF * float(2**state.attempt_number), _LONGEST_BACK_OFF)
        jitter: float = self.chance() * bound
        if isinstance(error, RateLimited):
            return error.retry_after.total_seconds() + min(jitter, 1.0)
        return jitter


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, Refused):
        return False
    return isinstance(error, RateLimited | Unreachable | Misbehaving)


class Pace:
    """Spreads calls over time: at most `per_minute` in any minute, however fast we could be."""

    def __init__(
        self,
        per_minute: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._sleep = sleep
        self._times: list[float] = []

    def wait(self) -> None:
        """Return when the next call may be made."""
        if self.per_minute is None:
            return
        now = self._clock()
        self._times = [each for each in self._times if each > now - 60]
        if len(self._times) >= self.per_minute:
            # A clock that was set back must not make this longer than the minute it is about.
            self._sleep(min(self._times[-self.per_minute] + 60 - now, 60.0))
            now = self._clock()
        self._times.append(now)


class PageLoopGuard:
    """Turns a repeated cursor into an error, where following it would never end."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._seen: set[str] = set()

    def go_on(self, cursor: str) -> str:
        """Return the cursor to follow, or raise Misbehaving when it was followed before."""
        if cursor in self._seen:
            raise Misbehaving(f"{self._who} sent the same page cursor twice; nothing was lost.")
        self._seen.add(cursor)
        return cursor
