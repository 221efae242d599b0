"""Carries messages about churn-risk flags to Slack: to an owner directly, or to the channel."""

import logging
from collections.abc import Sequence

from slack_sdk import WebClient

from bot.blocks import notice_message
from bot.calling import Refused, read, web_client
from bot.cards import flag_card, flag_list
from bot.connection import Connection
from bot.posting import Poster, Unconfirmed
from service.alerting import CHANNEL
from service.flags import ShownFlag
from service.links import Links
from service.ports import Clock
from service.stores import Database, PeopleStore

logger = logging.getLogger("verbatim")


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
        self._client = web_client(connection)
        self._poster = Poster(self._client, work=database.work, clock=clock)
        self._channel = channel
        self._people = database.people
        self._work = database.work
        self._links = links

    def card(self, key: str, shown: ShownFlag, *, to: str) -> bool:
        place = self._place(to)
        if place is None:
            return False
        try:
            self._poster.put(_key(key, to), flag_card(shown, self._links), channel=place)
        except Unconfirmed:
            _say_unconfirmed()
        return True

    def reply(self, key: str, sentence: str, *, card: str, to: str) -> None:
        place, remote = self._place(to), self._work.outbox_remote(_key(card, to))
        if place is None or not remote:
            return
        channel, _, ts = remote.partition(":")
        self._poster.put_once(_key(key, to), notice_message(sentence), channel=channel, thread=ts)

    def summary(self, key: str, shown: Sequence[ShownFlag], *, to: str) -> bool:
        place = self._place(to)
        if place is None:
            return False
        try:
            self._poster.put_once(_key(key, to), flag_list(shown, self._links), channel=place)
        except Unconfirmed:
            _say_unconfirmed()
        return True

    def _place(self, to: str) -> str | None:
        if to == CHANNEL:
            if self._channel is None:
                logger.warning("slack.flags_channel_missing")
            return self._channel
        return slack_user_of(to, self._client, self._people)


def slack_user_of(email: str, client: WebClient, people: PeopleStore) -> str | None:
    """Return the Slack user of an e-mail address: one who is linked, else one Slack knows."""
    person = people.get(email)
    if person is not None and person.slack_user is not None:
        return person.slack_user
    try:
        found = read(client, "users.lookupByEmail", {"email": email})
    except Refused:
        return None
    user = found.get("user", {}).get("id")
    return str(user) if user else None


def _say_unconfirmed() -> None:
    """It may stand there: a second card would be worse than one that is not brought up to date."""
    logger.warning("slack.flag_unconfirmed")


def _key(key: str, to: str) -> str:
    return f"{key}:{to or 'channel'}"
