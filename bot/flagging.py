"""Carries messages about churn-risk flags to Slack: to an owner directly, or to the channel."""

import logging
from collections.abc import Callable, Sequence

from bot.blocks import Message, notice_message
from bot.calling import Refused
from bot.cards import flag_card, flag_list
from bot.clients import Clients
from bot.connection import Connection
from bot.instead import GONE, administrators, slack_user_of, watched
from bot.posting import Poster, Unconfirmed
from service.alerting import CHANNEL
from service.flags import ShownFlag
from service.links import Links
from service.ports import Clock
from service.reachability import Part, Reachability
from service.stores import Database

logger = logging.getLogger("verbatim")

Put = Callable[..., str | None]  # Poster.put or Poster.put_once


class SlackFlagMessenger:
    """A FlagMessenger over Slack. Without a channel, what has no owner in Slack stays unsaid."""

    def __init__(
        self,
        connection: Connection,
        *,
        channel: str | None,
        database: Database,
        links: Links,
        clock: Clock,
    ) -> None:
        self._clients = Clients(connection, database=database, clock=clock)
        self._reachability = Reachability(database.work, clock)
        self._channel = channel
        self._people = database.people
        self._work = database.work
        self._links = links

    def card(self, key: str, shown: ShownFlag, *, to: str) -> bool:
        message = flag_card(shown, self._links)
        return self._carry(key, message, to=to, put=Poster.put)

    def summary(self, key: str, shown: Sequence[ShownFlag], *, to: str) -> bool:
        message = flag_list(shown, self._links)
        return self._carry(key, message, to=to, put=Poster.put_once)

    def reply(self, key: str, sentence: str, *, card: str, to: str) -> None:
        remote = self._work.outbox_remote(_key(card, to))
        if not remote:
            return
        team = self._clients.home()
        channel, _, ts = remote.partition(":")
        message = notice_message(sentence)
        with watched(self._clients, team):
            poster = self._clients.poster(team)
            poster.put_once(_key(key, to), message, channel=channel, thread=ts)

    def _carry(self, key: str, message: Message, *, to: str, put: Put) -> bool:
        team = self._clients.home()
        with watched(self._clients, team):
            place = self._place(team, to)
            if place is None:
                return False
            try:
                self._put(team, _key(key, to), message, place=place, put=put)
            except Refused as refused:
                if to != CHANNEL or refused.code not in GONE:
                    raise
                self._reachability.note(Part.FLAGS, f"#{place}: {refused}")
                return self._instead(team, key, message, put)
        if to == CHANNEL:
            self._reachability.over(Part.FLAGS)
        return True

    def _instead(self, team: str, key: str, message: Message, put: Put) -> bool:
        """The channel is gone: every administrator in Slack gets it directly."""
        users = administrators(self._clients.of(team), self._people)
        for user in users:
            self._put(team, _key(key, user), message, place=user, put=put)
        return bool(users)

    def _put(self, team: str, key: str, message: Message, *, place: str, put: Put) -> None:
        try:
            put(self._clients.poster(team), key, message, channel=place)
        except Unconfirmed:
            _say_unconfirmed()

    def _place(self, team: str, to: str) -> str | None:
        if to == CHANNEL:
            if self._channel is None:
                logger.warning("slack.flags_channel_missing")
            return self._channel
        return slack_user_of(to, self._clients.of(team), self._people)


def _say_unconfirmed() -> None:
    """It may stand there: a second card would be worse than one that is not brought up to date."""
    logger.warning("slack.flag_unconfirmed")


def _key(key: str, to: str) -> str:
    return f"{key}:{to or 'channel'}"
