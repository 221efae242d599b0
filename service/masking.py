"""Which words of a page or a row are masked before anything is stored, and with whose names.

Agents, accounts and the fields that we write ourselves stay: reports name them.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from service.domain.measurements import Analysis
from service.exchange import Labels, Row


class Masks(Protocol):
    """Masks personal data before anything is stored or analysed."""

    version: str

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str: ...


class _TagMasks:
    """Masks the tags of one page: few are of one conversation only, and its state repeats them."""

    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._masked: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
        self._labels: dict[tuple[str, tuple[str, ...]], str] = {}

    def label(self, tag: str, names: tuple[str, ...]) -> str:
        """Return a tag of a row's labels, which somebody made of its words: names go as well."""
        found = self._labels.get((tag, names))
        if found is None:
            found = self._labels[tag, names] = self._masks.mask(tag, names)
        return found

    def masked(self, tags: Iterable[str]) -> tuple[str, ...]:
        """Tags are words of the team: by their shape alone, for a name may also be a topic."""
        given = tuple(tags)
        found = self._masked.get(given)
        if found is None:
            found = self._masked[given] = self._mask(given)
        return found

    def _mask(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        together = "\n".join(tags)
        if self._masks.mask(together) == together:
            return tags
        return tuple(self._masks.mask(tag) for tag in tags)


def masked_page(page: Page, masks: Masks) -> Page:
    tags = _TagMasks(masks)
    names: dict[ConversationKey, set[str]] = {}
    for incoming in page.messages if page.heads else ():
        names.setdefault(incoming.conversation, set()).update(incoming.known_names)
    names |= {key: set(known) for key, known in page.known_names.items()}
    return replace(
        page,
        heads=tuple(_masked_head(h, masks, sorted(names.get(h.key, ())), tags) for h in page.heads),
        messages=tuple([_masked_incoming(each, masks) for each in page.messages]),
        states=_masked_states(page.states, tags),
        known_names={},
    )


def masked_row(row: Row, masks: Masks) -> Row:
    return masked_rows([row], masks)[0]


def masked_rows(rows: Iterable[Row], masks: Masks) -> list[Row]:
    """Return the rows with personal data masked in their words and labels."""
    tags = _TagMasks(masks)
    return [_masked_row(row, masks, tags) for row in rows]


def _masked_row(row: Row, masks: Masks, tags: _TagMasks) -> Row:
    names = row.known_names
    masked = Conversation(
        head=_masked_head(row.conversation.head, masks, names, tags),
        messages=tuple(_masked_message(m, masks, names) for m in row.conversation.messages),
    )
    labels = None if row.labels is None else _masked_labels(row.labels, tags, names)
    analysis = None if row.analysis is None else _masked_analysis(row.analysis, masks, names)
    return replace(row, conversation=masked, labels=labels, analysis=analysis, known_names=())


def _masked_head(
    head: ConversationHead, masks: Masks, names: Sequence[str], tags: _TagMasks
) -> ConversationHead:
    rating = head.rating
    if rating is not None and rating.comment:
        rating = replace(rating, comment=masks.mask(rating.comment, names))
    subject, helpdesk_tags = masks.mask(head.subject, names), tags.masked(head.helpdesk_tags)
    (channel,) = tags.masked((head.channel,))  # a file's may be any words
    was = (head.subject, head.helpdesk_tags, head.rating, head.channel)
    if (subject, helpdesk_tags, rating, channel) == was:
        return head
    return replace(
        head, subject=subject, helpdesk_tags=helpdesk_tags, rating=rating, channel=channel
    )


def _masked_incoming(incoming: IncomingMessage, masks: Masks) -> IncomingMessage:
    """Most hide nothing, and stay as they are."""
    masked = _masked_message(incoming.message, masks, incoming.known_names)
    if masked is incoming.message:
        return incoming
    return IncomingMessage(conversation=incoming.conversation, message=masked)


def _masked_message(message: Message, masks: Masks, names: Sequence[str]) -> Message:
    text = masks.mask(message.text, names)
    return message if text == message.text else replace(message, text=text)


def _masked_states(
    states: Mapping[ConversationKey, HelpdeskState], tags: _TagMasks
) -> Mapping[ConversationKey, HelpdeskState]:
    """Of all tags there only ours are ever compared, and ours hold nothing to mask."""
    return {key: _masked_state(state, tags) for key, state in states.items()}


def _masked_state(state: HelpdeskState, tags: _TagMasks) -> HelpdeskState:
    given = tuple(sorted(state.tags))
    masked = tags.masked(given)
    return state if masked == given else replace(state, tags=frozenset(masked))


def _masked_analysis(analysis: Analysis, masks: Masks, names: Sequence[str]) -> Analysis:
    """What an analysis says in words; its quotes count only where the masked words hold them."""
    tags = tuple(replace(tag, raw=masks.mask(tag.raw, names)) for tag in analysis.tags)
    return replace(analysis, summary=masks.mask(analysis.summary, names), tags=tags)


def _masked_labels(labels: Labels, tags: _TagMasks, names: tuple[str, ...]) -> Labels:
    return replace(labels, tags=tuple(tags.label(tag, names) for tag in labels.tags))
