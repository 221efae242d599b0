"""Domain objects with sensible values, so that a test states only what it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from service.domain.conversations import (
    Account,
    Agent,
    Conversation,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Message,
    Page,
    Role,
    Status,
    account_key,
    agent_key,
    conversation_key,
)
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Quote,
    TagAssignment,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
UNSAID: Any = object()  # a metric that the analysis leaves out
VERSION, TAXONOMY = "local-1", "tax-1"

ACME = Account(
    key=account_key("zendesk", "a1"), name="Acme", segment="enterprise", owner="carla@example.com"
)
BOLT = Account(
    key=account_key("zendesk", "a2"), name="Bolt", segment="small", owner="olga@example.com"
)
GUS = Agent(key=agent_key("zendesk", "g1"), name="Gus")


@dataclass(slots=True)
class Clockwork:
    """A clock that stands until it is told to move."""

    now: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **passed: float) -> datetime:
        self.now += timedelta(**passed)
        return self.now


def a_head(number: int | str = 1, *, source: str = "zendesk", **changed: Any) -> ConversationHead:
    values: dict[str, Any] = {
        "key": conversation_key(source, str(number)),
        "channel": "email",
        "subject": "A question",
        "status": Status.OPEN,
        "created_at": NOON,
        "updated_at": NOON,
        "account": ACME.key,
        "requester": "r1",
        "agent": GUS.key,
    }
    return ConversationHead(**(values | changed))


def a_message(number: int | str = 1, text: str = "I was charged twice.", **changed: Any) -> Message:
    values: dict[str, Any] = {
        "id": f"m{number}",
        "role": Role.CUSTOMER,
        "public": True,
        "created_at": NOON,
        "text": text,
    }
    return Message(**(values | changed))


def a_conversation(
    number: int | str = 1, *texts: str, source: str = "zendesk", **changed: Any
) -> Conversation:
    """A conversation of which the customer said these texts, a minute apart."""
    head = a_head(number, source=source, **changed)
    said = texts or ("I was charged twice.",)
    messages = tuple(
        a_message(place, text, created_at=head.created_at + timedelta(minutes=place))
        for place, text in enumerate(said, start=1)
    )
    return Conversation(head=head, messages=messages)


def a_state(
    *tags: str, writable: bool = True, reason: str | None = None, **fields: str | None
) -> HelpdeskState:
    return HelpdeskState(fields=fields, tags=frozenset(tags), writable=writable, reason=reason)


def a_page(
    *conversations: Conversation,
    cursor: str = "c1",
    states: Mapping[ConversationKey, HelpdeskState] | None = None,
    **changed: Any,
) -> Page:
    """A page with these conversations; each shows an empty state unless `states` is given."""
    values: dict[str, Any] = {
        "cursor": cursor,
        "heads": tuple(one.head for one in conversations),
        "states": {one.key: a_state() for one in conversations} if states is None else states,
        "messages": tuple(
            IncomingMessage(conversation=one.key, message=message)
            for one in conversations
            for message in one.messages
        ),
        "accounts": (ACME, BOLT),
        "agents": (GUS,),
    }
    return Page(**(values | changed))


def a_measurement(metric: str, value: str | None, **changed: Any) -> Measurement:
    reason = EmptyReason.TOO_SHORT if value is None else None
    return Measurement(**({"metric": metric, "value": value, "reason": reason} | changed))


def a_tag(raw: str, canonical: str | None = None, driver: str | None = None) -> TagAssignment:
    return TagAssignment(raw=raw, canonical=canonical, driver=driver, confidence=0.5)


def a_quote(conversation: Conversation, shows: str = "sentiment", place: int = 0) -> Quote:
    """The whole of one message."""
    message = conversation.messages[place]
    return Quote(message=message.id, start=0, end=len(message.text), text=message.text, shows=shows)


def an_analysis(
    conversation: Conversation,
    *,
    sentiment: Any = "neutral",
    effort: Any = "low",
    churn_risk: Any = "no",
    drivers: Sequence[str] = ("Billing",),
    **changed: Any,
) -> Analysis:
    said = {"sentiment": sentiment, "effort": effort, "churn_risk": churn_risk}
    values: dict[str, Any] = {
        "conversation": conversation.key,
        "fingerprint": conversation.fingerprint(),
        "analyser": VERSION,
        "taxonomy": TAXONOMY,
        "language": "en",
        "measurements": tuple(
            a_measurement(metric, value) for metric, value in said.items() if value is not UNSAID
        ),
        "tags": tuple(a_tag(f"raw {name}", f"{name} trouble", name) for name in drivers),
        "quotes": tuple(a_quote(conversation) for _ in conversation.messages[:1]),
        "summary": "The customer asks about a charge.",
        "tone_start": None,
        "tone_end": None,
        "created_at": NOON,
    }
    return Analysis(**(values | changed))


def a_risk(
    conversation: Conversation, churn_risk: str = "yes", *, detail: str = "explicit"
) -> Analysis:
    """An analysis that finds in the customer's words whether they leave, and how plainly."""
    made = an_analysis(
        conversation, churn_risk=churn_risk, quotes=(a_quote(conversation, "churn_risk"),)
    )
    others = [one for one in made.measurements if one.metric != "churn_risk"]
    stated = a_measurement("churn_risk", churn_risk, detail=detail)
    return replace(made, measurements=(*others, stated))
