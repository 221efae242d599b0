"""The shortcut on a message: what somebody wrote is asked, in the thread of that message."""

from collections.abc import Mapping
from typing import Any

from bot.listeners.clicks import spot_of
from bot.manifest import SHORTCUT
from bot.telling import Asked


def shortcut_in(body: Mapping[str, Any]) -> Asked | None:
    """Return the question in a shortcut, or None when it is not ours.

    Each use is a question of its own: the same message may be asked again next week, and by
    somebody who may see more.
    """
    spot = spot_of(body) if body.get("callback_id") == SHORTCUT else None
    if spot is None or body.get("type") != "message_action":
        return None
    return Asked(
        key=f"shortcut:{body['trigger_id']}",
        team=spot.team,
        channel=spot.channel,
        user=spot.user,
        text=str(body["message"].get("text", "")).strip() or "help",
        thread=spot.thread,
    )
