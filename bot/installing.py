"""Installs the app in a Slack workspace: sends a person to Slack, and keeps what Slack gives back.

Only somebody whom Verbatim knows begins it, and the same person ends it: a workspace's profiles
say who is who, so a stranger's workspace could call itself anything.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from bot.calling import Refused, call_form, tokenless_client
from bot.connection import Connection
from bot.manifest import REDIRECT_PATH, SCOPES
from service.domain.installations import Installation
from service.errors import Forbidden, Misused
from service.links import Links
from service.ports import Clock
from service.stores import InstallationStore

VALID = timedelta(minutes=10)
_AUTHORIZE = "https://slack.com/oauth/v2/authorize"


class Installer:
    """Implements service.web's SlackInstaller over Slack's OAuth."""

    def __init__(
        self,
        connection: Connection,
        *,
        installations: InstallationStore,
        links: Links,
        clock: Clock,
    ) -> None:
        self._connection = connection
        self._installations = installations
        self._redirect = f"{links.home().rstrip('/')}{REDIRECT_PATH}"
        self._clock = clock

    def begin(self, person: str) -> str:
        """Return the address at Slack where a person allows the installation."""
        state = secrets.token_urlsafe(32)
        until = self._clock() + VALID
        self._installations.begin(_hash(state), person=person, expires_at=until)
        asked = {
            "client_id": self._connection.client_id,
            "scope": ",".join(sorted(SCOPES)),
            "redirect_uri": self._redirect,
            "state": state,
        }
        return f"{self._authorize_address()}?{urlencode(asked)}"

    def finish(self, person: str, *, state: str, code: str) -> str:
        """Keep what Slack gives for its code; return the name of the workspace.

        Raises Forbidden when this person did not begin it, or too long ago.
        """
        if not code:
            raise Misused("Slack gave no code: the installation was not allowed there.")
        if self._installations.finish(_hash(state), at=self._clock()) != person:
            raise Forbidden("This installation is not yours, too old or done: begin it again.")
        given = self._exchanged(code)
        found = _installation(given)
        self._installations.save(
            Installation(installed_by=person, installed_at=self._clock(), **found)
        )
        return str(found["name"])

    def _exchanged(self, code: str) -> Mapping[str, Any]:
        arguments = {
            "client_id": self._connection.client_id,
            "client_secret": self._connection.client_secret,
            "code": code,
            "redirect_uri": self._redirect,
        }
        try:
            return call_form(tokenless_client(self._connection), "oauth.v2.access", arguments)
        except Refused as refused:
            raise Misused(f"Slack did not install the app: {refused.code}.") from refused

    def _authorize_address(self) -> str:
        base = self._connection.base_url
        return _AUTHORIZE if base is None else f"{base.removesuffix('api/')}oauth/v2/authorize"


def _installation(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of Slack's answer is kept; a whole organisation's installation has no workspace."""
    team, token = given.get("team") or {}, given.get("access_token")
    if not team.get("id") or not token:
        raise Misused("Install the app in one workspace; organisations are not served as a whole.")
    return {
        "team": str(team["id"]),
        "name": str(team.get("name") or team["id"]),
        "bot_user": str(given.get("bot_user_id") or ""),
        "scopes": tuple(sorted(str(given.get("scope", "")).split(","))),
        "token": str(token),
    }


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
