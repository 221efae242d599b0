"""Buttons under an answer. Links need only an acknowledgement; verdicts are kept."""

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.blocks import USEFUL, WRONG
from service.ports import WorkStore


def register(app: App, work: WorkStore) -> None:
    def verdict(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        user = str(body.get("user", {}).get("id", ""))
        work.remember(f"feedback:{action.get('value')}:{user}", str(action["action_id"]))
        ack()

    def link(ack: Ack) -> None:
        ack()

    for action_id in (USEFUL, WRONG):
        app.action(action_id)(verdict)
    app.action(re.compile(r"^verbatim_(open|all|report)$"))(link)
