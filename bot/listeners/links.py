"""Unfurls links to receipts: the question, then and now. No transcript: a channel reads it."""

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from slack_bolt import App

from bot.calling import call
from bot.clients import Clients
from bot.people import Directory, Stranger
from bot.policy import Policies, Shows, query_names_accounts
from bot.rich_text import literal, rich_text, section, text
from bot.telling import Gateway
from service.access import viewer
from service.domain.people import Viewer
from service.errors import VerbatimError
from service.links import Links

logger = logging.getLogger("verbatim")

_MOST = 5  # links of one message


def register(
    app: App,
    *,
    clients: Clients,
    directory: Directory,
    answers: Gateway,
    policies: Policies,
    links: Links,
) -> None:
    def shared(body: Mapping[str, Any]) -> None:
        event, team = body["event"], str(body.get("team_id", ""))
        try:
            person = directory.find(str(event["user"]), team=team)
            if isinstance(person, Stranger):
                return
            shows = policies.of(str(event.get("channel", "")))
            unfurls = {
                one["url"]: {"blocks": blocks}
                for one in event.get("links", ())[:_MOST]
                if (blocks := _blocks(str(one.get("url", "")), viewer(person), shows))
            }
            if unfurls:
                call(clients.of(team), "chat.unfurl", {**_where(event), "unfurls": unfurls})
        except VerbatimError as error:
            logger.warning("slack.unfurl_lost", extra={"error": type(error).__name__})

    def _blocks(url: str, sees: Viewer, shows: Shows) -> list[dict[str, object]] | None:
        receipt_id = receipt_in(url, links.home())
        if receipt_id is None:
            return None
        try:
            recount = answers.recount(receipt_id, sees)
            lines = answers.recount_told(recount)
        except VerbatimError:
            return None  # not theirs to see, or no longer there
        if query_names_accounts(recount.receipt.query) and not shows.names:
            return None
        asked = literal(recount.receipt.query.sentence(), 300)
        said = literal(next(iter(lines), ""), 300)
        as_of = f"as of {recount.receipt.as_of.day} {recount.receipt.as_of:%b %Y %H:%M} UTC"
        return [rich_text(section([text(f"{asked}\n", "bold"), text(f"{said} ({as_of})")]))]

    app.event("link_shared")(shared)


def receipt_in(url: str, public_url: str) -> str | None:
    """Return the receipt that one of our own addresses opens."""
    ours, theirs = urlsplit(public_url), urlsplit(url)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        return None
    path = theirs.path.removeprefix(ours.path.rstrip("/"))
    name = path.removeprefix("/r/")
    return name if path.startswith("/r/") and name and "/" not in name else None


def _where(event: Mapping[str, Any]) -> dict[str, str]:
    """A link in a message that is still being written has an unfurl id instead of a place."""
    if event.get("unfurl_id"):
        return {"unfurl_id": str(event["unfurl_id"]), "source": str(event.get("source", ""))}
    return {"channel": str(event["channel"]), "ts": str(event["message_ts"])}
