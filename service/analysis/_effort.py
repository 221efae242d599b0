"""Adds up the signs that a customer had to work: each one is named, none is the number of turns.

Knows messages, times and similarity of requests. Whether effort may be measured at all is decided
by the gates.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from service.analysis._effort_words import (
    ASKS_AGAIN,
    CAME_BACK,
    CONTENT,
    EXPLAINED,
    FAILED,
    FAULT,
    OFFER,
    PASSED_ON,
    REMEDY,
    SENT_AROUND,
    WAITED,
    WANTS,
)
from service.analysis._gates import Material, is_agent_reply
from service.analysis._matching import Floats, Vectors
from service.analysis._sentences import Sentence, sentence_spans, words_of
from service.analysis._topics import content_words
from service.domain.conversations import Message, is_customer_voice
from service.domain.measurements import Effort, Measurement

SAME_REQUEST = 0.75  # cosine; above it two messages ask for the same thing
HIGH_FROM = 1.0  # the question asks for repeating, re-explaining, waiting or a failed fix: one do
LONG_WAIT = timedelta(hours=24)
LONG_CASE = timedelta(days=3)
MOST_MESSAGES = 12  # of a side are compared with each other
LONGEST_ANSWER = 40  # letters and digits of a message that only tells a value
FEWEST_SHARED = 2  # words of what is wanted: "your order number", twice
# Words of asking, which say nothing of what is asked for.
_ASKING_WORDS = """
send share provide confirm upload give tell check attach forward show wait moment minute minutes
contact reply respond write call question questions information details thank happy further
assistance assist
"""
_ASKING = frozenset(_ASKING_WORDS.split())

_HOLDS_A_VALUE = re.compile(r"\d|\[(?:email|phone|id|name|address)\]|@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    words: str  # as written in the measurement's detail
    weight: float
    sentence: Sentence | None = None  # the customer's own words for it, where there are any


def measure_effort(material: Material, vectors: Vectors) -> tuple[Measurement, Sentence | None]:
    """Return the measurement and the customer's sentence that shows the first sign."""
    signs = list(_signs(material, vectors))
    score = sum(sign.weight for sign in signs)
    value = Effort.HIGH if score >= HIGH_FROM else Effort.LOW
    detail = (
        "; ".join(sign.words for sign in signs) or "no sign of repeating, waiting or failed fixes"
    )
    measurement = Measurement(
        metric="effort", value=value, confidence=_confidence(score), detail=detail
    )
    shown = next((sign.sentence for sign in signs if sign.sentence is not None), None)
    return measurement, shown


def _confidence(score: float) -> float:
    distance = score - HIGH_FROM if score >= HIGH_FROM else HIGH_FROM - score
    return round(min(0.9, 0.6 + 0.15 * distance), 4)


def _signs(material: Material, vectors: Vectors) -> list[Sign]:
    return [
        *_repeated(material, vectors),
        *_said(material, EXPLAINED, "had to explain again", 1.0),
        *(
            _said(material, FAILED, "a fix did not work", 1.0)
            or _fault_after_remedy(material, "a fix did not work", 1.0)
        ),
        *_said(material, WAITED, "says that they waited", 1.0),
        *_came_back(material),
        *_asked_again(material.conversation.messages, vectors),
        *_passed_on(material),
        *_times(material.conversation.messages),
    ]


def _later_sentences(material: Material) -> list[Sentence]:
    """The customer's sentences after the first agent reply: before it nothing was tried."""
    replied = next(
        (m.created_at for m in material.conversation.messages if is_agent_reply(m)), None
    )
    first = material.sentences[0].turn if material.sentences else 0
    return [
        sentence
        for sentence in material.sentences
        if replied is not None and sentence.turn > first and sentence.message.created_at >= replied
    ]


def _said(material: Material, pattern: re.Pattern[str], words: str, weight: float) -> list[Sign]:
    for sentence in _later_sentences(material):
        if pattern.search(sentence.text):
            return [Sign(words=words, weight=weight, sentence=sentence)]
    return []


def _came_back(material: Material) -> list[Sign]:
    """Written before about the same: the only sign that the first message may show."""
    for sentence in material.sentences:
        if CAME_BACK.search(sentence.text):
            return [Sign(words="came back with the same", weight=1.0, sentence=sentence)]
    return []


def _fault_after_remedy(material: Material, words: str, weight: float) -> list[Sign]:
    """Find a fault told right after the agent's remedy; a question or a thank-you tells none."""
    remedied = _turns_after_a_remedy(material.conversation.messages)
    for sentence in _later_sentences(material):
        text = sentence.text
        told = FAULT.search(text) and not text.rstrip().endswith("?")
        if sentence.message.id in remedied and told and not CONTENT.search(text):
            return [Sign(words=words, weight=weight, sentence=sentence)]
    return []


def _turns_after_a_remedy(messages: Sequence[Message]) -> set[str]:
    """Return the customer's messages whose last reply before them offered a remedy."""
    found: set[str] = set()
    remedied = False
    for message in messages:
        if is_agent_reply(message):
            remedied = REMEDY.search(message.text) is not None
        elif remedied and is_customer_voice(message):
            found.add(message.id)
    return found


def _repeated(material: Material, vectors: Vectors) -> list[Sign]:
    turns = [turn for turn in material.turns() if sum(s.words for s in turn) >= 4][:MOST_MESSAGES]
    if len(turns) < 2:
        return []
    similar = _similarities(vectors, [" ".join(s.text for s in turn) for turn in turns])
    for later in range(1, len(turns)):
        for earlier in range(later):
            if similar[earlier, later] > SAME_REQUEST and _reply_between(
                material.conversation.messages, turns[earlier][0].message, turns[later][0].message
            ):
                longest = max(turns[later], key=lambda s: s.end - s.start)
                return [Sign(words="asked the same thing again", weight=1.0, sentence=longest)]
    return []


def _reply_between(messages: Sequence[Message], first: Message, second: Message) -> bool:
    ids = [message.id for message in messages]
    between = messages[ids.index(first.id) + 1 : ids.index(second.id)]
    return any(is_agent_reply(message) for message in between)


def _asked_again(messages: Sequence[Message], vectors: Vectors) -> list[Sign]:
    sign = [Sign(words="the agent asked for the same again", weight=1.0)]
    if any(ASKS_AGAIN.search(m.text) for m in messages if is_agent_reply(m)):
        return sign
    asked = _wanted_twice(messages) or _answered_twice(messages)
    return sign if asked or _nearly_the_same(messages, vectors) else []


def _answered_twice(messages: Sequence[Message]) -> bool:
    """Whether the customer gave the same number or name of a thing again to another question."""
    given: dict[str, int] = {}
    questions = 0
    for message in messages:
        if is_agent_reply(message):
            questions += WANTS.search(message.text) is not None
        elif is_customer_voice(message):
            answer = "".join(filter(str.isalnum, message.text.casefold()))
            tells = len(answer) <= LONGEST_ANSWER and _HOLDS_A_VALUE.search(message.text)
            if tells and given.setdefault(answer, questions) < questions and given[answer]:
                return True
    return False


def _nearly_the_same(messages: Sequence[Message], vectors: Vectors) -> bool:
    """Agents' courtesies are alike; only a question asked twice nearly word for word counts."""
    replies = [m.text for m in messages if is_agent_reply(m)]
    questions = [t for t in replies if "?" in t and len(words_of(t)) >= 5 and not OFFER.search(t)]
    if len(questions) < 2:
        return False
    similar = _similarities(vectors, questions[:MOST_MESSAGES])
    np.fill_diagonal(similar, 0.0)
    return float(similar.max()) > 0.9


def _wanted_twice(messages: Sequence[Message]) -> bool:
    """Whether a reply wants what an earlier one wanted, and the customer wrote in between."""
    before: list[frozenset[str]] = []
    latest: list[frozenset[str]] = []
    for message in messages:
        if is_customer_voice(message):
            before, latest = [*before, *latest][-MOST_MESSAGES:], []
        elif is_agent_reply(message):
            for wanted in _wanted(message.text):
                if any(len(wanted & old) >= FEWEST_SHARED and wanted <= old for old in before):
                    return True
                latest.append(wanted)
    return False


def _wanted(text: str) -> Iterator[frozenset[str]]:
    """Yield the words of each thing that an agent asks for; what both sides say is no courtesy."""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if WANTS.search(sentence) and not OFFER.search(sentence):
            for part in re.split(r"\band\b|,", sentence):
                words = frozenset(content_words(part)) - _ASKING
                if len(words) >= FEWEST_SHARED:
                    yield words


def _passed_on(material: Material) -> list[Sign]:
    for sentence in _later_sentences(material):
        if SENT_AROUND.search(sentence.text):
            return [Sign(words="was passed on", weight=1.0, sentence=sentence)]
    messages = material.conversation.messages
    said = sum(
        1
        for m in messages
        if (is_agent_reply(m) or is_customer_voice(m)) and PASSED_ON.search(m.text)
    )
    return [Sign(words="was passed on", weight=min(1.0, 0.5 * said))] if said else []


def _times(messages: Sequence[Message]) -> list[Sign]:
    signs: list[Sign] = []
    asked: Message | None = None
    waits = 0
    for message in messages:
        if is_customer_voice(message):
            asked = asked or message
        elif is_agent_reply(message) and asked is not None:
            waits += message.created_at - asked.created_at >= LONG_WAIT
            asked = None
    if waits:
        often = "more than once " if waits > 1 else ""
        words = f"waited over a day for a reply {often}".strip()
        signs.append(Sign(words=words, weight=min(1.0, 0.5 * waits)))
    voices = [m.created_at for m in messages if is_customer_voice(m)]
    if len(voices) >= 3 and voices[-1] - voices[0] >= LONG_CASE:
        signs.append(Sign(words="took over three days", weight=0.5))
    return signs


def _similarities(vectors: Vectors, texts: Sequence[str]) -> Floats:
    rows = vectors(texts)
    similar: Floats = rows @ rows.T
    return similar
