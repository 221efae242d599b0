"""Stores one page of news: heads, states, messages, and what is gone.

Old news never wins over newer, and a page that says nothing new changes nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, select

from service.domain.conversations import (
    ConversationHead,
    ConversationKey,
    Page,
)
from service.domain.erasures import WHY
from service.domain.measurements import Analysis
from service.stores import Stored
from service.stores.analyses import Labels
from storage import erasing, rollups
from storage.among import rows_among
from storage.bulk import change, chunks, upsert
from storage.deriving import or_none
from storage.forgotten import bury, refused
from storage.heads import Hashed, account_row, head_row, state_text
from storage.measuring import labelled, measured_by, store, store_first
from storage.messages import Messages
from storage.moments import to_ms
from storage.purge import GONE, forget_analyses, last_seen, purge
from storage.tables.accounts import account, agent
from storage.tables.conversations import conversation, tombstone
from storage.tables.facts import fact

_OF_NO_HEAD = ("state", "whole", "fingerprint", "measured_by", "pending")
_WHOLE = select(conversation)
# What is asked of a conversation whose head did not come, or is stored.
_STANDING = select(
    *(
        conversation.c[name]
        for name in ("id", "key", "day", "created_at", "updated_at", *_OF_NO_HEAD)
    )
)
# Facts that say another segment or owner than their account.
_ELSEWHERE = (
    select(fact.c.conversation_id)
    .join(account, account.c.key == fact.c.account)
    .where(
        (fact.c.segment != or_none(account.c.segment)) | (fact.c.owner != or_none(account.c.owner))
    )
)
_ALL = {table: select(table) for table in (tombstone, account, agent)}


class PageSaver:
    """Saves one page on one connection, inside the caller's transaction."""

    def __init__(
        self, connection: Connection, page: Page, *, zone: ZoneInfo, hashed: Hashed, at: int
    ) -> None:
        self._connection = connection
        self._page = page
        self._zone = zone
        self._hashed = hashed
        self._at = at
        self._gone = frozenset(page.gone)
        mentioned = {
            *(head.key for head in page.heads),
            *(incoming.conversation for incoming in page.messages),
            *page.states,
            *page.complete,
            *page.gone,
        }
        heads = {head.key for head in page.heads}
        self._known = _by_key(connection, _WHOLE, heads)
        self._known.update(_by_key(connection, _STANDING, mentioned - heads))
        self._graves = _by_key(connection, _ALL[tombstone], mentioned)
        self._refused = refused(connection, page, graves=self._graves, hashed=hashed)
        self._stored_before = frozenset(self._known)
        self._shown = {key: state_text(state) for key, state in page.states.items()}

    def save(self, labels: Labels) -> Stored:
        """Save the page, and what came measured with its conversations."""
        bury(self._connection, self._refused, zone=self._zone, at=self._at)
        moved = self._save_accounts()
        self._save_agents()
        stale, changes = self._changed_heads()
        messages = Messages(self._connection, self._page, self._known, self._blocked(), stale)
        first = self._save_heads(changes, messages, labels)
        states = self._save_states(stale)
        changed_messages = messages.save()
        if messages.erased:
            erasing.note(self._connection)
        reread = self._renew_fingerprints(messages.fingerprints)
        told = store_first(
            self._connection, [(self._known[key].id, one) for key, one in first.items()]
        )
        new = {self._known[key].id for key in changes.keys() - self._stored_before}
        rollups.begin(self._connection, new, told)
        again = {key: of_words for key, of_words in labels.items() if key not in first}
        measured = store(self._connection, labelled(self._connection, again)).values.keys()
        changed = {self._known[key].id for key in changes.keys() & self._stored_before}
        rollups.refresh(self._connection, changed | reread | measured)
        self._move_accounts(moved)
        self._purge_refused()
        gone = self._purge()
        heads = len(changes.keys() | states)
        return Stored(conversations=heads, messages=changed_messages, gone=gone)

    def _save_accounts(self) -> list[dict[str, Any]]:
        """Return the accounts whose segment or owner is not what the facts say."""
        rows = {
            one.key: account_row(one)
            for one in self._page.accounts
            if one.key not in self._refused.accounts
        }
        old = _by_key(self._connection, _ALL[account], rows)
        new = [row for key, row in rows.items() if _differs(old.get(key), row)]
        upsert(self._connection, account, ["key"], new)
        return new

    def _move_accounts(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Give the conversations of changed accounts the segment and the owner of now."""
        keys = [row["key"] for row in rows]
        moved = rows_among(self._connection, _ELSEWHERE, account.c.key, keys)
        rollups.refresh(self._connection, [row.conversation_id for row in moved])

    def _save_agents(self) -> None:
        rows = {one.key: {"key": one.key, "name": one.name} for one in self._page.agents}
        old = _by_key(self._connection, _ALL[agent], rows)
        new = [row for key, row in rows.items() if _differs(old.get(key), row)]
        upsert(self._connection, agent, ["key"], new)

    def _changed_heads(self) -> tuple[frozenset[str], dict[str, dict[str, Any]]]:
        """Return the keys of stale heads, and the rows of those that change something."""
        stale: set[str] = set()
        changed: dict[str, dict[str, Any]] = {}
        for key, head in self._newest_heads().items():
            old = self._known.get(key)
            row = head_row(head, zone=self._zone, hashed=self._hashed)
            if old is not None and row["updated_at"] < old.updated_at:
                stale.add(key)
            elif _differs(old, row):
                changed[key] = row
        self._raise_the_dead(changed.keys())
        return frozenset(stale), changed

    def _save_heads(
        self, changes: Mapping[str, dict[str, Any]], messages: Messages, labels: Labels
    ) -> dict[str, Analysis]:
        """Return what came measured of new ones, whose rows are at once what they will be."""
        fingerprints = messages.begin([key for key in changes if key not in self._stored_before])
        first = {
            key: labels[ConversationKey(key)](text)
            for key, text in fingerprints.items()
            if key in labels
        }
        for key, row in changes.items():
            if key in fingerprints:
                row |= self._beginnings(key, fingerprints[key], first.get(key))
            else:
                row |= _kept(self._known[key])
        upsert(self._connection, conversation, ["key"], list(changes.values()))
        self._known.update(_by_key(self._connection, _STANDING, changes))
        return first

    def _newest_heads(self) -> dict[str, ConversationHead]:
        heads: dict[str, ConversationHead] = {}
        for head in self._page.heads:
            grave = self._graves.get(head.key)
            if head.key in self._gone or head.key in self._refused.keys:
                continue
            if grave is not None and to_ms(head.updated_at) <= grave.updated_at:
                continue
            other = heads.get(head.key)
            if other is None or other.updated_at <= head.updated_at:
                heads[head.key] = head
        return heads

    def _raise_the_dead(self, keys: Iterable[str]) -> None:
        risen = [key for key in keys if key in self._graves]
        for chunk in chunks(risen):
            self._connection.execute(tombstone.delete().where(tombstone.c.key.in_(chunk)))
        for key in risen:
            del self._graves[key]

    def _blocked(self) -> frozenset[str]:
        """Keys of which no message may be kept."""
        dead = {key for key in self._graves if key not in self._known}
        return self._gone | self._refused.keys | dead

    def _save_states(self, stale: frozenset[str]) -> frozenset[str]:
        """What the helpdesk shows may differ under an unchanged head; then write-back looks."""
        changed: dict[str, dict[str, Any]] = {}
        for key, text in self._shown.items():
            old = self._known.get(key)
            if old is None or key in stale or key in self._gone:
                continue
            if text != old.state:
                changed[key] = {"id": old.id, "state": text, "pending": old.pending + 1}
        change(self._connection, conversation, list(changed.values()))
        return frozenset(changed)

    def _beginnings(self, key: str, fingerprint: str, measured: Analysis | None) -> dict[str, Any]:
        """The columns that a head does not know, as they begin: a state and an analysis are each
        news to write-back.
        """
        state = self._shown.get(ConversationKey(key))
        mark = "" if measured is None else measured_by(measured.analyser, measured.taxonomy)
        return {
            "state": state,
            "whole": key in self._page.complete,
            "fingerprint": fingerprint,
            "measured_by": mark,
            "pending": (state is not None) + (measured is not None),
        }

    def _renew_fingerprints(self, new: Mapping[int, str]) -> set[int]:
        """Return those whose analysis went: one of other words is none, so they wait again."""
        old = {row.id: row for row in self._known.values()}
        changed = {one: text for one, text in new.items() if old[one].fingerprint != text}
        # What was never measured has nothing to forget, and its facts do not depend on its words.
        measured = {one for one in changed if old[one].measured_by}
        forget_analyses(self._connection, list(measured))
        change(
            self._connection,
            conversation,
            [{"id": one, "fingerprint": changed[one], "measured_by": ""} for one in measured],
        )
        rows = [{"id": o, "fingerprint": t} for o, t in changed.items() if o not in measured]
        change(self._connection, conversation, rows)
        return measured

    def _purge_refused(self) -> None:
        """What was stored before it came to belong to somebody who is forgotten."""
        stored = self._refused.keys & self._stored_before
        if stored:
            seen = last_seen(self._connection, stored)
            days = {key: self._known[key].day for key in stored}
            purge(self._connection, seen, at=self._at, why=WHY, days=days)

    def _purge(self) -> int:
        if not self._gone:
            return 0
        seen = last_seen(self._connection, self._gone)
        for head in self._page.heads:
            if head.key in seen:
                seen[head.key] = max(seen[head.key], to_ms(head.updated_at))
        return purge(self._connection, seen, at=self._at, why=GONE)


def _by_key(connection: Connection, query: Select[Any], keys: Iterable[str]) -> dict[str, Row[Any]]:
    rows = rows_among(connection, query, query.selected_columns["key"], sorted(keys))
    return {row.key: row for row in rows}


def _differs(old: Row[Any] | None, new: Mapping[str, Any]) -> bool:
    if old is None:
        return True
    there = old._mapping
    return any(there[name] != value for name, value in new.items())


def _kept(old: Row[Any]) -> dict[str, Any]:
    """The columns that a head does not know, as they were."""
    return {name: old._mapping[name] for name in _OF_NO_HEAD}
