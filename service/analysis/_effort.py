"""Adds up the signs that a customer had to work: each one is named, none is the number of turns.

Knows messages, times and similarity of requests. Whether effort may be measured at all is decided
by the gates.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from service.analysis._gates import Material, is_agent_reply
from service.analysis._sentences import Sentence, count_words
from service.domain.conversations import Message, is_customer_voice
from service.domain.measurements import Effort, Measurement

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]

SAME_REQUEST = 0.75  # cosine; above it two messages ask for the same thing
HIGH_FROM = 1.0  # the question asks for repeating, re-explaining, waiting or a failed fix: one do
LONG_WAIT = timedelta(hours=24)
LONG_CASE = timedelta(days=3)
MOST_MESSAGES = 12  # of a side are compared with each other

_EXPLAINED = re.compile(
    r"\b(?:as|like)\s+(?:i|we)\s+(?:already\s+|have\s+)?(?:said|mentioned|explained|wrote|told)"
    r"|\b(?:i|we)(?:['\u2019]ve|\s+have)?\s+already\s+(?:\w+\s+)?(?:told|said|explained|sent"
    r"|given|gave|"
    r"provided|tried|did|done|asked|answered|shared|mentioned)"
    r"|\b(?:repeat(?:ing)?\s+myself|explain(?:ing)?\s+(?:this\s+|it\s+|everything\s+)?again"
    r"|told\s+you(?:\s+\w+){0,3}\s+(?:already|before|twice|times)|once\s+again|yet\s+again"
    r"|asking\s+(?:\w+\s+){0,2}again|(?:second|third|fourth|fifth)\s+time\s+(?:i|we|that\s+i))\b"
    # Told before: how often, to how many, when, or where it can be read.
    r"|\b(?:i|we)\b[^.?!]{0,30}\b(?:told|said|explained|described|gave|given|sent|wrote|answered)\b"
    r"[^.?!]{0,50}\b(?:twice|(?:two|three|four|five|several|many|\d+)\s+(?:\w+\s+)?(?:times"
    r"|people|agents)"
    r"|on\s+the\s+phone|yesterday|last\s+week|in\s+my\s+(?:first|last|earlier|previous)|before)\b"
    r"|\b(?:tell|repeat|explain|go\s+through)\s+(?:my\s+|the\s+|this\s+|it\s+"
    r"|everything\s+)?(?:whole\s+)?(?:story\s+)?"
    r"(?:all\s+over\s+)?again\b"
    r"|\b(?:it\s+is|it['\u2019]s|that\s+is|that['\u2019]s|see|read)\s+(?:all\s+)?(?:in\s+)?my\s+"
    r"(?:first|last|earlier|previous|original)\s+(?:e-?mail|message|ticket|mail|letter)"
    r"|\byou(?:['\u2019]ve|\s+have|\s+got)?\s+(?:\w+\s+)?(?:have\s+"
    r"|got\s+)?(?:all\s+)?(?:these|those|this|that|it|my)\b"
    r"[^.?!]{0,25}\balready\b",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:(?:did|does|do|is|has|was)\s?n['\u2019]?o?t\s+(?:\w+\s+)?(?:work|help|fix|solve|resolve|"
    r"change)\w*|still\s+(?:(?:is\s+|does\s+|am\s+|can\s+)?not|doesn['\u2019]?t|isn['\u2019]?t|"
    r"can['\u2019]?t|cannot|broken|happening|(?:get|getting|seeing|shows?|says?|fails?|failing)\b"
    r"|ha(?:ve|s|ving)\s+(?:the|this|that|an?)\s+(?:same\s+)?(?:issue|problem|error))"
    r"|same\s+(?:error|issue|problem|result)|no\s+luck|not\s+(?:fixed|resolved|solved)"
    r"|tried\s+(?:that|this|it|everything|all)\b(?!.{0,80}\bwork(?:s|ed|ing)\b)"
    r"|(?:happening|broken|down|back|empty|blank|gone|stuck|locked|dead|offline|wrong)\s+again"
    r"|\bstill\s+(?:crash|freez|drop|stop|break|hang|leak|restart|there|empty|blank|gone"
    r"|missing|wrong|the\s+same"
    r"|locked|dead|offline|down|loud|cold|not\b|no\b)\w*"
    r"|nothing\s+(?:has\s+)?(?:chang|happen|help|work)ed|\bno\s+(?:change|effect|difference"
    r"|improvement)\b"
    r"|\bwithout\s+(?:success|result|effect|luck)|\bnot\s+\w+\s+either\b"
    r"|n['\u2019]t\s+\w+\s+either\b"
    r"|\bkeeps?\s+(?:on\s+)?\w+ing\b|\b(?:made|makes|got|gets|is|even)\s+(?:it\s+)?worse\b"
    r"|\bback\s+to\s+the\s+same\b|\bto\s+no\s+avail)",
    re.IGNORECASE,
)
# A fault told after an agent said what to do, or that it was done, is a fix that failed.
_REMEDY = re.compile(
    r"(?:^|[.!:;,]\s*|\b(?:please|then|to|and|could\s+you|can\s+you|should)\s+)(?:try|restart|reset|reboot"
    r"|clear|use|press|change|turn|update|reinstall|install|call|click|open|unplug|plug|pair|log|sign"
    r"|delete|switch|enter|replace|remove|ask|charge|hold|refresh|reload|disable|enable|bleed)\b"
    r"|\b(?:done|fixed|resolved|solved|repaired|unlocked|corrected|replaced)\b|\btechnician\b"
    r"|\bshould\s+(?:now\s+)?(?:be|work)\b",
    re.IGNORECASE,
)
_FAULT = re.compile(
    r"\b(?:not|no|nothing|none|cannot|never|same|error|stuck|fails?|failed|still|(?:like|as)\s+before"
    r"|dead|empty|blank)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\b(?:thank\w*|thx|work(?:s|ed)|solved|perfect|great|good|fine|no\s+(?:problem|worries|rush|need)"
    r"|not\s+(?:a\s+problem|needed|necessary|yet))\b",
    re.IGNORECASE,
)
_WAITED = re.compile(
    r"\b(?:(?:have\s+|['\u2019]ve\s+)?been\s+waiting|still\s+waiting|waited|on\s+hold"
    r"|any\s+(?:update|news|progress)s?\b|following\s+up|(?:no|without)\s+(?:reply|response|answer)"
    r"|no\s?(?:body|\s?one)\s+(?:has\s+)?(?:\w+\s+)?(?:answered|replied|responded|called|came)"
    r"|(?:it|that)(?:\s+has|['\u2019]s)\s+been\s+(?:over\s+|more\s+than\s+)?(?:an?|two|three"
    r"|four|five|six|ten|\d+)\s+"
    r"(?:hours|days?|weeks?|months?)|nothing\s+(?:has\s+)?(?:came|come|arrived)"
    r"|(?:you|they)\s+(?:had\s+|have\s+)?promised|how\s+(?:much|many)\s+(?:longer"
    r"|more\s+(?:days|weeks))"
    r"|is\s+any(?:body|one)\s+(?:there|here|reading))\b",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(
    r"\b(?:transferr?(?:ing|ed)?\s+(?:you|this|your)|hand(?:ing|ed)?\s+(?:you|this|it)\s+over"
    r"|escalat(?:e|ed|ing)|another\s+(?:team|department|colleague|specialist)"
    r"|(?:pass|forward)(?:ed|ing)?\s+(?:this|you|your|it)\b|passed\s+(?:me\s+)?(?:a)?round"
    r"|connect(?:ing)?\s+you\s+(?:with|to)|different\s+(?:agent|person|department))",
    re.IGNORECASE,
)
# Every agent asks these twice, and no customer minds.
_OFFER = re.compile(r"\b(?:anything\s+else|(?:help|assist)\s+you|how\s+are\s+you)\b", re.IGNORECASE)
_ASKS_AGAIN = re.compile(
    r"\b(?:(?:re-?send|re-?confirm|send|share|provide|explain|describe"
    r"|confirm)\b.{0,40}\b(?:again|once"
    r"\s+more|one\s+more\s+time)|(?:could|can|would)\s+you\s+(?:please\s+)?repeat)",
    re.IGNORECASE,
)


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
        *_said(material, _EXPLAINED, "had to explain again", 1.0),
        *(
            _said(material, _FAILED, "a fix did not work", 1.0)
            or _fault_after_remedy(material, "a fix did not work", 1.0)
        ),
        *_said(material, _WAITED, "says that they waited", 1.0),
        *_asked_again(material.conversation.messages, vectors),
        *_passed_on(material.conversation.messages),
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


def _fault_after_remedy(material: Material, words: str, weight: float) -> list[Sign]:
    """Find a fault told right after the agent's remedy; a question or a thank-you tells none."""
    remedied = _turns_after_a_remedy(material.conversation.messages)
    for sentence in _later_sentences(material):
        text = sentence.text
        told = _FAULT.search(text) and not text.rstrip().endswith("?")
        if sentence.message.id in remedied and told and not _CONTENT.search(text):
            return [Sign(words=words, weight=weight, sentence=sentence)]
    return []


def _turns_after_a_remedy(messages: Sequence[Message]) -> set[str]:
    """Return the customer's messages whose last reply before them offered a remedy."""
    found: set[str] = set()
    reply: Message | None = None
    for message in messages:
        if is_agent_reply(message):
            reply = message
        elif is_customer_voice(message) and reply is not None and _REMEDY.search(reply.text):
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
    replies = [m.text for m in messages if is_agent_reply(m)]
    sign = [Sign(words="the agent asked for the same again", weight=1.0)]
    if any(_ASKS_AGAIN.search(text) for text in replies):
        return sign
    questions = [t for t in replies if "?" in t and count_words(t) >= 5 and not _OFFER.search(t)]
    questions = questions[:MOST_MESSAGES]
    if len(questions) < 2:
        return []
    similar = _similarities(vectors, questions)
    np.fill_diagonal(similar, 0.0)
    # Agents' courtesies are alike; only a question asked twice nearly word for word counts.
    return sign if float(similar.max()) > 0.9 else []


def _passed_on(messages: Sequence[Message]) -> list[Sign]:
    people = any(
        (is_agent_reply(m) or is_customer_voice(m)) and _PASSED_ON.search(m.text) for m in messages
    )
    return [Sign(words="was passed on", weight=0.5)] if people else []


def _times(messages: Sequence[Message]) -> list[Sign]:
    signs: list[Sign] = []
    asked: Message | None = None
    longest = timedelta(0)
    for message in messages:
        if is_customer_voice(message):
            asked = asked or message
        elif is_agent_reply(message) and asked is not None:
            longest = max(longest, message.created_at - asked.created_at)
            asked = None
    if longest >= LONG_WAIT:
        signs.append(Sign(words="waited over a day for a reply", weight=0.5))
    voices = [m.created_at for m in messages if is_customer_voice(m)]
    if len(voices) >= 3 and voices[-1] - voices[0] >= LONG_CASE:
        signs.append(Sign(words="took over three days", weight=0.5))
    return signs


def _similarities(vectors: Vectors, texts: Sequence[str]) -> NDArray[np.float32]:
    rows = vectors(texts)
    similar: NDArray[np.float32] = rows @ rows.T
    return similar
