"""Cuts a customer's message into sentences that keep their place in it.

Knows punctuation, line breaks and greetings; what is old mail, the domain says. It never rewrites
a text: a span is always a slice of the message. What a sentence means is decided elsewhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from service.domain.conversations import Conversation, Message
from service.domain.segments import new_text_spans

LONGEST_SENTENCE = 320  # a run-on text is cut at a space, so that a quote stays readable
REMEMBERED = 4_096  # sentences whose words were counted: each is asked about several times
LONGEST_READ = 20_000  # code points of one message; a pasted log says nothing more after that

_LINE = re.compile(r"[^\n]*\n?")
# Possessive, and from the first of several stops on: a message of dots is read once.
_STOP = re.compile(r"(?<![.!?…])[.!?…]++[\"'\u201d\u2019)\]]*+(?=\s|$)")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|mr|mrs|ms|dr|st|no|nr|approx|inc|ltd|jan|feb|mar|apr|jun|jul|"
    r"aug|sep|sept|oct|nov|dec|a\.m|p\.m|[a-z])$",
    re.IGNORECASE,
)
_ABBREVIATION_REACH = 10
_SHORT_LINE = 50  # shorter lines are lines on purpose; longer ones are wrapped by a mail program
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|@\w+|\[(?:email|phone|card|iban|secret|name)\]")
_OPENING = re.compile(
    r"(?:\s|[,.!:;\u2013—-]|@\w+"
    r"|https?://\S+"
    r"|\b(?:hi|hello|hey|hiya|dear|greetings|good\s+(?:morning|afternoon|evening|day)"
    r"|there|team|all|folks|support|everyone|sir|madam|guys|hope\s+you(?:'re|\s+are)?\s+"
    r"(?:all\s+)?(?:doing\s+)?(?:well|good|fine))\b|\[name\])+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A slice of a message: `message.text[start:end]`."""

    message: Message
    start: int
    end: int
    turn: int  # which of the customer's messages, from 0

    @property
    def text(self) -> str:
        return self.message.text[self.start : self.end]

    @property
    def words(self) -> int:
        return count_words(self.text)


def words_of(text: str) -> list[str]:
    """Return the words, without links, handles and masked spans."""
    return _WORD.findall(_NOT_WORDS.sub(" ", text))


@lru_cache(maxsize=REMEMBERED)
def count_words(text: str) -> int:
    return len(words_of(text))


def customer_sentences(conversation: Conversation) -> tuple[Sentence, ...]:
    """Return everything the customer wrote publicly and did not quote from somebody else."""
    return tuple(
        Sentence(message=message, start=start, end=end, turn=turn)
        for turn, message in enumerate(conversation.customer_messages())
        for start, end in sentence_spans(message.text)
    )


def without_opening(text: str) -> int:
    """Return how many characters of greeting, handle and link open a text."""
    match = _OPENING.match(text)
    return match.end() if match else 0


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each new sentence, trimmed, in order; old mail is left out."""
    room = LONGEST_READ
    for new_start, new_end in new_text_spans(text):
        for start, end in _paragraphs(text, new_start, min(new_end, new_start + room)):
            for cut_start, cut_end in _cut(text, start, end):
                trimmed = _trim(text, cut_start, cut_end)
                if trimmed is not None:
                    yield trimmed
        room -= new_end - new_start
        if room <= 0:
            return


def _paragraphs(text: str, new_start: int, new_end: int) -> Iterator[tuple[int, int]]:
    """Join wrapped lines, keep lines that stand alone apart."""
    start: int | None = None
    end = new_start
    for match in _LINE.finditer(text, new_start, new_end):
        line = match.group()
        if not line.strip():
            if start is not None:
                yield start, end
            start = None
            continue
        start = match.start() if start is None else start
        end = match.end()
        if _ends_here(line):
            yield start, end
            start = None
    if start is not None:
        yield start, end


def _ends_here(line: str) -> bool:
    stripped = line.rstrip()
    return len(stripped) < _SHORT_LINE or stripped[-1] in ".!?:;"


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    for stop in _STOP.finditer(text, start, end):
        before = text[max(position, stop.start() - _ABBREVIATION_REACH) : stop.start()]
        if stop.group().startswith(".") and _ABBREVIATION.search(before):
            continue
        yield from _bounded(text, position, stop.end())
        position = stop.end()
    yield from _bounded(text, position, end)


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST_SENTENCE:
        space = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        cut = space if space > 0 else start + LONGEST_SENTENCE
        yield start, cut
        start = cut
    yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and (text[start].isspace() or text[start] in "*•->"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
