"""Carries alerts to Slack: one message each, with the answer behind it and its buttons."""

import logging
from dataclasses import replace

from bot.blocks import Message, answer_message, escape, notice_message
from bot.clients import Clients
from bot.connection import Connection
from bot.instead import watched
from bot.memory import Memory
from bot.plain_text import MAX_LINE
from bot.policy import Policies, shared
from bot.posting import Unconfirmed
from bot.rich_text import Block, literal, rich_text, section, text
from service.ports import Clock
from service.stores import Database
from service.watching import News

logger = logging.getLogger("verbatim")


class SlackAlertMessenger:
    """An AlertMessenger over Slack. What a channel may not show is left out, and said."""

    def __init__(
        self, connection: Connection, *, channel: str | None, database: Database, clock: Clock
    ) -> None:
        self._clients = Clients(connection, database=database, clock=clock)
        self._policies = Policies(database.work, connection.shows)
        self._channel = channel
        self._work = database.work
        self._memory = Memory(database.work)

    def put(self, news: News, *, channel: str | None) -> bool:
        place = channel or self._channel
        if place is None:
            logger.warning("slack.alerts_channel_missing")
            return False
        message = self._message(news, place)
        headline = news.answer.headline
        if headline is not None:  # what a verdict is about
            receipt = headline.current.receipt.rpartition("/")[2]
            self._memory.keep_receipt(news.alert.key, receipt)
        team = self._clients.home()
        with watched(self._clients, team):
            try:
                self._clients.poster(team).put(news.alert.key, message, channel=place)
            except Unconfirmed:
                logger.warning("slack.alert_unconfirmed")
        return True

    def again(self, news: News, *, channel: str | None) -> None:
        del channel
        key = news.alert.key
        place, _, ts = (self._work.outbox_remote(key) or "").partition(":")
        if not ts:
            return
        team = self._clients.home()
        message = notice_message(f"It has grown to twice what it was. {news.sentence}")
        with watched(self._clients, team):
            poster = self._clients.poster(team)
            once = f"{key}:again:{news.alert.seen_on}"
            poster.put_once(once, message, channel=place, thread=ts)

    def _message(self, news: News, place: str) -> Message:
        cut = shared(news.answer, self._policies.of(place))
        about = _about(news, cut.withheld)
        if cut.answer is None:
            return Message(text=escape(news.sentence), blocks=tuple(about))
        behind = answer_message(cut.answer, feedback=news.alert.key)
        return replace(behind, text=escape(news.sentence), blocks=(*about, *behind.blocks))


def _about(news: News, withheld: tuple[str, ...]) -> list[Block]:
    said = [text(literal(news.title, MAX_LINE), "bold"), text(f"\n{news.sentence}")]
    if news.playbook:
        said.append(text(f"\nPlaybook: {literal(news.playbook, MAX_LINE)}"))
    said += [text(f"\n{sentence}") for sentence in withheld]
    return [rich_text(section(said))]
