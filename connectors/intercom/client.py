"""Talks to Intercom: one HTTP client, one way to fail, one count of calls.

Knows headers, retries and how much of an answer is read. Refuses to know what is in a
conversation. The SDK shares the client for the few small calls; its search pager never advances,
its own retries are off by two, and parsing a conversation costs it 9 ms, so the many calls
(search, retrieve, update) are plain JSON.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from intercom import Intercom as Sdk
from intercom.core.api_error import ApiError

from connectors._http import ServerFailed
from connectors._in_time import answer_in_time
from connectors.intercom.limiter import Limiter
from connectors.intercom.payload import Json, parsed
from connectors.intercom.problems import WHO, problem_in
from connectors.intercom.retrying import TRIES, Retrying
from service.errors import Misbehaving, RateLimited, Unreachable, VerbatimError

T = TypeVar("T")

VERSION = "2.14"  # what the SDK was made from; sent always, else the app's own setting decides
NEWER_VERSION = "2.16"  # conversation attributes and the list of deleted conversations
WORKERS = 8  # retrieves and updates at a time
_TIMEOUTS = httpx.Timeout(30.0, connect=10.0)
_MOST_BYTES = 48 * 1024 * 1024  # of an answer; 500 parts are seldom one


class TooLarge(Misbehaving):
    """Intercom sent an answer that is larger than anything we read."""


class Client:
    """Safe to use from several threads. Raises only errors of service.errors."""

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        count_call: Callable[[], None],
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._limiter = Limiter(now=now, sleep=sleep)
        self._retrying = Retrying(sleep=sleep)
        self._count_call = count_call
        self._lock = threading.Lock()
        self._base_url = base_url
        self._http = httpx.Client(
            timeout=_TIMEOUTS,
            transport=transport,
            # A redirect to another host would carry the token there.
            follow_redirects=False,
            limits=httpx.Limits(max_connections=WORKERS * 2),
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            event_hooks={"request": [self._before], "response": [self._after]},
        )
        answer_in_time(self._http, now)
        self._sdk = Sdk(
            token=token,
            base_url=base_url,
            headers={"Intercom-Version": VERSION},
            follow_redirects=False,
            httpx_client=self._http,
        )

    def close(self) -> None:
        self._http.close()

    def get(
        self,
        path: str,
        *,
        params: dict[str, str] | None = None,
        version: str = VERSION,
        tries: int = TRIES,
    ) -> Json:
        return self._retrying.call(
            lambda: self._once("GET", path, version, params=params), tries=tries
        )

    def search(self, path: str, query: Json, *, tries: int = TRIES) -> Json:
        """POST a question; it changes nothing, so it is tried again like a GET."""
        return self._retrying.call(
            lambda: self._once("POST", path, VERSION, body=query), tries=tries
        )

    def put(self, path: str, body: Json, *, landed: Callable[[Json], bool]) -> Json:
        """Set values. After a lost answer the row is read, and `landed` says whether to go on."""
        lost = False

        def attempt() -> Json:
            nonlocal lost
            if lost:
                found = self._once("GET", path, VERSION)
                if landed(found):
                    return found
            try:
                return self._once("PUT", path, VERSION, body=body)
            except (Misbehaving, Unreachable):
                lost = True
                raise

        return self._retrying.call(attempt)

    def repeatable(self, method: str, path: str, body: Json) -> Json:
        """Make a change that is the same done twice, such as adding or removing a tag."""
        return self._retrying.call(lambda: self._once(method, path, VERSION, body=body))

    def create(self, path: str, body: Json, *, version: str = VERSION) -> Json:
        """POST something new, which must not happen twice."""
        return self._retrying.call_once(lambda: self._once("POST", path, version, body=body))

    def ask_sdk(self, question: Callable[[Sdk], T]) -> T:
        """Make a small, repeatable call through the SDK, with our retries and our errors."""
        return self._retrying.call(lambda: self._sdk_once(question))

    def _sdk_once(self, question: Callable[[Sdk], T]) -> T:
        try:
            return question(self._sdk)
        except ApiError as error:
            status = error.status_code or 0
            # A body cut short is an ApiError with the status 200.
            raise self._problem(status, dict(error.headers or {}), error.body) from error
        except httpx.RequestError as error:
            raise _no_answer(error) from error

    def _once(
        self,
        method: str,
        path: str,
        version: str,
        *,
        params: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        headers = {"Intercom-Version": version}
        try:
            with self._http.stream(
                method, self._base_url + path, params=params, json=body, headers=headers
            ) as answer:
                content = parsed(self._read(answer))
        except httpx.RequestError as error:
            raise _no_answer(error) from error
        if not answer.is_success:
            raise self._problem(answer.status_code, dict(answer.headers), content)
        if not isinstance(content, dict):
            raise Misbehaving(f"{WHO} answered something that is not its JSON.")
        return content

    def _read(self, answer: httpx.Response) -> bytes:
        """Return the body, unless it is endless in size; the connection sees to the time."""
        chunks, size = list[bytes](), 0
        for chunk in answer.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > _MOST_BYTES:
                raise TooLarge
        return b"".join(chunks)

    def _problem(self, status: int, headers: dict[str, str], body: Any) -> VerbatimError:
        if status == 429:
            lower = {name.lower(): value for name, value in headers.items()}
            return RateLimited(self._limiter.slow_down(lower))
        return problem_in(status, headers, body)

    def _before(self, request: httpx.Request) -> None:
        self._limiter.wait()
        with self._lock:
            self._count_call()

    def _after(self, answer: httpx.Response) -> None:
        self._limiter.read(answer.headers)


def _no_answer(error: httpx.RequestError) -> ServerFailed:
    kind = "in time" if isinstance(error, httpx.TimeoutException) else "at all"
    return ServerFailed(f"{WHO} did not answer {kind}, also after several tries.")
