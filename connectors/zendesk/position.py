"""Where reading stands: our opaque cursor, which says how far each export was read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from service.errors import TellPerson

MOST_REMEMBERED = 1000  # ids in a cursor; more are read again, which changes nothing
_LATEST = 2**32 - 1  # second that is believed: the year 2106
MOST_OWED = 10_000  # forgetting one of these would lose words, so beyond it they are read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    tickets: str | None = None  # Zendesk's after_cursor; opaque by its contract
    events: int = 0  # start_time of the ticket events; its second is read again
    seen: tuple[int, ...] = ()  # events of that second that were read
    owed: tuple[int, ...] = ()  # tickets of which comments are missing
    each_ticket: bool = False  # the server has no event export: comments are read per ticket
    unfinished: bool = False  # a run stopped in here, so its events were not all counted
    counts: tuple[tuple[int, int], ...] = ()  # ticket, comments when all of them were read

    @property
    def at_start(self) -> bool:
        return self.tickets is None and not self.events and not self.each_ticket

    @property
    def words_until(self) -> datetime | None:
        """The time up to which every event was read; None when all of them were."""
        return datetime.fromtimestamp(min(self.events, _LATEST), UTC) if self.unfinished else None

    def encode(self) -> str:
        return json.dumps(
            {
                "tickets": self.tickets,
                "events": self.events,
                "seen": self.seen[:MOST_REMEMBERED],
                "owed": self.owed,
                "each_ticket": self.each_ticket,
                "unfinished": self.unfinished,
                "counts": self.counts,
            },
            separators=(",", ":"),
        )


def newest_counts(
    before: Iterable[tuple[int, int]], known: Mapping[int, int], *, without: Iterable[int]
) -> tuple[tuple[int, int], ...]:
    """Return what to remember of comment counts: the tickets that changed last."""
    counts = dict(before)
    for ticket_id in (*without, *known):
        counts.pop(ticket_id, None)
    return tuple({**counts, **known}.items())[-MOST_REMEMBERED:]


def decode(cursor: str | None) -> Position:
    if cursor is None:
        return Position()
    try:
        held = json.loads(cursor)
        return Position(
            tickets=held["tickets"],
            events=int(held["events"]),
            seen=tuple(held["seen"]),
            owed=tuple(held["owed"]),
            each_ticket=bool(held["each_ticket"]),
            # Cursors of an older release lack these.
            unfinished=bool(held.get("unfinished", False)),
            counts=tuple((int(id_), int(count)) for id_, count in held.get("counts", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TellPerson(
            "The stored Zendesk cursor cannot be read: run `verbatim sync zendesk --full`."
        ) from error
