"""Who we are to Zendesk: the Authorization header, and a new token when the old one has run out.

Access tokens run out; refresh tokens work once and come back new with each answer. So a new pair
is kept before it is used, what is kept wins over the setting it grew from, and of several that
find the token run out, in this process or another, one renews it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any

import requests

from service.errors import Misused, Unauthorized
from service.ports import Keeper

API_TOKENS_END = "2027-04-30"  # by Zendesk's notice; none can be made since 2026-10-27
_KEPT = "oauth"
_SETTING = "VERBATIM_HELPDESKS__ZENDESK__"
Ask = Callable[[Mapping[str, str]], Mapping[str, Any]]


class GrantRefused(Unauthorized):
    """Zendesk refused our OAuth client: check its id and its secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What we were given to sign in with; the first complete combination is used."""

    email: str | None = None
    api_token: str | None = None
    oauth_token: str | None = None
    refresh_token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None

    @property
    def renewable(self) -> bool:
        return bool(self.client_id and self.client_secret)

    @property
    def setting(self) -> str:
        """Where the one that is used was set, for whoever has to change it."""
        if self.renewable:
            return f"{_SETTING}OAUTH_CLIENT_SECRET"
        return f"{_SETTING}OAUTH_TOKEN" if self.oauth_token else f"{_SETTING}API_TOKEN"

    @property
    def by_api_token(self) -> bool:
        return not self.oauth_token and not self.renewable


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    access: str | None
    refresh: str | None = None


class Credentials:
    def __init__(self, login: Login, keeper: Keeper | None = None) -> None:
        if login.refresh_token and keeper is None:
            raise Misused("OAUTH_REFRESH_TOKEN works once, and there is no store for the next one.")
        self._login = login
        self._keeper = keeper
        self._lock = Lock()
        self._pair: Pair | None = None

    @property
    def renewable(self) -> bool:
        return self._login.renewable

    @property
    def setting(self) -> str:
        return self._login.setting

    def sign(self, request: requests.PreparedRequest, ask: Ask) -> str | None:
        """Add the header; return the token in it, for `renew` in case it has run out."""
        token = self._now().access
        if token is None and self.renewable:
            token = self.renew(None, ask)
        request.headers["Authorization"] = f"Bearer {token}" if token else self._basic(request)
        return token

    def renew(self, failed: str | None, ask: Ask) -> str | None:
        """Return a token other than the failed one; `ask` is called once whoever else waits."""
        with self._lock:
            newer = self._renewed_elsewhere(failed)
            if newer is None:
                newer = self._granted(failed, ask)
            self._pair = newer
            return newer.access

    def _now(self) -> Pair:
        return self._pair or self._first()

    def _first(self) -> Pair:
        with self._lock:
            pair = self._pair or self._kept() or self._given()
            self._pair = pair
            return pair

    def _renewed_elsewhere(self, failed: str | None) -> Pair | None:
        """Return the pair that another thread or process got while this one was waiting."""
        for pair in (self._pair, self._kept()):
            if pair is not None and pair.access not in (None, failed):
                return pair
        return None

    def _granted(self, failed: str | None, ask: Ask) -> Pair:
        refresh = (self._kept() or self._pair or self._given()).refresh
        if refresh is None:
            return self._taken(ask(self._question("client_credentials", scope="read write")), None)
        try:
            answer = ask(self._question("refresh_token", refresh_token=refresh))
        except GrantRefused as refusal:
            newer = self._kept()
            if newer is not None and newer.access not in (None, failed):
                return newer
            raise Unauthorized(
                "Zendesk refused our refresh token, which works once: make a new one and set "
                "OAUTH_REFRESH_TOKEN."
            ) from refusal
        pair = self._taken(answer, refresh)
        self._keep(pair)
        return pair

    def _taken(self, answer: Mapping[str, Any], refresh: str | None) -> Pair:
        """Read the answer. expires_in may be absent: a 401 tells when a token has run out."""
        access, next_one = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access, str) or not access:
            raise Unauthorized("Zendesk gave no access token for our OAuth client.")
        if refresh is None:
            return Pair(access=access)
        return Pair(access=access, refresh=next_one if isinstance(next_one, str) else refresh)

    def _question(self, grant: str, **more: str) -> dict[str, str]:
        return {
            "grant_type": grant,
            "client_id": self._login.client_id or "",
            "client_secret": self._login.client_secret or "",
            **more,
        }

    def _given(self) -> Pair:
        return Pair(access=self._login.oauth_token, refresh=self._login.refresh_token)

    def _kept(self) -> Pair | None:
        """Return what was kept, unless a person has set another refresh token since."""
        if self._keeper is None or not self._login.refresh_token:
            return None
        try:
            kept = json.loads(self._keeper.load(_KEPT) or "null")
        except ValueError:
            return None
        if not isinstance(kept, dict) or kept.get("began") != self._began():
            return None
        return Pair(access=kept.get("access"), refresh=kept.get("refresh"))

    def _keep(self, pair: Pair) -> None:
        if self._keeper is not None:
            kept = {"access": pair.access, "refresh": pair.refresh, "began": self._began()}
            self._keeper.save(_KEPT, json.dumps(kept))

    def _began(self) -> str:
        return sha256((self._login.refresh_token or "").encode()).hexdigest()

    def _basic(self, request: requests.PreparedRequest) -> str:
        user, secret = f"{self._login.email}/token", self._login.api_token or ""
        basic = requests.auth.HTTPBasicAuth(user, secret)(request.copy())
        return str(basic.headers["Authorization"])
