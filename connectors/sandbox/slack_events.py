"""Sends what Slack would send when somebody writes to the bot: a signed event."""

import json
import time

import requests
from slack_sdk.signature import SignatureVerifier

from connectors.sandbox.slack_state import BOT_USER, TEAM, SlackState
from service.errors import Unreachable


def deliver_mention(
    state: SlackState, *, events_url: str, signing_secret: str, email: str, text: str
) -> str:
    """Let a person of the made-up workspace mention the bot in #cx-verbatim; return its id.

    Raises Unreachable when nobody takes the event at `events_url`.
    """
    person = next(person for person in state.people.values() if person.email == email)
    channel = state.find_channel("cx-verbatim")
    ts = state.next_ts()
    event = {
        "type": "app_mention",
        "user": person.id,
        "text": f"<@{BOT_USER}> {text}",
        "channel": "" if channel is None else channel.id,
        "ts": ts,
    }
    body = json.dumps(
        {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{ts}", "event": event}
    )
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=timestamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature or "",
    }
    try:
        requests.post(events_url, data=body, headers=headers, timeout=5).raise_for_status()
    except requests.RequestException as error:
        raise Unreachable("The bot did not take the event.") from error
    return str(event["channel"])
