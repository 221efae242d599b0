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
    """Yield one result a conversation, in order. A batch that fails is measured one by one."""
    try:
        analyses = list(analyser.analyse(batch, taxonomy))
    except SkipThis as reason:
        if len(batch) == 1:
            yield Unreadable(conversation=batch[0], why=str(reason))
            return
        for conversation in batch:
            yield from measure(analyser, [conversation], taxonomy)
        return
    yield from analyses
