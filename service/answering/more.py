"""More of what a thread has shown: which quotes stood there, and which number they belonged to.

Pure: a thread is its messages with their readings and the conversations that each one quoted.
"""

import re
from collections.abc import Mapping, Sequence

from service.domain.conversations import ConversationKey

_MORE = re.compile(r"\b(?:more|other|another|further|different)\b", re.IGNORECASE)

ThreadItem = Mapping[str, object]


def asks_for_more(text: str) -> bool:
    """Whether a message asks for others than those that it has seen."""
    return _MORE.search(text) is not None


def already_quoted(thread: Sequence[ThreadItem]) -> frozenset[ConversationKey]:
    """Return the conversations that the thread has quoted."""
    found: set[ConversationKey] = set()
    for item in thread:
        quoted = item.get("quoted")
        if isinstance(quoted, list | tuple):
            found.update(ConversationKey(str(one)) for one in quoted)
    return frozenset(found)


def last_counted(thread: Sequence[ThreadItem]) -> Mapping[str, object] | None:
    """Return the newest reading of the thread that was about a number."""
    for item in reversed(thread):
        reading = item.get("reading")
        if isinstance(reading, Mapping) and reading.get("metric"):
            return reading
    return None
