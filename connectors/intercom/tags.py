"""Adds and removes our tag on a conversation, and creates it once.

Knows that each tag costs a call, that a teammate has to be named for it, and that Intercom's tag
names ignore case. Touches no tag without our prefix.
"""

import threading

from intercom.types.create_or_update_tag_request import CreateOrUpdateTagRequest

from connectors.intercom.client import Client
from connectors.intercom.payload import identity
from service.domain.conversations import ConversationKey, split_key
from service.domain.writeback import TAG_PREFIX, FieldChange
from service.errors import Misbehaving

CHURN_TAG = f"{TAG_PREFIX}churn__yes"  # the one that people filter on


class Tags:
    """Does nothing without an admin to act as."""

    def __init__(self, client: Client, *, admin_id: str | None) -> None:
        self._client = client
        self._admin_id = admin_id
        self._lock = threading.Lock()
        self._ids: dict[str, str] | None = None

    def wanted(self, change: FieldChange) -> tuple[frozenset[str], frozenset[str]]:
        """Return the tags to add and to remove that are ours to touch."""
        if self._admin_id is None:
            return frozenset(), frozenset()
        ours = frozenset(tag for tag in change.remove_tags if tag.startswith(TAG_PREFIX))
        return change.add_tags & {CHURN_TAG}, ours

    def change(
        self, conversation: ConversationKey, *, add: frozenset[str], remove: frozenset[str]
    ) -> None:
        """Bring the tags up to date; repeating it does no harm."""
        path = f"/conversations/{split_key(conversation)[1]}/tags"
        for name in sorted(add):
            body = {"id": self._id_of_ours(name), "admin_id": self._admin_id}
            self._client.repeatable("POST", path, body)
        for name in sorted(remove):
            tag_id = self._id(name)
            if tag_id is not None:
                self._client.repeatable("DELETE", f"{path}/{tag_id}", {"admin_id": self._admin_id})

    def _id(self, name: str) -> str | None:
        with self._lock:
            return self._known().get(name.casefold())

    def _id_of_ours(self, name: str) -> str:
        with self._lock:
            known = self._known()
            if name.casefold() not in known:
                known[name.casefold()] = self._created(name)
            return known[name.casefold()]

    def _known(self) -> dict[str, str]:
        if self._ids is None:
            listed = self._client.ask_sdk(lambda sdk: sdk.tags.list()).data or []
            self._ids = {str(tag.name).casefold(): str(tag.id) for tag in listed if tag}
        return self._ids

    def _created(self, name: str) -> str:
        """Create the tag; Intercom answers a name that exists with the tag that has it."""
        request = CreateOrUpdateTagRequest(name=name)
        tag_id = identity(self._client.ask_sdk(lambda sdk: sdk.tags.create(request=request)).id)
        if tag_id is None:
            raise Misbehaving("Intercom created a tag and did not say which.")
        return tag_id
