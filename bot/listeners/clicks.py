"""Where a click happened, as Slack tells it with every button and modal."""

from collections.abc import Mapping
from typing import Any

from bot.telling import Spot


def team_of(body: Mapping[str, Any]) -> str:
    return str((body.get("team") or {}).get("id", ""))


def spot_of(body: Mapping[str, Any]) -> Spot | None:
    """Return the place of a click; None when it was not in a channel, as in a modal."""
    channel = (body.get("channel") or {}).get("id")
    if not channel:
        return None
    return Spot(
        team=team_of(body),
        channel=str(channel),
        user=str(body["user"]["id"]),
        thread=thread_of(body),
    )


def thread_of(body: Mapping[str, Any]) -> str | None:
    message = body.get("message", {})
    found = message.get("thread_ts") or message.get("ts")
    return None if found is None else str(found)
