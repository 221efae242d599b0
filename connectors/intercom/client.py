"""Talks to Intercom: one HTTP client, one way to fail, one count of calls.

Knows headers, retries and what an answer's status means. Refuses to know what is in a
conversation. The SDK shares the client for the few small calls; its search pager never advances,
its own retries are off by two, and parsing a conversation costs it 9 ms, so the many calls
(search, retrieve, update) are plain JSON.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import httpx
from intercom import Intercom as Sdk
from intercom.core.api_error import ApiError

from connectors._http import Refused, Retries, ServerFailed, problem_of
from connectors.intercom.limiter import Limiter
from connectors.intercom.payload import Json, complaint
from service.errors import Misbehaving, RateLimited, VerbatimError

T = TypeVar("T")

WHO = "Intercom"
VERSION = "2.14"  # what the SDK was made from; sent always, else the app's own setting decides
NEWER_VERSION = "2.16"  # conversation attributes and the list of deleted conversations
_TIMEOUTS = httpx.Timeout(30.0, connect=10.0)
WORKERS = 8  # retrieves and updates at a time


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
        self._retries = Retries(sleep=sleep)
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
        self, path: str, *, params: dict[str, str] | None = None, version: str = VERSION
    ) -> Json:
        return self._retries.call(lambda: self._once("GET", path, version, params=params))

    def search(self, path: str, query: Json, *, tries: int | None = None) -> Json:
        """POST a question; it changes nothing, so it is tried again like a GET.

        `tries` counts failures only: being asked to slow down is none.
        """
        once = replace(self._retries, tries=tries) if tries else self._retries
        return self._retries.call_write(
            lambda: once.call(lambda: self._once("POST", path, VERSION, body=query))
        )

    def put(self, path: str, body: Json) -> Json:
        """Set values. Setting them twice does no harm, so a lost answer is asked for again."""
        return self._retries.call(lambda: self._once("PUT", path, VERSION, body=body))

    def repeatable(self, method: str, path: str, body: Json) -> Json:
        """Make a change that is the same done twice, such as adding or removing a tag."""
        return self._retries.call(lambda: self._once(method, path, VERSION, body=body))

    def create(self, path: str, body: Json, *, version: str = VERSION) -> Json:
        """POST something new, which must not happen twice."""
        return self._retries.call_write(lambda: self._once("POST", path, version, body=body))

    def ask_sdk(self, question: Callable[[Sdk], T]) -> T:
        """Make a small, repeatable call through the SDK, with our retries and our errors."""
        return self._retries.call(lambda: self._sdk_once(question))

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
        try:
            answer = self._http.request(
                method,
                self._base_url + path,
                params=params,
                json=body,
                headers={"Intercom-Version": version},
            )
        except httpx.RequestError as error:
            raise _no_answer(error) from error
        content = _json_of(answer)
        if not answer.is_success:
            raise self._problem(answer.status_code, dict(answer.headers), content)
        if not isinstance(content, dict):
            raise Misbehaving(f"{WHO} answered something that is not its JSON.")
        return content

    def _problem(self, status: int, headers: dict[str, str], body: object) -> VerbatimError:
        if status == 429:
            lower = {name.lower(): value for name, value in headers.items()}
            return RateLimited(self._limiter.asked_wait(lower))
        if status == 405 and not isinstance(body, dict):
            # A captcha page comes from something in front of Intercom and goes away by itself.
            return ServerFailed(f"{WHO} could not be reached ({status}).", status=status)
        found = problem_of(status, headers, who=WHO, says=complaint(body))
        return found or Misbehaving(f"{WHO} sent an answer that breaks off.")

    def _before(self, _: httpx.Request) -> None:
        self._limiter.wait()
        with self._lock:
            self._count_call()

    def _after(self, answer: httpx.Response) -> None:
        self._limiter.read(answer.headers)


def _json_of(answer: httpx.Response) -> Any:
    if not answer.content:
        return {}
    try:
        return answer.json()
    except ValueError:
        return None


def _no_answer(error: httpx.RequestError) -> ServerFailed:
    kind = "in time" if isinstance(error, httpx.TimeoutException) else "at all"
    return ServerFailed(f"{WHO} did not answer {kind}, also after several tries.")


def not_there(error: Refused) -> bool:
    return error.status == 404
