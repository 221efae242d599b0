"""People: who may ask, and the programs that ask for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.conversations import AccountKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    email: str
    name: str
    role: str
    slack_user: str | None = None
    accounts: frozenset[AccountKey] | None = None  # None: every account


class PeopleStore(Protocol):
    def get(self, email: str) -> Person | None: ...

    def by_slack_user(self, slack_user: str) -> Person | None: ...

    def save(self, person: Person) -> None: ...

    def all(self) -> list[Person]: ...

    def make_link(self, email: str, *, token_hash: str, expires_at: datetime) -> None: ...

    def use_link(self, token_hash: str, *, at: datetime) -> str | None:
        """Return the link's e-mail address once, or None when it is unknown, used or expired."""
        ...

    def start_session(self, email: str, *, session_hash: str, expires_at: datetime) -> None: ...

    def session(self, session_hash: str, *, at: datetime) -> Person | None: ...

    def end_session(self, session_hash: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A program's key to the API. Its secret was shown once and is kept only as a hash."""

    id: str  # names it without opening anything
    email: str
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class TokenStore(Protocol):
    def save(self, token: ApiToken, *, token_hash: str) -> None: ...

    def spend(self, token_hash: str, *, at: datetime, most: int) -> bool:
        """Count one call; False when the token is not valid or used `most` times this minute."""
        ...

    def find(self, token_hash: str) -> ApiToken | None: ...

    def all(self) -> list[ApiToken]:
        """Oldest first, revoked and expired ones too."""
        ...

    def revoke(self, token_id: str, *, at: datetime) -> bool:
        """End a token; False when there is none of that id that still stands."""
        ...
