"""Posts the weekly digest to Slack: one message a channel and week, updated when made again."""

from bot.blocks import digest_message
from bot.calling import Refused, web_client
from bot.charts import native_chart, picture
from bot.connection import Connection
from bot.posting import BLOCKS_REFUSED, Poster
from service.digest import Digest
from service.ports import Clock
from service.stores import WorkStore


class SlackPublisher:
    """A digest's Publisher."""

    def __init__(
        self, connection: Connection, *, channel: str, work: WorkStore, clock: Clock
    ) -> None:
        self._channel = channel
        self._client = web_client(connection)
        self._poster = Poster(self._client, work=work, clock=clock)

    def publish(self, digest: Digest) -> str:
        """Post it with Slack's own chart, else with a picture, else without either."""
        key = f"digest:{self._channel}:{digest.week}"
        try:
            native = native_chart(digest.weeks) if digest.weeks else None
            message = digest_message(digest, native)
            remote = self._poster.put_whole(key, message, channel=self._channel)
        except Refused as refused:
            if refused.code not in BLOCKS_REFUSED:
                raise
            chart = picture(self._client, digest.weeks, name=f"digest-{digest.week}")
            message = digest_message(digest, chart)
            remote = self._poster.put(key, message, channel=self._channel)
        return f"Slack #{self._channel} ({remote})"
