"""Reads Zendesk's webhooks without any I/O: is it genuine and fresh, and which ticket is it about.

What a webhook says beyond that is never used: it is a hint to fetch.
Signature: https://developer.zendesk.com/documentation/webhooks/verifying/
"""

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from service.domain.conversations import ConversationKey, conversation_key
from service.errors import Unauthorized

WINDOW = timedelta(minutes=5)
_SIGNATURE = "x-zendesk-webhook-signature"
_TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
_SUBJECT = re.compile(r"zen:ticket:(\d{1,20})")


def read_event(
    headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime
) -> tuple[ConversationKey, ...]:
    """Return the conversations a genuine webhook names, or raise Unauthorized."""
    if not secret:
        raise Unauthorized("Zendesk webhooks need the setting WEBHOOK_SECRET.")
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(_TIMESTAMP, "")
    digest = hmac.new(secret.encode(), timestamp.encode() + body, sha256).digest()
    if not hmac.compare_digest(b64encode(digest), given.get(_SIGNATURE, "").encode()):
        raise Unauthorized("The webhook's signature is not Zendesk's.")
    if not _is_fresh(timestamp, now):
        raise Unauthorized("The webhook's time is more than five minutes away from ours.")
    return tuple(conversation_key("zendesk", number) for number in _tickets_of(body))


def _is_fresh(timestamp: str, now: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return abs(moment - now) <= WINDOW


def _tickets_of(body: bytes) -> list[str]:
    """Read the event envelope, or the body of a trigger's webhook, which its author words."""
    try:
        event = json.loads(body)
    except ValueError:
        return []
    if not isinstance(event, dict):
        return []
    found = _SUBJECT.fullmatch(str(event.get("subject", "")))
    if found:
        return [found.group(1)]
    detail = event.get("detail")
    candidates = (event.get("ticket_id"), detail.get("id") if isinstance(detail, dict) else None)
    numbers = [str(each) for each in candidates if each is not None]
    # Only a ticket's own event says "id" for a ticket; a user's or a comment's means another.
    kind = str(event.get("type", "ticket"))
    return [each for each in numbers if each.isdecimal() and "ticket" in kind][:1]
