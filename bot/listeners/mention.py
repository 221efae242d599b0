"""Mentions in channels and direct messages."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App, BoltResponse

from bot.asking import Asked, Asking


def register(app: App, asking: Asking) -> None:
    """Answer app_mention and message.im. Bolt acknowledges events before a listener runs.

    So the event is stored in a middleware, which runs before the acknowledgement; a repeat of it
    ends there.
    """

    def store(body: Mapping[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002  # Bolt passes it by this name
        asked = asked_in(body)
        if asked is not None and not asking.accept(asked):
            return BoltResponse(status=200, body="")
        return next()

    def answer(body: Mapping[str, Any]) -> None:
        asked = asked_in(body)
        if asked is not None:
            asking.answer(asked)

    app.use(store)
    app.event("app_mention")(answer)
    app.event("message")(answer)


def asked_in(body: Mapping[str, Any]) -> Asked | None:
    """Return the question in an event, or None: not ours, an edit, or our own words."""
    event = body.get("event")
    if not isinstance(event, Mapping) or event.get("bot_id") or event.get("subtype"):
        return None
    is_direct = event.get("type") == "message" and event.get("channel_type") == "im"
    if event.get("type") != "app_mention" and not is_direct:
        return None
    channel, ts = str(event.get("channel", "")), str(event.get("ts", ""))
    return Asked(
        key=f"{channel}:{ts}",  # a mention in a direct message arrives as two events
        channel=channel,
        user=str(event.get("user", "")),
        text=str(event.get("text", "")),
        thread=str(event.get("thread_ts") or ts),
    )
