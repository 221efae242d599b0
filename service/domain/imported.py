"""What a reader of export files hands over: one conversation of one row, and how readers look.

Readers know a vendor's file format; what is done with their rows is not theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TextIO

from service.domain.conversations import Account, Agent, Conversation
from service.errors import BadRow

# The id of a message that a table has in place of the first one. It goes when that one comes.
STAND_IN = "description"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A conversation as exported: not yet masked."""

    line: int  # where it starts, from 1
    conversation: Conversation
    account: Account | None = None
    agent: Agent | None = None
    known_names: tuple[str, ...] = ()  # people named in the row, for masking
    whole: bool = True  # every message of the conversation is in the row


class Reader(Protocol):
    """Reads one file format, in constant memory."""

    title: str  # "Zendesk CSV export"
    source: str  # "zendesk": the keys are those of the helpdesk's own API

    def recognises(self, start: str) -> bool:
        """Whether a file that starts so is of this format; the start may end anywhere."""
        ...

    def rows(self, file: TextIO) -> Iterator[Imported | BadRow]:
        """Yield each conversation or, in its place, what is wrong with it."""
        ...
