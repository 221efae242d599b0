"""Who is signed in: one-time links, sessions, form tokens, and what a person may see.

It knows secrets only as hashes once they are handed out, and it refuses to know passwords or HTTP.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.domain.people import PersonRole, Viewer
from service.errors import Forbidden, NotFound, NotSignedIn
from service.ports import Clock
from service.stores import PeopleStore, Person

LINK_LIFETIME = timedelta(minutes=15)
IDLE_LIMIT = timedelta(hours=8)
ABSOLUTE_LIMIT = timedelta(days=7)
_REFRESH = timedelta(minutes=5)  # a cookie is renewed at most this often


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. `renewed` is the cookie to send when the old one should be replaced."""

    person: Person
    id_hash: str
    renewed: str | None = None


class Access:
    """Signs people in and out. Whoever holds the secret can make form tokens but no session."""

    def __init__(
        self,
        people: PeopleStore,
        secret: bytes,
        clock: Clock,
        *,
        link_lifetime: timedelta = LINK_LIFETIME,
    ) -> None:
        self._people = people
        self._secret = secret
        self._clock = clock
        self._link_lifetime = link_lifetime

    def make_sign_in_link(self, email: str) -> str:
        """Return a token that signs this person in once. Only its hash is stored."""
        if self._people.get(email) is None:
            raise NotFound(f"There is no person {email}.")
        who = base64.urlsafe_b64encode(email.encode()).decode()
        body = f"{secrets.token_urlsafe(32)}.{who}"
        token = f"{body}.{self._mark('link', body)}"
        expires_at = self._clock() + self._link_lifetime
        self._people.make_link(email, token_hash=_hash(token), expires_at=expires_at)
        return token

    def invited(self, token: str) -> str | None:
        """Return whom a link is for without spending it; None when it is not one of ours."""
        body, _, mark = token.rpartition(".")
        if not hmac.compare_digest(mark.encode(), self._mark("link", body).encode()):
            return None
        return base64.urlsafe_b64decode(body.rpartition(".")[2]).decode()

    def use_sign_in_link(self, token: str) -> str:
        """Spend the token and return the cookie of a new session, or raise NotSignedIn."""
        now = self._clock()
        email = self._people.use_link(_hash(token), at=now)
        if email is None or self._people.get(email) is None:
            raise NotSignedIn("This link was used already, has expired or is not one of ours.")
        session_id = secrets.token_hex(32)
        self._people.start_session(
            email, session_hash=_hash(session_id), expires_at=now + ABSOLUTE_LIMIT
        )
        return self._cookie(session_id, now)

    def session(self, cookie: str) -> Session | None:
        """Return the live session of a cookie, or None: forged, idle, expired or ended."""
        session_id, _, seen = cookie.partition(".")
        seen, _, mark = seen.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark("seen", session_id, seen).encode()):
            return None
        now = self._clock()
        last_seen = datetime.fromtimestamp(int(seen), UTC)
        if now - last_seen > IDLE_LIMIT:
            return None
        id_hash = _hash(session_id)
        person = self._people.session(id_hash, at=now)
        if person is None:
            return None
        renewed = self._cookie(session_id, now) if now - last_seen > _REFRESH else None
        return Session(person=person, id_hash=id_hash, renewed=renewed)

    def sign_out(self, session: Session) -> None:
        self._people.end_session(session.id_hash)

    def form_token(self, bound_to: str) -> str:
        """Return the token that a form must send back; it is worthless in another session."""
        return self._mark("form", bound_to)

    def form_token_fits(self, token: str, bound_to: str) -> bool:
        return hmac.compare_digest(token.encode(), self.form_token(bound_to).encode())

    def _cookie(self, session_id: str, at: datetime) -> str:
        """The port knows one expiry, so the time of the last visit travels in the cookie."""
        seen = str(int(at.timestamp()))
        return f"{session_id}.{seen}.{self._mark('seen', session_id, seen)}"

    def _mark(self, *parts: str) -> str:
        return hmac.new(self._secret, "\x00".join(parts).encode(), hashlib.sha256).hexdigest()


def viewer(person: Person) -> Viewer:
    """Return what a person may see. An empty set of accounts means none; None means every one."""
    try:
        role = PersonRole(person.role)
    except ValueError as error:
        raise Forbidden(f"{person.role!r} is not a role, so it opens nothing.") from error
    return Viewer(person=person.email, role=role, accounts=person.accounts)


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
