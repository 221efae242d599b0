"""Measures a batch so that one conversation that cannot be read stops nobody."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.domain.conversations import Conversation
from service.domain.measurements import Analysis
from service.domain.taxonomy import Taxonomy
from service.errors import SkipThis
from service.ports import Analyser


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A conversation that the analyser could not read, and why."""

    conversation: Conversation
    why: str


def measure(
    analyser: Analyser, batch: Sequence[Conversation], taxonomy: Taxonomy
) -> Iterator[Analysis | Unreadable]:
    """Yield one result a conversation, in order; nothing is measured, or paid for, twice.

    Whatever the analyser raises beside SkipThis ends the batch after what was yielded.
    """
    position = 0
    while position < len(batch):
        try:
            for analysis in analyser.analyse(batch[position:], taxonomy):
                position += 1
                yield analysis
        except SkipThis as reason:
            yield Unreadable(conversation=batch[position], why=str(reason))
            position += 1
        else:
            return
