"""The Slack app in one file: what it may do, why, and where Slack reaches it."""

from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

# Each scope with what would not work without it; docs/connect-slack.md prints the same.
SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hears questions that mention it",
    "assistant:write": "shows that it is working on a question",
    "channels:read": "notices that it is no longer in a channel it posts to",
    "chat:write": "answers, posts cards and the digest",
    "commands": "the /verbatim command and the shortcut on messages",
    "files:write": "charts where Slack draws none itself",
    "groups:read": "the same for private channels",
    "im:history": "hears direct messages",
    "im:read": "knows a direct message from a channel",
    "links:read": "notices links to receipts",
    "links:write": "shows what a receipt counts",
    "users:read": "knows who asks",
    "users:read.email": "finds the person in Verbatim by the address",
}
EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "link_shared",
    "message.im",
    "tokens_revoked",
)
SHORTCUT = "verbatim_ask_this"
REDIRECT_PATH = "/slack/oauth_redirect"  # where Slack sends a person back after installing


class Transport(StrEnum):
    """How Slack reaches us: at our address, or over a connection that we open."""

    HTTP = "http"
    SOCKET = "socket"


def manifest(public_url: str, transport: Transport = Transport.HTTP) -> dict[str, object]:
    """Return the app's manifest for a public address; events, buttons and commands go there."""
    endpoint = f"{public_url.rstrip('/')}/slack/events"
    return {
        "display_information": {
            "name": "Verbatim",
            "description": "Answers why customers are unhappy, with counts that re-run.",
        },
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "Verbatim", "always_online": True},
            "slash_commands": [
                {
                    "command": "/verbatim",
                    "url": endpoint,
                    "description": "Ask about customers' conversations",
                    "usage_hint": "why did sentiment drop last week?",
                }
            ],
            "shortcuts": [
                {
                    "name": "Ask Verbatim this",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "Answers what a message asks, in its thread",
                }
            ],
            "unfurl_domains": [urlsplit(public_url).hostname or "example.com"],
        },
        "oauth_config": {**_redirects(public_url), "scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"request_url": endpoint, "bot_events": list(EVENTS)},
            "interactivity": {
                "is_enabled": True,
                "request_url": endpoint,
                "message_menu_options_url": endpoint,  # where Slack asks for accounts to follow
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": transport is Transport.SOCKET,
        },
    }


def _redirects(public_url: str) -> dict[str, object]:
    """Slack takes only https here, and without it nobody can install by a link."""
    if not public_url.startswith("https://"):
        return {}
    return {"redirect_urls": [f"{public_url.rstrip('/')}{REDIRECT_PATH}"]}
