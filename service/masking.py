"""Which words of a page or a row are masked before anything is stored, and with whose names.

Agents, accounts and the fields that we write ourselves stay: reports name them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from service.domain.conversations import (
    Conversation,
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Message,
    Page,
)
from service.exchange import Labels, Row


class Masks(Protocol):
    """Masks personal data before anything is stored or analysed."""

    version: str

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str: ...


def masked_page(page: Page, masks: Masks) -> Page:
    names: dict[ConversationKey, set[str]] = {}
    for incoming in page.messages:
        names.setdefault(incoming.conversation, set()).update(incoming.known_names)
    names |= {key: set(known) for key, known in page.known_names.items()}
    return replace(
        page,
        heads=tuple(_masked_head(h, masks, sorted(names.get(h.key, ()))) for h in page.heads),
        messages=tuple(
            IncomingMessage(
                conversation=each.conversation,
                message=_masked_message(each.message, masks, each.known_names),
            )
            for each in page.messages
        ),
        states=_masked_states(page.states, masks),
        known_names={},
    )


def masked_row(row: Row, masks: Masks) -> Row:
    """Return the row with personal data masked in its words and labels."""
    names = row.known_names
    masked = Conversation(
        head=_masked_head(row.conversation.head, masks, names),
        messages=tuple(_masked_message(m, masks, names) for m in row.conversation.messages),
    )
    labels = None if row.labels is None else _masked_labels(row.labels, masks, names)
    return replace(row, conversation=masked, labels=labels, known_names=())


def _masked_head(head: ConversationHead, masks: Masks, names: Sequence[str]) -> ConversationHead:
    rating = head.rating
    if rating is not None and rating.comment:
        rating = replace(rating, comment=masks.mask(rating.comment, names))
    return replace(
        head,
        subject=masks.mask(head.subject, names),
        helpdesk_tags=tuple(_masked_tags(head.helpdesk_tags, masks)),
        rating=rating,
    )


def _masked_message(message: Message, masks: Masks, names: Sequence[str]) -> Message:
    text = masks.mask(message.text, names)
    return message if text == message.text else replace(message, text=text)


def _masked_states(
    states: Mapping[ConversationKey, HelpdeskState], masks: Masks
) -> Mapping[ConversationKey, HelpdeskState]:
    """Of all tags there only ours are ever compared, and ours hold nothing to mask."""
    return {
        key: replace(state, tags=frozenset(_masked_tags(sorted(state.tags), masks)))
        for key, state in states.items()
    }


def _masked_tags(tags: Collection[str], masks: Masks) -> Collection[str]:
    """Tags are words of the team: by their shape alone, for a name may also be a topic."""
    together = "\n".join(tags)
    if masks.mask(together) == together:
        return tags
    return [masks.mask(tag) for tag in tags]


def _masked_labels(labels: Labels, masks: Masks, names: Sequence[str]) -> Labels:
    return replace(labels, tags=tuple(masks.mask(tag, names) for tag in labels.tags))
