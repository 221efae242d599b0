"""Asks Slack who we are there and what we may do; compares it with what the manifest asks for."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.calling import web_client, who_we_are
from bot.connection import Connection
from bot.manifest import SCOPES
from service.ports import Clock
from service.workspace import SlackStanding


def standing(connection: Connection, *, clock: Clock) -> SlackStanding:
    """Make one read-only call; raises Unauthorized for a dead token, Unreachable without Slack."""
    answer, headers = who_we_are(web_client(connection))
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")} - {""}
    return SlackStanding(
        team=str(answer.get("team", "")),
        bot=str(answer.get("user", "")),
        missing_scopes=tuple(sorted(SCOPES.keys() - granted)) if granted else (),
        seconds_off=_seconds_off(headers.get("date"), clock()),
    )


def _seconds_off(date: str | None, now: datetime) -> float:
    """How far our clock is from Slack's; signatures older than five minutes are refused."""
    try:
        return abs((now - parsedate_to_datetime(date)).total_seconds()) if date else 0.0
    except (TypeError, ValueError):
        return 0.0
