"""Stores the messages of a page, also those that came before their conversation."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from service.beginnings import beginning, messages_of, spelled
from service.domain.conversations import (
    Beginning,
    ConversationKey,
    Message,
    Page,
    Told,
    fingerprint,
    fingerprint_of,
    is_customer_voice,
)
from service.domain.imported import STAND_IN
from service.words import all_said
from service.words import voice as words_of
from storage.among import among, keys_for, rows_among
from storage.bulk import chunks, insert_tuples, remove, upsert, upsert_tuples
from storage.heads import message_of
from storage.moments import to_ms
from storage.tables.conversations import conversation, message, voice, waiting_message

Incoming = dict[str, Message]  # by the helpdesk's id
NOTHING_READ = fingerprint(())
_STORED: Select[Any] = select(
    *(message.c[name] for name in ("id", "conversation_id", "external_id", "role", "public")),
    *(message.c.created_at, message.c.text),
)
_WAITING: Select[Any] = select(waiting_message)
_BEGINNING = 60_000  # milliseconds in which a conversation's first message is said
_COLUMNS = ("external_id", "role", "public", "created_at", "text")  # of what is spelled
_MESSAGE = ("conversation_id", *_COLUMNS)
_VOICE = ("conversation_id", "words")


class Messages:
    """The messages of one page.

    Afterwards `fingerprints` holds those of the conversations whose messages changed, and `erased`
    tells whether a customer's words went.
    """

    def __init__(
        self,
        connection: Connection,
        page: Page,
        known: Mapping[str, Row[Any]],
        blocked: frozenset[str],
        stale: frozenset[str],
    ) -> None:
        self._connection = connection
        self._known = known
        self._stale = stale
        self._complete = page.complete - blocked
        self._incoming: dict[str, Incoming] = {}
        self._first: dict[str, Beginning] = {}
        for one in page.messages:
            if one.conversation not in blocked:
                self._incoming.setdefault(one.conversation, {})[one.message.id] = one.message
        for begun in page.beginnings:
            if begun.conversation not in blocked:
                self._hear(begun)
        self.fingerprints: dict[int, str] = {}
        self.erased = False

    def begin(self, new: Sequence[str]) -> dict[str, str]:
        """Return the fingerprints that conversations will have which are about to be stored."""
        self._fetch_waiting(sorted({*new, *self._known}))
        for key in new:
            if key not in self._first:
                said = self._incoming.get(key, {}).values()
                self._first[key] = beginning(ConversationKey(key), said)
        return {key: begun.fingerprint for key, begun in self._first.items()}

    def save(self) -> int:
        """Return how many messages are new, changed or removed."""
        keys = {*self._incoming, *self._first, *self._complete}
        changed = self._save_known(sorted(key for key in keys if key in self._known))
        changed += self._let_wait(sorted(key for key in keys if key not in self._known))
        self._mark_whole()
        return changed

    def _hear(self, begun: Beginning) -> None:
        """Of what is stored already, or comes in two parts, each message is looked at."""
        key = begun.conversation
        if key in self._known or key in self._incoming or key in self._first:
            self._listen_to(key).update((said.id, said) for said in messages_of(begun))
        else:
            self._first[key] = begun

    def _listen_to(self, key: str) -> Incoming:
        begun = self._first.pop(key, None)
        if begun is not None:
            self._incoming[key] = {said.id: said for said in messages_of(begun)}
        return self._incoming.setdefault(key, {})

    def _fetch_waiting(self, keys: list[str]) -> None:
        """Messages that waited for a conversation join it; the page's own words are newer."""
        column = waiting_message.c.conversation
        rows = rows_among(self._connection, _WAITING, column, keys)
        for row in rows:
            of_one = self._listen_to(row.conversation)
            if row.conversation not in self._complete:
                of_one.setdefault(row.external_id, message_of(row))
        if rows:
            mine = waiting_message.delete().where(among(self._connection, column))
            self._connection.execute(mine, keys_for(self._connection, keys))

    def _save_known(self, keys: list[str]) -> int:
        changed = self._save_first([key for key in keys if key in self._first])
        for chunk in chunks(key for key in keys if key not in self._first):
            stored = self._stored(chunk)
            new: list[tuple[Any, ...]] = []
            surplus: list[int] = []
            heard: dict[int, str] = {}
            for key in chunk:
                one = self._known[key].id
                old = stored.get(one, {})
                found, extra = self._news(key, old), self._surplus(key, old)
                if found or extra:
                    told = _spoken(old, found, without=extra)
                    self.fingerprints[one] = fingerprint_of(told)
                    heard[one] = all_said(words_of(each) or "" for each in told)
                replaced = {*extra, *(each.id for each in found)} & old.keys()
                self.erased |= any(is_customer_voice(_told_before(old[name])) for name in replaced)
                new += [(one, *spelled(each)[:-1]) for each in found]
                surplus += [old[name].id for name in extra]
            upsert_tuples(self._connection, message, _MESSAGE, new, key=_MESSAGE[:2])
            self._delete(surplus)
            self._hear_words(heard)
            changed += len(new) + len(surplus)
        return changed

    def _save_first(self, keys: Iterable[str]) -> int:
        """Nothing can stand where a conversation begins, so nothing is looked for there."""
        new: list[tuple[Any, ...]] = []
        heard: list[tuple[int, str]] = []
        for key in keys:
            one, said = self._known[key].id, self._first[key].said
            new += [(one, *each[:-1]) for each in said]
            heard.append((one, all_said(each.words or "" for each in said)))
        insert_tuples(self._connection, message, _MESSAGE, new)
        insert_tuples(self._connection, voice, _VOICE, [row for row in heard if row[1]])
        return len(new)

    def _stored(self, keys: Iterable[str]) -> dict[int, dict[str, Row[Any]]]:
        known = map(self._known.__getitem__, keys)
        ids = [one.id for one in known if one.fingerprint != NOTHING_READ]
        found: dict[int, dict[str, Row[Any]]] = {}
        for row in rows_among(self._connection, _STORED, message.c.conversation_id, ids):
            found.setdefault(row.conversation_id, {})[row.external_id] = row
        return found

    def _news(self, key: str, stored: Mapping[str, Row[Any]]) -> list[Message]:
        """A stale page may add what was never seen, unless all messages are known to be here."""
        incoming = self._incoming.get(key, {}).values()
        if key not in self._stale:
            return [said for said in incoming if _differs(stored.get(said.id), said)]
        if self._known[key].whole:
            return []
        return [said for said in incoming if said.id not in stored]

    def _surplus(self, key: str, stored: Mapping[str, Row[Any]]) -> list[str]:
        if key in self._stale:
            return []
        kept = self._incoming.get(key, {})
        if ConversationKey(key) not in self._complete:
            return [STAND_IN] if STAND_IN in stored and self._begins(key, kept) else []
        return [external_id for external_id in stored if external_id not in kept]

    def _begins(self, key: str, incoming: Incoming) -> bool:
        """Whether the words with which the conversation began are among these."""
        until = self._known[key].created_at + _BEGINNING
        return STAND_IN not in incoming and any(
            to_ms(said.created_at) <= until for said in incoming.values()
        )

    def _hear_words(self, heard: Mapping[int, str]) -> None:
        """Keep what customers say in conversations as it is searched."""
        rows = [(one, words) for one, words in heard.items() if words]
        upsert_tuples(self._connection, voice, _VOICE, rows, key=_VOICE[:1])
        silent = [(one,) for one, words in heard.items() if not words]
        remove(self._connection, voice, _VOICE[:1], silent)

    def _delete(self, ids: Iterable[int]) -> None:
        for chunk in chunks(ids):
            self._connection.execute(message.delete().where(message.c.id.in_(chunk)))

    def _let_wait(self, keys: list[str]) -> int:
        changed = 0
        for chunk in chunks(keys):
            query = select(waiting_message).where(waiting_message.c.conversation.in_(chunk))
            stored = {
                (row.conversation, row.external_id): row for row in self._connection.execute(query)
            }
            new = [
                {"conversation": key, **_without_words(said)}
                for key in chunk
                for said in self._incoming.get(key, {}).values()
                if _differs(stored.get((key, said.id)), said)
            ]
            upsert(self._connection, waiting_message, ["conversation", "external_id"], new)
            changed += len(new)
        return changed

    def _mark_whole(self) -> None:
        ids = [
            self._known[key].id
            for key in self._complete
            if key in self._known and key not in self._stale and not self._known[key].whole
        ]
        if ids:
            mine = update(conversation).where(among(self._connection, conversation.c.id))
            self._connection.execute(mine.values(whole=True), keys_for(self._connection, ids))


def _without_words(said: Message) -> dict[str, Any]:
    return dict(zip(_COLUMNS, spelled(said), strict=False))


def _differs(old: Row[Any] | None, said: Message) -> bool:
    return old is None or (
        (old.role, bool(old.public), old.created_at, old.text)
        != (said.role.value, said.public, to_ms(said.created_at), said.text)
    )


def _spoken(
    old: Mapping[str, Row[Any]], new: Iterable[Message], *, without: Iterable[str]
) -> list[Told]:
    """Return what a conversation's fingerprint is of, as it is read back: by time, then in order
    of storing.
    """
    # Of what is stored no message is made: a busy helpdesk's conversations go on page after page.
    places = {
        name: ((row.created_at, 0, row.id), _told_before(row))
        for name, row in old.items()
        if name not in without
    }
    for number, said in enumerate(new):
        replaced = old.get(said.id)
        place = (1, number) if replaced is None else (0, replaced.id)
        places[said.id] = ((to_ms(said.created_at), *place), _told(said))
    return [told for _, told in sorted(places.values(), key=itemgetter(0))]


def _told(said: Message) -> Told:
    return Told(said.id, said.role, said.public, said.text)


def _told_before(row: Row[Any]) -> Told:
    return Told(row.external_id, row.role, bool(row.public), row.text)
