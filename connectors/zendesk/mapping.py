"""Zendesk's words in, the domain's words out: tickets, users, organizations, comments.

Pure. What a field means is known here; where it was fetched is not.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from connectors._text import MOST_BYTES, clean, plain
from connectors.zendesk.audits import ABSENT, Comment, comment_of
from connectors.zendesk.poison import Unreadable
from service.domain.conversations import (
    Account,
    AccountKey,
    Agent,
    AgentKey,
    ConversationHead,
    ConversationKey,
    Message,
    Rating,
    Role,
    Status,
    account_key,
    agent_key,
    conversation_key,
)
from service.errors import Misbehaving

Json = Mapping[str, Any]

SOURCE = "zendesk"
SYSTEM_AUTHOR = -1
_STATUSES = {
    "new": Status.OPEN,
    "open": Status.OPEN,
    "hold": Status.OPEN,
    "pending": Status.PENDING,
    "solved": Status.SOLVED,
    "closed": Status.CLOSED,
}
MERGED_TAG = "closed_by_merge"  # Zendesk sets it on the ticket that was merged away
_SCRUBBED_SUBJECT = "SCRUBBED"  # 30 days after deletion, with the description "X"
# Their words are in the conversation log, not in the comments.
_MESSAGING = frozenset(
    ("messaging", "native_messaging", "chat", "whatsapp", "sms", "line", "wechat", "instagram_dm")
)
_ROLES = {"end-user": Role.CUSTOMER, "agent": Role.AGENT, "admin": Role.AGENT}
_LOG_ROLES = {"user": Role.CUSTOMER, "agent": Role.AGENT, "bot": Role.BOT, "system": Role.BOT}
_RATED = frozenset(("good", "bad"))
_SEGMENT = ("segment", "tier", "plan", "customer_segment", "account_tier")
_OWNER = ("owner", "csm", "account_owner", "csm_email", "customer_success_manager")
_RENEWAL = ("renewal", "renewal_date", "renews_at", "contract_end")
_MOST_TAGS = 1_024  # lists of them that are remembered: each ticket's is read twice
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def ticket_key(ticket_id: object) -> ConversationKey:
    return conversation_key(SOURCE, str(ticket_id))


def organization_key(organization_id: object) -> AccountKey:
    return account_key(SOURCE, str(organization_id))


def user_key(user_id: object) -> AgentKey:
    return agent_key(SOURCE, str(user_id))


def moment(text: object) -> datetime:
    """Return an ISO time as aware UTC."""
    try:
        found = datetime.fromisoformat(str(text))
        if found.tzinfo is UTC:
            return found  # as Zendesk writes it
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misbehaving("Zendesk sent a time that cannot be read.") from error


def number_of(value: object) -> int | None:
    """Return an id of another record; Zendesk's are numbers, and null where there is none."""
    if value is None or value == 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Unreadable("An id in it is not a number.")
    if isinstance(value, str) and not (value.isascii() and value.isdecimal()):
        raise Unreadable("An id in it is not a number.")
    return int(value)


def line_of(value: object) -> str:
    """Return a short text, such as a subject."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise Unreadable("A text in it is not a text.")
    return clean(str(value))


def is_gone(ticket: Json) -> bool:
    """Deleted, scrubbed or merged away; the export still shows the words of such a ticket."""
    return (
        ticket.get("status") == "deleted"
        or MERGED_TAG in tags_of(ticket)
        or (ticket.get("subject") == _SCRUBBED_SUBJECT and ticket.get("description") == "X")
    )


def is_messaging(ticket: Json) -> bool:
    return bool(ticket.get("from_messaging_channel")) or channel_of(ticket) in _MESSAGING


def channel_of(ticket: Json) -> str:
    via = ticket.get("via")
    channel = via.get("channel") if isinstance(via, Mapping) else via
    # Airbyte met values that are neither an object nor a label, and nulls them.
    return clean(channel) if isinstance(channel, str) and channel else "unknown"


def head_of(ticket: Json, *, account_url: str) -> ConversationHead:
    organization = number_of(ticket.get("organization_id"))
    assignee = number_of(ticket.get("assignee_id"))
    requester = number_of(ticket.get("requester_id"))
    created_at = moment(ticket.get("created_at"))
    return ConversationHead(
        key=ticket_key(ticket["id"]),
        channel=channel_of(ticket),
        subject=line_of(ticket.get("subject") or ticket.get("raw_subject")),
        status=status_of(ticket),
        created_at=created_at,
        updated_at=moment(ticket.get("updated_at") or created_at.isoformat()),
        account=organization_key(organization) if organization else None,
        requester=str(requester) if requester else None,
        agent=user_key(assignee) if assignee else None,
        helpdesk_tags=tuple(sorted(tags_of(ticket))),
        rating=rating_of(ticket),
        url=f"{account_url}/agent/tickets/{ticket['id']}",
    )


def status_of(ticket: Json) -> Status:
    """Return where the ticket stands; a custom status arrives beside its category."""
    return _STATUSES.get(str(ticket.get("status")), Status.OPEN)


def tags_of(ticket: Json) -> frozenset[str]:
    tags = ticket.get("tags")
    if tags is None:
        return frozenset()
    if not isinstance(tags, list):
        raise Unreadable("Its tags are not a list.")
    return _cleaned(tuple(map(str, tags)))


@lru_cache(maxsize=_MOST_TAGS)
def _cleaned(tags: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(clean, tags))


def rating_of(ticket: Json) -> Rating | None:
    """Return the customer's rating; "offered" and "unoffered" are the absence of one."""
    rating = ticket.get("satisfaction_rating")
    if not isinstance(rating, Mapping):
        return None
    # Scores may carry their comment's presence, as in "good_with_comment".
    score = str(rating.get("score") or "").removesuffix("_with_comment")
    if score not in _RATED:
        return None
    comment = rating.get("comment")
    return Rating(score=score, comment=clean(str(comment)) if comment else None)


def account_of(organization: Json) -> Account:
    given, domains = organization.get("organization_fields"), organization.get("domain_names")
    fields = {
        _NOT_WORD.sub("_", str(name).lower()).strip("_"): value
        for name, value in (given if isinstance(given, Mapping) else {}).items()
    }
    return Account(
        key=organization_key(organization["id"]),
        name=clean(str(organization.get("name") or organization["id"])),
        segment=_first(fields, _SEGMENT),
        owner=_first(fields, _OWNER),
        aliases=tuple(clean(str(each)) for each in (domains if isinstance(domains, list) else ())),
        renewal=_day(_first(fields, _RENEWAL)),
    )


def _first(fields: Json, names: tuple[str, ...]) -> str | None:
    found = (fields.get(name) for name in names)
    return next((clean(str(value)) for value in found if value not in (None, "")), None)


def _day(text: str | None) -> str | None:
    try:
        return date.fromisoformat((text or "")[:10]).isoformat()
    except ValueError:
        return None


def agent_of(user: Json) -> Agent:
    return Agent(key=user_key(user["id"]), name=name_of(user))


def name_of(user: Json) -> str:
    return clean(str(user.get("name") or ""))


def role_of(author: object, user: Json | None, *, requester: object) -> Role:
    """Return whose words these are; without the user's record, the requester is the customer."""
    if author in (SYSTEM_AUTHOR, None):
        return Role.BOT
    if user is not None and user.get("role") in _ROLES:
        return _ROLES[str(user["role"])]
    return Role.CUSTOMER if author == requester else Role.AGENT


def has_words(comment: Comment) -> bool:
    """Say whether the words came along: without the side-load only "a comment is there" does."""
    return comment.html_body is not None or comment.body is not None


def message_of(comment: Json, role: Role, *, created_at: object) -> Message:
    """Return a comment that came by itself; one of an export has the same words."""
    return message_in(comment_of(comment), role, created_at=created_at)


def message_in(comment: Comment, role: Role, *, created_at: object) -> Message:
    public = comment.comment_public if comment.public is ABSENT else comment.public
    return Message(
        id=_usable_id(comment.id),
        role=role,
        public=bool(public),
        created_at=moment(comment.created_at or created_at),
        text=_words(comment.html_body, comment.body),
    )


def log_message_of(event: Json) -> Message | None:
    """Return an entry of the conversation log as a message; None for one without words."""
    content, author = event.get("content"), event.get("author")
    if not isinstance(content, Mapping) or event.get("type") not in (
        "Comment",
        "Messaging::ConversationMessage",
    ):
        return None
    html, text = content.get("body"), content.get("text")
    if html is None and text is None:
        return None
    is_html = content.get("type") == "html" and html is not None
    kind = str(author.get("type")) if isinstance(author, Mapping) else "system"
    return Message(
        id=_usable_id(event.get("id")),
        role=_LOG_ROLES.get(kind, Role.BOT),
        public=_log_entry_is_public(event, content),
        created_at=moment(event.get("created_at")),
        text=_words(html if is_html else None, text if text is not None else html),
    )


def _usable_id(found: object) -> str:
    usable = isinstance(found, int) or (isinstance(found, str) and clean(found) == found)
    if isinstance(found, bool) or not usable or found == "":
        raise Unreadable("A message has no usable id.")
    return str(found)


def _words(html: object, text: object) -> str:
    """Return the words of the markup, or of the bare text where the markup is too large.

    Cutting a message off would lose words in silence, so one that is too large is not read.
    """
    for body, is_html in ((html, True), (text, False)):
        if body is None or body == "":
            continue
        if not isinstance(body, str):
            raise Unreadable("A message's words are not a text.")
        if _fits(body):
            return plain(body, is_html=is_html)
        if is_html and text:
            continue
        raise Unreadable("A message is larger than 1 MB.")
    return ""


def _fits(body: str) -> bool:
    return len(body) * 4 <= MOST_BYTES or len(body.encode("utf-8", "replace")) <= MOST_BYTES


def _log_entry_is_public(event: Json, content: Json) -> bool:
    """A message reached the customer; a comment says itself, and is private when it says not."""
    metadata = event.get("metadata")
    said = content.get("is_public")
    if said is None and isinstance(metadata, Mapping):
        said = metadata.get("public")
    if said is None:
        return event.get("type") == "Messaging::ConversationMessage"
    return bool(said)
