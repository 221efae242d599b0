"""The stand-in's Intercom workspace while it lives: what people and programs do to conversations.

Knows which change moves updated_at and which part it leaves in the thread. Knows no HTTP.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.corpus import Corpus
from connectors.sandbox.intercom_attributes import Attribute, Attributes, Refusal
from connectors.sandbox.intercom_records import (
    FIN,
    SERVICE_ADMIN,
    Author,
    AuthorType,
    Company,
    Conversation,
    Part,
    world_of,
)
from connectors.sandbox.records import Keyset, seconds

Spoil = Callable[[dict[str, Any]], dict[str, Any]]

_REDACTED = "This message was deleted"
_FIN = Author(AuthorType.BOT, FIN)


class IntercomState:
    """One workspace; its methods are what people do, and move the clocks as the vendor's do."""

    def __init__(
        self,
        corpus: Corpus,
        *,
        clock: Callable[[], datetime],
        tag_moves_updated_at: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self._tag_moves_updated_at = tag_moves_updated_at
        moments = [each.created_at for each in corpus.conversations]
        world = world_of(corpus, begun_at=min(moments, default=clock()) - timedelta(days=1))
        self.admins, self.contacts = world.admins, world.contacts
        self.companies, self.tags = world.companies, world.tags
        self.conversations = world.conversations
        self.conversation_ids, self.person_ids = world.conversation_ids, world.person_ids
        self.attributes = Attributes()
        self.deleted: list[tuple[int, int]] = []  # (conversation id, when)
        self._numbers = world.numbers
        rows = self.conversations.values()
        self.updated = Keyset((row.updated_at, row.id) for row in rows)
        self.created = Keyset((row.created_at, row.id) for row in rows)
        self.version = 0  # moves with every change, so that a search can be kept until then
        # What a live workspace may do to its callers.
        self.region = "US"
        self.search_lag = 0  # seconds until a search lists a change
        self.spoiled: dict[int, Spoil] = {}  # what retrieving a conversation answers instead
        self.tickets: dict[int, int] = {}  # a conversation that is a ticket, and where it was born
        self.merged: dict[int, int] = {}  # a conversation, and the one that it was merged into
        self.versions_asked: Counter[str] = Counter()  # by the header, "" without one
        self.most_calls = 0  # in a window

    def now(self) -> int:
        return seconds(self.clock())

    # What people do.

    def open_conversation(
        self, *, contact_id: int, text: str, title: str = "", channel: str = "chat"
    ) -> Conversation:
        """A customer writes for the first time."""
        with self.lock:
            now, companies = self.now(), self.contacts[contact_id].companies
            row = Conversation(
                id=max(self.conversations, default=0) + 1,
                title=title,
                channel=channel,
                state="open",
                source=self._part("comment", Author(AuthorType.USER, contact_id), text),
                contact=contact_id,
                company=companies[0] if companies else None,
                admin=None,
                created_at=now,
                updated_at=now,
            )
            self.conversations[row.id] = row
            self.created.put(row.id, now)
            self.touch(row)
            return row

    def add_comment(self, conversation_id: int, text: str) -> Part:
        """The customer answers; a closed conversation opens again."""
        with self.lock:
            row = self.conversations[conversation_id]
            reopened, row.state = row.state == "closed", "open"
            kind = "open" if reopened else "comment"
            return self._append(row, self._part(kind, Author(AuthorType.USER, row.contact), text))

    def reply_as_admin(
        self, conversation_id: int, text: str, *, admin_id: int | None = None, public: bool = True
    ) -> Part:
        """An agent answers, or leaves a note when it is not public."""
        with self.lock:
            row = self.conversations[conversation_id]
            author = self._admin(row, admin_id)
            return self._append(row, self._part("comment" if public else "note", author, text))

    def act_with_words(self, conversation_id: int, kind: str, text: str) -> Part:
        """An agent closes, opens or assigns and says something with it."""
        with self.lock:
            row = self.conversations[conversation_id]
            row.state = {"close": "closed", "open": "open"}.get(kind, row.state)
            return self._append(row, self._part(kind, self._admin(row, None), text))

    def reply_as_bot(self, conversation_id: int, text: str) -> Part:
        with self.lock:
            row = self.conversations[conversation_id]
            return self._append(row, self._part("comment", _FIN, text))

    def set_field_as_agent(
        self, conversation_id: int, name: str, value: Any, *, admin_id: int | None = None
    ) -> None:
        with self.lock:
            row = self.conversations[conversation_id]
            self._change_attributes(row, {name: value}, self._admin(row, admin_id))

    def close(self, conversation_id: int, *, admin_id: int | None = None) -> None:
        with self.lock:
            row = self.conversations[conversation_id]
            row.state = "closed"
            self._append(row, self._part("close", self._admin(row, admin_id), None))

    def merge_conversation(
        self, source_id: int, target_id: int, *, admin_id: int | None = None
    ) -> Conversation:
        """The source is closed and linked to the target, which is where it goes on."""
        with self.lock:
            target = self.conversations[target_id]
            self.close(source_id, admin_id=admin_id)
            self.merged[source_id] = target_id
            self.touch(target)
            return target

    def rate(self, conversation_id: int, rating: int, remark: str | None = None) -> None:
        with self.lock:
            row = self.conversations[conversation_id]
            row.rating = {"rating": rating, "remark": remark, "created_at": self.now()}
            self.touch(row)

    def redact(self, conversation_id: int, part_id: int) -> None:
        """The part keeps its id and loses its words."""
        with self.lock:
            row = self.conversations[conversation_id]
            part = next((each for each in [row.source, *row.parts] if each.id == part_id), None)
            if part is None:
                raise Refusal(404, "not_found", "Resource Not Found")
            part.redacted, part.text, part.updated_at = True, _REDACTED, self.now()
            self.touch(row)

    def delete_conversation(self, conversation_id: int) -> None:
        with self.lock:
            del self.conversations[conversation_id]
            self.updated.discard(conversation_id)
            self.created.discard(conversation_id)
            self.deleted.append((conversation_id, self.now()))
            self.version += 1

    def make_attribute(
        self, name: str, data_type: str, *, options: list[str] | None = None
    ) -> Attribute:
        """An admin makes a conversation attribute by hand in the settings."""
        with self.lock:
            return self.attributes.create(
                name=name, data_type=data_type, options=options, now=self.now()
            )

    def edit_company(self, company_id: int, **values: Any) -> Company:
        with self.lock:
            row = self.companies[company_id]
            row.custom_attributes.update(values)
            row.updated_at = self.now()
            return row

    def delete_company(self, company_id: int) -> None:
        """The company goes; what belonged to it may still name it."""
        with self.lock:
            del self.companies[company_id]

    def is_listed(self, row: Conversation) -> bool:
        """Say whether the search's index has the conversation's last change already."""
        return row.updated_at <= self.now() - self.search_lag

    def merge_contact(self, source_id: int, target_id: int) -> None:
        """The source vanishes; its conversations belong to the target."""
        with self.lock:
            del self.contacts[source_id]
            for row in self.conversations.values():
                if row.contact == source_id:
                    row.contact = target_id
                    self.touch(row)

    # What programs do.

    def write_attributes(self, row: Conversation, wanted: dict[str, Any]) -> None:
        """Store what differs; the bot signs each change in the thread."""
        with self.lock:
            self._change_attributes(row, wanted, _FIN)

    def tag_id(self, name: str) -> int:
        """Return the id of the tag of that name in any case, made if there is none."""
        with self.lock:
            for id_, known in self.tags.items():
                if known.lower() == name.lower():
                    return id_
            id_ = max(self.tags, default=7000) + 1
            self.tags[id_] = name
            return id_

    def put_tag(self, row: Conversation, tag_id: int) -> None:
        with self.lock:
            if tag_id not in row.tags:
                row.tags[tag_id] = self.now()
                self._tagged(row)

    def remove_tag(self, row: Conversation, tag_id: int) -> None:
        with self.lock:
            if row.tags.pop(tag_id, None) is not None:
                self._tagged(row)

    def touch(self, row: Conversation) -> None:
        row.updated_at = self.now()
        self.updated.put(row.id, row.updated_at)
        self.version += 1

    def _tagged(self, row: Conversation) -> None:
        self.version += 1
        if self._tag_moves_updated_at:
            self.touch(row)

    def _change_attributes(self, row: Conversation, wanted: dict[str, Any], author: Author) -> None:
        for name, value in self.attributes.accepted(wanted).items():
            if row.custom_attributes.get(name) == value:
                continue
            if value is None:
                row.custom_attributes.pop(name, None)
            else:
                row.custom_attributes[name] = value
            part = self._part("conversation_attribute_updated_by_admin", author, None)
            part.event_details = {"attribute": {"name": name}, "value": {"name": value}}
            self._append(row, part)

    def _append(self, row: Conversation, part: Part) -> Part:
        row.parts.append(part)
        self.touch(row)
        return part

    def _part(self, kind: str, author: Author, text: str | None) -> Part:
        now = self.now()
        return Part(
            id=self._numbers.next(),
            part_type=kind,
            author=author,
            text=text,
            created_at=now,
            updated_at=now,
        )

    def _admin(self, row: Conversation, admin_id: int | None) -> Author:
        return Author(AuthorType.ADMIN, admin_id or row.admin or SERVICE_ADMIN)
