"""Talks JSON to one host with a bearer token: retries, refusals, a bound on time and size.

Knows no vendor and nothing of conversations. Only the base URL's host is ever called: no redirect
is followed, and callers give paths, never addresses.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

from connectors._http import Retries, ServerFailed, checked_base_url, problem_of
from connectors._in_time import answer_in_time
from service.errors import Misbehaving

Json = Mapping[str, Any]
_TIMEOUTS = httpx.Timeout(60.0, connect=10.0)
_MOST_BYTES = 48 * 1024 * 1024


class RestSettings(BaseModel):
    """What VERBATIM_HELPDESKS__<NAME>__* may hold; a vendor that needs more adds to it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str
    token: SecretStr
    webhook_secret: SecretStr | None = None

    _checked = field_validator("base_url")(checked_base_url)


class RestClient:
    """Raises only errors of service.errors."""

    def __init__(
        self,
        settings: RestSettings,
        *,
        who: str,
        retries: Retries,
        count_call: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count_call = count_call
        self._who, self._retries = who, retries
        self._base_url = settings.base_url
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
            timeout=_TIMEOUTS,
            # A redirect to another host would carry the token there.
            follow_redirects=False,
            trust_env=False,
        )
        answer_in_time(self._http, now)

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **params: str) -> dict[str, Any]:
        return self._retries.call(lambda: self._once("GET", path, params=params))

    def put(self, path: str, body: Json) -> dict[str, Any]:
        """Set values: done twice it leaves the same, so a lost answer is asked for again."""
        return self._retries.call(lambda: self._once("PUT", path, json=body))

    def post(self, path: str, body: Json) -> dict[str, Any]:
        """Create something, which must not happen twice: only a 429 is tried again."""
        return self._retries.call_write(lambda: self._once("POST", path, json=body))

    def _once(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        self._count_call()
        try:
            with self._http.stream(method, self._base_url + path, **given) as answer:
                problem = problem_of(answer.status_code, answer.headers, who=self._who)
                if problem is not None:
                    raise problem
                content = self._read(answer)
        except httpx.RequestError as error:
            raise ServerFailed(
                f"{self._who} could not be reached, also after several tries."
            ) from error
        return self._parsed(content)

    def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > _MOST_BYTES:
                raise Misbehaving(f"{self._who} sent an answer larger than anything we read.")
        return bytes(content)

    def _parsed(self, content: bytes) -> dict[str, Any]:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Misbehaving(f"{self._who} answered something that is not JSON.") from error
        if not isinstance(body, dict):
            raise Misbehaving(f"{self._who} answered JSON of another shape.")
        return body
