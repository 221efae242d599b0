"""The App Home: published anew when somebody opens it, or wishes to hear more or less there."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from bot.calling import call
from bot.clients import Clients
from bot.home import FOLLOW, FORGET, WISH, Mine, account_options, home_view, stranger_view
from bot.listeners.clicks import team_of
from bot.people import Directory, Stranger
from service.access import viewer
from service.domain.conversations import Account, AccountKey
from service.domain.follows import Wish
from service.domain.people import Viewer
from service.errors import VerbatimError
from service.flags import Flags
from service.links import Links
from service.stores import ConversationStore, FollowStore, Person

logger = logging.getLogger("verbatim")

_MOST_FOUND = 20
_WISHES: Mapping[str, Wish | None] = {Wish.MUTE.value: Wish.MUTE, FORGET: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Homes:
    """Makes each person's view, and keeps what the person wishes there."""

    clients: Clients
    directory: Directory
    flags: Flags
    conversations: ConversationStore
    follows: FollowStore
    links: Links

    def publish(self, user: str, team: str) -> None:
        try:
            found = self.directory.find(user, team=team)
            view = stranger_view(found.email) if isinstance(found, Stranger) else self._view(found)
            call(self.clients.of(team), "views.publish", {"user_id": user, "view": view})
        except VerbatimError as error:
            logger.warning("slack.home_lost", extra={"error": type(error).__name__})

    def wish(self, user: str, team: str, account: AccountKey, wish: Wish | None) -> None:
        """Keep a wish about an account that the person may see."""
        person = self.directory.find(user, team=team)
        if not isinstance(person, Stranger) and account in self._visible(viewer(person)):
            self.follows.wish(person.email, account, wish)

    def found(self, user: str, team: str, typed: str) -> list[Account]:
        """Accounts whose name holds what was typed, those that begin with it first."""
        person = self.directory.find(user, team=team)
        if isinstance(person, Stranger):
            return []
        wanted = typed.strip().casefold()
        fitting = [
            one for one in self._visible(viewer(person)).values() if wanted in one.name.casefold()
        ]
        fitting.sort(
            key=lambda one: (not one.name.casefold().startswith(wanted), one.name.casefold())
        )
        return fitting[:_MOST_FOUND]

    def _view(self, person: Person) -> dict[str, object]:
        sees = viewer(person)
        wishes = self.follows.of_person(person.email)
        visible = sorted(self._visible(sees).values(), key=lambda one: one.name.casefold())
        mine = [one for one in visible if (one.owner or "").lower() == person.email.lower()]
        owned = {one.key for one in mine}
        return home_view(
            name=person.name,
            mine=Mine(
                owned=mine,
                followed=[
                    one
                    for one in visible
                    if wishes.get(one.key) is Wish.FOLLOW and one.key not in owned
                ],
                muted={key for key, wish in wishes.items() if wish is Wish.MUTE},
            ),
            flags=self.flags.standing(sees),
            links=self.links,
        )

    def _visible(self, person: Viewer) -> dict[AccountKey, Account]:
        return {one.key: one for one in self.conversations.accounts() if person.sees(one.key)}


def register(app: App, homes: Homes) -> None:
    def opened(body: Mapping[str, Any]) -> None:
        event = body["event"]
        if event.get("tab") in {None, "home"}:
            homes.publish(str(event["user"]), str(body.get("team_id", "")))

    def wished(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        kind, _, account = str(action["selected_option"]["value"]).partition(":")
        if kind in _WISHES:
            _keep(body, AccountKey(account), _WISHES[kind])

    def followed(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        _keep(body, AccountKey(str(action["selected_option"]["value"])), Wish.FOLLOW)

    def _keep(body: Mapping[str, Any], account: AccountKey, wish: Wish | None) -> None:
        user, team = str(body["user"]["id"]), team_of(body)
        homes.wish(user, team, account, wish)
        homes.publish(user, team)

    def typed(ack: Ack, body: Mapping[str, Any]) -> None:
        found = homes.found(str(body["user"]["id"]), team_of(body), str(body.get("value", "")))
        ack(options=account_options(found))

    app.event("app_home_opened")(opened)
    app.action(re.compile(rf"^{WISH}_"))(wished)
    app.action(FOLLOW)(followed)
    app.options(FOLLOW)(typed)
