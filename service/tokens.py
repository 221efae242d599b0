"""Keys with which programs ask the API in the name of a person: made, shown once, checked, revoked.

It knows them only as hashes once they are handed out, and it refuses to know HTTP.
"""

import hashlib
import secrets
from datetime import timedelta

from service.access import viewer
from service.domain.people import Viewer
from service.errors import AskedTooOften, Misused, NotFound, NotSignedIn
from service.ports import Clock
from service.stores import ApiToken, Database

PREFIX = "vbt_"  # tells scanners of leaked secrets, and people, what they are looking at
LIFETIME_DAYS = 365
CALLS_PER_MINUTE = 120
_NAME = 80  # characters
_NOT_VALID = "This token is unknown, revoked or has expired."


class Tokens:
    """The API tokens of one workspace."""

    def __init__(
        self, database: Database, clock: Clock, *, calls_per_minute: int = CALLS_PER_MINUTE
    ) -> None:
        self._database = database
        self._clock = clock
        self._most = calls_per_minute

    def make(
        self, email: str, *, name: str = "", days: int = LIFETIME_DAYS
    ) -> tuple[ApiToken, str]:
        """Return a new token and its secret, which nobody can look up again."""
        if self._database.people.get(email) is None:
            raise NotFound(f"There is no person {email}; verbatim link {email} adds them.")
        if days < 1:
            raise Misused("A token lasts at least one day.")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        token = ApiToken(
            id=secrets.token_hex(4),
            email=email.lower(),
            name=" ".join(name.split())[:_NAME],
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        self._database.tokens.save(token, token_hash=_hash(secret))
        return token, secret

    def viewer(self, secret: str) -> Viewer:
        """Return whom a token stands for and count one call.

        Raises NotSignedIn, or AskedTooOften when this minute's calls are used up.
        """
        spent = self._database.tokens.spend(_hash(secret), at=self._clock(), most=self._most)
        token = self._database.tokens.find(_hash(secret))
        if token is None or not self.is_valid(token):
            raise NotSignedIn(_NOT_VALID)
        if not spent:
            raise AskedTooOften(timedelta(seconds=60 - self._clock().second))
        person = self._database.people.get(token.email)
        if person is None:
            raise NotSignedIn(_NOT_VALID)
        return viewer(person)

    def is_valid(self, token: ApiToken) -> bool:
        expired = token.expires_at is not None and token.expires_at <= self._clock()
        return token.revoked_at is None and not expired

    def of(self, email: str | None = None) -> list[ApiToken]:
        """Return a person's tokens, or everybody's, revoked and expired ones too."""
        tokens = self._database.tokens.all()
        return [one for one in tokens if email is None or one.email == email.lower()]

    def revoke(self, email: str, token_id: str | None = None) -> list[ApiToken]:
        """End one token of a person, or all of them, and return those that this ended.

        Raises NotFound for an id that is none of theirs.
        """
        mine = [one for one in self.of(email) if token_id in {None, one.id}]
        if token_id is not None and not mine:
            raise NotFound(f"{email} has no token {token_id}: verbatim token list {email}")
        at = self._clock()
        return [one for one in mine if self._database.tokens.revoke(one.id, at=at)]


def _hash(secret: str) -> str:
    """A fast hash will do: a token is random, so nobody guesses it from a stolen table."""
    return hashlib.sha256(secret.encode()).hexdigest()
