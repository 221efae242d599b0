"""`/verbatim channel`: an administrator says what a channel shows."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.blocks import SHOWS, choice_message
from bot.listeners.clicks import spot_of
from bot.listeners.command import NAME, is_policy
from bot.people import Directory, Stranger
from bot.policy import Policies, Shows
from bot.telling import Telling
from service.domain.people import PersonRole
from service.ports import Clock

_LABELS = {
    Shows.COUNTS: "Counts",
    Shows.QUOTES: "+ customers' words",
    Shows.NAMES: "+ names of accounts",
    Shows.EVERYTHING: "+ both",
}
_NOT_YOURS = "Only administrators of Verbatim change what a channel shows."


def register(
    app: App, *, telling: Telling, directory: Directory, policies: Policies, clock: Clock
) -> None:
    def ask(ack: Ack, command: Mapping[str, Any]) -> None:
        shows = policies.of(str(command["channel_id"]))
        message = choice_message(
            f"This channel shows {shows.words()}. An administrator may change that:",
            {one.value: label for one, label in _LABELS.items()},
        )
        ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")

    def chosen(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        spot, shows = spot_of(body), Shows(str(action["value"]))
        if spot is None:
            return
        person = directory.find(spot.user, team=spot.team)
        if isinstance(person, Stranger) or person.role != PersonRole.ADMIN.value:
            telling.whisper(_NOT_YOURS, spot)
            return
        policies.set(spot.channel, shows, by=person.email, at=clock())
        telling.whisper(f"From now on this channel shows {shows.words()}.", spot)

    app.command(NAME, matchers=[is_policy])(ask)
    app.action(re.compile(rf"^{SHOWS}_\w+$"))(chosen)
