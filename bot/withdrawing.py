"""Takes erased words out of messages that stand in Slack. Without Slack there are none."""

from collections.abc import Iterator
from contextlib import suppress

from bot.blocks import notice_message
from bot.calling import Refused
from bot.clients import Clients
from bot.connection import Connection
from service.errors import Misused
from service.ports import Clock
from service.stores import Database

SENTENCE = "This message showed words of somebody who was since erased on request. Ask again."
# Somebody deleted it, or we are not there any more and cannot see it either.
_NOT_THERE = frozenset({"message_not_found", "channel_not_found", "not_in_channel", "is_archived"})


class SlackWithdrawer:
    """A Withdrawer over Slack."""

    def __init__(self, connection: Connection, *, database: Database, clock: Clock) -> None:
        self._clients = Clients(connection, database=database, clock=clock)
        self._installations = database.installations
        self._work = database.work

    def withdraw(self, post: str) -> None:
        channel, _, ts = (self._work.outbox_remote(post) or "").partition(":")
        if not ts:
            return
        said = notice_message(SENTENCE)
        for team in self._teams():
            try:
                self._clients.poster(team).redraw(said, channel=channel, ts=ts)
            except Refused as refused:
                if refused.code not in _NOT_THERE:
                    raise
            else:
                return

    def _teams(self) -> Iterator[str]:
        """A channel's id belongs to one workspace, and does not say to which."""
        with suppress(Misused):
            yield self._clients.home()
        yield from (one.team for one in self._installations.all() if one.stands)


class NothingPosted:
    """A Withdrawer where nothing was posted."""

    def withdraw(self, post: str) -> None:
        del post
