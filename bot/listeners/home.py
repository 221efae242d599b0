"""The App Home: published anew each time somebody opens it."""

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt import App

from bot.calling import call
from bot.clients import Clients
from bot.home import home_view, stranger_view
from bot.people import Directory, Stranger, viewer
from service.errors import VerbatimError
from service.flags import Flags
from service.links import Links
from service.stores import ConversationStore, Person

logger = logging.getLogger("verbatim")


def register(
    app: App,
    *,
    clients: Clients,
    directory: Directory,
    flags: Flags,
    conversations: ConversationStore,
    links: Links,
) -> None:
    def opened(body: Mapping[str, Any]) -> None:
        event = body["event"]
        if event.get("tab") not in {None, "home"}:
            return
        user, team = str(event["user"]), str(body.get("team_id", ""))
        try:
            found = directory.find(user, team=team)
            view = stranger_view(found.email) if isinstance(found, Stranger) else _view_of(found)
            call(clients.of(team), "views.publish", {"user_id": user, "view": view})
        except VerbatimError as error:
            logger.warning("slack.home_lost", extra={"error": type(error).__name__})

    def _view_of(person: Person) -> dict[str, object]:
        sees = viewer(person)
        owned = [
            account
            for account in conversations.accounts()
            if (account.owner or "").lower() == person.email.lower()
            and (sees.accounts is None or account.key in sees.accounts)
        ]
        owned.sort(key=lambda account: account.name.casefold())
        return home_view(name=person.name, accounts=owned, flags=flags.standing(sees), links=links)

    app.event("app_home_opened")(opened)
