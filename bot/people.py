"""Who a Slack user is: somebody linked before, else the owner of the profile's e-mail address.

An address is believed only of a full member of our own workspace: in a shared channel the other
company's administrators write the profiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.calling import Refused, read
from bot.clients import Clients
from service.stores import PeopleStore, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """Somebody who is not linked; with the address that would link them, if Slack tells it."""

    email: str | None


class Directory:
    def __init__(self, clients: Clients, people: PeopleStore) -> None:
        self._clients = clients
        self._people = people

    def find(self, user: str, *, team: str) -> Person | Stranger:
        known = self._people.by_slack_user(user)
        if known is not None:
            return known
        email = self._email(user, team=team)
        person = self._people.get(email) if email else None
        if person is None:
            return Stranger(email=email)
        linked = replace(person, slack_user=user)
        self._people.save(linked)
        return linked

    def _email(self, user: str, *, team: str) -> str | None:
        try:
            found = read(self._clients.of(team), "users.info", {"user": user}).get("user", {})
        except Refused:
            return None  # the person is told how to be linked instead
        email = found.get("profile", {}).get("email")
        return str(email).lower() if email and _is_ours(found, team) else None


def _is_ours(user: Mapping[str, Any], team: str) -> bool:
    foreign = team and user.get("team_id") and user["team_id"] != team
    doubtful = ("deleted", "is_bot", "is_stranger", "is_restricted")
    unconfirmed = user.get("is_email_confirmed") is False
    return not (foreign or unconfirmed or any(user.get(name) for name in doubtful))
