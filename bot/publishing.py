"""Posts the weekly digest to Slack: one message a channel and week, updated when made again."""

from bot.blocks import digest_message
from bot.calling import web_client
from bot.connection import Connection
from bot.posting import Poster
from service.digest import Digest
from service.ports import Clock
from service.stores import WorkStore


class SlackPublisher:
    """A digest's Publisher."""

    def __init__(
        self, connection: Connection, *, channel: str, work: WorkStore, clock: Clock
    ) -> None:
        self._channel = channel
        self._poster = Poster(web_client(connection), work=work, clock=clock)

    def publish(self, digest: Digest) -> str:
        key = f"digest:{self._channel}:{digest.week}"
        remote = self._poster.put(key, digest_message(digest), channel=self._channel)
        return f"Slack #{self._channel} ({remote})"
