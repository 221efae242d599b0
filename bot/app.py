"""The Bolt application: HTTP under Flask in a deployment, Socket Mode on a laptop; same
listeners.
"""

from collections.abc import Callable

from flask import Request, Response
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.asking import Asking
from bot.clients import Clients
from bot.connection import Connection
from bot.listeners import actions, channels, ending, home, other, storing
from bot.listeners import flags as flag_buttons
from bot.listeners import links as shared_links
from bot.people import Directory
from bot.policy import Policies
from bot.precedence import Precedence
from bot.resuming import Resuming
from bot.telling import Gateway, Telling
from service.flags import Flags
from service.links import Links
from service.ports import Clock
from service.stores import Database


class SlackBot:
    """The application with its threads. Closing it finishes what was started."""

    def __init__(
        self,
        *,
        connection: Connection,
        answers: Gateway,
        database: Database,
        clock: Clock,
        links: Links,
        precedence: Precedence | None = None,
    ) -> None:
        self._precedence = precedence or Precedence()
        clients = Clients(connection, database=database, clock=clock)
        policies = Policies(database.work, connection.shows)
        telling = Telling(
            clients=clients, answers=answers, policies=policies, database=database, clock=clock
        )
        self._asking = Asking(
            telling=telling,
            clients=clients,
            database=database,
            clock=clock,
            give_way=self._precedence.give_way,
        )
        self.app = _bolt(connection, clients, self._asking)
        directory = Directory(clients, database.people)
        channels.register(
            self.app, telling=telling, directory=directory, policies=policies, clock=clock
        )
        actions.register(self.app, asking=self._asking, telling=telling, clients=clients)
        flags = Flags(database=database, links=links, clock=clock)
        flag_buttons.register(
            self.app,
            telling=telling,
            clients=clients,
            directory=directory,
            flags=flags,
            links=links,
        )
        home.register(
            self.app,
            home.Homes(
                clients=clients,
                directory=directory,
                flags=flags,
                conversations=database.conversations,
                follows=database.follows,
                links=links,
            ),
        )
        shared_links.register(
            self.app,
            clients=clients,
            directory=directory,
            answers=answers,
            policies=policies,
            links=links,
        )
        ending.register(self.app, clients)
        other.register(self.app)
        self._http = SlackRequestHandler(self.app)
        self._resuming = Resuming(self._asking.resume)

    def handle(self, request: Request) -> Response:
        """Answer one signed request of Slack's."""
        with self._precedence.acknowledging():
            return self._http.handle(request)

    def close(self) -> None:
        self._resuming.close()
        self._asking.close()
        self.app.listener_runner.listener_executor.shutdown(wait=True)


def http_handler(
    *, connection: Connection, answers: Gateway, database: Database, clock: Clock, links: Links
) -> Callable[[Request], Response]:
    """Return what answers POST /slack/events; it checks Slack's signature itself.

    Without a signing secret nothing could be checked, so the address stays closed.
    """
    if not connection.over_http:
        return _closed
    return SlackBot(
        connection=connection, answers=answers, database=database, clock=clock, links=links
    ).handle


def _bolt(connection: Connection, clients: Clients, asking: Asking) -> App:
    """Build the application.

    Bolt would call auth.test before the first request and drop everything while that fails. Our
    own `authorize` calls nothing, and the question is stored before it. Where a workspace's token
    ended, Bolt goes on without one: that is noted where the token is needed. The client is one that
    Bolt copies for each request, and that nothing is called with.
    """

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=clients.token(team_id or ""),
        )

    return App(
        client=WebClient(base_url=connection.base_url or WebClient.BASE_URL),
        signing_secret=connection.signing_secret,
        request_verification_enabled=connection.over_http,
        authorize=authorize,
        before_authorize=storing.middleware(asking),
    )


def _closed(request: Request) -> Response:
    del request
    return Response("Slack is not connected over HTTP.\n", 404, mimetype="text/plain")
