"""Makes our conversation of Intercom's: who spoke, what they said, and what our fields show.

Knows the JSON of a retrieved conversation. Makes no call: whoever is only named by an id here is
looked up elsewhere. A conversation that cannot be read whole is refused, never read by half.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors._text import MOST_BYTES, plain
from connectors.intercom.payload import (
    Json,
    identity,
    moment_of,
    number,
    part,
    rows,
    seconds,
    words,
)
from service.domain.conversations import (
    Agent,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    Message,
    Rating,
    Role,
    Status,
    agent_key,
    conversation_key,
)
from service.domain.measurements import CUSTOM
from service.domain.writeback import TAG_PREFIX, FieldName, field_specs
from service.errors import SkipThis
from service.measures import own_metrics

SOURCE = "intercom"
MOST_PARTS = 500  # a retrieve returns the newest 500; the others cannot be asked for

# Every change of an attribute is a visible line in the thread, so only what agents filter on.
_BUILT_IN: Mapping[str, str] = {
    spec.name: spec.title
    for spec in field_specs((), ())
    if spec.name in (FieldName.SENTIMENT, FieldName.CHURN_RISK, FieldName.EFFORT, FieldName.DRIVER)
}
OUR_FIELDS = frozenset((*_BUILT_IN, CUSTOM))

_SOURCE_MESSAGE = "source"  # ids of the first message and of parts come from different counters
_CUSTOMERS = frozenset(("user", "lead", "contact"))
_BOTS = frozenset(("bot", "operator"))
# Closed conversations stay writable here and a reply reopens them: our "closed" is final.
_STATUS = {"open": Status.OPEN, "snoozed": Status.PENDING, "closed": Status.SOLVED}
_CHANNELS = {"conversation": "chat", "phone_call": "phone", "phone_switch": "phone"}
_ATTRIBUTE_LINE = "conversation_attribute_updated"
# A picture pasted into a mail: megabytes, and no word in it.
_PICTURE = re.compile(r"data:[\w.+/-]+;base64,[A-Za-z0-9+/=]+")
# What reading a value of a type that nobody foresaw raises.
_MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Unreadable(SkipThis):
    """The conversation cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyHint:
    """The company that Intercom itself names on the conversation."""

    id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A retrieved conversation, still without its account."""

    head: ConversationHead
    messages: tuple[Message, ...]
    state: HelpdeskState
    complete: bool  # every part is here
    updated_at: int
    company: CompanyHint | None
    contact: str | None  # the first contact
    customer_named: bool
    names: tuple[str, ...]
    agents: tuple[Agent, ...]


def our_names() -> tuple[str, ...]:
    """Return our fields as they are today: the workspace's own metrics come and go."""
    return (*_BUILT_IN, *(metric.name for metric in own_metrics()))


def title_of(name: str) -> str:
    """Return what the attribute is called.

    An own metric's is made of its name and not of its title: Intercom knows a value by the
    attribute's name alone, so after a change of title every value would look blanked by an agent.
    """
    own = name.removeprefix(CUSTOM).replace("_", " ").capitalize()
    return _BUILT_IN.get(name, f"Verbatim {own}")


def key_of(external_id: str) -> ConversationKey:
    return conversation_key(SOURCE, external_id)


def fetched_of(raw: Json, *, id_: str, at: int, url: str | None) -> Fetched:
    """Read the retrieved conversation `id_`, asked for at `at`, or raise Unreadable."""
    try:
        return _fetched_of(raw, id_, at, url)
    except _MISREAD as error:
        kind = type(error).__name__
        raise Unreadable(f"Intercom sent values of another kind than it documents ({kind}).") from (
            error
        )


def _fetched_of(raw: Json, id_: str, at: int, url: str | None) -> Fetched:
    created = seconds(raw.get("created_at"))
    if identity(raw.get("id")) != id_:
        raise Unreadable("Intercom answered with another conversation, or did not say which.")
    if created is None:
        raise Unreadable("Intercom does not say when it was created.")
    updated = seconds(raw.get("updated_at"))
    updated = created if updated is None else updated
    authors = _authors(raw)
    names = {words(author.get("name")).strip() for author in authors}
    contacts = [identity(row.get("id")) for row in rows(raw.get("contacts"), "contacts", "data")]
    return Fetched(
        # Times are whole seconds: what was read in the second of a change may not be all of it,
        # so it is told as a second older and the next pass reads it again.
        head=_head_of(raw, id_, created, updated - (updated >= at), contacts, url),
        messages=_messages_of(raw, created),
        state=state_of(raw),
        complete=_is_complete(raw),
        updated_at=updated,
        company=_company_of(raw),
        contact=contacts[0] if contacts else None,
        customer_named=any(_is_customer(each) and each.get("name") for each in authors),
        names=tuple(sorted(names - {""})),
        agents=_agents_of(authors),
    )


def _head_of(
    raw: Json,
    external_id: str,
    created: int,
    updated: int,
    contacts: list[str | None],
    url: str | None,
) -> ConversationHead:
    source = part(raw, "source")
    channel = words(source.get("type")) or "chat"
    assignee = identity(raw.get("admin_assignee_id"))
    subject = words(raw.get("title")) or words(source.get("subject"))
    return ConversationHead(
        key=key_of(external_id),
        channel=_CHANNELS.get(channel, channel),
        subject=" ".join(plain(subject, is_html=True).split()),
        status=_status_of(raw),
        created_at=moment_of(created),
        updated_at=moment_of(updated),
        requester=contacts[0] if contacts else None,
        agent=agent_key(SOURCE, assignee) if assignee else None,
        helpdesk_tags=tuple(sorted(t for t in _tags_of(raw) if not t.startswith(TAG_PREFIX))),
        rating=_rating_of(raw),
        url=url,
    )


def _status_of(raw: Json) -> Status:
    told = _STATUS.get(words(raw.get("state")))
    if told is None:
        return Status.SOLVED if raw.get("open") is False else Status.OPEN
    return told


def is_closed(raw: Json) -> bool:
    return _status_of(raw) is Status.SOLVED


def _rating_of(raw: Json) -> Rating | None:
    given = part(raw, "conversation_rating")
    score = given.get("rating")
    if not isinstance(score, int | str) or score == "":
        return None
    remark = plain(words(given.get("remark")), is_html=False)
    return Rating(score=str(score), comment=remark or None)


def _company_of(raw: Json) -> CompanyHint | None:
    """`company_id` comes with a retrieve, a `company` object since version 2.15."""
    company = part(raw, "company")
    found = identity(company.get("id")) or identity(raw.get("company_id"))
    return CompanyHint(id=found, name=words(company.get("name")) or None) if found else None


# --- What was said -------------------------------------------------------------------------------


def _parts_of(raw: Json) -> list[Json]:
    """Return the parts. One that is no object, and a list that is none, would be words lost."""
    told = raw.get("conversation_parts")
    found = rows(told, "conversation_parts", "data")
    listed = told
    if isinstance(told, Mapping):
        listed = next((told[name] for name in ("conversation_parts", "data") if name in told), [])
    if listed is not None and (not isinstance(listed, list) or len(found) < len(listed)):
        raise Unreadable("Its list of parts cannot be read.")
    return found


def has_parts(raw: Json) -> bool:
    return raw.get("conversation_parts") is not None


def _is_complete(raw: Json) -> bool:
    """Say whether every part is here; without a list of parts nothing is known about them."""
    if not has_parts(raw):
        return False
    returned = len(_parts_of(raw))
    total = number(part(raw, "conversation_parts").get("total_count"))
    return returned < MOST_PARTS if total is None else returned >= total


def _messages_of(raw: Json, created: int) -> tuple[Message, ...]:
    first = _message_of(part(raw, "source"), id_=_SOURCE_MESSAGE, at=created)
    found = {} if first is None else {first.id: first}
    at = created
    for row in _parts_of(raw):
        # A part without a time stands where it stood in the list.
        at = next((t for n in ("created_at", "updated_at") if (t := seconds(row.get(n)))), at)
        message = _message_of(row, id_=identity(row.get("id")), at=at)
        if message is not None:
            found[message.id] = message
    return tuple(sorted(found.values(), key=lambda message: message.created_at))


def _message_of(row: Json, *, id_: str | None, at: int) -> Message | None:
    """Return what a person or bot said; a part without a body says nothing.

    Replies also arrive as parts named "open", "close" or "assignment", so the name decides nothing
    but whether it is a note.
    """
    kind = words(row.get("part_type"))
    if kind.startswith(_ATTRIBUTE_LINE):
        return None
    text = _text_of(row.get("body"))
    redacted = row.get("redacted") is True
    if not text and not redacted:
        return None
    if id_ is None:
        raise Unreadable("One of its messages has no id.")
    return Message(
        id=id_,
        role=_role_of(row),
        public="note" not in kind,
        created_at=moment_of(at),
        # Intercom puts "This message was deleted" there, which nobody said.
        text="" if redacted else text,
    )


def _text_of(body: object) -> str:
    if body is not None and not isinstance(body, str):
        raise Unreadable("One of its messages is not a text.")
    html = body or ""
    if len(html) > MOST_BYTES // 4:
        html = _PICTURE.sub("", html)
        size = len(html.encode("utf-8", "replace"))
        if size > MOST_BYTES:
            raise Unreadable(f"One of its messages has {size >> 20} MB; 1 MB is read at most.")
    return plain(html, is_html=True)


def _role_of(row: Json) -> Role:
    author = part(row, "author")
    if _is_customer(author):
        return Role.CUSTOMER
    by_machine = any(
        where.get(flag) is True
        for where in (author, row)
        for flag in ("from_ai_agent", "is_ai_answer")
    )
    return Role.BOT if by_machine or words(author.get("type")) in _BOTS else Role.AGENT


def _is_customer(author: Json) -> bool:
    return words(author.get("type")) in _CUSTOMERS


def _authors(raw: Json) -> list[Json]:
    return [part(row, "author") for row in (part(raw, "source"), *_parts_of(raw))]


def _agents_of(authors: list[Json]) -> tuple[Agent, ...]:
    found = {}
    for author in authors:
        id_, name = identity(author.get("id")), words(author.get("name")).strip()
        if author.get("type") == "admin" and id_ and name:
            found[id_] = Agent(key=agent_key(SOURCE, id_), name=name)
    return tuple(found.values())


# --- What our fields show ------------------------------------------------------------------------


def state_of(raw: Json) -> HelpdeskState:
    attributes = part(raw, "custom_attributes")
    return HelpdeskState(
        fields={name: _shown(attributes.get(title_of(name))) for name in our_names()},
        tags=frozenset(_tags_of(raw)),
        writable=True,
    )


def _shown(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def _tags_of(raw: Json) -> list[str]:
    return [name for row in rows(raw.get("tags"), "tags", "data") if (name := _name_of(row))]


def _name_of(row: Json) -> str:
    return words(row.get("name")).strip()


# --- When something last happened ----------------------------------------------------------------


def last_said_at(raw: Json) -> int:
    """Return when somebody last wrote something, a note included."""
    created = seconds(raw.get("created_at")) or 0
    said = [m.created_at.timestamp() for m in _messages_of(raw, created)]
    return int(max(said, default=float(created)))


def changed_by_others_since(raw: Json, moment: int) -> bool:
    """Say whether a conversation holds news that is later than `moment` and not an attribute's.

    Replies, redactions, closing, assigning and rating leave a part or a date of their own.
    """
    moments = [
        seconds(row.get(name))
        for row in _parts_of(raw)
        if not words(row.get("part_type")).startswith(_ATTRIBUTE_LINE)
        for name in ("created_at", "updated_at")
    ]
    rating = part(raw, "conversation_rating")
    moments += [seconds(rating.get("created_at")), seconds(rating.get("updated_at"))]
    return any(at is not None and at > moment for at in moments)


def set_by_agents_since(raw: Json, moment: int) -> dict[str, str | None]:
    """Return our fields that agents set later than `moment`, with their values.

    Intercom signs a line about an attribute with the agent, and with its bot when a program did it.
    """
    names = {title_of(name): name for name in our_names()}
    found: dict[str, str | None] = {}
    for row in _parts_of(raw):
        at, details = seconds(row.get("created_at")), part(row, "event_details")
        by_agent = part(row, "author").get("type") == "admin"
        name = names.get(_name_of(part(details, "attribute")))
        if name and by_agent and at is not None and at > moment:
            found[name] = _shown(part(details, "value").get("name"))
    return found
