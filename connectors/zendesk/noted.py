"""The notes of a run: those in use as they are, the others packed.

Events come in the order of time, so a run looks at a few hundred tickets for a while and then at
none of them until its end.
"""

from collections.abc import Iterator

from connectors.zendesk.notes import Note
from connectors.zendesk.packed import LARGEST, Packed
from connectors.zendesk.seconds import stamp_of

_MOST_IN_USE = 2_000
_LAST_SECOND = 2**32 - 1
_MOST_COMMENTS = 2**31 - 1
_NO_COUNT = -1
_HELD, _MESSAGING, _BY_LOG, _LOG_WAITS, _STAMPED = 1, 2, 4, 8, 16


class Notes:
    """Notes by ticket. One that was given out may be changed until `settle`."""

    def __init__(self) -> None:
        self._in_use: dict[int, Note] = {}
        # requester, assignee; created, updated, stored, last write; comments, seen, events; marks
        self._packed = Packed("qqIIIIiIIB")

    def __contains__(self, ticket_id: object) -> bool:
        if ticket_id in self._in_use:
            return True
        return isinstance(ticket_id, int) and self._held(ticket_id) is not None

    def __getitem__(self, ticket_id: int) -> Note:
        note = self.get(ticket_id)
        if note is None:
            raise KeyError(ticket_id)
        return note

    def __setitem__(self, ticket_id: int, note: Note) -> None:
        self.pop(ticket_id)
        self._in_use[ticket_id] = note

    def get(self, ticket_id: int) -> Note | None:
        note = self._in_use.get(ticket_id)
        if note is None:
            record = self._held(ticket_id)
            if record is None:
                return None
            self._packed.put(ticket_id, *record[:-1], 0)
            note = self._in_use[ticket_id] = _note_of(record)
        return note

    def pop(self, ticket_id: int) -> None:
        self._in_use.pop(ticket_id, None)
        record = self._held(ticket_id)
        if record is not None:
            self._packed.put(ticket_id, *record[:-1], 0)

    def items(self) -> Iterator[tuple[int, Note]]:
        """Yield every note, to be read only."""
        yield from self._in_use.items()
        for ticket_id, record in self._packed.items():
            if record[-1] & _HELD:
                yield ticket_id, _note_of(record)

    def settle(self) -> None:
        """Pack what has not been looked at for a while, as far as it can be packed."""
        if len(self._in_use) <= _MOST_IN_USE:
            return
        kept = {}
        for ticket_id, note in self._in_use.items():
            if _fits(ticket_id, note):
                self._packed.put(ticket_id, *_record_of(note))
            else:
                kept[ticket_id] = note
        self._in_use = kept

    def _held(self, ticket_id: int) -> tuple[int, ...] | None:
        if not 0 < ticket_id <= LARGEST:
            return None
        record = self._packed.get(ticket_id)
        return record if record is not None and record[-1] & _HELD else None


def _fits(ticket_id: int, note: Note) -> bool:
    people = (note.requester, note.assignee)
    seconds = (note.created, note.updated, note.stored or 0, note.last_write)
    return (
        0 < ticket_id <= LARGEST
        and not note.fetched
        and all(one is None or (type(one) is int and 0 < one <= LARGEST) for one in people)
        and all(0 <= one <= _LAST_SECOND for one in seconds)
        and note.stored != 0
        and (note.comments is None or 0 <= note.comments <= _MOST_COMMENTS)
        and (not note.stamp or note.stamp == stamp_of(note.updated))
    )


def _record_of(note: Note) -> tuple[int, ...]:
    marks = (
        _HELD
        | _MESSAGING * note.messaging
        | _BY_LOG * note.by_log
        | _LOG_WAITS * note.log_waits
        | _STAMPED * bool(note.stamp)
    )
    requester = note.requester if isinstance(note.requester, int) else 0
    assignee = note.assignee if isinstance(note.assignee, int) else 0
    comments = _NO_COUNT if note.comments is None else note.comments
    seconds = (note.created, note.updated, note.stored or 0, note.last_write)
    return (requester, assignee, *seconds, comments, note.seen, note.events, marks)


def _note_of(record: tuple[int, ...]) -> Note:
    requester, assignee, created, updated, stored, last_write, comments, seen, events, marks = (
        record
    )
    return Note(
        requester=requester or None,
        assignee=assignee or None,
        created=created,
        updated=updated,
        stamp=stamp_of(updated) if marks & _STAMPED else "",
        messaging=bool(marks & _MESSAGING),
        by_log=bool(marks & _BY_LOG),
        log_waits=bool(marks & _LOG_WAITS),
        last_write=last_write,
        stored=stored or None,
        comments=None if comments == _NO_COUNT else comments,
        seen=seen,
        events=events,
    )
