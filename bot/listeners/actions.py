"""Buttons under an answer: a verdict is kept, "wrong" asks what, a choice continues the thread."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App

from bot.asking import Asking
from bot.blocks import OPTION, SHARE, USEFUL, WRONG
from bot.calling import call
from bot.clients import Clients
from bot.listeners.clicks import spot_of, team_of, thread_of
from bot.plain_text import label, plain
from bot.telling import Asked, Telling
from service.domain.feedback import ShownQuote, Verdict, WrongPart

_THANKS = "Thank you, noted: useful."
_UNKNOWN = "I do not know you yet, so I keep no verdict of yours."
_ASKED = {
    WrongPart.PERIOD: "The period",
    WrongPart.FILTER: "What it counted (account, driver, segment …)",
    WrongPart.QUOTE: "A quote",
    WrongPart.OTHER: "Something else",
}
_MOST_QUOTES = 10  # boxes to tick; https://docs.slack.dev/reference/block-kit/block-elements
_LONGEST_VALUE = 150  # of an option
_MODAL = "verbatim_wrong_what"


def register(app: App, *, asking: Asking, telling: Telling, clients: Clients) -> None:
    def useful(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        kept = telling.note_verdict(
            answer=str(action.get("value", "")),
            verdict=Verdict.USEFUL,
            user=str(body["user"]["id"]),
            team=team_of(body),
        )
        _tell(body, _THANKS if kept else _UNKNOWN)

    def wrong(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """The verdict counts at once; what was wrong may follow."""
        ack()
        answer = str(action.get("value", ""))
        kept = telling.note_verdict(
            answer=answer, verdict=Verdict.WRONG, user=str(body["user"]["id"]), team=team_of(body)
        )
        if kept:
            view = what_modal(answer, telling.quotes(answer))
            arguments = {"trigger_id": body["trigger_id"], "view": view}
            call(clients.of(team_of(body)), "views.open", arguments)
        else:
            _tell(body, _UNKNOWN)

    def said(ack: Ack, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        ack()
        what, note, quotes = _said_in(view)
        telling.note_verdict(
            answer=str(view.get("private_metadata", "")),
            verdict=Verdict.WRONG,
            user=str(body["user"]["id"]),
            team=team_of(body),
            what=what,
            note=note,
            wrong_quotes=quotes,
        )

    def _tell(body: Mapping[str, Any], sentence: str) -> None:
        spot = spot_of(body)
        if spot is not None:
            telling.whisper(sentence, spot)

    def choice(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        asked = choice_in(action, body)
        is_new = asking.accept(asked)
        ack()
        if is_new:
            asking.start(asked)

    def share(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        asked = telling.to_share(str(action.get("value", "")), spot_of(body))
        is_new = asked is not None and asking.accept(asked)
        ack()
        if asked is not None and is_new:
            asking.start(asked)

    app.action(SHARE)(share)
    app.action(USEFUL)(useful)
    app.action(WRONG)(wrong)
    app.view(_MODAL)(said)
    app.action(re.compile(rf"^{OPTION}_\d$"))(choice)


def what_modal(answer: str, quotes: Sequence[ShownQuote] = ()) -> dict[str, Any]:
    """Ask what was wrong, and which quote; the answer's opaque id comes back with it."""
    options = [{"text": plain(words), "value": part.value} for part, words in _ASKED.items()]
    note = {"type": "plain_text_input", "action_id": "note", "multiline": True, "max_length": 300}
    return {
        "type": "modal",
        "callback_id": _MODAL,
        "private_metadata": answer,
        "title": plain("What was wrong?"),
        "submit": plain("Send"),
        "close": plain("Skip"),
        "blocks": [
            {
                "type": "input",
                "block_id": "what",
                "label": plain("Wrong was"),
                "element": {"type": "radio_buttons", "action_id": "what", "options": options},
            },
            *_which(quotes[:_MOST_QUOTES]),
            {
                "type": "input",
                "block_id": "note",
                "optional": True,
                "label": plain("What did you mean?"),
                "element": note,
            },
        ],
    }


def _which(quotes: Sequence[ShownQuote]) -> list[dict[str, Any]]:
    """The quotes by their conversations, as they are named beside each."""
    options = [
        {
            "text": label(str(one.conversation)),
            "value": one.name,
        }
        for one in quotes
        if len(one.name) <= _LONGEST_VALUE
    ]
    if not options:
        return []
    return [
        {
            "type": "input",
            "block_id": "quotes",
            "optional": True,
            "label": plain("If a quote was wrong: which?"),
            "element": {"type": "checkboxes", "action_id": "quotes", "options": options},
        }
    ]


def _said_in(view: Mapping[str, Any]) -> tuple[WrongPart | None, str, frozenset[str]]:
    values = view.get("state", {}).get("values", {})
    chosen = (values.get("what", {}).get("what", {}).get("selected_option") or {}).get("value")
    note = str(values.get("note", {}).get("note", {}).get("value") or "")
    known = {part.value: part for part in WrongPart}
    ticked = values.get("quotes", {}).get("quotes", {}).get("selected_options") or ()
    return known.get(str(chosen)), note[:300], frozenset(str(one["value"]) for one in ticked)


def choice_in(action: Mapping[str, Any], body: Mapping[str, Any]) -> Asked:
    """The same choice of the same person is one question, however often it is clicked."""
    channel, user = str(body["channel"]["id"]), str(body["user"]["id"])
    message = str(body["message"]["ts"])
    return Asked(
        key=f"{channel}:{message}:{user}:{action['action_id']}",
        team=team_of(body),
        channel=channel,
        user=user,
        text=str(action["value"]),
        thread=thread_of(body),
    )
