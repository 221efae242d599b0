"""What of Slack we cannot reach, and since when: a dead token, a channel that is gone.

It is noted where it fails and shown on every page and by the doctor, until it works again: people
must not take silence for good news.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.ports import Clock
from service.stores import WorkStore


class Part(StrEnum):
    """What there is to reach, in the words that people read."""

    TOKEN = "token"  # noqa: S105  # a name, no secret
    DIGEST = "digest channel"
    FLAGS = "flags channel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    part: Part
    says: str
    since: datetime


class Reachability:
    """What is out of reach now. Noting the same again keeps the time of the first."""

    def __init__(self, work: WorkStore, clock: Clock) -> None:
        self._work = work
        self._clock = clock

    def note(self, part: Part, says: str) -> None:
        known = self._trouble(part)
        since = known.since if known is not None else self._clock()
        stored = {"says": says, "since": since.isoformat()}
        self._work.remember(_name(part), json.dumps(stored))

    def over(self, part: Part) -> None:
        if self._trouble(part) is not None:
            self._work.remember(_name(part), "")

    def troubles(self) -> list[Trouble]:
        found = [self._trouble(part) for part in Part]
        return [one for one in found if one is not None]

    def _trouble(self, part: Part) -> Trouble | None:
        stored = self._work.recall(_name(part))
        if not stored:
            return None
        found = json.loads(stored)
        since = datetime.fromisoformat(found["since"])
        return Trouble(part=part, says=str(found["says"]), since=since)


def _name(part: Part) -> str:
    return f"slack-trouble:{part.value}"
