"""Calls to one Zendesk account, as raw JSON, through zenpy's session.

zenpy's own paging stops silently at an empty page and its objects cost twenty times the JSON, so
it builds the addresses, keeps the session and serialises what we write, and nothing else. Knows
retries and pace; knows no ticket.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from connectors._http import PageLoopGuard, Refused, Retries, ServerFailed
from connectors.zendesk.budgets import (
    EXPORT_CALLS_PER_MINUTE,
    Budget,
    endpoint_limit,
    general_limit,
)
from connectors.zendesk.oauth import Credentials, Login
from connectors.zendesk.transport import (
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    WHO,
    AccountAdapter,
    body_of,
    open_session,
)
from service.errors import Misbehaving, VerbatimError
from service.ports import Keeper

Json = dict[str, Any]
Reader = Callable[[requests.Response], Json]

_EXPORTS = "incremental/"
_LIST_PAGE = 100
_TOO_HEAVY = frozenset((408, 504))


class TooHeavy(VerbatimError):
    """Zendesk could not build a page of this size in time; a smaller one may work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the account is and how fast we may talk to it."""

    subdomain: str
    base_url: str | None = None
    calls_per_minute: int | None = None

    @property
    def vendor_url(self) -> str:
        return f"https://{self.subdomain}.zendesk.com"

    @property
    def url(self) -> str:
        return self.base_url or self.vendor_url


class Client:
    def __init__(
        self,
        account: Account,
        login: Login,
        *,
        keeper: Keeper | None = None,
        retries: Retries | None = None,
        on_call: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # zenpy takes 0.4 s to import, which only those who use it should pay.
        from zenpy import Zenpy

        self.account = account
        self.retries = retries or Retries()
        self.calls = 0
        self._on_call = on_call
        self._clock = clock
        adapter = AccountAdapter(
            base_url=account.url,
            credentials=Credentials(login, keeper),
            on_call=self._count,
            on_answer=self._learn,
            clock=clock,
        )
        session = open_session(adapter, account_url=account.vendor_url)
        zenpy = Zenpy(subdomain=account.subdomain, session=session, disable_cache=True)
        self._api = zenpy.tickets
        self._api.timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)
        most, sleep = account.calls_per_minute, self.retries.sleep
        self._calls_left = Budget(most, most=most, leave=0.1, clock=clock, sleep=sleep)
        # Another address is a stand-in or a proxy, whose limits its headers and its 429s tell.
        exports = EXPORT_CALLS_PER_MINUTE if account.base_url is None else None
        self._exports_left = Budget(exports, most=most, leave=0.2, clock=clock, sleep=sleep)

    def _count(self) -> None:
        self.calls += 1
        self._on_call()

    def _learn(self, path: str, headers: Mapping[str, str]) -> None:
        general = general_limit(headers)
        if general is not None:
            self._calls_left.learn(general)
        of_exports = endpoint_limit(headers) if _EXPORTS in path else None
        if of_exports is not None:
            self._exports_left.learn(of_exports)

    def now(self) -> float:
        """Return seconds on a clock that only compares with itself."""
        return self._clock()

    def sleep(self, seconds: float) -> None:
        self.retries.sleep(seconds)

    def get(self, path: str, **parameters: object) -> Json:
        """Return the answer's JSON; a passing failure is tried again."""
        return self.retries.call(lambda: self._read(path, parameters))

    def find(self, path: str, **parameters: object) -> Json | None:
        """Return the answer's JSON, or None where there is nothing (404)."""
        try:
            return self.get(path, **parameters)
        except Refused as refusal:
            if refusal.status in (404, 410):
                return None
            raise

    def export(self, path: str, *, read_as: Reader = body_of, **parameters: object) -> Json:
        """Read a page of an export; raise TooHeavy at once when it timed out."""

        def read() -> Json:
            self._exports_left.wait()
            try:
                return self._read(path, parameters, read_as)
            except ServerFailed as failure:
                if failure.status in _TOO_HEAVY:
                    raise TooHeavy from failure
                raise

        return self.retries.call(read)

    def post(self, path: str, body: Json) -> Json:
        return self._write(self._api.session.post, path, body)

    def put(self, path: str, body: Json) -> Json:
        return self._write(self._api.session.put, path, body)

    def listed(self, path: str, name: str, **parameters: object) -> Iterator[Json]:
        """Yield the rows of a list, by cursor pages where the server has them."""
        guard = PageLoopGuard(WHO)
        page: dict[str, object] = {"page[size]": _LIST_PAGE}
        while True:
            answer = self.get(path, **parameters, **page)
            yield from rows_of(answer, name)
            meta = answer.get("meta")
            if isinstance(meta, dict):
                cursor = meta.get("after_cursor") if meta.get("has_more") else None
                after = "page[after]"
            else:
                # Without cursor pages only the fact that there is a next page is believed:
                # the link itself may name a host that is not the account's.
                number = int(str(page.get("page", 1))) + 1
                cursor = str(number) if answer.get("next_page") else None
                after = "page"
            if not cursor:
                return
            page = {"page[size]": _LIST_PAGE, after: guard.go_on(str(cursor))}

    def _read(self, path: str, parameters: Mapping[str, object], read_as: Reader = body_of) -> Json:
        self._calls_left.wait()
        return read_as(self._api._get(self._address(path, parameters), raw_response=True))

    def _write(self, method: Callable[..., Any], path: str, body: Json) -> Json:
        """Make a change once. Only a 429 is tried again: it was certainly not carried out."""

        def write() -> Json:
            self._calls_left.wait()
            response = self._api._call_api(
                method, self._address(path, {}), json=body, timeout=self._api.timeout
            )
            return body_of(response)

        return self.retries.call_write(write)

    def _address(self, path: str, parameters: Mapping[str, object]) -> str:
        given = {name: value for name, value in parameters.items() if value is not None}
        query = f"?{urlencode(given, safe=',:')}" if given else ""
        return f"{self.account.vendor_url}/api/v2/{path}.json{query}"


def rows_of(answer: Mapping[str, Any], name: str) -> list[Json]:
    """Return a list of the answer; a server may leave a side-load out."""
    return required_rows_of(answer, name) if answer.get(name) is not None else []


def required_rows_of(answer: Mapping[str, Any], name: str) -> list[Json]:
    """Return a list of the answer where its absence would be mistaken for emptiness."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise Misbehaving(f"Zendesk answered no list of {name}.")
    return [row for row in rows if isinstance(row, dict)]
