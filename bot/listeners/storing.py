"""Stores a question before Slack is told that we have it, and has it answered.

This runs right after the signature was checked and ends there, for a repeat too: the rest of
Bolt's way costs more than everything else between an event and its acknowledgement.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.asking import Asking
from bot.listeners.command import command_in
from bot.listeners.mention import question_in
from bot.listeners.shortcut import shortcut_in

Next = Callable[[], BoltResponse]


def middleware(asking: Asking) -> Callable[[Mapping[str, Any], Next], BoltResponse]:
    def store(body: Mapping[str, Any], next: Next) -> BoltResponse:  # noqa: A002  # Bolt passes it by this name
        asked = question_in(body) or command_in(body) or shortcut_in(body)
        if asked is None:
            return next()
        if asking.accept(asked):
            asking.start(asked)
        return BoltResponse(status=200, body="")

    return store
