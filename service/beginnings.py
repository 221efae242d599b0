"""Spells what was said as it is stored, so that another process than the storing one can do it."""

from collections.abc import Iterable, Iterator
from operator import itemgetter

from service.domain.conversations import (
    Beginning,
    ConversationKey,
    Message,
    Role,
    Spelled,
    fingerprint_of,
)
from service.domain.moments import from_ms, to_ms
from service.words import voice

_ROLES = {role: role.value for role in Role}
_at = itemgetter(Spelled._fields.index("at"))
_hashed = itemgetter(*map(Spelled._fields.index, ("id", "role", "public", "text")))


def beginning(key: ConversationKey, messages: Iterable[Message]) -> Beginning:
    said = tuple(map(spelled, messages))
    told = map(_hashed, sorted(said, key=_at))
    return Beginning(conversation=key, fingerprint=fingerprint_of(told), said=said)


def spelled(message: Message) -> Spelled:
    return Spelled(
        message.id,
        _ROLES[message.role],
        message.public,
        to_ms(message.created_at),
        message.text,
        voice(message),
    )


def messages_of(begun: Beginning) -> Iterator[Message]:
    """Yield them as they are read back: their times in whole milliseconds."""
    for one in begun.said:
        yield Message(
            id=one.id,
            role=Role(one.role),
            public=one.public,
            created_at=from_ms(one.at),
            text=one.text,
        )
