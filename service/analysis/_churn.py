"""Finds the sentence in which a customer says that they leave, or may leave.

Knows who leaves whom, negation and withdrawal; the phrases stand beside it. Tone is no evidence
here, and neither are an agent's words or quoted history, which never reach this module.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.analysis._churn_phrases import (
    ABOUT_SOMETHING_ELSE,
    ALREADY_NEGATIVE,
    BARE,
    BARE_CANCEL,
    BARE_LEAVE,
    BY_THE_OTHER_SIDE,
    EARLY,
    EXPLICIT,
    HOW_TO_CANCEL,
    LOST_US,
    MAYBE,
    NEGATED,
    SWITCH_TO_NAME,
    TOWARDS_US,
    UNSURE,
    WITHDRAWN,
)
from service.analysis._churn_words import FEWEST_WORDS, ChurnWords
from service.analysis._sentences import Sentence
from service.domain.measurements import ChurnTier, Measurement, YesNo


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    sentence: Sentence
    position: int  # in the sentence, to order it against a withdrawal
    tier: ChurnTier


@dataclass(frozen=True, slots=True, kw_only=True)
class Churn:
    measurement: Measurement
    sentence: Sentence | None  # the stating sentence when the value is yes


_PHRASES = (*EXPLICIT, SWITCH_TO_NAME, BARE_CANCEL, HOW_TO_CANCEL, BARE_LEAVE, *BARE, *EARLY)
_LOOKED_AT = 40  # sentences of one conversation; who leaves says so sooner


def measure_churn(sentences: Sequence[Sentence], words: ChurnWords | None = None) -> Churn:
    """Return yes with the strongest sentence that was not taken back later, else no.

    Learnt words are asked only where the phrases found nothing at all.
    """
    standing, withdrawn = _standing(sentences)
    if not standing and not withdrawn and words is not None:
        likely = _likeliest(sentences, words)
        if likely is not None:
            return _learnt(likely)
    if not standing:
        detail = "withdrawn later" if withdrawn else None
        no = Measurement(metric="churn_risk", value=YesNo.NO, confidence=0.9, detail=detail)
        return Churn(measurement=no, sentence=None)
    explicit = [signal for signal in standing if signal.tier is ChurnTier.EXPLICIT]
    chosen = (explicit or standing)[0]
    # Set by hand until spot checks can fit them: explicit phrases are surer than early ones.
    confidence = 0.85 if explicit else 0.65
    yes = Measurement(
        metric="churn_risk", value=YesNo.YES, confidence=confidence, detail=chosen.tier
    )
    return Churn(measurement=yes, sentence=chosen.sentence)


def _learnt(sentence: Sentence) -> Churn:
    # Under that of a phrase: a quarter of what unseen fits took from our own cases was none.
    yes = Measurement(metric="churn_risk", value=YesNo.YES, confidence=0.55, detail=ChurnTier.EARLY)
    return Churn(measurement=yes, sentence=sentence)


def _likeliest(sentences: Sequence[Sentence], words: ChurnWords) -> Sentence | None:
    """The sentence whose words speak most clearly of leaving, if nothing speaks against it."""
    asked = [s for s in sentences[:_LOOKED_AT] if s.words >= FEWEST_WORDS]
    margins = words.margins([sentence.text for sentence in asked])
    above = [(margin, s) for margin, s in zip(margins, asked, strict=True) if margin > 0]
    if not above or any(_taken_back(sentence.text) for sentence in sentences):
        return None
    open_to_words = [(margin, s) for margin, s in above if left_to_words(s.text)]
    return max(open_to_words, key=lambda pair: pair[0])[1] if open_to_words else None


def left_to_words(text: str) -> bool:
    """Whether no rule has a say in it: what a phrase was found in and did not count stays no."""
    against = (TOWARDS_US, WITHDRAWN, ABOUT_SOMETHING_ELSE, *_PHRASES)
    return not any(rule.search(text) for rule in against)


def _standing(sentences: Sequence[Sentence]) -> tuple[list[Signal], bool]:
    standing: list[Signal] = []
    withdrawn = False
    for sentence in sentences:
        signal = signal_in(sentence)
        taken_back = _taken_back(sentence.text)
        if signal is not None:
            standing.append(signal)
        # Taken back after everything said so far; a threat that follows stands again.
        if taken_back and standing and not _said_after(signal, taken_back):
            standing, withdrawn = [], True
    return standing, withdrawn


def _taken_back(text: str) -> re.Match[str] | None:
    """ "We will stay" takes a threat back; "I am not sure we will stay" does not."""
    match = WITHDRAWN.search(text)
    return None if match and UNSURE.search(text[: match.start()]) else match


def _is_about_something_else(sentence: Sentence, match: re.Match[str]) -> bool:
    """Whether the message also speaks of an order, a meeting and the like, which can be ended."""
    around = sentence.message.text.replace(match.group(), " ", 1)
    return ABOUT_SOMETHING_ELSE.search(around) is not None


def _said_after(signal: Signal | None, taken_back: re.Match[str]) -> bool:
    return signal is not None and signal.position >= taken_back.end()


def signal_in(sentence: Sentence) -> Signal | None:
    """Return what one sentence states, or None. Explicit statements win over early ones."""
    text = sentence.text
    if TOWARDS_US.search(text):
        return None
    for match, tier in _candidates(sentence):
        before = text[: match.start()]
        inside = ALREADY_NEGATIVE.match(match.group())
        theirs = BY_THE_OTHER_SIDE.search(before) and not LOST_US.match(match.group())
        if (not inside and NEGATED.search(before)) or theirs:
            continue
        tier = ChurnTier.EARLY if MAYBE.search(text) else tier
        return Signal(sentence=sentence, position=match.start(), tier=tier)
    return None


def _candidates(sentence: Sentence) -> Iterator[tuple[re.Match[str], ChurnTier]]:
    text = sentence.text
    for rule in EXPLICIT:
        match = rule.search(text)
        if match:
            yield match, ChurnTier.EXPLICIT
    match = SWITCH_TO_NAME.search(text)
    if match:
        yield match, ChurnTier.EXPLICIT
    for rule in (BARE_CANCEL, HOW_TO_CANCEL, BARE_LEAVE, *BARE):
        match = rule.search(text)
        if match and not _is_about_something_else(sentence, match):
            yield match, ChurnTier.EXPLICIT
    for rule in EARLY:
        match = rule.search(text)
        if match:
            yield match, ChurnTier.EARLY
