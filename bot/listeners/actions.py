"""Buttons under an answer: a verdict is kept and a choice continues the thread."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.asking import Asked, Asking
from bot.blocks import OPTION, USEFUL, WRONG

_THANKS = {
    USEFUL: "Thank you, noted: useful.",
    WRONG: "Noted: wrong. Ask again with the dates or the account you meant.",
}


def register(app: App, asking: Asking) -> None:
    def verdict(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        user, name = str(body["user"]["id"]), str(action["action_id"])
        asking.note_verdict(subject=str(action.get("value", "")), verdict=name, user=user)
        channel = body.get("channel", {}).get("id")
        if channel:
            asking.whisper(_THANKS[name], channel=channel, user=user, thread=_thread(body))

    def choice(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        asked = choice_in(action, body)
        is_new = asking.accept(asked)
        ack()
        if is_new:
            asking.start(asked)

    for name in (USEFUL, WRONG):
        app.action(name)(verdict)
    app.action(re.compile(rf"^{OPTION}_\d$"))(choice)


def choice_in(action: Mapping[str, Any], body: Mapping[str, Any]) -> Asked:
    """The same choice of the same person is one question, however often it is clicked."""
    channel, user = str(body["channel"]["id"]), str(body["user"]["id"])
    message = str(body["message"]["ts"])
    return Asked(
        key=f"{channel}:{message}:{user}:{action['action_id']}",
        team=str(body.get("team", {}).get("id", "")),
        channel=channel,
        user=user,
        text=str(action["value"]),
        thread=_thread(body),
    )


def _thread(body: Mapping[str, Any]) -> str | None:
    message = body.get("message", {})
    found = message.get("thread_ts") or message.get("ts")
    return None if found is None else str(found)
