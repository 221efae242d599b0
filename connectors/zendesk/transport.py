"""The wire to one Zendesk account: credentials, the address override, and errors instead of codes.

Only the account's own host is ever called, whatever address an answer contains: following a link
of an answer would hand our credentials to another host. Knows no ticket.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from connectors._http import ServerFailed, is_loopback, problem_of
from connectors.zendesk.in_time import answer_in_time
from connectors.zendesk.oauth import Credentials, GrantRefused
from service.errors import Misbehaving

WHO = "Zendesk"
CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 90.0  # an export page of 1,000 tickets takes long, and then fails with 504
_NO_ANSWER_IN_TIME = 408
_MOST_RENEWALS = 2  # what another process got meanwhile may have run out as well


class AccountAdapter(HTTPAdapter):
    """Sends what is meant for the account to its base URL; raises service.errors for failures.

    No request is repeated here: a lost answer to a write must not store it twice.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials,
        on_call: Callable[[], None],
        on_answer: Callable[[str, Mapping[str, str]], None] = lambda path, headers: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock  # first: the pools are opened by what comes next
        super().__init__(max_retries=0)
        self._base_url = base_url
        self._credentials = credentials
        self._on_call = on_call
        self._on_answer = on_answer

    def init_poolmanager(self, *about: Any, **more: Any) -> None:
        super().init_poolmanager(*about, **more)
        answer_in_time(self.poolmanager, self._clock)

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        pools = super().proxy_manager_for(proxy, **more)
        answer_in_time(pools, self._clock)
        return pools

    def send(  # type: ignore[override]  # the other parameters are passed on as they come
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        def ask(question: Mapping[str, str]) -> Mapping[str, Any]:
            return self._granted(question, options)

        token = self._credentials.sign(request, ask)
        response = self._sent(request, options)
        for _ in range(_MOST_RENEWALS if self._credentials.renewable else 0):
            if response.status_code != 401:
                break
            # Refused for its token, so nothing was done: this is safe for a write, too.
            self._credentials.renew(token, ask)
            token = self._credentials.sign(request, ask)
            response = self._sent(request, options)
        self._on_answer(request.path_url, response.headers)
        problem = problem_of(
            response.status_code,
            response.headers,
            who=WHO,
            says=reason_of(response),
            credential=self._credentials.setting,
        )
        if problem is not None:
            raise problem
        return response

    def _sent(
        self, request: requests.PreparedRequest, options: Mapping[str, Any]
    ) -> requests.Response:
        """Send to the base URL, and restore the asked address: zenpy routes answers by it."""
        asked = request.url or ""
        parts = urlsplit(asked)
        request.url = f"{self._base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        try:
            response = self._answer(request, options)
        finally:
            request.url = asked
        response.url = asked
        return response

    def _answer(
        self, request: requests.PreparedRequest, options: Mapping[str, Any]
    ) -> requests.Response:
        self._on_call()
        try:
            response = super().send(request, **{**self._own(options), "stream": True})
            # Reading the body here keeps a connection that breaks half way inside this try.
            response._content = response.raw.read(decode_content=True)
            response._content_consumed = True  # type: ignore[attr-defined]  # what requests sets
        except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
            raise _late() from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise ServerFailed(
                f"Zendesk could not be reached ({type(error).__name__}), also after several tries."
            ) from error
        return response

    def _own(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a proxy of the environment away from this machine's own addresses."""
        if is_loopback(urlsplit(self._base_url).hostname or ""):
            return {**options, "proxies": {}}
        return dict(options)

    def _granted(
        self, question: Mapping[str, str], options: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        asked = requests.Request(
            "POST", f"{self._base_url}/oauth/tokens", json=dict(question)
        ).prepare()
        response = self._answer(asked, options)
        if 400 <= response.status_code < 500 and response.status_code != 429:
            raise GrantRefused
        problem = problem_of(response.status_code, response.headers, who=WHO)
        if problem is not None:
            raise problem
        return body_of(response)


def _late() -> ServerFailed:
    return ServerFailed("Zendesk did not answer in time.", status=_NO_ANSWER_IN_TIME)


class RefusingAdapter(HTTPAdapter):
    """Stands where every other host would be."""

    def send(  # type: ignore[override]  # nothing is sent, so nothing else is needed
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        host = urlsplit(request.url or "").hostname
        raise Misbehaving(f"An answer of Zendesk led to another host ({host}); it was not called.")


def open_session(adapter: AccountAdapter, *, account_url: str) -> requests.Session:
    """Return a session that can reach the account and nothing else."""
    session = requests.Session()
    session.mount("https://", RefusingAdapter())
    session.mount("http://", RefusingAdapter())
    session.mount(account_url, adapter)
    session.max_redirects = 0
    session.headers["User-Agent"] = "Verbatim"
    # The adapter signs. Without an auth of its own, requests would look into ~/.netrc.
    session.auth = _leave_as_is
    session.authorized = True  # type: ignore[attr-defined]  # zenpy asks for it
    return session


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def body_of(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; an HTML page with status 200 is no answer."""
    try:
        body = _decoded(response.content)
    except (ValueError, RecursionError) as error:
        raise Misbehaving("Zendesk answered something that is not JSON.") from error
    if not isinstance(body, dict):
        raise Misbehaving("Zendesk answered JSON of an unexpected shape.")
    return body


def _decoded(content: bytes) -> object:
    """Read JSON in less time; what is odd in it, such as half an emoji, as Python reads it."""
    try:
        return msgspec.json.decode(content)
    except ValueError:
        return json.loads(content)


def reason_of(response: requests.Response) -> str:
    """Return the vendor's short reason of a failure; never the text of a ticket."""
    if response.ok:
        return ""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    found = body.get("description") or body.get("error")
    if isinstance(found, dict):
        found = found.get("message") or found.get("title")
    return str(found or "")
