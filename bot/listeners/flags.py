"""Buttons of a churn-risk card: what the person who clicks may do to a flag, and nothing more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.calling import call
from bot.cards import ADDRESSED, NOT_A_RISK, SNOOZE, flag_card, reason_modal
from bot.clients import Clients
from bot.listeners.clicks import spot_of, team_of
from bot.people import Directory, Stranger
from bot.telling import Telling
from service.access import viewer
from service.domain.conversations import AccountKey
from service.domain.flags import FlagEvent
from service.errors import VerbatimError
from service.flags import Flags
from service.links import Links

_EVENTS = {ADDRESSED: FlagEvent.ADDRESSED, SNOOZE: FlagEvent.SNOOZED}
_UNKNOWN = "I do not know you yet; ask whoever runs Verbatim for: verbatim link your@address"


def register(
    app: App,
    *,
    telling: Telling,
    clients: Clients,
    directory: Directory,
    flags: Flags,
    links: Links,
) -> None:
    def act(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        event = _EVENTS[str(action["action_id"])]
        _tell(body, _acted(body, str(action["value"]), event, reason=""))

    def ask_why(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        account = str(action["value"])
        view = reason_modal(account, account)
        arguments = {"trigger_id": body["trigger_id"], "view": view}
        call(clients.of(team_of(body)), "views.open", arguments)

    def not_a_risk(ack: Ack, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        ack()
        values = view.get("state", {}).get("values", {})
        reason = str(values.get("reason", {}).get("reason", {}).get("value") or "")
        account = str(view.get("private_metadata", ""))
        said = _acted(body, account, FlagEvent.NOT_A_RISK, reason=reason)
        _tell(body, said)

    def _acted(body: Mapping[str, Any], account: str, event: FlagEvent, *, reason: str) -> str:
        person = directory.find(str(body["user"]["id"]), team=team_of(body))
        if isinstance(person, Stranger):
            return _UNKNOWN
        try:
            flag = flags.act(AccountKey(account), event, viewer=viewer(person), reason=reason)
        except VerbatimError as error:
            return f"Nothing was changed. {error}"
        _redraw(body, account)
        return f"Noted: {flag.state.value}."

    def _redraw(body: Mapping[str, Any], account: str) -> None:
        """Bring the card that was clicked up to date; the others follow with the next cycle."""
        channel = (body.get("channel") or {}).get("id")
        ts = (body.get("message") or {}).get("ts")
        shown = flags.shown_of(AccountKey(account))
        if channel and ts and shown is not None:
            poster = clients.poster(team_of(body))
            poster.redraw(flag_card(shown, links), channel=channel, ts=ts)

    def _tell(body: Mapping[str, Any], sentence: str) -> None:
        spot = spot_of(body)
        if spot is not None:
            telling.whisper(sentence, replace(spot, thread=None))

    for name in _EVENTS:
        app.action(name)(act)
    app.action(NOT_A_RISK)(ask_why)
    app.view(NOT_A_RISK)(not_a_risk)
