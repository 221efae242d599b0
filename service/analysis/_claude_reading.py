"""Makes an Analysis of a filled form: what is grounded stays, what the gates forbid is emptied.

Knows no network and no price. Nothing a model wrote gets past this but enums, numbers, checked
phrases and slices of what the customer wrote.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.analysis._claude_form import ClaimedQuote, Filled, Form, Verdict
from service.analysis._gates import (
    Material,
    empty,
    no_effort,
    no_tone,
    nothing_to_read,
    quote_of,
    true_quotes,
    with_quote,
)
from service.analysis._grounding import grounded
from service.analysis._ladder import assigned
from service.analysis._sentences import customer_sentences
from service.analysis._topics import issue_sentence, summary_of
from service.domain.conversations import Conversation, Message, new_words
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Quote,
    Sentiment,
    TagAssignment,
    YesNo,
)
from service.domain.segments import new_text_spans

_log = logging.getLogger(__name__)
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An analysis, with how many quotes the model gave and how many were nobody's words."""

    analysis: Analysis
    quotes: int
    dropped: int


def material_of(conversation: Conversation) -> Material:
    sentences = customer_sentences(conversation)
    return Material(conversation=conversation, sentences=sentences, language=None)


def reading(
    filled: Filled,
    material: Material,
    numbers: Mapping[int, Message],
    *,
    analyser: str,
    taxonomy: str,
    at: datetime,
) -> Reading:
    conversation = material.conversation
    kept = _grounded(filled, numbers, material)
    dropped = len(filled.quotes) - len(kept)
    if dropped:
        _log.info("quote.ungrounded", extra={"conversation": conversation.key, "count": dropped})
    quotes = _with_issue(kept, material)
    analysis = Analysis(
        conversation=conversation.key,
        fingerprint=conversation.fingerprint(),
        analyser=analyser,
        taxonomy=taxonomy,
        language=filled.language,
        measurements=tuple(_measurements(filled, material, quotes)),
        tags=tuple(_tags(filled)),
        quotes=quotes,
        summary=_believed(filled.summary, numbers.values()) or summary_of(material, None),
        tone_start=filled.tone_start,
        tone_end=filled.tone_end,
        created_at=at,
    )
    return Reading(analysis=analysis, quotes=len(filled.quotes), dropped=dropped)


def nothing_filled(form: Form) -> Filled:
    nothing = Verdict(value=None)
    return Filled(
        language=None,
        quotes=(),
        topics=(),
        sentiment=nothing,
        churn_risk=nothing,
        effort=nothing,
        tone_start=None,
        tone_end=None,
        summary="",
        custom={metric.name: nothing for metric in form.custom},
    )


def without_old_mail(conversation: Conversation) -> Conversation:
    """What the model is shown: each message once, not again in every answer to it."""
    messages = tuple(replace(message, text=new_words(message)) for message in conversation.messages)
    return replace(conversation, messages=messages)


def _grounded(
    filled: Filled, numbers: Mapping[int, Message], material: Material
) -> tuple[Quote, ...]:
    """Keep what a customer literally wrote in the named message."""
    found: list[Quote] = []
    whole = {message.id: message for message in material.conversation.messages}
    for claim in filled.quotes:
        shown = numbers.get(claim.message)
        quote = _grounded_in_new(whole[shown.id], claim) if shown is not None else None
        if quote is not None:
            found.append(quote)
    return true_quotes(found, material.conversation)


def _grounded_in_new(message: Message, claim: ClaimedQuote) -> Quote | None:
    """Find a quote in the new words of a message; its offsets count in the whole text."""
    for start, end in new_text_spans(message.text):
        part = replace(message, text=message.text[start:end])
        quote = grounded(part, claim.text, claim.shows)
        if quote is not None:
            return replace(quote, start=start + quote.start, end=start + quote.end)
    return None


def _with_issue(kept: tuple[Quote, ...], material: Material) -> tuple[Quote, ...]:
    issue = issue_sentence(material)
    if issue is None or any(quote.shows == "driver" for quote in kept):
        return kept
    return (*kept, quote_of(issue, "driver"))


def _believed(summary: str, shown: Iterable[Message]) -> str:
    """A summary with a number that nobody wrote is no summary: numbers never come from a model."""
    written = {number for message in shown for number in _NUMBER.findall(message.text)}
    return summary if written.issuperset(_NUMBER.findall(summary)) else ""


def _measurements(
    filled: Filled, material: Material, quotes: Sequence[Quote]
) -> Iterator[Measurement]:
    sentiment = _measured("sentiment", filled.sentiment, no_tone(material))
    for pole in (Sentiment.NEGATIVE, Sentiment.POSITIVE):
        sentiment = with_quote(sentiment, quotes, pole)
    yield sentiment
    churn = _measured("churn_risk", filled.churn_risk, nothing_to_read(material))
    yield with_quote(churn, quotes, YesNo.YES)
    yield _measured("effort", filled.effort, no_effort(material))
    for name, verdict in filled.custom.items():
        own = _measured(name, verdict, nothing_to_read(material))
        yield with_quote(own, quotes, YesNo.YES)


def _measured(metric: str, verdict: Verdict, reason: EmptyReason | None) -> Measurement:
    if reason is not None:
        return empty(metric, reason)
    if verdict.value is None:
        return empty(metric, EmptyReason.LOW_CONFIDENCE)
    detail = verdict.detail if verdict.value != YesNo.NO else None
    return Measurement(
        metric=metric, value=verdict.value, confidence=verdict.confidence, detail=detail
    )


def _tags(filled: Filled) -> list[TagAssignment]:
    tags = [assigned(topic.raw, topic.rung, topic.confidence) for topic in filled.topics]
    return sorted(tags, key=lambda tag: tag.driver is None)
