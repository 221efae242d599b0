"""Notes which days' facts changed, in the transaction that changes them.

A day's mark is another one after every change, whoever made it, so what was read of a day under
one mark is still true as long as the mark is. Knows nothing of facts.
"""

from collections.abc import Iterable
from uuid import uuid4

from sqlalchemy import Connection, select

from service.query import Window
from storage.bulk import upsert_tuples
from storage.tables.work import memory

_OF_A_DAY = "storage:facts_of_day:"
_OF_ALL_DAYS = "storage:facts_of_all_days"

Mark = tuple[str, str]  # that of all days together, and the day's own


def note(connection: Connection, days: Iterable[int]) -> None:
    _renew(connection, [_name(day) for day in sorted(set(days))])


def note_all(connection: Connection) -> None:
    _renew(connection, [_OF_ALL_DAYS])


def _renew(connection: Connection, names: Iterable[str]) -> None:
    mark = uuid4().hex
    rows = [(name, mark) for name in names]
    upsert_tuples(connection, memory, ("name", "value"), rows, key=("name",))


def marks(connection: Connection, window: Window) -> dict[int, Mark]:
    """The mark of each day of a window; a day that never changed has an empty one."""
    days = range(window.start.toordinal(), window.end.toordinal())
    own = memory.c.name.between(_name(days.start), _name(days.stop))
    query = select(memory.c.name, memory.c.value).where(own | (memory.c.name == _OF_ALL_DAYS))
    noted = {row[0]: row[1] for row in connection.execute(query)}
    every = noted.get(_OF_ALL_DAYS, "")
    return {day: (every, noted.get(_name(day), "")) for day in days}


def _name(day: int) -> str:
    return f"{_OF_A_DAY}{day:07d}"
