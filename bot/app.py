"""The Bolt application: HTTP under Flask in a deployment, Socket Mode on a laptop; same
listeners.
"""

from collections.abc import Callable

from flask import Request, Response
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.asking import Asking, Gateway
from bot.calling import web_client
from bot.connection import Connection
from bot.listeners import actions, command, mention, other, storing
from bot.resuming import Resuming
from service.errors import Misused
from service.ports import Clock
from service.stores import Database


class SlackBot:
    """The application with its threads. Closing it finishes what was started."""

    def __init__(
        self, *, connection: Connection, answers: Gateway, database: Database, clock: Clock
    ) -> None:
        self._asking = Asking(
            client=web_client(connection), answers=answers, database=database, clock=clock
        )
        self.app = _bolt(connection, self._asking)
        self._http = SlackRequestHandler(self.app)
        self._resuming = Resuming(self._asking.resume)

    def handle(self, request: Request) -> Response:
        """Answer one signed request of Slack's."""
        return self._http.handle(request)

    def close(self) -> None:
        self._resuming.close()
        self._asking.close()
        self.app.listener_runner.listener_executor.shutdown(wait=True)


def http_handler(
    *, connection: Connection, answers: Gateway, database: Database, clock: Clock
) -> Callable[[Request], Response]:
    """Return what answers POST /slack/events; it checks Slack's signature itself.

    Without a signing secret nothing could be checked, so the address stays closed.
    """
    if not connection.over_http:
        return _closed
    return SlackBot(connection=connection, answers=answers, database=database, clock=clock).handle


def run_socket_mode(
    *, connection: Connection, answers: Gateway, database: Database, clock: Clock
) -> None:
    """Answer over Socket Mode until stopped."""
    if connection.app_token is None:
        raise Misused("Socket Mode needs an app-level token: set VERBATIM_SLACK__APP_TOKEN.")
    if connection.over_http:
        raise Misused("Slack is set to HTTP, which `verbatim serve` answers.")
    bot = SlackBot(connection=connection, answers=answers, database=database, clock=clock)
    handler = SocketModeHandler(bot.app, connection.app_token)
    try:
        handler.start()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
    finally:
        handler.close()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
        bot.close()


def _bolt(connection: Connection, asking: Asking) -> App:
    """Build the application.

    Bolt would call auth.test before the first request and drop everything while that fails. Our
    own `authorize` calls nothing, and the question is stored before it.
    """

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=connection.token
        )

    app = App(
        client=WebClient(base_url=connection.base_url or WebClient.BASE_URL),
        signing_secret=connection.signing_secret,
        request_verification_enabled=connection.over_http,
        authorize=authorize,
        before_authorize=storing.middleware(asking),
    )
    mention.register(app, asking)
    command.register(app, asking)
    actions.register(app, asking)
    other.register(app)
    return app


def _closed(request: Request) -> Response:
    del request
    return Response("Slack is not connected over HTTP.\n", 404, mimetype="text/plain")
