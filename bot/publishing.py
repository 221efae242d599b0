"""Posts the weekly digest to Slack: one message a channel and week, updated when made again.

When its channel is gone, administrators get it directly: a missing digest must not look like a
quiet week.
"""

from dataclasses import replace
from functools import partial
from typing import ClassVar

from bot.blocks import digest_message
from bot.calling import Refused
from bot.charts import charted, picture
from bot.clients import Clients
from bot.connection import Connection
from bot.instead import GONE, administrators, watched
from bot.policy import Policies, shared_digest
from service.charting import weekly
from service.digest import Digest
from service.ports import Clock
from service.reachability import Part, Reachability
from service.stores import Database


class SlackPublisher:
    """A digest's Publisher."""

    prints: ClassVar[bool] = False

    def __init__(
        self, connection: Connection, *, channel: str, database: Database, clock: Clock
    ) -> None:
        self._channel = channel
        self._clients = Clients(connection, database=database, clock=clock)
        self._people = database.people
        self._policies = Policies(database.work, connection.shows)
        self._reachability = Reachability(database.work, clock)

    def publish(self, digest: Digest) -> str:
        key = f"digest:{self._channel}:{digest.week}"
        team = self._clients.home()
        with watched(self._clients, team):
            try:
                cut = shared_digest(digest, self._policies.of(self._channel))
                remote = self._put(team, cut, key=key, channel=self._channel)
            except Refused as refused:
                if refused.code not in GONE:
                    raise
                self._reachability.note(Part.DIGEST, f"#{self._channel}: {refused}")
                self._tell_administrators(team, digest, key, refused)
                raise  # so that it is tried again and stands in its channel at last
        self._reachability.over(Part.DIGEST)
        return f"Slack #{self._channel} ({remote})"

    def _tell_administrators(self, team: str, digest: Digest, key: str, refused: Refused) -> None:
        said = f"This could not be posted in #{self._channel}. {refused}"
        told = replace(digest, first=(said, *digest.first))
        for user in administrators(self._clients.of(team), self._people):
            self._put(team, told, key=f"{key}:{user}", channel=user)

    def _put(self, team: str, digest: Digest, *, key: str, channel: str) -> str:
        message = charted(
            weekly(digest.weeks),
            partial(digest_message, digest),
            picture=partial(picture, self._clients.of(team), name=f"digest-{digest.week}"),
        )
        return self._clients.poster(team).put(key, message, channel=channel)
