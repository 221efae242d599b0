"""Reads Zendesk's webhooks without any I/O: is it genuine and fresh, and which ticket is it about.

What a webhook says beyond that is never used: it is a hint to fetch.
Signature: https://developer.zendesk.com/documentation/webhooks/verifying/
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors._signed import fits, is_fresh, json_object, the_header
from service.domain.conversations import ConversationKey, conversation_key
from service.errors import SkipThis, Unauthorized

_SIGNATURE = "x-zendesk-webhook-signature"
_TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
_ACCOUNT = "x-zendesk-account-id"
_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,20})")
_NUMBER = re.compile(r"[0-9]{1,20}")


def read_event(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secret: str | None,
    account_id: int | None,
    now: datetime,
) -> tuple[ConversationKey, ...]:
    """Return the conversations a genuine webhook names, or raise Unauthorized.

    An event of a kind that we do not know names none: Zendesk adds kinds, and repeats what fails.
    """
    if not secret:
        raise Unauthorized("Zendesk webhooks need the setting WEBHOOK_SECRET.")
    timestamp = the_header(headers, _TIMESTAMP)
    digest = hmac.new(secret.encode(), timestamp.encode() + body, sha256).digest()
    if not fits(b64encode(digest).decode(), the_header(headers, _SIGNATURE)):
        raise Unauthorized("The webhook's signature is not Zendesk's.")
    if not is_fresh(timestamp, now=now):
        raise Unauthorized("The webhook's time is more than five minutes away from ours.")
    event = _event_of(body)
    if account_id is not None and not _is_from(account_id, headers, event):
        raise Unauthorized("The webhook comes from another Zendesk account.")
    return tuple(conversation_key("zendesk", number) for number in _tickets_of(event))


def _is_from(account_id: int, headers: Mapping[str, str], event: Mapping[str, Any]) -> bool:
    told = {value for given, value in headers.items() if given.lower() == _ACCOUNT}
    if event.get("account_id") is not None:
        told.add(str(event["account_id"]))
    return told == {str(account_id)}


def _event_of(body: bytes) -> Mapping[str, Any]:
    try:
        return json_object(body)
    except SkipThis:
        return {}  # a genuine body that is no event names nothing, and need not come again


def _tickets_of(event: Mapping[str, Any]) -> list[str]:
    """Read the event envelope, or the body of a trigger's webhook, which its author words."""
    found = _SUBJECT.fullmatch(str(event.get("subject", "")))
    if found:
        return [found.group(1)]
    detail = event.get("detail")
    candidates = (event.get("ticket_id"), detail.get("id") if isinstance(detail, dict) else None)
    numbers = [str(each) for each in candidates if each is not None]
    # Only a ticket's own event says "id" for a ticket; a user's or a comment's means another.
    kind = str(event.get("type", "ticket"))
    return [each for each in numbers if _NUMBER.fullmatch(each) and "ticket" in kind][:1]
