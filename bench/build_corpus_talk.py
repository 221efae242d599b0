"""Turns a customer's texts into a conversation: who answers what, when, and through which channel.

Knows pace and manners. Never changes or invents a customer's words: a closing thank-you is a real
one, by another customer.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench import build_corpus_words as words
from bench.build_corpus_sources import Candidate, Turn

WEEK_SECONDS: Final = 7 * 24 * 3600
CHANNELS: Final = {
    "zendesk": (("email", 50), ("web", 28), ("chat", 8), ("messaging", 8), ("api", 6)),
    "intercom": (("messaging", 62), ("email", 30), ("chat", 8)),
}
LIVE: Final = frozenset({"chat", "messaging"})
TAGS: Final = ("trial", "beta_program", "partner", "renewal_q3", "callback")
DAYS: Final = (20, 20, 20, 19, 15, 4, 2)
HOURS: Final = (0, 0, 0, 0, 0, 1, 3, 6, 10, 12, 11, 10, 8, 10, 11, 10, 8, 5, 3, 2, 2, 1, 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One conversation to be: where it falls, and what it must be about."""

    week: int
    driver: str
    segment: str
    negative: bool
    story: str = ""


class Talk:
    def __init__(self, *, dice: random.Random, thanks: Sequence[tuple[str, str]]) -> None:
        self._dice = dice
        self._thanks = thanks

    def conversation(
        self,
        *,
        slot: Slot,
        candidate: Candidate,
        helpdesk: str,
        requester: Mapping[str, Any],
        agent: Mapping[str, Any],
    ) -> dict[str, Any]:
        dialogue = candidate.origin.startswith("mdg")
        channel = self._channel(helpdesk, candidate, dialogue=dialogue)
        names = {"name": requester["name"].split()[0], "agent": agent["name"].split()[0]}
        origin, turns = self._with_thanks(slot, candidate)
        said = self._said(turns, slot=slot, names=names, channel=channel)
        self._add_note(said)
        self._set_pace(said, live=channel in LIVE)
        status = self._status(slot.week)
        return {
            "helpdesk": helpdesk,
            "channel": channel,
            "subject": self._subject(candidate.texts[0], channel, helpdesk, names["name"]),
            "status": status,
            "requester": requester["id"],
            "agent": agent["id"] if len(said) > 1 or status != "open" else None,
            "helpdesk_tags": self._tags(slot),
            "week": slot.week,
            "second": self._start(slot, said[-1]["offset"]),
            "messages": said,
            "origin": origin,
        }

    def _channel(self, helpdesk: str, candidate: Candidate, *, dialogue: bool) -> str:
        if dialogue:
            return self._dice.choices(
                ("chat", "messaging"), (1, 1 if helpdesk == "zendesk" else 4)
            )[0]
        names, weights = zip(*CHANNELS[helpdesk], strict=True)
        channel: str = self._dice.choices(names, weights)[0]
        return "email" if len(candidate.texts[0]) > 220 and channel in LIVE else channel

    def _with_thanks(self, slot: Slot, candidate: Candidate) -> tuple[str, list[Turn]]:
        turns = list(candidate.turns)
        if len(turns) > 1 or slot.negative or self._dice.random() > 0.33:
            return candidate.origin, turns
        text, origin = self._dice.choice(self._thanks)
        return f"{candidate.origin}+{origin}", [
            *turns,
            Turn(text=text, gap=True, intent="thankyou"),
        ]

    def _said(
        self, turns: Sequence[Turn], *, slot: Slot, names: Mapping[str, str], channel: str
    ) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []
        replies = 0
        for index, turn in enumerate(turns):
            if index and turn.gap:
                said.append(message("agent", self._reply(turns[index - 1], slot, names, replies)))
                replies += 1
            said.append(message("customer", turn.text))
            if not index and channel in LIVE and self._dice.random() < 0.5:
                said.append(message("bot", self._dice.choice(words.BOT)))
        # So many stay unanswered that about 35 % of all have a single message.
        if len(turns) > 1 or len(said) > 1 or self._dice.random() > 0.8:
            said.append(message("agent", self._reply(turns[-1], slot, names, replies)))
        return said

    def _reply(self, turn: Turn, slot: Slot, names: Mapping[str, str], replies: int) -> str:
        pick = self._dice.choice
        if turn.intent in {"thankyou", "rejection", "closinggreeting"}:
            return pick(words.CLOSED)
        if turn.intent == "openinggreeting":
            return pick(words.GREETED)
        if turn.intent in {"contentonly", "confirmation", "outofdomain"}:
            return pick(words.NOTED)
        if turn.intent:
            return pick(words.ASKED)
        if replies:
            return pick(words.FURTHER)
        opening = pick(words.SORRY if slot.negative else words.HELLO).format(**names)
        return " ".join((opening, pick(words.MIDDLE[slot.driver]), pick(words.DONE)))

    def _add_note(self, said: list[dict[str, Any]]) -> None:
        if len(said) > 1 and self._dice.random() < 0.14:
            note = {**message("agent", self._dice.choice(words.NOTES)), "public": False}
            said.insert(self._dice.randint(1, len(said)), note)

    def _set_pace(self, said: list[dict[str, Any]], *, live: bool) -> None:
        offset = 0
        for index, entry in enumerate(said):
            if index:
                offset += self._pause(entry["role"], live=live)
            entry["offset"] = offset

    def _pause(self, role: str, *, live: bool) -> int:
        if role == "bot":
            return self._dice.randint(2, 9)
        if live:
            return self._dice.randint(25, 260)
        longest = 7 * 3600 if role == "agent" else 11 * 3600
        return self._dice.randint(12 * 60, longest)

    def _start(self, slot: Slot, length: int) -> int:
        day = self._dice.choices(range(7), DAYS)[0]
        if slot.story == "churn":
            day = self._dice.choice((4, 4, 5))  # so late that it is ever within ten days of now
        hour = self._dice.choices(range(24), HOURS)[0]
        second = day * 86400 + hour * 3600 + self._dice.randint(0, 3599)
        return min(second, WEEK_SECONDS - length - 60 - self._dice.randint(0, 3600))

    def _status(self, week: int) -> str:
        names = ("closed", "solved", "pending", "open")
        # Solved tickets close after ten weeks; closed ones cannot be written to.
        if week < 3:
            weights = (60, 40, 0, 0)
        elif week < 10:
            weights = (0, 100, 0, 0)
        else:
            weights = (0, 75, 10, 15) if week == 12 else (0, 92, 4, 4)
        return self._dice.choices(names, weights)[0]

    def _subject(self, text: str, channel: str, helpdesk: str, name: str) -> str:
        if channel in LIVE:
            return f"Conversation with {name}" if helpdesk == "zendesk" else ""
        line = text.split("\n")[0]
        return line if len(line) <= 60 else line[:60].rsplit(" ", 1)[0]

    def _tags(self, slot: Slot) -> list[str]:
        tags = ["vip"] if slot.segment == "enterprise" and self._dice.random() < 0.3 else []
        return tags + ([self._dice.choice(TAGS)] if self._dice.random() < 0.12 else [])


def message(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "public": True, "text": text}
