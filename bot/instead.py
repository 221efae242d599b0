"""Who is told when a channel or a token is gone, so that nobody takes silence for good news."""

from collections.abc import Iterator
from contextlib import contextmanager

from slack_sdk import WebClient

from bot.calling import Refused, read
from bot.clients import Clients
from service.domain.people import PersonRole
from service.errors import Unauthorized
from service.stores import PeopleStore

# Slack's codes for a channel that takes no message of ours until a person does something.
GONE = frozenset({"is_archived", "channel_not_found", "not_in_channel", "restricted_action"})


def administrators(client: WebClient, people: PeopleStore) -> list[str]:
    """Return the Slack users of the administrators who have one."""
    admins = [one for one in people.all() if one.role == PersonRole.ADMIN.value]
    found = [slack_user_of(one.email, client, people) for one in admins]
    return [user for user in found if user is not None]


def slack_user_of(email: str, client: WebClient, people: PeopleStore) -> str | None:
    """Return the Slack user of an e-mail address: one who is linked, else one Slack knows."""
    person = people.get(email)
    if person is not None and person.slack_user is not None:
        return person.slack_user
    try:
        found = read(client, "users.lookupByEmail", {"email": email})
    except Refused:
        return None
    user = found.get("user", {}).get("id")
    return str(user) if user else None


@contextmanager
def watched(clients: Clients, team: str) -> Iterator[None]:
    """Note a dead token where people will see it, and that it works where it does."""
    try:
        yield
    except Unauthorized:
        clients.doubt(team)
        raise
    clients.works(team)
