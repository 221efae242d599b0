"""Stores a question before Slack is told that we have it.

Bolt acknowledges an event before its listener runs, and knows nothing of repeats. This runs first,
right after the signature was checked; a repeat ends here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse

from bot.asking import Asking
from bot.listeners.command import command_in
from bot.listeners.mention import question_in

Next = Callable[[], BoltResponse]


def middleware(asking: Asking) -> Callable[[Mapping[str, Any], Next], BoltResponse]:
    def store(body: Mapping[str, Any], next: Next) -> BoltResponse:  # noqa: A002  # Bolt passes it by this name
        asked = question_in(body) or command_in(body)
        if asked is not None and not asking.accept(asked):
            return BoltResponse(status=200, body="")
        return next()

    return store
