"""The analyser that asks Claude, one call a conversation. The only importer of the SDK.

Knows how to call, what may go wrong and what it costs. What it believes of an answer stands in the
form, the grounding and the gates.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.analysis._claude_form import (
    ClaimedQuote,
    Filled,
    Form,
    Verdict,
    as_data,
    make_form,
    read_form,
)
from service.analysis._gates import (
    Material,
    empty,
    no_effort,
    no_tone,
    nothing_to_read,
    own_sentences,
    quote_of,
    true_quotes,
    with_quote,
)
from service.analysis._grounding import grounded
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
from service.domain.taxonomy import Taxonomy
from service.errors import (
    Misbehaving,
    RateLimited,
    RetryLater,
    SkipThis,
    TellPerson,
    Unauthorized,
)
from service.measures import all_metrics
from service.ports import Analyser, Clock
from service.settings import Settings

CODE_VERSION = 2
BASE_URL = "https://api.anthropic.com"
TIMEOUT = 60.0
ROOM = 1_200  # output tokens; doubled once when an answer does not fit
WAIT_WHEN_LIMITED = timedelta(seconds=60)

# US dollars a million tokens, in and out, from the vendor's model pages; an unknown model counts
# as the dearest, so that the budget is never overrun unseen.
_PRICES = {"haiku": (0.10, 0.50), "sonnet": (2.0, 10.0), "opus": (4.0, 20.0)}
_DEAREST = (10.0, 50.0)

_log = logging.getLogger(__name__)


def version(settings: Settings) -> str:
    """What `build` would measure with, without loading the SDK."""
    return _version_of(settings.claude.model)


def _version_of(model: str) -> str:
    return f"claude-{CODE_VERSION}-{model}"


def build(settings: Settings, *, clock: Clock | None = None, retries: int = 2) -> Analyser:
    """Make the client from explicit values: nothing is taken from the SDK's own environment."""
    claude = settings.claude
    if claude.api_key is None:
        raise TellPerson("Claude needs a key: set VERBATIM_CLAUDE__API_KEY, or use `local`.")
    import anthropic

    client = anthropic.Anthropic(
        api_key=claude.api_key.get_secret_value(),
        base_url=claude.base_url or BASE_URL,
        timeout=TIMEOUT,
        max_retries=retries,
    )
    budget = Budget(usd=claude.daily_budget_usd, clock=clock or _now)
    return ClaudeAnalyser(client=client, model=claude.model, budget=budget, clock=clock or _now)


def _now() -> datetime:
    return datetime.now(UTC)


class Budget:
    """What was spent today by this process; new work stops at the limit."""

    def __init__(self, *, usd: float, clock: Clock) -> None:
        self._limit = usd
        self._clock = clock
        self._day: date | None = None
        self.spent = 0.0

    def check(self) -> None:
        today = self._clock().date()
        if today != self._day:
            self._day, self.spent = today, 0.0
        if self.spent >= self._limit:
            raise RetryLater(f"Today's budget for Claude ({self._limit:.2f} USD) is used up.")

    def add(self, model: str, usage: Any) -> None:
        prices = next((p for name, p in _PRICES.items() if name in model), _DEAREST)
        tokens_in = int(usage.input_tokens or 0) + int(usage.cache_creation_input_tokens or 0)
        cost = tokens_in * prices[0] + int(usage.output_tokens or 0) * prices[1]
        self.spent += cost / 1_000_000


class ClaudeAnalyser:
    name = "claude"

    def __init__(self, *, client: Any, model: str, budget: Budget, clock: Clock) -> None:
        self.version = _version_of(model)
        self._client = client
        self._model = model
        self._budget = budget
        self._clock = clock

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]:
        """Return an iterator that goes on after a SkipThis: the next call is the next one's."""
        form = make_form(taxonomy, all_metrics())
        version = taxonomy.version
        return _OneByOne(conversations, lambda c: self._analyse_one(c, form, version))

    def _analyse_one(self, conversation: Conversation, form: Form, taxonomy: str) -> Analysis:
        material = Material(
            conversation=conversation, sentences=own_sentences(conversation), language=None
        )
        data, numbers = as_data(_without_old_mail(conversation))
        filled = _nothing(form) if nothing_to_read(material) else self._ask(data, form)
        quotes = _quotes(filled, numbers, material)
        return Analysis(
            conversation=conversation.key,
            fingerprint=conversation.fingerprint(),
            analyser=self.version,
            taxonomy=taxonomy,
            language=filled.language,
            measurements=tuple(_measurements(filled, material, quotes)),
            tags=tuple(_tags(filled)),
            quotes=quotes,
            summary=filled.summary or summary_of(material, None),
            tone_start=filled.tone_start,
            tone_end=filled.tone_end,
            created_at=self._clock(),
        )

    def _ask(self, data: str, form: Form) -> Filled:
        for room in (ROOM, 2 * ROOM):
            answer = self._call(data, form, room)
            if answer.stop_reason != "max_tokens":
                return read_form(_text(answer), form)
        raise SkipThis("not analysed: too long")

    def _call(self, data: str, form: Form, room: int) -> Any:
        self._budget.check()
        with _TranslatedErrors():
            answer = self._client.messages.create(
                model=self._model,
                max_tokens=room,
                thinking={"type": "disabled"},
                output_config={
                    "format": {"type": "json_schema", "schema": form.schema},
                    "effort": "low",
                },
                system=[
                    {"type": "text", "text": form.system, "cache_control": {"type": "ephemeral"}}
                ],
                messages=[{"role": "user", "content": data}],
            )
        self._budget.add(self._model, answer.usage)
        return answer


@dataclass(slots=True)
class _OneByOne:
    """A generator would end at its first error; this goes on with the next conversation."""

    conversations: Sequence[Conversation]
    analyse: Callable[[Conversation], Analysis]
    position: int = 0

    def __iter__(self) -> Iterator[Analysis]:
        return self

    def __next__(self) -> Analysis:
        if self.position >= len(self.conversations):
            raise StopIteration
        self.position += 1
        return self.analyse(self.conversations[self.position - 1])


class _TranslatedErrors:
    """Turns the SDK's errors into ours, by what the caller can do about them."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import anthropic

        if isinstance(error, anthropic.APIStatusError):
            raise _from_status(error.status_code, error.response.headers) from error
        if isinstance(error, anthropic.APIConnectionError):
            raise RetryLater("Claude could not be reached.") from error
        if isinstance(error, anthropic.APIResponseValidationError | ValueError):
            raise Misbehaving("Claude answered something that is no answer.") from error


def _from_status(status: int, headers: Any) -> Exception:
    if status in {401, 403}:
        return Unauthorized("Claude refused the key: check VERBATIM_CLAUDE__API_KEY.")
    if status == 402:
        return TellPerson("Claude's account has no credit left: add some, or use `local`.")
    if status == 404:
        return TellPerson("Claude does not know the model: check VERBATIM_CLAUDE__MODEL.")
    if status == 429:
        seconds = str(headers.get("retry-after", ""))
        return RateLimited(
            timedelta(seconds=int(seconds)) if seconds.isdigit() else WAIT_WHEN_LIMITED
        )
    if status >= 500 or status in {408, 409}:
        return RetryLater("Claude is overloaded or not ready.")
    return SkipThis(f"Claude could not take this conversation (status {status}).")


def _text(answer: Any) -> str:
    """Return the answer's text, or raise for a stop that leaves none."""
    if answer.stop_reason == "refusal":
        raise SkipThis("not analysed: the model refused")
    if answer.stop_reason == "model_context_window_exceeded":
        raise SkipThis("not analysed: too long")
    if answer.stop_reason not in {"end_turn", "stop_sequence"}:
        raise Misbehaving(f"The model stopped with {answer.stop_reason!r}.")
    return "".join(block.text for block in answer.content if block.type == "text")


def _nothing(form: Form) -> Filled:
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


def _without_old_mail(conversation: Conversation) -> Conversation:
    """What the model is shown: each message once, not again in every answer to it."""
    messages = tuple(replace(message, text=new_words(message)) for message in conversation.messages)
    return replace(conversation, messages=messages)


def _grounded_in_new(message: Message, claim: ClaimedQuote) -> Quote | None:
    """Find a quote in the new words of a message; its offsets count in the whole text."""
    for start, end in new_text_spans(message.text):
        part = replace(message, text=message.text[start:end])
        quote = grounded(part, claim.text, claim.shows)
        if quote is not None:
            return replace(quote, start=start + quote.start, end=start + quote.end)
    return None


def _quotes(filled: Filled, numbers: dict[int, Message], material: Material) -> tuple[Quote, ...]:
    """Keep what a customer literally wrote in the named message; count the rest."""
    found: list[Quote] = []
    whole = {message.id: message for message in material.conversation.messages}
    for claim in filled.quotes:
        shown = numbers.get(claim.message)
        quote = _grounded_in_new(whole[shown.id], claim) if shown is not None else None
        if quote is not None:
            found.append(quote)
    kept = list(true_quotes(found, material.conversation))
    if len(kept) < len(filled.quotes):
        ungrounded = len(filled.quotes) - len(kept)
        _log.info(
            "quote.ungrounded",
            extra={"conversation": material.conversation.key, "count": ungrounded},
        )
    issue = issue_sentence(material)
    if issue is not None and not any(quote.shows == "driver" for quote in kept):
        kept.append(quote_of(issue, "driver"))
    return tuple(kept)


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
        yield _measured(name, verdict, nothing_to_read(material))


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
    tags = [
        TagAssignment(
            raw=topic.raw,
            canonical=topic.rung.canonical if topic.rung else None,
            driver=topic.rung.driver if topic.rung else None,
            confidence=topic.confidence,
        )
        for topic in filled.topics
    ]
    return sorted(tags, key=lambda tag: tag.driver is None)
