"""Calls Slack's Web API and says in our own errors what its answers mean.

A call that ended in one of `NOTHING_DONE` certainly did nothing; after any other error it may have
been carried out.
"""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from bot.connection import Connection
from bot.in_time import PatientClient
from service.errors import Misbehaving, RateLimited, TellPerson, Unauthorized, Unreachable

LONGEST_WAIT = 20.0  # seconds inside a worker; a longer one gives the question back
_NEVER_LONGER = 24 * 3600.0  # whatever a header says
_DEAD_TOKEN = frozenset(
    {"token_revoked", "invalid_auth", "not_authed", "account_inactive", "token_expired"}
)
# Slack's reference of chat.postMessage: after these a part may have been done.
_UNSURE = frozenset({"fatal_error", "internal_error"})
# And before these nothing was: no request, half a request, or nobody there to take it.
_NOT_BEGUN = frozenset({"request_timeout", "service_unavailable"})
_SENTENCES: Mapping[str, str] = {
    "is_archived": "The channel is archived: unarchive it or choose another.",
    "channel_not_found": "There is no such channel, or the app was not invited to it.",
    "not_in_channel": "The app is not in the channel: invite it with /invite.",
    "missing_scope": "The app lacks a permission: install it again with the current manifest.",
}


class Refused(TellPerson):
    """Slack did not do it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Slack: {code}. {_SENTENCES.get(code, 'Nothing was done.')}")
        self.code = code


class NotReached(Unreachable):
    """Slack could not be reached: no connection, no whole request, or closed for everybody."""


NOTHING_DONE = (Refused, RateLimited, Unauthorized, NotReached)


class _Patience(RetryHandler):
    """Waits when Slack says for how long, within reason. A nonsensical header means a second."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        return _seconds(response.headers) <= LONGEST_WAIT

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        state.next_attempt_requested = True
        threading.Event().wait(_seconds(response.headers if response else {}))
        state.increment_current_attempt()


def web_client(connection: Connection, token: str | None = None) -> WebClient:
    """A client that waits when Slack says so and never repeats a post by itself.

    Without a token it is the one that was set.
    """
    return _client(connection, token or connection.token)


def tokenless_client(connection: Connection) -> WebClient:
    """The same for calls that bring a token of their own, or another proof."""
    return _client(connection, None)


def _client(connection: Connection, token: str | None) -> WebClient:
    return PatientClient(
        token=token,
        base_url=connection.base_url or WebClient.BASE_URL,
        retry_handlers=[_Patience(max_retry_count=2)],
        timeout=10,
    )


def call(client: WebClient, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call a method that changes something; it takes JSON."""
    return _called(client, method, json=dict(arguments))


def read(client: WebClient, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call a method that reads; Slack ignores JSON there."""
    return _called(client, method, params=dict(arguments))


def call_form(client: WebClient, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call a method that changes something and takes a form only, such as oauth.v2.access."""
    return _called(client, method, data=dict(arguments))


def pages(
    client: WebClient, method: str, arguments: Mapping[str, Any], *, most: int
) -> Iterator[Mapping[str, Any]]:
    """Read a list page by page, and no more than so many."""
    cursor = ""
    for _ in range(most):
        page = read(client, method, {**arguments, **({"cursor": cursor} if cursor else {})})
        yield page
        cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return


def upload(client: WebClient, content: bytes, *, name: str, title: str) -> str:
    """Upload a file that nobody sees yet; return its id.

    Without an alternative text: Slack has lost files that came with one
    (slackapi/python-slack-sdk, issue 1818), and the block that shows the file has its own.
    """
    with _in_our_words("files.completeUploadExternal"):
        answer = client.files_upload_v2(content=content, filename=name, title=title)
    file_id = (answer.get("file") or {}).get("id")
    if not file_id:
        raise Misbehaving("Slack took a file and did not name it.")
    return str(file_id)


def who_we_are(client: WebClient) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return auth.test's answer and its headers, which name the granted scopes."""
    response = _response(client, "auth.test", params={})
    headers = {name.lower(): str(_first(value)) for name, value in response.headers.items()}
    return _data(response), headers


def _called(client: WebClient, method: str, **how: Any) -> Mapping[str, Any]:
    return _data(_response(client, method, **how))


def _data(response: SlackResponse) -> Mapping[str, Any]:
    return response.data if isinstance(response.data, dict) else {}


def _response(client: WebClient, method: str, **how: Any) -> SlackResponse:
    with _in_our_words(method):
        return client.api_call(method, **how)


@contextmanager
def _in_our_words(method: str) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        _raise_ours(error)
    except URLError as error:
        # urllib says so of a connection or a request that failed; of an answer it would not.
        raise NotReached from error
    except json.JSONDecodeError as error:
        raise Misbehaving(f"Slack answered {method} with half a sentence.") from error
    except (SlackClientError, http.client.HTTPException, OSError) as error:
        raise Unreachable(f"Slack did not answer {method}.") from error


def _raise_ours(error: SlackApiError) -> NoReturn:
    response = error.response
    code = str(response.get("error", "unknown"))
    if code == "ratelimited" or response.status_code == 429:
        raise RateLimited(timedelta(seconds=_seconds(response.headers))) from error
    if code in _DEAD_TOKEN:
        sentence = f"Slack no longer takes our token ({code}): install the app again."
        raise Unauthorized(sentence) from error
    if code in _NOT_BEGUN or response.status_code == 503:
        raise NotReached from error
    if code in _UNSURE or response.status_code >= 500 or not code.replace("_", "").isalnum():
        # A body that is no JSON comes back as an error code in whole sentences.
        raise Misbehaving(f"Slack is in trouble (HTTP {response.status_code}).") from error
    raise Refused(code) from error


def _seconds(headers: Mapping[str, Any]) -> float:
    """How long Slack asks us to wait: it sends whole seconds, proxies send anything."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            return _asked_wait(str(_first(value)).strip())
    return 1.0


def _asked_wait(header: str) -> float:
    try:
        seconds = float(header)
    except ValueError:
        seconds = _until_date(header)
    # "nan" is neither: a header that makes no sense means a second.
    return min(seconds, _NEVER_LONGER) if seconds >= 0 else 1.0


def _until_date(header: str) -> float:
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return -1.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)


def _first(value: Any) -> Any:
    """Headers of the SDK may be lists."""
    return value[0] if isinstance(value, list | tuple) and value else value
