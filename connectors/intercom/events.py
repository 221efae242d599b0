"""Verifies and reads Intercom's webhooks without any I/O.

Knows the signature and where a notification names its conversation. Refuses to take anything but
ids from it: the order of events is not promised and a failed delivery is repeated only once, so an
event is a hint to fetch.
"""

from collections.abc import Mapping

from connectors._signed import fits, hex_hmac, json_object, the_header
from connectors.intercom.mapping import key_of
from connectors.intercom.payload import Json, identity, part, words
from service.domain.conversations import ConversationKey
from service.errors import Unauthorized

_SIGNATURE = "x-hub-signature"  # sha1= and the HMAC-SHA1 of the raw body; no time is signed


def conversations_in(
    headers: Mapping[str, str], body: bytes, *, secret: str | None
) -> tuple[ConversationKey, ...]:
    """Return the conversations that an event is about; none for a ping or another topic."""
    _verify(headers, body, secret)
    event = json_object(body)
    found = _conversation_of(words(event.get("topic")), part(part(event, "data"), "item"))
    return () if found is None else (key_of(found),)


def _verify(headers: Mapping[str, str], body: bytes, secret: str | None) -> None:
    if not secret:
        raise Unauthorized("Set VERBATIM_HELPDESKS__INTERCOM__CLIENT_SECRET to receive webhooks.")
    made = "sha1=" + hex_hmac(secret, body, digest="sha1")
    if not fits(made, the_header(headers, _SIGNATURE).strip()):
        raise Unauthorized("The event's signature does not fit the app's client secret.")


def _conversation_of(topic: str, item: Json) -> str | None:
    """Return the id under a topic of conversations; a part's own id is never taken for it."""
    if not topic.startswith(("conversation.", "conversation_part.")):
        return None
    whole = topic.startswith("conversation.") and item.get("type") is None
    if (whole or item.get("type") == "conversation") and identity(item.get("id")):
        return identity(item.get("id"))
    named = identity(item.get("conversation_id"))
    return named or identity(part(item, "conversation").get("id"))
