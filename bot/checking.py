"""Asks Slack who we are there and what we may do; compares it with what the manifest asks for."""

from collections.abc import Collection
from datetime import datetime
from email.utils import parsedate_to_datetime

from slack_sdk import WebClient

from bot.calling import Refused, call, pages, web_client, who_we_are
from bot.connection import Connection
from bot.manifest import SCOPES
from service.errors import Unauthorized
from service.ports import Clock
from service.workspace import SlackStanding

_PAGE = 200
_MOST_PAGES = 100
_SEEING = {"channels:read", "groups:read"}


def standing(
    connection: Connection, client: WebClient, *, channels: Collection[str] = (), clock: Clock
) -> SlackStanding:
    """Ask and change nothing; raises Unauthorized for a dead token, Unreachable without Slack.

    `channels` are those that the settings name, by name or id: of each is told whether we are in.
    """
    if connection.app_token and not connection.over_http:
        check_app_token(connection)
    answer, headers = who_we_are(client)
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")} - {""}
    return SlackStanding(
        team=str(answer.get("team", "")),
        bot=str(answer.get("user", "")),
        missing_scopes=tuple(sorted(SCOPES.keys() - granted)) if granted else (),
        seconds_off=_seconds_off(headers.get("date"), clock()),
        not_in=_not_in(client, channels) if channels and granted >= _SEEING else (),
    )


def _not_in(client: WebClient, channels: Collection[str]) -> tuple[str, ...]:
    """The channels of which we are no member, or that are archived: nothing can be posted there."""
    left = {channel.lstrip("#") for channel in channels}
    types = "public_channel,private_channel"
    asked = {"types": types, "exclude_archived": True, "limit": _PAGE}
    for page in pages(client, "users.conversations", asked, most=_MOST_PAGES):
        for one in page.get("channels", []):
            left -= {str(one.get("id")), str(one.get("name"))}
        if not left:
            break
    return tuple(sorted(left))


def check_app_token(connection: Connection) -> None:
    """Ask for an address to connect to: Slack gives it only for a valid app-level token."""
    try:
        call(web_client(connection, connection.app_token), "apps.connections.open", {})
    except (Unauthorized, Refused) as error:
        raise Unauthorized(
            "Slack does not take the app-level token: make one with the right connections:write "
            "under Basic Information, and set VERBATIM_SLACK__APP_TOKEN."
        ) from error


def _seconds_off(date: str | None, now: datetime) -> float:
    """How far our clock is from Slack's; signatures older than five minutes are refused."""
    try:
        return abs((now - parsedate_to_datetime(date)).total_seconds()) if date else 0.0
    except (TypeError, ValueError):
        return 0.0
