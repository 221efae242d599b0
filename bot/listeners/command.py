"""The /verbatim command. Acknowledged first; Slack shows a failure after three seconds."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.asking import Asked, Asking


def register(app: App, asking: Asking) -> None:
    def verbatim(ack: Ack, command: Mapping[str, Any]) -> None:
        asked = Asked(
            key=f"command:{command['trigger_id']}",
            channel=str(command["channel_id"]),
            user=str(command["user_id"]),
            text=str(command.get("text", "")).strip() or "help",
            thread=None,
        )
        is_new = asking.accept(asked)
        ack()
        if is_new:
            asking.answer(asked)

    app.command("/verbatim")(verbatim)
