"""Hears that a workspace removed the app or took its token back, and notes it for people to see."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import App

from bot.clients import Clients

_UNINSTALLED = "The app was removed from the workspace: install it again."
_REVOKED = "The workspace took the app's token back: install the app again."


def register(app: App, clients: Clients) -> None:
    def uninstalled(body: Mapping[str, Any]) -> None:
        clients.ended(str(body.get("team_id", "")), _UNINSTALLED)

    def revoked(body: Mapping[str, Any]) -> None:
        """People's own tokens are none of ours; only the bot's matters."""
        if (body["event"].get("tokens") or {}).get("bot"):
            clients.ended(str(body.get("team_id", "")), _REVOKED)

    app.event("app_uninstalled")(uninstalled)
    app.event("tokens_revoked")(revoked)
