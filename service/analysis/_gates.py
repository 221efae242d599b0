"""What must be true before a value may be written down, whichever analyser found it.

Knows when a metric has to stay empty and why. It never finds a value itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.analysis._sentences import Sentence
from service.domain.conversations import Conversation, Message, Role, is_customer_voice
from service.domain.measurements import EmptyReason, Measurement, Quote, quote_is_true

FEWEST_WORDS = 4  # below this a tone is a guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A conversation with its customer's own sentences, cut once for everybody."""

    conversation: Conversation
    sentences: tuple[Sentence, ...]
    language: str | None

    @property
    def supported(self) -> bool:
        return self.language in {None, "en"}

    def turns(self) -> Iterator[list[Sentence]]:
        """Yield the sentences of each of the customer's messages that has any."""
        turn: list[Sentence] = []
        for sentence in self.sentences:
            if turn and turn[-1].turn != sentence.turn:
                yield turn
                turn = []
            turn.append(sentence)
        if turn:
            yield turn


def nothing_to_read(material: Material) -> EmptyReason | None:
    """Why nothing can be said about this conversation's customer at all."""
    if not material.sentences:
        return EmptyReason.NO_CUSTOMER_TEXT
    return None if material.supported else EmptyReason.LANGUAGE


def no_tone(material: Material) -> EmptyReason | None:
    """Why sentiment has to stay empty."""
    reason = nothing_to_read(material)
    if reason is not None:
        return reason
    words = 0
    for sentence in material.sentences:
        words += sentence.words
        if words >= FEWEST_WORDS:
            return None
    return EmptyReason.TOO_SHORT


def no_effort(material: Material) -> EmptyReason | None:
    """Why effort has to stay empty: it needs an agent's reply between two customer messages."""
    reason = nothing_to_read(material)
    if reason is not None:
        return reason
    has_reply = back_and_forth(material.conversation.messages)
    return None if has_reply else EmptyReason.NO_BACK_AND_FORTH


def back_and_forth(messages: Sequence[Message]) -> bool:
    seen_customer = seen_reply = False
    for message in messages:
        if is_customer_voice(message):
            if seen_reply:
                return True
            seen_customer = True
        elif is_agent_reply(message):
            seen_reply = seen_customer
    return False


def is_agent_reply(message: Message) -> bool:
    """A bot's greeting is no reply, and neither is a private note."""
    return message.role is Role.AGENT and message.public and bool(message.text.strip())


def empty(metric: str, reason: EmptyReason) -> Measurement:
    return Measurement(metric=metric, value=None, reason=reason)


def with_quote(measurement: Measurement, quotes: Sequence[Quote], needs_quote: str) -> Measurement:
    """Empty a value that asks for the customer's words when there are none to show."""
    if measurement.value != needs_quote or any(q.shows == measurement.metric for q in quotes):
        return measurement
    return empty(measurement.metric, EmptyReason.NO_QUOTE)


def true_quotes(quotes: Sequence[Quote], conversation: Conversation) -> tuple[Quote, ...]:
    """Keep only what a customer literally wrote, each place once a claim."""
    kept = dict.fromkeys(q for q in quotes if quote_is_true(q, conversation))
    return tuple(kept)


def quote_of(sentence: Sentence, shows: str) -> Quote:
    return Quote(
        message=sentence.message.id,
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
        shows=shows,
    )
