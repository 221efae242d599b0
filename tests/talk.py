"""Builds conversations for tests of what is said in them."""

from datetime import UTC, datetime, timedelta

from service.domain.conversations import (
    Conversation,
    ConversationHead,
    Message,
    Role,
    Status,
    conversation_key,
)

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def customer(text: str, *, after: timedelta = timedelta(minutes=5)) -> tuple[Role, str, timedelta]:
    return Role.CUSTOMER, text, after


def agent(text: str, *, after: timedelta = timedelta(minutes=5)) -> tuple[Role, str, timedelta]:
    return Role.AGENT, text, after


def bot(text: str, *, after: timedelta = timedelta(minutes=5)) -> tuple[Role, str, timedelta]:
    return Role.BOT, text, after


def talk(
    *said: tuple[Role, str, timedelta], number: int = 1, private: frozenset[int] = frozenset()
) -> Conversation:
    """A conversation of these messages; `private` names those that are notes, from 0."""
    moment = START
    messages: list[Message] = []
    for index, (role, text, after) in enumerate(said):
        moment += after
        messages.append(
            Message(
                id=f"m{index + 1}",
                role=role,
                public=index not in private,
                created_at=moment,
                text=text,
            )
        )
    head = ConversationHead(
        key=conversation_key("zendesk", str(number)),
        channel="email",
        subject="",
        status=Status.OPEN,
        created_at=START,
        updated_at=moment,
    )
    return Conversation(head=head, messages=tuple(messages))
