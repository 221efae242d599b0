"""The Bolt application: HTTP under Flask in a deployment, Socket Mode on a laptop; same
listeners.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Request, Response
from service.answers import Answers
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.asking import Asking
from bot.connection import Connection
from bot.listeners import actions, command, home, mention
from bot.posting import web_client
from service.errors import Misused
from service.ports import Clock, Database

WORKERS = 8  # Bolt's default of five makes a sixth question wait in silence


def build_app(*, connection: Connection, answers: Answers, database: Database, clock: Clock) -> App:
    """Build the application and take up what an earlier process left unanswered."""
    client = web_client(connection)
    app = App(
        client=client,
        signing_secret=connection.signing_secret,
        request_verification_enabled=connection.over_http,
        token_verification_enabled=False,  # auth.test at start would keep the web from starting
        listener_executor=ThreadPoolExecutor(WORKERS, thread_name_prefix="verbatim-slack"),
    )
    asking = Asking(client=client, answers=answers, database=database, clock=clock)
    mention.register(app, asking)
    command.register(app, asking)
    actions.register(app, database.work)
    home.register(app)
    app.listener_runner.listener_executor.submit(asking.resume)
    return app


def http_handler(
    *, connection: Connection, answers: Answers, database: Database, clock: Clock
) -> Callable[[Request], Response]:
    """Return what answers POST /slack/events; it checks Slack's signature itself."""
    app = build_app(connection=connection, answers=answers, database=database, clock=clock)
    return SlackRequestHandler(app).handle


def run_socket_mode(
    *, connection: Connection, answers: Answers, database: Database, clock: Clock
) -> None:
    """Answer over Socket Mode until stopped."""
    if connection.app_token is None:
        raise Misused("Socket Mode needs an app-level token: set VERBATIM_SLACK__APP_TOKEN.")
    app = build_app(connection=connection, answers=answers, database=database, clock=clock)
    SocketModeHandler(app, connection.app_token).start()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped
