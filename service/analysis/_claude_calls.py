"""Calls Claude and pays for it. The only importer of the SDK.

Knows what may go wrong and what each attempt costs: every one is noted before it is made. Repeats
are made here and not in the SDK, which would make them unseen. Knows nothing of an answer's form.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from service.analysis._claude_prices import Price, price_of, usage_at_most
from service.analysis._claude_shapes import (
    Answer,
    Ended,
    ended_of,
    lacking_in,
    request_id,
    text_of,
    usage_of,
)
from service.costs import Bill, CostLedger
from service.domain.costs import NANO, Payment
from service.errors import (
    Misbehaving,
    OverBudget,
    RateLimited,
    RetryLater,
    SkipThis,
    TellPerson,
    Unauthorized,
)
from service.in_time import Patience, answer_in_time
from service.ports import Clock

if TYPE_CHECKING:
    import anthropic

BASE_URL = "https://api.anthropic.com"
TIMEOUT = 60.0  # seconds for one wait
LONGEST_ANSWER = 180.0  # seconds for a whole answer: a byte now and then meets every wait
_SLOWEST_RESULTS = 500.0  # bytes a second: a batch's results are stored while they are read
LONGEST_WAIT = timedelta(seconds=60)  # within a run; a longer one ends it
WAIT_WHEN_LIMITED = timedelta(seconds=60)
_LONGEST_SAID = timedelta(hours=24)  # nobody is believed who asks for more
_NOT_FOUND, _OVERLOADED = 404, 529
_REPEATED = frozenset({408, 409})

T = TypeVar("T")
Wait = Callable[[float], None]


class Caller:
    """One client with one model and one budget."""

    def __init__(
        self,
        client: "anthropic.Anthropic",
        *,
        model: str,
        version: str,
        ledger: CostLedger,
        budget_usd: float,
        clock: Clock,
        retries: int,
        wait: Wait = time.sleep,
    ) -> None:
        self.model = model
        self.price: Price = price_of(model)
        self.bill = Bill()
        self.ledger = ledger
        self._client = client
        self._version = version
        self._limit = round(budget_usd * NANO)
        self._clock = clock
        self._retries = retries
        self._wait = wait

    def left_today(self) -> int:
        today = self._clock().date()
        return max(0, self._limit - self.ledger.spending(today, today).counted)

    def note(self, most: int, *, batch: str | None = None) -> int:
        call = self.ledger.note(self._version, most=most, limit=self._limit, batch=batch)
        if call is None:
            raise OverBudget(
                f"Today's budget for Claude ({self._limit / NANO:.2f} USD) is used up; it goes on "
                "tomorrow (UTC), or raise VERBATIM_CLAUDE__DAILY_BUDGET_USD."
            )
        return call

    def ask(self, params: Mapping[str, Any]) -> Answer:
        """Make one call, again while the vendor is not ready, each attempt on its own note."""
        most = self.most_for(params)
        return self._patiently(lambda: self._attempt(params, self.note(most)))

    def most_for(self, params: Mapping[str, Any], *, batch: bool = False) -> int:
        prompt = f"{params['system']}{params['messages']}{params['output_config']}"
        usage = usage_at_most(prompt, room=int(params["max_tokens"]))
        return self.price.of(usage, batch=batch)

    def paid(self, call: int, payment: Payment) -> None:
        self.ledger.settle(call, payment)
        self.bill.nano += payment.nano
        self.bill.calls += 1
        self.bill.usage += payment.usage

    def graded(self, call: int, *, quotes: int, dropped: int) -> None:
        self.bill.quotes += quotes
        self.bill.quotes_dropped += dropped
        if quotes:
            self.ledger.graded(call, quotes=quotes, dropped=dropped)

    def _attempt(self, params: Mapping[str, Any], call: int) -> Answer:
        try:
            with _translated():
                message = self._client.messages.create(**cast(Any, params))
                usage = usage_of(getattr(message, "usage", None))
        except _Uncharged as refused:
            self.ledger.release(call)
            raise refused.reason from refused
        except RetryLater:
            self.bill.calls_lost += 1
            self.ledger.lose(call)
            raise
        nano = self.price.of(usage)
        self.paid(call, Payment(nano=nano, usage=usage, request=request_id(message)))
        return Answer(
            text=text_of(message),
            stop_reason=str(getattr(message, "stop_reason", "")),
            usage=usage,
            call=call,
        )

    def _patiently(self, call: Callable[[], T], again: type[RetryLater] = RetryLater) -> T:
        """Call, and once more after a pause while the vendor is not ready in this way."""
        for attempt in range(self._retries + 1):
            try:
                return call()
            except (TellPerson, OverBudget):
                raise
            except again as error:
                self._wait_or_give_up(error, attempt)
        raise AssertionError  # the last attempt returns or raises

    def _wait_or_give_up(self, error: RetryLater, attempt: int) -> None:
        if attempt >= self._retries:
            raise error
        pause = min(8.0, 0.5 * 2**attempt)
        if isinstance(error, RateLimited):
            if error.retry_after > LONGEST_WAIT:
                raise error
            pause = max(pause, error.retry_after.total_seconds())
        self._wait(pause)

    def count_tokens(self, params: Mapping[str, Any]) -> int:
        names = ("model", "system", "messages", "thinking", "output_config")
        asked = {name: params[name] for name in names if name in params}

        def count() -> int:
            with _told():
                found = self._client.messages.count_tokens(**cast(Any, asked))
                return int(found.input_tokens)

        return self._patiently(count)

    def send_batch(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
        """Return the vendor's id. SkipThis, TellPerson, RateLimited: refused, nothing was made."""
        requests = [{"custom_id": name, "params": dict(params)} for name, params in rows]

        def send() -> str:
            try:
                with _translated():
                    made = self._client.messages.batches.create(requests=cast(Any, requests))
                    return str(made.id)
            except _Uncharged as refused:
                if refused.status == _OVERLOADED:
                    raise RateLimited(timedelta(0)) from refused
                raise refused.reason from refused

        return self._patiently(send, again=RateLimited)

    def batch_like(self, size: int, *, after: datetime, known: frozenset[str]) -> str | None:
        """Find a batch that was made and whose id a crash kept us from noting."""

        def find() -> str | None:
            with _told():
                page = self._client.messages.batches.list(limit=100)
                for batch in page.data:
                    counts = batch.request_counts
                    made = counts.processing + counts.succeeded + counts.errored
                    made += counts.canceled + counts.expired
                    if batch.id not in known and made == size and batch.created_at >= after:
                        return str(batch.id)
            return None

        return self._patiently(find)

    def has_ended(self, remote: str) -> bool:
        """Raise SkipThis when the vendor has no such batch (any more)."""
        return self._patiently(lambda: self._has_ended(remote))

    def _has_ended(self, remote: str) -> bool:
        with _told(missing=SkipThis("the vendor does not have the batch")):
            batch = self._client.messages.batches.retrieve(remote)
            if batch.processing_status == "ended" and batch.archived_at is not None:
                raise SkipThis("the batch's results were kept for too short a time")
            if batch.results_url:
                self._check_host(batch.results_url)
            return batch.processing_status == "ended" and bool(batch.results_url)

    def results(self, remote: str) -> Iterator[Ended]:
        """Yield the lines in the vendor's order, which is none; from the first when it breaks off.

        So a line may come twice.
        """
        for attempt in range(self._retries + 1):
            try:
                yield from self._results(remote)
            except RetryLater as error:
                self._wait_or_give_up(error, attempt)
            else:
                return

    def _results(self, remote: str) -> Iterator[Ended]:
        with _told():
            for line in self._client.messages.batches.results(remote):
                ended = ended_of(line)
                if ended is not None:
                    yield ended

    def lifecycle(self) -> str:
        """Say what the vendor says of the model, or raise TellPerson when it cannot be used."""
        with _told():
            model = self._client.models.retrieve(self.model)
        ends = f", ends {model.retires_at:%Y-%m-%d}" if model.retires_at else ""
        if model.lifecycle != "active":
            raise TellPerson(f"{self.model} is {model.lifecycle}{ends}")
        lacking = lacking_in(model.capabilities)
        if lacking:
            raise TellPerson(f"{self.model} has no {lacking}")
        return f"{self.model} is active{ends}"

    def _check_host(self, url: str) -> None:
        if _place(url) != _place(str(self._client.base_url)):
            raise TellPerson(
                "Claude names another host for a batch's results; the key is never sent there. "
                "Check VERBATIM_CLAUDE__BASE_URL."
            )


def make_client(
    key: str,
    base_url: str | None,
    *,
    now: Callable[[], float] = time.monotonic,
    timeout: float = TIMEOUT,
    longest: float = LONGEST_ANSWER,
) -> "anthropic.Anthropic":
    """Make the client from explicit values: nothing is taken from the SDK's own environment."""
    import anthropic
    import httpcore2

    at = base_url or BASE_URL
    home = _place(at)

    def only_home(request: Any) -> None:
        # The SDK follows a batch's `results_url`, and any redirect, with the key.
        if _place(str(request.url)) != home:
            raise _ElsewhereError

    http = anthropic.DefaultHttpxClient(base_url=at, event_hooks={"request": [only_home]})
    patience = Patience(now=now, longest=longest, slowest=_SLOWEST_RESULTS)
    answer_in_time(http, patience, too_late=httpcore2.ReadTimeout)
    return anthropic.Anthropic(
        api_key=key, base_url=at, timeout=timeout, max_retries=0, http_client=http
    )


class _ElsewhereError(Exception):
    """A request was about to leave for another host."""


class _Uncharged(Exception):  # not an error of its own: it carries one
    """The vendor answered with an error, or was never reached: nothing is charged."""

    def __init__(self, reason: Exception, status: int | None = None) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.status = status


@contextmanager
def _told(*, missing: Exception | None = None) -> Iterator[None]:
    """For calls that cost nothing themselves."""
    try:
        with _translated():
            yield
    except _Uncharged as refused:
        if missing is not None and refused.status == _NOT_FOUND:
            raise missing from refused
        raise refused.reason from refused


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into ours, by what the caller can do about them."""
    import anthropic
    import httpx2

    try:
        with warnings.catch_warnings():
            # The SDK warns at each call with an old model; `doctor` says it once, with the date.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except anthropic.APIStatusError as error:
        reason = _from_status(error.status_code, error.response.headers)
        raise _Uncharged(reason, error.status_code) from error
    except anthropic.APITimeoutError as error:
        raise RetryLater("Claude did not answer in time.") from error
    except anthropic.APIConnectionError as error:
        if isinstance(error.__cause__, _ElsewhereError):
            elsewhere = TellPerson("Claude sent us to another host; the key is never sent there.")
            raise _Uncharged(elsewhere) from error
        unreached = RetryLater("Claude could not be reached.")
        if isinstance(error.__cause__, httpx2.ConnectError):
            raise _Uncharged(unreached) from error
        raise unreached from error
    except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, TypeError, AttributeError) as e:
        # A body of another shape comes out of the SDK as a bare string or half a model.
        raise Misbehaving("Claude answered something that is no answer.") from e


def _from_status(status: int, headers: Mapping[str, str]) -> Exception:
    if status in {401, 403}:
        return Unauthorized("Claude refused the key: check VERBATIM_CLAUDE__API_KEY.")
    if status == 402:
        return TellPerson("Claude's account has no credit left: add some, or use `local`.")
    if status == _NOT_FOUND:
        return TellPerson("Claude does not know the model: check VERBATIM_CLAUDE__MODEL.")
    if status == 429:
        return RateLimited(retry_after(headers.get("retry-after")))
    if status >= 500 or status in _REPEATED:
        return RetryLater("Claude is overloaded or not ready.")
    return SkipThis(f"not analysed: Claude could not take it (status {status})")


def retry_after(said: str | None, *, now: datetime | None = None) -> timedelta:
    """Read seconds or a date; nonsense is a minute, and a day is the most."""
    if said is None:
        return WAIT_WHEN_LIMITED
    try:
        seconds = float(said)
    except ValueError:
        seconds = _seconds_until(said, now or datetime.now(UTC))
    if math.isnan(seconds) or seconds < 0:
        return WAIT_WHEN_LIMITED
    return timedelta(seconds=min(seconds, _LONGEST_SAID.total_seconds()))


def _seconds_until(said: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError):
        return math.nan
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _place(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual
