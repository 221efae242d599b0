"""The /verbatim command."""

from collections.abc import Mapping
from typing import Any

from bot.telling import Asked

NAME = "/verbatim"
_POLICY_WORDS = frozenset({"channel", "channel policy"})


def command_in(body: Mapping[str, Any]) -> Asked | None:
    """Return the question in a command, or None when it is none, or not our command."""
    if body.get("command") != NAME or is_policy(body):
        return None
    return Asked(
        key=f"command:{body['trigger_id']}",
        team=str(body.get("team_id", "")),
        channel=str(body["channel_id"]),
        user=str(body["user_id"]),
        text=str(body.get("text", "")).strip() or "help",
        thread=None,
    )


def is_policy(command: Mapping[str, Any]) -> bool:
    """Whether somebody asks what the channel shows."""
    return str(command.get("text", "")).strip().lower() in _POLICY_WORDS
