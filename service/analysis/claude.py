"""The analyser that asks Claude, one call a conversation, or many in a batch for half the price.

Knows what is asked and in which order. How it is called and paid, what is believed of an answer and
how batches survive a crash stand in the modules beside it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from service.analysis._claude_batches import Batches
from service.analysis._claude_calls import (
    LONGEST_ANSWER,
    TIMEOUT,
    Caller,
    Wait,
    make_client,
)
from service.analysis._claude_form import Form, as_data, make_form, prompt_hash, read_form
from service.analysis._claude_prices import EXPECTED_OUT, PRICES_OF
from service.analysis._claude_questions import CODE_VERSION as QUESTIONS_VERSION
from service.analysis._claude_questions import LIMIT, ClaudeReader, Memory
from service.analysis._claude_reading import (
    material_of,
    nothing_filled,
    reading,
    without_old_mail,
)
from service.analysis._claude_shapes import Answer, Ended
from service.analysis._gates import nothing_to_read
from service.costs import Answered, Bill, CostLedger, Costs, CostsInMemory, Find, PaidAnalyser
from service.domain.conversations import Conversation
from service.domain.costs import Estimate, Usage
from service.domain.measurements import Analysis, Metric
from service.domain.taxonomy import Taxonomy
from service.errors import Misbehaving, SkipThis, TellPerson
from service.masking import Masks
from service.measures import all_metrics
from service.ports import Analyser, Clock
from service.second_reading import SecondReader
from service.settings import Settings

CODE_VERSION = 4
ROOM = 1_200  # output tokens; doubled once when an answer does not fit
COUNTED = 50  # conversations whose tokens are counted for an estimate


def version(settings: Settings) -> str:
    """What `build` would measure with, without loading the SDK."""
    return f"claude-{CODE_VERSION}-{settings.claude.model}-{prompt_hash(all_metrics())}"


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    retries: int = 2,
    ledger: CostLedger | None = None,
    wait: Wait = time.sleep,
) -> Analyser:
    """Build it with a ledger of its own: the budget is this process's alone, and no batches."""
    now = clock or _now
    return _built(settings, now, ledger or CostsInMemory(now), None, retries=retries, wait=wait)


def build_paid(
    settings: Settings,
    *,
    costs: Costs,
    clock: Clock,
    retries: int = 2,
    wait: Wait = time.sleep,
) -> PaidAnalyser:
    """Build it on the workspace's ledger, which all processes share."""
    return _built(settings, clock, costs, costs, retries=retries, wait=wait)


def check(settings: Settings, *, clock: Clock | None = None) -> str:
    """Say what the vendor says of the key and the model, or raise what is to be done."""
    ledger = CostsInMemory(clock or _now)
    return _caller(settings, clock or _now, ledger, version=version(settings)).lifecycle()


def second_reader(
    settings: Settings,
    *,
    ledger: CostLedger,
    memory: Memory,
    clock: Clock,
    masks: Masks,
    limit: float = LIMIT,
) -> SecondReader:
    """Build what reads questions in doubt, on the analyses' ledger and budget.

    The SDK is loaded with the first of them.
    """

    def make_caller() -> Caller:
        name = f"claude-questions-{QUESTIONS_VERSION}-{settings.claude.model}"
        return _caller(settings, clock, ledger, version=name, longest=limit)

    return ClaudeReader(
        make_caller,
        model=settings.claude.model,
        masks=masks,
        memory=memory,
        clock=clock,
        limit=limit,
    )


def _built(
    settings: Settings,
    clock: Clock,
    ledger: CostLedger,
    costs: Costs | None,
    *,
    retries: int,
    wait: Wait,
) -> "ClaudeAnalyser":
    return ClaudeAnalyser(
        caller=_caller(
            settings, clock, ledger, version=version(settings), retries=retries, wait=wait
        ),
        version=version(settings),
        costs=costs,
        clock=clock,
        batch_from=settings.claude.batch_from,
    )


def _caller(
    settings: Settings,
    clock: Clock,
    ledger: CostLedger,
    *,
    version: str,
    retries: int = 0,
    wait: Wait = time.sleep,
    longest: float = LONGEST_ANSWER,
) -> Caller:
    claude = settings.claude
    if claude.api_key is None:
        raise TellPerson("Claude needs a key: set VERBATIM_CLAUDE__API_KEY, or use `local`.")
    return Caller(
        make_client(
            claude.api_key.get_secret_value(),
            claude.base_url,
            timeout=min(TIMEOUT, longest),
            longest=longest,
        ),
        model=claude.model,
        version=version,
        ledger=ledger,
        budget_usd=claude.daily_budget_usd,
        clock=clock,
        retries=retries,
        wait=wait,
    )


def _now() -> datetime:
    return datetime.now(UTC)


class ClaudeAnalyser:
    """Implements Analyser and PaidAnalyser."""

    name = "claude"

    def __init__(
        self,
        *,
        caller: Caller,
        version: str,
        costs: Costs | None,
        clock: Clock,
        batch_from: int,
    ) -> None:
        self.version = version
        self.batch_from = batch_from
        self._caller = caller
        self._clock = clock
        self._batches = (
            Batches(caller, costs, version=version, clock=clock) if costs is not None else None
        )

    @property
    def bill(self) -> Bill:
        return self._caller.bill

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]:
        """Return an iterator that goes on after a SkipThis: the next call is the next one's."""
        asking = self._asking(taxonomy, hour=False)
        return _OneByOne(conversations, asking.analysed)

    def estimate(
        self,
        sample: Sequence[Conversation],
        taxonomy: Taxonomy,
        *,
        conversations: int,
        also: Metric | None = None,
    ) -> Estimate:
        """From a sample's prompts. A batch finds their common beginning cached, or does not."""
        asked_too = () if also is None else (also,)
        others = [one for one in all_metrics() if also is None or one.name != also.name]
        form = make_form(taxonomy, (*others, *asked_too))
        asking = replace(self._asking(taxonomy, hour=True), form=form)
        worth = [one for one in sample[:COUNTED] if asking.is_worth_asking(one)]
        counted = [self._caller.count_tokens(asking.params(one)) for one in worth]
        asked = round(conversations * len(counted) / len(sample[:COUNTED])) if sample else 0
        each = round(sum(counted) / len(counted)) if counted else 0
        common = min(each, self._caller.count_tokens(asking.common())) if counted else 0
        new = Usage(tokens_in=each, tokens_out=EXPECTED_OUT)
        cached = replace(new, tokens_in=each - common, cache_read=common)
        return Estimate(
            conversations=conversations,
            counted=len(counted),
            tokens=asked * new.tokens,
            nano_least=asked * self._caller.price.of(cached, batch=True),
            nano=asked * self._caller.price.of(new, batch=True),
            prices_of=PRICES_OF,
        )

    def affords(self, estimate: Estimate) -> bool:
        return estimate.nano <= self._caller.left_today()

    def unasked(self, conversations: Sequence[Conversation], taxonomy: Taxonomy) -> list[Analysis]:
        asking = self._asking(taxonomy, hour=True)
        return [asking.unasked(one) for one in conversations if not asking.is_worth_asking(one)]

    def send(self, conversations: Sequence[Conversation], taxonomy: Taxonomy) -> int:
        return self._in_batches().send(conversations, self._asking(taxonomy, hour=True))

    def collect(self, find: Find, taxonomy: Taxonomy) -> Iterator[Sequence[Answered]]:
        return self._in_batches().collect(find, self._asking(taxonomy, hour=True))

    def out(self) -> int:
        return self._in_batches().out()

    def _in_batches(self) -> Batches:
        if self._batches is None:
            raise TellPerson("Batches need a database to be remembered in.")
        return self._batches

    def _asking(self, taxonomy: Taxonomy, *, hour: bool) -> "Asking":
        return Asking(
            caller=self._caller,
            form=make_form(taxonomy, all_metrics()),
            analyser=self.version,
            taxonomy=taxonomy.version,
            clock=self._clock,
            kept="1h" if hour else "5m",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One form, made for one taxonomy: how a conversation is asked about, and an answer read."""

    caller: Caller
    form: Form
    analyser: str
    taxonomy: str
    clock: Clock
    kept: str  # how long the vendor keeps the common beginning of the prompts

    def analysed(self, conversation: Conversation) -> Analysis:
        """Ask about it now. What cannot be read raises SkipThis, and is never a guess."""
        if not self.is_worth_asking(conversation):
            return self.unasked(conversation)
        return self._tried(conversation, room=ROOM)

    def ended(self, conversation: Conversation, ended: Ended, call: int) -> Analysis:
        """Read what came in a batch; a cut or garbled answer is asked for once more, now."""
        answer = Answer(
            text=ended.text, stop_reason=ended.stop_reason, usage=ended.usage, call=call
        )
        if answer.stop_reason == "max_tokens":
            return self._read(conversation, self._ask(conversation, 2 * ROOM))
        try:
            return self._read(conversation, answer)
        except Misbehaving:
            return self._last(conversation, room=ROOM)

    def is_worth_asking(self, conversation: Conversation) -> bool:
        return nothing_to_read(material_of(conversation)) is None

    def unasked(self, conversation: Conversation) -> Analysis:
        """What is known of a conversation without a customer's words."""
        return reading(
            nothing_filled(self.form),
            material_of(conversation),
            {},
            analyser=self.analyser,
            taxonomy=self.taxonomy,
            at=self.clock(),
        ).analysis

    def params(self, conversation: Conversation, *, room: int = ROOM) -> dict[str, Any]:
        """The common beginning first, so that it is cached; the conversation last, as data."""
        data, _ = as_data(without_old_mail(conversation))
        return self._params(data, room=room)

    def common(self) -> dict[str, Any]:
        """What all prompts begin with, and no conversation."""
        return self._params("[]", room=ROOM)

    def _params(self, data: str, *, room: int) -> dict[str, Any]:
        cache: Mapping[str, str] = {"type": "ephemeral", "ttl": self.kept}
        return {
            "model": self.caller.model,
            "max_tokens": room,
            "thinking": {"type": "disabled"},
            "output_config": {
                "format": {"type": "json_schema", "schema": self.form.schema},
                "effort": "low",
            },
            "system": [{"type": "text", "text": self.form.system, "cache_control": cache}],
            "messages": [{"role": "user", "content": data}],
        }

    def _tried(self, conversation: Conversation, *, room: int) -> Analysis:
        answer = self._ask(conversation, room)
        if answer.stop_reason == "max_tokens":
            answer = self._ask(conversation, 2 * room)
        try:
            return self._read(conversation, answer)
        except Misbehaving:
            return self._last(conversation, room=room)

    def _last(self, conversation: Conversation, *, room: int) -> Analysis:
        """Garbage once may be chance; twice is this conversation's, and stops no other."""
        answer = self._ask(conversation, room)
        try:
            return self._read(conversation, answer)
        except Misbehaving as error:
            raise SkipThis("not analysed: the model's answer could not be read, twice") from error

    def _ask(self, conversation: Conversation, room: int) -> Answer:
        return self.caller.ask(self.params(conversation, room=room))

    def _read(self, conversation: Conversation, answer: Answer) -> Analysis:
        _check_stop(answer.stop_reason)
        filled = read_form(answer.text, self.form)
        _, numbers = as_data(without_old_mail(conversation))
        found = reading(
            filled,
            material_of(conversation),
            numbers,
            analyser=self.analyser,
            taxonomy=self.taxonomy,
            at=self.clock(),
        )
        self.caller.graded(answer.call, quotes=found.quotes, dropped=found.dropped)
        return found.analysis


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


def _check_stop(reason: str) -> None:
    if reason == "refusal":
        raise SkipThis("not analysed: the model refused")
    if reason in {"model_context_window_exceeded", "max_tokens"}:
        raise SkipThis("not analysed: too long")
    if reason not in {"end_turn", "stop_sequence"}:
        raise Misbehaving(f"The model stopped with {reason[:40]!r}.")
