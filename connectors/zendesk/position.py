"""Where reading stands: our opaque cursor, which says how far each export was read."""

import json
from dataclasses import dataclass

from service.errors import TellPerson

MOST_REMEMBERED = 1000  # ids in a cursor; more are read again, which changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    tickets: str | None = None  # Zendesk's after_cursor; opaque by its contract
    events: int = 0  # start_time of the ticket events; its second is read again
    seen: tuple[int, ...] = ()  # events of that second that were read
    owed: tuple[int, ...] = ()  # tickets of which comments are missing
    each_ticket: bool = False  # the server has no event export: comments are read per ticket

    @property
    def at_start(self) -> bool:
        return self.tickets is None and not self.events and not self.each_ticket

    def encode(self) -> str:
        return json.dumps(
            {
                "tickets": self.tickets,
                "events": self.events,
                "seen": self.seen[:MOST_REMEMBERED],
                "owed": self.owed[:MOST_REMEMBERED],
                "each_ticket": self.each_ticket,
            },
            separators=(",", ":"),
        )


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
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TellPerson(
            "The stored Zendesk cursor cannot be read: run `verbatim sync zendesk --full`."
        ) from error
