"""Mentions in channels and direct messages."""

from collections.abc import Mapping
from typing import Any

from bot.telling import Asked


def question_in(body: Mapping[str, Any]) -> Asked | None:
    """Return the question in an event, or None: not for us, an edit, or a bot's words."""
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("bot_id") or event.get("subtype"):
        return None
    is_direct = event.get("type") == "message" and event.get("channel_type") == "im"
    if event.get("type") != "app_mention" and not is_direct:
        return None
    channel, ts, user = (str(event.get(name, "")) for name in ("channel", "ts", "user"))
    if not (channel and ts and user):
        return None
    return Asked(
        key=f"{channel}:{ts}",  # a mention in a direct message arrives as two events
        team=str(body.get("team_id", "")),
        channel=channel,
        user=user,
        text=str(event.get("text", "")).strip() or "help",
        thread=str(event.get("thread_ts") or ts),
    )
