"""The right connection to each Slack workspace: one by setting, or one for each that installed us.

Knows whose token is whose. A workspace whose token ended gets none, and never another's.
"""

import threading

from slack_sdk import WebClient

from bot.calling import web_client, who_we_are
from bot.connection import Connection
from bot.posting import Poster
from service.errors import Misused, Unauthorized, VerbatimError
from service.ports import Clock
from service.reachability import Part, Reachability
from service.stores import Database

NOT_CONNECTED = "Slack is not connected: set VERBATIM_SLACK__BOT_TOKEN, or install the app."


class Clients:
    """Clients and posters by workspace, made once a token. Safe among threads."""

    def __init__(self, connection: Connection, *, database: Database, clock: Clock) -> None:
        self._connection = connection
        self._installations = database.installations
        self._work = database.work
        self._clock = clock
        self._reachability = Reachability(database.work, clock)
        self._clients: dict[str, WebClient] = {}
        self._posters: dict[str, Poster] = {}
        self._lock = threading.Lock()

    def token(self, team: str) -> str | None:
        """The token for a workspace: its own installation's, else the one that was set."""
        installed = self._installations.get(team) if team else None
        if installed is not None:
            return installed.token if installed.stands else None
        return self._connection.token

    def of(self, team: str) -> WebClient:
        """Raises Unauthorized when we may not act in that workspace, or no longer."""
        token = self.token(team)
        if not token:
            raise Unauthorized(NOT_CONNECTED)
        return self._client(token)

    def poster(self, team: str) -> Poster:
        """One poster a workspace: posts to one channel wait for each other there."""
        client = self.of(team)
        with self._lock:
            name = str(client.token)
            if name not in self._posters:
                self._posters[name] = Poster(client, work=self._work, clock=self._clock)
            return self._posters[name]

    def home(self) -> str:
        """The workspace that digests and cards go to: "" is the one whose token was set.

        Of several installed ones it is the first that still stands. Raises Misused when there is
        none.
        """
        if self._connection.token is not None:
            return ""
        standing = [one.team for one in self._installations.all() if one.stands]
        if not standing:
            raise Misused(NOT_CONNECTED)
        return standing[0]

    def doubt(self, team: str) -> None:
        """Slack refused a token: ask once more, and note it where people will see it.

        The app may have been installed anew since the call that failed.
        """
        try:
            who_we_are(self.of(team))
        except Unauthorized as error:
            self.ended(team, str(error))
        except VerbatimError:
            return  # Slack is in trouble, which says nothing about the token

    def ended(self, team: str, why: str) -> None:
        """Note that we may no longer act in a workspace."""
        if self._installations.get(team) is None:
            self._reachability.note(Part.TOKEN, why)
        else:
            self._installations.end(team, why=why, at=self._clock())

    def works(self, team: str) -> None:
        """Note that a workspace's token was taken."""
        if self._installations.get(team) is None:
            self._reachability.over(Part.TOKEN)

    def _client(self, token: str) -> WebClient:
        with self._lock:
            if token not in self._clients:
                self._clients[token] = web_client(self._connection, token)
            return self._clients[token]
