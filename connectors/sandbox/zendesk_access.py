"""Who may call the Zendesk stand-in and how often: tokens, OAuth grants, rate-limit headers."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request

from connectors.sandbox.faults import OWN_PREFIX
from connectors.sandbox.records import seconds
from connectors.sandbox.zendesk_records import API_USER
from connectors.sandbox.zendesk_state import ZendeskState

_GENERAL_LIMIT = 700  # per minute, the vendor's figure for its Professional plan
_OPEN_PATHS = ("/oauth/", "/agent/", OWN_PREFIX)
_TOO_OFTEN = "Number of allowed API requests per minute exceeded"
_EXPORT_TOO_OFTEN = "Number of allowed incremental export API requests per minute exceeded"


class Tokens:
    """Access tokens that run out and refresh tokens that work once."""

    def __init__(
        self,
        *,
        token: str,
        clients: Mapping[str, str],
        clock: Callable[[], datetime],
        lifetime: timedelta,
        refresh_tokens: Iterable[str] = (),
        tell_expiry: bool = True,
    ) -> None:
        self.token = token
        self._tell_expiry = tell_expiry
        self._clients = dict(clients)
        self._clock = clock
        self._lifetime = lifetime
        self._access: dict[str, datetime] = {}
        self._refresh = set(refresh_tokens)

    def good(self, token: str) -> bool:
        if secrets.compare_digest(token.encode(), self.token.encode()):
            return True
        ends = self._access.get(token)
        return ends is not None and ends > self._clock()

    def grant(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a new pair, or None when the client or the refresh token is not good."""
        client = str(asked.get("client_id", ""))
        if self._clients.get(client) != str(asked.get("client_secret", "")):
            return None
        if asked.get("grant_type") == "refresh_token":
            given = str(asked.get("refresh_token", ""))
            if given not in self._refresh:
                return None
            self._refresh.discard(given)
        elif asked.get("grant_type") != "client_credentials":
            return None
        return self._issue(str(asked.get("scope") or "read write"))

    def _issue(self, scope: str) -> dict[str, Any]:
        access, refresh = secrets.token_hex(20), secrets.token_hex(20)
        self._access[access] = self._clock() + self._lifetime
        self._refresh.add(refresh)
        granted = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "scope": scope,
        }
        expiry = {"expires_in": int(self._lifetime.total_seconds())}
        return granted | expiry if self._tell_expiry else granted


class Limits:
    """Calls counted per minute of the clock; None means counted but not enforced."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        incremental_per_minute: int | None,
        calls_per_minute: int | None,
    ) -> None:
        self._clock = clock
        self._incremental = incremental_per_minute
        self._general = calls_per_minute
        self._used: Counter[tuple[str, int]] = Counter()

    def spend(self, path: str) -> str | None:
        """Count the call and return the vendor's complaint when it is one too many."""
        minute = seconds(self._clock()) // 60
        for key in [key for key in self._used if key[1] < minute]:
            del self._used[key]
        self._used["general", minute] += 1
        if self._general is not None and self._used["general", minute] > self._general:
            return _TOO_OFTEN
        if "/incremental/" in path:
            self._used["incremental", minute] += 1
            if self._incremental and self._used["incremental", minute] > self._incremental:
                return _EXPORT_TOO_OFTEN
        return None

    def until_next_minute(self) -> int:
        return 60 - seconds(self._clock()) % 60

    def headers(self, path: str) -> dict[str, str]:
        limit = self._general or _GENERAL_LIMIT
        used = self._used["general", seconds(self._clock()) // 60]
        # A limit that is not enforced is never near, or callers would slow down for nothing.
        left = str(max(0, limit - used) if self._general else limit - 1)
        return {
            "x-rate-limit": str(limit),
            "x-rate-limit-remaining": left,
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": left,
            "ratelimit-reset": str(self.until_next_minute()),
            **self._export_headers(path),
        }

    def _export_headers(self, path: str) -> dict[str, str]:
        """Tell the exports' own limit as the vendor tells an endpoint's; its name is a guess."""
        if "/incremental/" not in path or not self._incremental:
            return {}
        used = self._used["incremental", seconds(self._clock()) // 60]
        left = max(0, self._incremental - used)
        told = f"total={self._incremental}; remaining={left}; resets={self.until_next_minute()}"
        return {"zendesk-ratelimit-incremental-exports": told}


def failure_in_zendesk_words(
    status: int, path: str, retry_after: str | None
) -> tuple[dict[str, str], dict[str, Any]]:
    """Word a switched fault as Zendesk does."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if status == 429:
        told = _EXPORT_TOO_OFTEN if "/incremental/" in path else _TOO_OFTEN
        return headers, {"error": "APIRateLimitExceeded", "description": told}
    if status == 401:
        return headers, {"error": "Couldn't authenticate you"}
    if status == 403:
        return headers, {
            "error": {"title": "Forbidden", "message": "You do not have access to this page."}
        }
    return headers, {"error": "InternalError", "description": "Something went wrong"}


def install_access(app: Flask, state: ZendeskState, tokens: Tokens, limits: Limits) -> None:
    """Check credentials and limits before each API call; add the OAuth token endpoint."""

    def check() -> tuple[Response, int, dict[str, str]] | None:
        if request.path.startswith(_OPEN_PATHS):
            return None
        user_id = _caller(state, tokens)
        if user_id is None:
            headers, body = failure_in_zendesk_words(401, request.path, None)
            return jsonify(body), 401, headers
        g.user_id = user_id
        complaint = limits.spend(request.path)
        if complaint is not None:
            wait = str(limits.until_next_minute())
            headers, body = failure_in_zendesk_words(429, request.path, wait)
            return jsonify(body), 429, headers
        return None

    def add_headers(response: Response) -> Response:
        if not request.path.startswith(_OPEN_PATHS):
            response.headers.update(limits.headers(request.path))
        return response

    def token() -> tuple[Response, int]:
        asked = request.get_json(silent=True) or request.form.to_dict()
        granted = tokens.grant(asked)
        if granted is None:
            told = "The provided authorization grant is invalid, expired or revoked."
            return jsonify({"error": "invalid_grant", "error_description": told}), 400
        return jsonify(granted), 200

    app.before_request(check)
    app.after_request(add_headers)
    app.add_url_rule("/oauth/tokens", view_func=token, methods=["POST"])


def _caller(state: ZendeskState, tokens: Tokens) -> int | None:
    """Return the id of the user who calls, or None without good credentials."""
    given = request.authorization
    if given is None:
        return None
    if given.type == "bearer" and given.token is not None:
        return API_USER if tokens.good(given.token) else None
    name, password = given.username or "", given.password or ""
    if given.type != "basic" or not name.endswith("/token") or password != tokens.token:
        return None
    email = name.removesuffix("/token")
    return next((each.id for each in state.users.values() if each.email == email), API_USER)
