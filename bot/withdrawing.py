"""Takes erased words out of messages that stand in Slack. Without Slack there are none."""

from bot.blocks import notice_message
from bot.calling import Refused, call, web_client
from bot.connection import Connection
from service.stores import WorkStore

SENTENCE = "This message showed words of somebody who was since erased on request. Ask again."
# Somebody deleted it, or we are not there any more and cannot see it either.
_NOT_THERE = frozenset({"message_not_found", "channel_not_found", "not_in_channel", "is_archived"})


class SlackWithdrawer:
    """A Withdrawer over Slack."""

    def __init__(self, connection: Connection, *, work: WorkStore) -> None:
        self._client = web_client(connection)
        self._work = work

    def withdraw(self, post: str) -> None:
        channel, _, ts = (self._work.outbox_remote(post) or "").partition(":")
        if not ts:
            return
        said = notice_message(SENTENCE)
        changed = {"channel": channel, "ts": ts, "text": said.text, "blocks": list(said.blocks)}
        try:
            call(self._client, "chat.update", changed)
        except Refused as refused:
            if refused.code not in _NOT_THERE:
                raise


class NothingPosted:
    """A Withdrawer where nothing was posted."""

    def withdraw(self, post: str) -> None:
        del post
