"""Which tickets lack words after the events of a run were read, judged by Zendesk's own counts.

The export of events may leave a comment out. Three rules tell, none of which needs the store:
a ticket that began within the run's events, or that is not stored, must show as many comments as
Zendesk counts; one whose count was known must show the difference. Where no count is known (after
a restart, beyond the thousand that the cursor remembers) there is doubt when comments came, or
when the ticket changed and no event says why; doubt is settled by reading the comments.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from connectors.zendesk.notes import Note

MOST_DOUBTS = 100  # settled in one run; the others wait in the cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    certain: tuple[int, ...]
    doubtful: tuple[int, ...]


def gaps_of(
    notes: Iterable[tuple[int, Note]],
    *,
    events_from: int,
    stored_are_known: bool,
    before: Callable[[int], int | None],
) -> Gaps:
    """Judge the tickets of a run; `before` is the count at which all comments were read."""
    certain: list[int] = []
    doubtful: list[int] = []
    for ticket_id, note in notes:
        if not _counts(note):
            continue
        lacking = (note.comments or 0) - note.seen
        known = before(ticket_id)
        if note.created >= events_from or (stored_are_known and note.stored is None):
            if lacking > 0:
                certain.append(ticket_id)
        elif known is not None:
            if lacking > known:
                certain.append(ticket_id)
        elif lacking > 0 and _is_doubtful(note):
            doubtful.append(ticket_id)
    return Gaps(certain=tuple(certain), doubtful=tuple(doubtful))


def _counts(note: Note) -> bool:
    return note.comments is not None and not note.by_log and not note.fetched


def _is_doubtful(note: Note) -> bool:
    if note.seen:
        return True
    return not note.events and note.stored != note.updated
