"""Builds what talks to Slack from its settings; without Slack, what says it on a console.

The only place that chooses between the two. Slack's library is imported when it is needed: half a
second that a command without Slack should not wait for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.connection import Connection
from bot.policy import Shows
from service.errors import Misused
from service.links import Links
from service.ports import Clock

if TYPE_CHECKING:
    from threading import Event

    from flask import Request, Response
    from pydantic import SecretStr

    from bot.installing import Installer
    from service.alerting import FlagMessenger
    from service.answers import Answers
    from service.digest import Publisher
    from service.forgetting import Withdrawer
    from service.settings import SlackSettings
    from service.stores import Database
    from service.watching import AlertMessenger
    from service.workspace import SlackStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackParts:
    """One workspace's parts that speak to Slack. `database` and `answers` are built when used."""

    settings: SlackSettings
    database: Callable[[], Database]
    answers: Callable[[], Answers]
    links: Links
    clock: Clock

    def publisher(self) -> Publisher:
        channel = self.settings.digest_channel
        if channel is None or not self._is_there():
            from bot.console import ConsolePublisher

            return ConsolePublisher(sys.stderr)
        from bot.publishing import SlackPublisher

        return SlackPublisher(
            self._connection(), channel=channel, database=self.database(), clock=self.clock
        )

    def flag_messenger(self) -> FlagMessenger:
        if not self._is_there():
            from bot.console import ConsoleFlagMessenger

            return ConsoleFlagMessenger(sys.stderr)
        from bot.flagging import SlackFlagMessenger

        return SlackFlagMessenger(
            self._connection(),
            channel=self.settings.flags_channel,
            database=self.database(),
            links=self.links,
            clock=self.clock,
        )

    def alert_messenger(self) -> AlertMessenger:
        if not self._is_there():
            from bot.console import ConsoleAlertMessenger

            return ConsoleAlertMessenger(sys.stderr)
        from bot.alerts import SlackAlertMessenger

        return SlackAlertMessenger(
            self._connection(),
            channel=self.settings.flags_channel or self.settings.digest_channel,
            database=self.database(),
            clock=self.clock,
        )

    def withdrawer(self) -> Withdrawer:
        from bot.withdrawing import NothingPosted, SlackWithdrawer

        if not self._is_there():
            return NothingPosted()
        return SlackWithdrawer(self._connection(), database=self.database(), clock=self.clock)

    def standing(self, team: str) -> SlackStanding:
        from bot.checking import standing
        from bot.clients import Clients

        connection = self._connection()
        clients = Clients(connection, database=self.database(), clock=self.clock)
        # The settings name channels of the workspace whose token they hold.
        named = () if team else (self.settings.digest_channel, self.settings.flags_channel)
        channels = {one for one in named if one}
        return standing(connection, clients.of(team), channels=channels, clock=self.clock)

    def manifest(self, public_url: str) -> Mapping[str, object]:
        from bot.manifest import Transport, manifest

        return manifest(public_url, Transport(self.settings.mode))

    def installer(self) -> Installer | None:
        if not self.settings.can_install:
            return None
        from bot.installing import Installer

        return Installer(
            self._connection(),
            installations=self.database().installations,
            links=self.links,
            clock=self.clock,
        )

    def http_handler(self) -> Callable[[Request], Response] | None:
        slack = self.settings
        if slack.mode != "http" or not slack.is_set_up or slack.signing_secret is None:
            return None
        from bot.app import http_handler

        return http_handler(
            connection=self._connection(),
            answers=self.answers(),
            database=self.database(),
            clock=self.clock,
            links=self.links,
        )

    def run_socket_mode(self, stop: Event) -> None:
        from bot.socket_mode import run_socket_mode

        run_socket_mode(
            connection=self._connection(),
            answers=self.answers(),
            database=self.database(),
            clock=self.clock,
            links=self.links,
            stop=stop,
        )

    def _is_there(self) -> bool:
        """Whether there is a workspace to write to: one by setting, or one that installed us."""
        if self.settings.bot_token is not None:
            return True
        return any(one.stands for one in self.database().installations.all())

    def _connection(self) -> Connection:
        slack = self.settings
        if not slack.is_set_up:
            raise Misused("Slack is not connected: set VERBATIM_SLACK__BOT_TOKEN.")
        secret = slack.signing_secret if slack.mode == "http" else None
        return Connection(
            token=_plain(slack.bot_token),
            client_id=slack.client_id,
            client_secret=_plain(slack.client_secret),
            signing_secret=_plain(secret),
            app_token=_plain(slack.app_token),
            base_url=slack.base_url,
            shows=Shows(slack.channels_show),
        )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
