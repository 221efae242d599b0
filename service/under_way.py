"""Remembers which values are on their way to a helpdesk, so that after a crash they count as ours.

Noted before the call and crossed out once its outcome is stored. Without it, a value whose outcome
was lost and that we no longer want would look like one that an agent set.
"""

import json
from collections.abc import Collection, Iterable, Mapping

from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange, WriteOutcome
from service.stores import WorkStore

Noted = dict[str, dict[str, list[str | None]]]  # conversation -> field -> values


class UnderWay:
    """The values of one helpdesk whose outcome is not stored yet."""

    def __init__(self, work: WorkStore, source: str) -> None:
        self._work = work
        self._name = f"writing:{source}"
        noted = work.recall(self._name)
        self._noted: Noted = json.loads(noted) if noted else {}

    def noted(self, key: ConversationKey) -> Mapping[str, Collection[str | None]]:
        """Return the values that we were about to write, by field."""
        return self._noted.get(key, {})

    def begin(self, changes: Iterable[FieldChange]) -> None:
        for change in changes:
            of_one = self._noted.setdefault(change.conversation, {})
            for name, value in change.fields.items():
                values = of_one.setdefault(name, [])
                if value not in values:
                    values.append(value)
        self._keep()

    def settle(self, outcomes: Iterable[WriteOutcome]) -> None:
        """Cross out what is certain; what may still have arrived stays noted."""
        certain = {
            each.change.conversation for each in outcomes if each.written or each.permanent
        } & self._noted.keys()
        for key in certain:
            del self._noted[key]
        if certain:
            self._keep()

    def _keep(self) -> None:
        self._work.remember(self._name, json.dumps(self._noted))
