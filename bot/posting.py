"""Posts to Slack so that repeating changes nothing: one message a key, also after a lost answer.

The only module that calls chat.postMessage. Slack has no idempotency key, so an unfinished post is
looked up by the key in its metadata before it is sent again.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.blocks import Message
from bot.connection import Connection
from service.errors import RateLimited, TellPerson, Unauthorized, Unreachable, VerbatimError
from service.ports import Clock, WorkStore

EVENT_TYPE = "verbatim_message"
_DEAD_TOKEN = frozenset(
    {"token_revoked", "invalid_auth", "not_authed", "account_inactive", "token_expired"}
)
_TOO_MUCH = frozenset({"invalid_blocks", "msg_blocks_too_long"})


def web_client(connection: Connection) -> WebClient:
    """A client that waits when Slack says so and never repeats a post by itself."""
    return WebClient(
        token=connection.token,
        base_url=connection.base_url or WebClient.BASE_URL,
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=2)],
        timeout=10,
    )


class Poster:
    """Puts messages into Slack once a key."""

    def __init__(self, client: WebClient, *, work: WorkStore, clock: Clock) -> None:
        self._client = client
        self._work = work
        self._clock = clock

    def put(self, key: str, message: Message, *, channel: str, thread: str | None = None) -> str:
        """Post, or bring up to date what was posted under this key; return "channel:ts"."""
        state = self._work.outbox_start(key, json.dumps({"channel": channel}), at=self._clock())
        remote = self._work.outbox_remote(key)
        if remote is None and state == "sending":
            remote = self._find(key, channel)
        if remote is not None:
            return self._update(key, remote, message)
        self._work.outbox_sending(key)
        answer = self._post(key, message, channel=channel, thread=thread)
        remote = f"{answer['channel']}:{answer['ts']}"
        self._work.outbox_sent(key, remote)
        return remote

    def put_once(
        self, key: str, message: Message, *, channel: str, thread: str | None = None
    ) -> str | None:
        """Post unless this key was posted before; None when it was."""
        if self._work.outbox_remote(key) is not None:
            return None
        return self.put(key, message, channel=channel, thread=thread)

    def whisper(self, message: Message, *, channel: str, user: str) -> None:
        """Show a message to one person only.

        It is lost when Slack loses it: nothing hangs on it.
        """
        self._call("chat.postEphemeral", channel=channel, user=user, **_content(message))

    def _post(
        self, key: str, message: Message, *, channel: str, thread: str | None
    ) -> Mapping[str, Any]:
        arguments: dict[str, Any] = {
            "channel": channel,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
        }
        if thread is not None:
            arguments["thread_ts"] = thread
        return self._call_with_blocks("chat.postMessage", message, arguments)

    def _update(self, key: str, remote: str, message: Message) -> str:
        channel, _, ts = remote.partition(":")
        self._call_with_blocks("chat.update", message, {"channel": channel, "ts": ts})
        self._work.outbox_sent(key, remote)
        return remote

    def _find(self, key: str, channel: str) -> str | None:
        """Look for a post whose answer was lost, by the key in its metadata."""
        history = self._call(
            "conversations.history", channel=channel, limit=100, include_all_metadata=True
        )
        for message in history.get("messages", []):
            payload = (message.get("metadata") or {}).get("event_payload", {})
            if payload.get("key") == key:
                return f"{history.get('channel', channel)}:{message['ts']}"
        return None

    def _call_with_blocks(
        self, method: str, message: Message, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The text stands alone: when Slack does not take the blocks, it is sent without them."""
        try:
            return self._call(method, **arguments, **_content(message))
        except _BlocksRefused:
            return self._call(method, **arguments, text=message.text)

    def _call(self, method: str, **arguments: Any) -> Mapping[str, Any]:
        try:
            response = self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise _as_ours(error) from error
        except (SlackClientError, OSError) as error:
            raise Unreachable(f"Slack did not answer {method}.") from error
        found: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
        return found


class _BlocksRefused(TellPerson):
    """Slack does not take these blocks."""


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks)}


def _as_ours(error: SlackApiError) -> VerbatimError:
    code = str(error.response.get("error", "unknown"))
    if code in _TOO_MUCH:
        return _BlocksRefused()
    if code == "ratelimited":
        seconds = str(error.response.headers.get("Retry-After", "30"))
        return RateLimited(timedelta(seconds=int(seconds) if seconds.isdecimal() else 30))
    if code in _DEAD_TOKEN:
        return Unauthorized(f"Slack no longer takes our token ({code}): install the app again.")
    return TellPerson(f"Slack refused the message: {code}.")
