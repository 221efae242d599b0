"""Installing an app as Slack does: a page that says yes, a code that works once, a bot token."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request

from connectors.sandbox.slack_state import BOT_USER, TEAM, SlackState

CLIENT_ID = "1111.2222"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - not a secret


def install(app: Flask, state: SlackState) -> None:
    def authorize() -> Response:
        """Nobody has to click: the made-up administrator allows what is asked for."""
        asked = request.args
        if asked.get("client_id") != CLIENT_ID:
            return Response("There is no such app.", 400)
        code = grant(state, asked.get("team", TEAM), scopes=asked.get("scope", ""))
        back = urlencode({"code": code, "state": asked.get("state", "")})
        return redirect(f"{asked['redirect_uri']}?{back}", code=302)  # type: ignore[return-value]  # werkzeug's own kind of response

    app.add_url_rule("/oauth/v2/authorize", "authorize", authorize)


def grant(state: SlackState, team: str, *, scopes: str) -> str:
    """Let a workspace allow the installation; return the code that is sent back."""
    code = secrets.token_hex(8)
    state.codes[code] = (team, scopes)
    return code


def exchange(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """oauth.v2.access: a code for a bot token."""
    if arguments.get("client_id") != CLIENT_ID:
        return {"ok": False, "error": "invalid_client_id"}
    if arguments.get("client_secret") != CLIENT_SECRET:
        return {"ok": False, "error": "bad_client_secret"}
    granted = state.codes.pop(str(arguments.get("code")), None)
    if granted is None:
        return {"ok": False, "error": "invalid_code"}
    team, scopes = granted
    token = f"xoxb-{team.lower()}-{secrets.token_hex(4)}"
    state.tokens[token] = team
    return {
        "ok": True,
        "access_token": token,
        "token_type": "bot",
        "scope": scopes,
        "bot_user_id": BOT_USER,
        "app_id": "A0VERBATIM",
        "team": {"id": team, "name": state.teams[team]},
        "enterprise": None,
        "authed_user": {"id": "U00000001"},
        "is_enterprise_install": False,
    }
