"""Finds the sentence in which a customer says that they leave, or may leave.

Knows who leaves whom, negation and withdrawal; the phrases, and who reads what they leave open,
stand beside it. Tone is no evidence here, and neither are an agent's words or quoted history,
which never reach this module.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from service.analysis._churn_parting import (
    CHOSE_NAME,
    COMES_TO_US,
    CREDIT_FILE,
    ENDED_ELSEWHERE,
    REPORTED,
)
from service.analysis._churn_phrases import (
    ABOUT_SOMETHING_ELSE,
    ALREADY_NEGATIVE,
    BARE,
    BARE_CANCEL,
    BARE_LEAVE,
    BY_THE_OTHER_SIDE,
    EARLY,
    ENDS_SOMETHING_ELSE,
    EXPLICIT,
    HOW_TO_CANCEL,
    LOST_US,
    MAYBE,
    NEGATED,
    ON_CONDITION,
    STAYS,
    SWITCH_TO_NAME,
    TOWARDS_US,
    UNSURE,
    WITHDRAWN,
)
from service.analysis._sentences import REMEMBERED, Sentence
from service.domain.measurements import ChurnTier, Measurement, YesNo


class Reader(Protocol):
    """Reads sentences whole, where phrases find nothing or may have misheard."""

    def margins(self, sentences: Sequence[Sentence]) -> list[float]: ...
    def denies(self, sentence: Sentence) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    sentence: Sentence
    position: int  # in the sentence, to order it against a withdrawal
    tier: ChurnTier
    margin: float | None = None  # of what was read; None where a phrase states it


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    measurement: Measurement
    sentence: Sentence | None  # the stating sentence when the value is yes


class Withdrawn(StrEnum):
    """Where the threat stands that a customer took back."""

    LATER = "withdrawn later"
    ELSEWHERE = "withdrawn, of another conversation"


_NAMES_A_RIVAL = (SWITCH_TO_NAME, CHOSE_NAME)
_DELETES = re.compile(r"delet|remov|eras", re.IGNORECASE)
_PHRASES = (*EXPLICIT, *_NAMES_A_RIVAL, BARE_CANCEL, HOW_TO_CANCEL, BARE_LEAVE, *BARE, *EARLY)
_LOOKED_AT = 40  # sentences of one conversation that are read; who leaves says so sooner
# Set by hand until spot checks can fit them: explicit phrases are surer than early ones, and those
# than what was only read.
_EXPLICIT, _EARLY, _READ = 0.85, 0.65, 0.55


def measure_churn(sentences: Sequence[Sentence], reader: Reader | None = None) -> Churn:
    """Return yes with the strongest sentence that was not taken back later, else no."""
    standing, withdrawn = _standing(sentences, reader)
    if not standing:
        detail = str(withdrawn) if withdrawn else None
        no = Measurement(metric="churn_risk", value=YesNo.NO, confidence=0.9, detail=detail)
        return Churn(measurement=no, sentence=None)
    chosen, confidence = _strongest(standing)
    yes = Measurement(
        metric="churn_risk", value=YesNo.YES, confidence=confidence, detail=chosen.tier
    )
    return Churn(measurement=yes, sentence=chosen.sentence)


def _strongest(signals: Sequence[Signal]) -> tuple[Signal, float]:
    """The first explicit phrase, else the first early one, else what reads most clearly."""
    stated = [signal for signal in signals if signal.margin is None]
    explicit = [signal for signal in stated if signal.tier is ChurnTier.EXPLICIT]
    if explicit:
        return explicit[0], _EXPLICIT
    if stated:
        return stated[0], _EARLY
    return max(signals, key=lambda signal: signal.margin or 0.0), _READ


def left_to_reader(text: str) -> bool:
    """Whether no rule has a say in it: what a phrase was found in and did not count stays no."""
    return not (TOWARDS_US.search(text) or WITHDRAWN.search(text) or _holds_phrase(text))


@lru_cache(maxsize=REMEMBERED)
def _holds_phrase(text: str) -> bool:
    """Whether any phrase occurs at all: "ok thank you" comes back all day."""
    return any(rule.search(text) for rule in _PHRASES)


def _standing(
    sentences: Sequence[Sentence], reader: Reader | None
) -> tuple[list[Signal], Withdrawn | None]:
    standing: list[Signal] = []
    withdrawn: Withdrawn | None = None
    for sentence, signal in zip(sentences, _signals(sentences, reader), strict=True):
        taken_back = _taken_back(sentence.text)
        if signal is not None:
            standing.append(signal)
        # Taken back after everything said so far; a threat that follows stands again.
        if taken_back and standing and not _said_after(signal, taken_back):
            standing, withdrawn = [], Withdrawn.LATER
        elif not standing and withdrawn is None and _stays(sentence.text):
            withdrawn = Withdrawn.ELSEWHERE
    return standing, withdrawn


def _signals(sentences: Sequence[Sentence], reader: Reader | None) -> list[Signal | None]:
    """What each sentence states, by a phrase or as it reads."""
    messages = {sentence.turn: sentence.message.text for sentence in sentences}
    found = [signal_in(s, goes_on=messages.get(s.turn + 1, "")) for s in sentences]
    if reader is None:
        return found
    stated = [None if s is None or reader.denies(s.sentence) else s for s in found]
    margins = reader.margins(sentences[:_LOOKED_AT])
    for place, (margin, sentence) in enumerate(zip(margins, sentences, strict=False)):
        if margin > 0 and found[place] is None and _may_be_read(sentence):
            stated[place] = Signal(
                sentence=sentence, position=0, tier=ChurnTier.EARLY, margin=margin
            )
    return stated


def _may_be_read(sentence: Sentence) -> bool:
    if not left_to_reader(sentence.text) or ENDS_SOMETHING_ELSE.search(sentence.text):
        return False
    return not _is_of_somebody_else(sentence)


def _is_of_somebody_else(sentence: Sentence) -> bool:
    """Whether another is quoted, or another is left so that the customer can come to us."""
    text = sentence.text
    if REPORTED.search(text):
        return True
    return bool(ENDED_ELSEWHERE.search(text) and COMES_TO_US.search(sentence.message.text))


def _taken_back(text: str) -> re.Match[str] | None:
    """ "We will stay" takes a threat back; "I am not sure we will stay" does not."""
    match = WITHDRAWN.search(text)
    return None if match and UNSURE.search(text[: match.start()]) else match


def _stays(text: str) -> bool:
    """Whether it is plain enough to take back what was said in another conversation."""
    return STAYS.search(text) is not None and ON_CONDITION.search(text) is None


def _is_about_something_else(sentence: Sentence, match: re.Match[str], goes_on: str) -> bool:
    """Whether the customer also speaks of an order, a meeting and the like, which can be ended."""
    around = sentence.message.text.replace(match.group(), " ", 1)
    return ABOUT_SOMETHING_ELSE.search(f"{around} {goes_on}") is not None


def _said_after(signal: Signal | None, taken_back: re.Match[str]) -> bool:
    return signal is not None and signal.position >= taken_back.end()


def signal_in(sentence: Sentence, *, goes_on: str = "") -> Signal | None:
    """Return what one sentence states, or None. Explicit statements win over early ones.

    What the customer goes on to say may name what a bare "please cancel" is about.
    """
    text = sentence.text
    if not _holds_phrase(text) or TOWARDS_US.search(text) or _is_of_somebody_else(sentence):
        return None
    for match, tier in _candidates(sentence, goes_on):
        before = text[: match.start()]
        inside = ALREADY_NEGATIVE.match(match.group())
        theirs = BY_THE_OTHER_SIDE.search(before) and not LOST_US.match(match.group())
        if (not inside and NEGATED.search(before)) or theirs:
            continue
        if _DELETES.search(match.group()) and CREDIT_FILE.search(sentence.message.text):
            continue
        tier = ChurnTier.EARLY if MAYBE.search(text) else tier
        return Signal(sentence=sentence, position=match.start(), tier=tier)
    return None


def _candidates(sentence: Sentence, goes_on: str) -> Iterator[tuple[re.Match[str], ChurnTier]]:
    text = sentence.text
    for rule in EXPLICIT:
        match = rule.search(text)
        if match:
            yield match, ChurnTier.EXPLICIT
    for rule in _NAMES_A_RIVAL:
        match = rule.search(text)
        if match:
            yield match, ChurnTier.EXPLICIT
    for rule in (BARE_CANCEL, HOW_TO_CANCEL, BARE_LEAVE, *BARE):
        match = rule.search(text)
        if match and not _is_about_something_else(sentence, match, goes_on):
            yield match, ChurnTier.EXPLICIT
    for rule in EARLY:
        match = rule.search(text)
        if match:
            yield match, ChurnTier.EARLY
