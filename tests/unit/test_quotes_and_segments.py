"""Whatever stands in a message, a quote is an exact slice of what is stored, and a customer's own
new, public words.
"""

import random
from collections.abc import Sequence
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis.local import build as build_analyser
from service.domain.conversations import Conversation, Message, Role, is_customer_voice
from service.domain.segments import lies_in_new_text, segments
from service.exchange import Row
from service.masking import masked_row
from service.ports import Analyser
from service.redaction import Redactor
from service.taxonomy_files import default_taxonomy
from tests.builders import a_conversation
from tests.unit.segment_cases import REPLIES, SIGNED, Case

COMPLAINTS = (
    "I was charged twice for invoice 4711 and nobody answers.",
    "We are going to cancel and move to a competitor.",
    "The export still fails. This is the third time I write.",
    "Call me at +1 415 555 0132 or mail rosa.diaz@example.com, I am furious.",
    "My card 4111 1111 1111 1111 was charged again. Refund it.",
    "Thanks, Rosa Diaz is happy with the new dashboard \U0001f469\u200d\U0001f467!",
    "\u4f60\u4eec\u7684\u5bfc\u51fa\u529f\u80fd\u574f\u4e86\uff0c\u6211\u5f88\u751f\u6c14\u3002",
)
NAMES = ("Rosa Diaz", "Ana Lopez")


@cache
def analyser() -> Analyser:
    return build_analyser()


@cache
def masks() -> Redactor:
    return Redactor()


def _text(own: Sequence[str], case: Case | None) -> str:
    old = case.old if case else ""
    return "\n\n".join(part for part in ("\n".join(own), old) if part)


MESSAGES = st.lists(
    st.builds(
        lambda own, case, role, public: (_text(own, case), role, public),
        st.lists(st.sampled_from(COMPLAINTS) | st.text(max_size=30), min_size=1, max_size=4),
        st.none() | st.sampled_from([*REPLIES, *SIGNED]),
        st.sampled_from(Role),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def _stored(told: Sequence[tuple[str, Role, bool]]) -> Conversation:
    """The conversation as the import stores it: masked."""
    bare = a_conversation()
    messages = tuple(
        Message(id=str(place), role=role, public=public, created_at=bare.head.created_at, text=text)
        for place, (text, role, public) in enumerate(told)
    )
    row = Row(
        line=1,
        conversation=Conversation(head=bare.head, messages=messages),
        known_names=NAMES,
    )
    return masked_row(row, masks()).conversation


@settings(max_examples=25)
@given(MESSAGES)
def test_every_quote_is_a_slice_of_a_customers_new_public_words(
    told: list[tuple[str, Role, bool]],
) -> None:
    found = _stored(told)
    by_id = {message.id: message for message in found.messages}
    for analysis in analyser().analyse([found], default_taxonomy()):
        for quote in analysis.quotes:
            said = by_id[quote.message]
            assert quote.text == said.text[quote.start : quote.end]
            assert lies_in_new_text(said.text, quote.start, quote.end)
            assert said.public
            assert is_customer_voice(said)


def test_the_messages_above_do_bring_quotes() -> None:
    chance = random.Random(3)  # noqa: S311 - chooses examples
    quotes = 0
    for _ in range(20):
        own = chance.sample(COMPLAINTS, 2)
        found = _stored([(_text(own, chance.choice(REPLIES)), Role.CUSTOMER, True)])
        quotes += sum(len(each.quotes) for each in analyser().analyse([found], default_taxonomy()))
    assert quotes >= 10


@settings(max_examples=50)
@given(MESSAGES)
def test_masking_leaves_a_text_that_the_segments_still_cover(
    told: list[tuple[str, Role, bool]],
) -> None:
    for message in _stored(told).messages:
        pieces = segments(message.text)
        assert "".join(message.text[p.start : p.end] for p in pieces) == message.text
