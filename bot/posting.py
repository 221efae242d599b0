"""Posts to Slack so that repeating changes nothing: one message a key, also after a lost answer.

The only module that posts. Slack has no idempotency key, so a post without an answer is looked up
by the key in its metadata. Where we may not read (Slack calls it a missing scope), nothing is
posted again: the caller is told that the post is unconfirmed. Posts to one channel go one after
another, as Slack takes about one a second there.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from slack_sdk import WebClient

from bot.blocks import Message
from bot.calling import NOTHING_DONE, Refused, call, pages
from bot.memory import channel_name
from service.domain.erasures import quoted_name
from service.errors import TellPerson
from service.ports import Clock
from service.stores import WorkStore

EVENT_TYPE = "verbatim_message"
_SENDING = "sending"
_REFUSED = ""  # the remote id of a post that Slack certainly did not make
_BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
# Seconds until a picture is tried again: Slack goes on working on a file that it has taken, and
# refuses its block meanwhile (slackapi/python-slack-sdk, issue 1521).
_SETTLING = (0.5, 1.0, 2.0)
_NOT_READABLE = frozenset({"missing_scope", "channel_not_found", "not_in_channel"})
_PEOPLE = ("U", "W")  # how the ids of people begin
_PAGE, _MOST_PAGES = 200, 10  # of messages that are looked through for a post of ours
# Our words are words: no address in them opens, no star makes them bold, no name pings.
_PLAIN = {"parse": "none", "link_names": False, "mrkdwn": False}

Attempt = Callable[[Message], Mapping[str, Any]]


class Unconfirmed(TellPerson):
    """Slack did not confirm a post, and we may not look whether it is there: grant the app the
    right channels:history (groups:history for a private channel), or post it by hand.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class Poster:
    """Puts messages into Slack once a key."""

    def __init__(self, client: WebClient, *, work: WorkStore, clock: Clock) -> None:
        self._client = client
        self._work = work
        self._clock = clock
        self._turns = _Turns()

    def put(self, key: str, message: Message, *, channel: str, thread: str | None = None) -> str:
        """Post, or bring up to date what was posted under this key; return "channel:ts"."""
        with self._turns.of(channel):
            remote = self._posted(key, channel=channel, thread=thread)
            if remote is None:
                return self._post(key, message, channel=channel, thread=thread)
            return self._update(key, remote, message, channel=channel, thread=thread)

    def put_once(
        self, key: str, message: Message, *, channel: str, thread: str | None = None
    ) -> str | None:
        """Post unless this key was posted before; None when it was."""
        with self._turns.of(channel):
            if self._posted(key, channel=channel, thread=thread) is not None:
                return None
            return self._post(key, message, channel=channel, thread=thread)

    def was_put(self, key: str) -> bool:
        return bool(self._work.outbox_remote(key))

    def whisper(
        self, message: Message, *, channel: str, user: str, thread: str | None = None
    ) -> None:
        """Show a message to one person only. It may be lost: nothing hangs on it."""
        place = {"channel": channel, "user": user, **_in_thread(thread)}
        _as_taken(message, self._calling("chat.postEphemeral", place))

    def redraw(self, message: Message, *, channel: str, ts: str) -> None:
        """Put a message in the place of one of ours, whichever key that had."""
        _as_taken(message, self._calling("chat.update", {"channel": channel, "ts": ts}))

    def _note_quotes(self, key: str, message: Message) -> None:
        """Keep whose words a post shows, before it shows them: an erasure has to find it."""
        name = quoted_name(key)
        if message.quoted or self._work.recall(name) is not None:
            self._work.remember(name, json.dumps(sorted(set(message.quoted))))

    def _posted(self, key: str, *, channel: str, thread: str | None) -> str | None:
        state = self._work.outbox_start(key, json.dumps({"channel": channel}), at=self._clock())
        if state != _SENDING:
            return self._work.outbox_remote(key) or None
        found = self._find(key, channel=channel, thread=thread)
        if found is not None:
            self._work.outbox_sent(key, found)
        return found

    def _post(self, key: str, message: Message, *, channel: str, thread: str | None) -> str:
        place: dict[str, Any] = {
            "channel": channel,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            **_in_thread(thread),
        }
        post = self._calling("chat.postMessage", place)

        def attempt(made: Message) -> Mapping[str, Any]:
            """Between two attempts it is known that nothing is posted, whoever dies there."""
            self._work.outbox_sending(key)
            try:
                return post(made)
            except NOTHING_DONE:
                self._work.outbox_sent(key, _REFUSED)
                raise

        self._note_quotes(key, message)
        answer = _as_taken(message, attempt)
        self._work.remember(channel_name(channel), str(answer["channel"]))
        remote = f"{answer['channel']}:{answer['ts']}"
        self._work.outbox_sent(key, remote)
        return remote

    def _update(
        self, key: str, remote: str, message: Message, *, channel: str, thread: str | None
    ) -> str:
        place, _, ts = remote.partition(":")
        self._note_quotes(key, message)
        try:
            self.redraw(message, channel=place, ts=ts)
        except Refused as refused:
            if refused.code != "message_not_found":
                raise
            return self._post(key, message, channel=channel, thread=thread)  # somebody deleted it
        return remote

    def _find(self, key: str, *, channel: str, thread: str | None) -> str | None:
        """Look for a post whose answer was lost, by the key in its metadata."""
        place = self._work.recall(channel_name(channel)) or channel  # reading takes only ids
        try:
            direct = self._direct_channel(place) if place.startswith(_PEOPLE) else place
            if direct is None:
                return None  # we have never written to that person
            place = direct
            messages = self._messages(place, thread)
            found = next((one for one in messages if _key_of(one) == key), None)
        except Refused as refused:
            if refused.code not in _NOT_READABLE:
                raise
            raise Unconfirmed from refused
        return None if found is None else f"{place}:{found['ts']}"

    def _direct_channel(self, user: str) -> str | None:
        """The channel of the direct messages with a person."""
        arguments = {"types": "im", "limit": _PAGE}
        for page in pages(self._client, "users.conversations", arguments, most=_MOST_PAGES):
            for one in page.get("channels", []):
                if one.get("user") == user:
                    return str(one["id"])
        return None

    def _messages(self, place: str, thread: str | None) -> Iterator[Mapping[str, Any]]:
        """A whole thread, oldest first; or the newest messages of a channel."""
        arguments = {"channel": place, "limit": _PAGE, "include_all_metadata": True}
        method = "conversations.history"
        if thread is not None:
            method, arguments["ts"] = "conversations.replies", thread
        for page in pages(self._client, method, arguments, most=_MOST_PAGES):
            yield from page.get("messages", [])

    def _calling(self, method: str, place: Mapping[str, Any]) -> Attempt:
        return lambda made: call(self._client, method, {**place, **_content(made)})


def _as_taken(message: Message, attempt: Attempt) -> Mapping[str, Any]:
    """Post a message, or where Slack does not take its blocks, what stands in for it; at last the
    text stands alone.
    """
    for made in _ever_plainer(message):
        try:
            return attempt(made)
        except Refused as refused:
            if refused.code not in _BLOCKS_REFUSED:
                raise
    return attempt(replace(message, blocks=(), instead=None))


def _ever_plainer(message: Message) -> Iterator[Message]:
    """Each is made when the one before was refused."""
    while True:
        yield message
        if any("slack_file" in block for block in message.blocks):
            for seconds in _SETTLING:
                time.sleep(seconds)
                yield message
        if message.instead is None:
            return
        message = message.instead()


class _Turns:
    """Who posts to a channel while others wait. A post that was waited for is looked up again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def of(self, channel: str) -> Iterator[None]:
        with self._lock:
            turn = self._channels[channel]
        with turn:
            yield


def _key_of(message: Mapping[str, Any]) -> object:
    return ((message.get("metadata") or {}).get("event_payload") or {}).get("key")


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), **_PLAIN}


def _in_thread(thread: str | None) -> dict[str, str]:
    return {} if thread is None else {"thread_ts": thread}
