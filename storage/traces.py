"""Finds where words that go were said again: in what people noted and in what is remembered.

Four words in a row are somebody's own, fewer are anybody's; a name counts as it stands.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, select, update

from storage.bulk import chunks
from storage.tables.feedback import feedback
from storage.tables.flags import flag_change
from storage.tables.receipts import receipt
from storage.tables.work import memory, outbox

RUN = 4
SHORTEST_NAME = 3
GONE = "(erased)"
_WORD = re.compile(r"\w+")
# State that holds people's questions.
_ASKED = ("slack-thread:", "slack-question:", "second-reading:")
_OUR_OWN = "storage:"  # state of this room, which holds nobody's words


class Traces:
    """The words of what is erased, to look for."""

    def __init__(self, texts: Iterable[str], *, names: Iterable[str] = ()) -> None:
        self._runs = {run for text in texts for run in _runs(text)}
        wanted = [re.escape(name) for name in names if len(name) >= SHORTEST_NAME]
        pattern = rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)"
        self._names = re.compile(pattern, re.IGNORECASE) if wanted else None

    def are_repeated_in(self, text: str) -> bool:
        """Whether the words are in JSON, whatever names are."""
        return any(run in self._runs for run in _runs(_plain(text)))

    def are_in_json(self, text: str) -> bool:
        return self.are_in(_plain(text))

    def are_in(self, text: str) -> bool:
        if self._names is not None and self._names.search(text):
            return True
        return any(run in self._runs for run in _runs(text))


def clean(connection: Connection, keys: Sequence[str], traces: Traces) -> dict[str, int]:
    """Take the words out of everything that is not a conversation's own row."""
    return {
        "notes on answers": _notes(connection, frozenset(keys), traces),
        "reasons of flags": _reasons(connection, frozenset(keys), traces),
        "remembered states": _states(connection, traces),
        "outgoing payloads": _payloads(connection, traces),
    }


def _notes(connection: Connection, keys: frozenset[str], traces: Traces) -> int:
    """A note is about the number that was shown, and so about the conversations it counted."""
    query = select(feedback.c.answer, feedback.c.person, feedback.c.note, receipt.c.members)
    rows = connection.execute(
        query.join(receipt, receipt.c.id == feedback.c.receipt, isouter=True).where(
            feedback.c.note != ""
        )
    ).all()
    found = [
        row
        for row in rows
        if traces.are_in(row.note) or not keys.isdisjoint(json.loads(row.members or "[]"))
    ]
    for row in found:
        mine = (feedback.c.answer == row.answer) & (feedback.c.person == row.person)
        connection.execute(update(feedback).where(mine).values(note=""))
    return len(found)


def _reasons(connection: Connection, keys: frozenset[str], traces: Traces) -> int:
    """People give reasons in their own words, and often in the customer's."""
    rows = connection.execute(
        select(flag_change.c.id, flag_change.c.reason, flag_change.c.signals).where(
            flag_change.c.by != "rule", flag_change.c.reason.not_in(["", GONE])
        )
    ).all()
    found = [
        row.id
        for row in rows
        if traces.are_in(row.reason)
        or not keys.isdisjoint(signal.rpartition("#")[0] for signal in json.loads(row.signals))
    ]
    for chunk in chunks(found):
        mine = flag_change.c.id.in_(chunk)
        connection.execute(update(flag_change).where(mine).values(reason=GONE))
    return len(found)


def _states(connection: Connection, traces: Traces) -> int:
    """A name alone counts in what people asked; elsewhere it may be anything, such as an address
    of our own people.
    """
    rows = connection.execute(select(memory).where(~memory.c.name.startswith(_OUR_OWN))).all()
    found = [
        row.name
        for row in rows
        if traces.are_repeated_in(row.value)
        or (row.name.startswith(_ASKED) and traces.are_in_json(row.value))
    ]
    for chunk in chunks(found):
        connection.execute(memory.delete().where(memory.c.name.in_(chunk)))
    return len(found)


def _payloads(connection: Connection, traces: Traces) -> int:
    rows = connection.execute(select(outbox.c.key, outbox.c.payload)).all()
    found = [row.key for row in rows if traces.are_in_json(row.payload)]
    for chunk in chunks(found):
        connection.execute(update(outbox).where(outbox.c.key.in_(chunk)).values(payload="{}"))
    return len(found)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    for start in range(len(words) - RUN + 1):
        yield tuple(words[start : start + RUN])


def _plain(text: str) -> str:
    """JSON spells letters beyond ASCII as numbers; nobody's words are found in those."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
