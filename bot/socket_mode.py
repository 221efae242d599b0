"""Socket Mode: Slack's events over a connection that we open, for a laptop or behind a firewall.

The same application as over HTTP: what it hears is stored before it is acknowledged, so an event
that Slack sends again after a lost connection is known. Knows nothing of what is asked.
"""

import socket
import threading

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient

from bot.app import SlackBot
from bot.calling import tokenless_client
from bot.checking import check_app_token
from bot.connection import Connection
from bot.telling import Gateway
from service.errors import Misused
from service.links import Links
from service.ports import Clock
from service.stores import Database


class SocketLine:
    """The connection of one application. Slack renews it every hour or so; nothing is lost then."""

    def __init__(self, app: App, connection: Connection) -> None:
        if not connection.app_token:
            raise Misused("Socket Mode needs an app-level token: set VERBATIM_SLACK__APP_TOKEN.")
        self._connection = connection
        client = tokenless_client(connection)
        self._handler = SocketModeHandler(app, connection.app_token, web_client=client)

    def open(self) -> None:
        """Connect; raises Unauthorized when Slack does not take the app-level token."""
        check_app_token(self._connection)
        self._handler.connect()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped

    def close(self) -> None:
        """Hang up. What was acknowledged is stored, the rest comes again.

        The client's own reader goes first: both would close the same socket, and the second fails.
        """
        client = self._handler.client
        client.auto_reconnect_enabled = False
        client.current_session_state.terminated = True
        _wake(client)
        if client.current_session_runner.is_alive():
            client.current_session_runner.shutdown()  # type: ignore[no-untyped-call]  # as above
        self._handler.close()  # type: ignore[no-untyped-call]  # slack_bolt leaves it untyped


def _wake(client: SocketModeClient) -> None:
    """End the reader's wait, which would last three seconds otherwise."""
    session = client.current_session
    try:
        if session is not None and session.sock is not None:
            session.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # Slack was quicker


def run_socket_mode(
    *,
    connection: Connection,
    answers: Gateway,
    database: Database,
    clock: Clock,
    links: Links,
    stop: threading.Event,
) -> None:
    """Answer over Socket Mode until stopped; what was started is finished."""
    if connection.over_http:
        raise Misused("Slack is set to HTTP, which `verbatim serve` answers.")
    bot = SlackBot(
        connection=connection, answers=answers, database=database, clock=clock, links=links
    )
    try:
        line = SocketLine(bot.app, connection)
        line.open()
        try:
            stop.wait()
        finally:
            line.close()
    finally:
        bot.close()
