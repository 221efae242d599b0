"""Judges why Intercom refused an update, so that the same refusal is not asked for again.

Knows what makes every update fail, and what only concerns one value. Writes nothing.
"""

import threading
from collections.abc import Mapping

from connectors._http import Refused
from connectors.intercom.attributes import refused_values, shared_names
from connectors.intercom.client import Client
from connectors.intercom.problems import CodedRefusal

_MOST_IN_A_ROW = 10  # then it is not one value that is wrong
_BROKEN_SETTING = "INVALID_PARAMETER"  # what OAS issue 529 reports for attributes that share a name

Fields = Mapping[str, str | None]


class Refusals:
    """What one run of writing learned; shared by its threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str | None], str] = {}
        self._unexplained = 0
        self.whole: str | None = None  # why nothing at all can be written

    def known(self, fields: Fields) -> Mapping[str, str]:
        """Return which of these values would be refused, and why, as far as that is known."""
        with self._lock:
            return self._known(fields)

    def _known(self, fields: Fields) -> dict[str, str]:
        if self.whole is not None:
            return dict.fromkeys(fields, self.whole)
        return {
            name: self._values[name, v] for name, v in fields.items() if (name, v) in self._values
        }

    def judge(self, error: Refused, fields: Fields) -> tuple[str, bool]:
        """Return a refusal's reason, and whether these values would be refused for ever.

        What a person can repair in Intercom's settings is not for ever.
        """
        with self._lock:
            if not self._known(fields) and isinstance(error, CodedRefusal):
                self._look_for_shared_names(error)
            known = self.whole or next(iter(self._known(fields).values()), None)
            if known is not None:
                return known, False
            missing = refused_values(self._client, fields)
            for name, why in missing.items():
                self._values[name, fields[name]] = why
            if missing:
                return next(iter(missing.values())), False
            self._unexplained += 1
            if self._unexplained >= _MOST_IN_A_ROW:
                self.whole = str(error)
            return str(error), True

    def _look_for_shared_names(self, error: CodedRefusal) -> None:
        if error.code != _BROKEN_SETTING:
            return
        shared = shared_names(self._client)
        named = f" ({', '.join(shared)})" if shared else ""
        self.whole = (
            f"Intercom refuses every update because conversation attributes share a name{named}:"
            " archive all but one in Settings > Data > Conversation attributes."
        )
