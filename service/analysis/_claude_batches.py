"""Message batches: sent in parts that the budget takes, remembered before anything else happens.

Knows how a killed process goes on and what an answer belongs to. Nothing is told by its place: an
answer belongs to the request with its id, and to the words that were sent.
"""

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from service.analysis._claude_calls import Caller
from service.analysis._claude_shapes import Ended
from service.costs import Answered, Costs, Find
from service.domain.conversations import Conversation, ConversationKey
from service.domain.costs import BatchRow, BatchState, Payment, RowState, SentBatch, Usage
from service.domain.measurements import Analysis
from service.errors import OverBudget, RateLimited, RetryLater, SkipThis, TellPerson
from service.ports import Clock

MOST_ROWS = 2_000  # far below the vendor's limit: results come earlier, a loss is smaller
MOST_BYTES = 100_000_000
TRIES = 3  # a conversation that comes back so often without an answer is set aside
AT_ONCE = 50  # conversations read from the store together
_SKEW = timedelta(minutes=10)  # between the vendor's clock and ours
_STILL_SENDING = timedelta(minutes=5)  # another process may be about to note the id


class Asks(Protocol):
    """How a conversation is asked about and its answer read."""

    @property
    def analyser(self) -> str: ...

    @property
    def taxonomy(self) -> str: ...

    def params(self, conversation: Conversation) -> dict[str, Any]: ...

    def ended(self, conversation: Conversation, ended: Ended, call: int) -> Analysis: ...


class Batches:
    def __init__(self, caller: Caller, costs: Costs, *, version: str, clock: Clock) -> None:
        self._caller = caller
        self._costs = costs
        self._version = version
        self._clock = clock
        self._tries: Counter[ConversationKey] = Counter()

    def out(self) -> int:
        return len(self._costs.in_batches())

    def send(self, conversations: Sequence[Conversation], asks: Asks) -> int:
        """Send the first of them; OverBudget when today pays for none."""
        name = f"v{secrets.token_hex(8)}"
        chosen, most = self._affordable(conversations, asks)
        rows = [
            BatchRow(
                custom_id=f"{name}-{number}",
                conversation=one.key,
                fingerprint=one.fingerprint(),
            )
            for number, (one, _) in enumerate(chosen)
        ]
        call = self._caller.note(most, batch=name)
        batch = SentBatch(
            name=name,
            remote=None,
            state=BatchState.SENDING,
            analyser=self._version,
            taxonomy=asks.taxonomy,
            call=call,
            created_at=self._clock(),
            rows=tuple(rows),
        )
        if not self._costs.begin(batch):
            self._costs.release(call)
            return 0
        requests = [(row.custom_id, params) for row, (_, params) in zip(rows, chosen, strict=True)]
        self._costs.sent(name, self._made(batch, requests))
        return len(rows)

    def collect(self, find: Find, asks: Asks) -> Iterator[Sequence[Answered]]:
        for batch in self._costs.under_way():
            yield from self._collected(batch, find, asks)

    def _affordable(
        self, conversations: Sequence[Conversation], asks: Asks
    ) -> tuple[list[tuple[Conversation, dict[str, Any]]], int]:
        """As many of the first as fit into a batch and into what is left of today's budget."""
        left = self._caller.left_today()
        chosen: list[tuple[Conversation, dict[str, Any]]] = []
        most = size = 0
        for conversation in conversations[:MOST_ROWS]:
            params = asks.params(conversation)
            costs = self._caller.most_for(params, batch=True)
            size += len(str(params))
            if chosen and (most + costs > left or size > MOST_BYTES):
                break
            chosen.append((conversation, params))
            most += costs
        return chosen, most

    def _made(self, batch: SentBatch, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
        try:
            return self._caller.send_batch(requests)
        except (SkipThis, TellPerson, RateLimited):
            # It was refused, so there is none. After any other error there may be one: the batch
            # stays noted, and is looked for the next time.
            self._forget(batch, BatchState.LOST)
            raise

    def _collected(self, batch: SentBatch, find: Find, asks: Asks) -> Iterator[Sequence[Answered]]:
        remote = batch.remote or self._found(batch)
        if remote is None:
            return
        try:
            if not self._caller.has_ended(remote):
                return
        except SkipThis:
            self._costs.lose(batch.call)
            self._costs.close(batch.name, BatchState.LOST)
            return
        yield from self._answers(batch, remote, find, asks)

    def _found(self, batch: SentBatch) -> str | None:
        """Look for a batch whose id a crash kept us from noting."""
        remote = self._caller.batch_like(
            len(batch.rows), after=batch.created_at - _SKEW, known=self._costs.known_remotes()
        )
        if remote is not None:
            self._costs.sent(batch.name, remote)
        elif self._clock() - batch.created_at > _STILL_SENDING:
            self._forget(batch, BatchState.LOST)
        return remote

    def _answers(
        self, batch: SentBatch, remote: str, find: Find, asks: Asks
    ) -> Iterator[Sequence[Answered]]:
        """Yield an outcome for each row that has none, also for those the vendor left out."""
        waiting = {row.custom_id: row for row in batch.rows if row.state is RowState.WAITING}
        usages: dict[str, Usage] = {}
        ours = {row.custom_id for row in batch.rows}
        lines: list[Ended] = []
        for ended in self._caller.results(remote):
            if ended.custom_id not in ours or ended.custom_id in usages:
                continue  # somebody else's, or a repetition
            usages[ended.custom_id] = ended.usage
            if ended.custom_id in waiting:
                lines.append(ended)
            if len(lines) >= AT_ONCE:
                yield self._outcomes(batch, waiting, lines, find, asks)
                lines = []
        yield self._outcomes(batch, waiting, lines, find, asks)
        stored = {one.key: one for one in find([row.conversation for row in waiting.values()])}
        yield [
            self._again(batch, row, "left out", stored.get(row.conversation))
            for row in waiting.values()
        ]
        self._settle(batch, usages)

    def _outcomes(
        self,
        batch: SentBatch,
        waiting: dict[str, BatchRow],
        lines: Sequence[Ended],
        find: Find,
        asks: Asks,
    ) -> list[Answered]:
        rows = [waiting.pop(ended.custom_id) for ended in lines]
        stored = {one.key: one for one in find([row.conversation for row in rows])}
        return [
            self._outcome(batch, row, ended, stored.get(row.conversation), asks)
            for row, ended in zip(rows, lines, strict=True)
        ]

    def _outcome(
        self,
        batch: SentBatch,
        row: BatchRow,
        ended: Ended,
        conversation: Conversation | None,
        asks: Asks,
    ) -> Answered:
        same_form = (batch.analyser, batch.taxonomy) == (asks.analyser, asks.taxonomy)
        same_words = conversation is not None and conversation.fingerprint() == row.fingerprint
        if conversation is None or not same_words or not same_form:
            return Answered(
                batch=batch.name,
                custom_id=row.custom_id,
                conversation=None,
                state=RowState.OUTDATED,
            )
        if ended.kind != "succeeded":
            if ended.is_final:
                return _failed(batch, row, conversation, f"not analysed: {ended.why}")
            return self._again(batch, row, ended.why, conversation)
        return self._read(batch, row, ended, conversation, asks)

    def _read(
        self,
        batch: SentBatch,
        row: BatchRow,
        ended: Ended,
        conversation: Conversation,
        asks: Asks,
    ) -> Answered:
        try:
            analysis = asks.ended(conversation, ended, batch.call)
        except SkipThis as error:
            return _failed(batch, row, conversation, str(error))
        except OverBudget:
            return self._again(batch, row, "cut off, and today's budget is used up", conversation)
        except RetryLater as error:
            return self._again(batch, row, str(error), conversation)
        return Answered(
            batch=batch.name,
            custom_id=row.custom_id,
            conversation=conversation,
            state=RowState.DONE,
            analysis=analysis,
        )

    def _again(
        self, batch: SentBatch, row: BatchRow, why: str, conversation: Conversation | None
    ) -> Answered:
        self._tries[row.conversation] += 1
        if self._tries[row.conversation] >= TRIES and conversation is not None:
            return _failed(batch, row, conversation, f"not analysed: {why}, {TRIES} times")
        return Answered(
            batch=batch.name,
            custom_id=row.custom_id,
            conversation=conversation,
            state=RowState.AGAIN,
            why=why,
        )

    def _settle(self, batch: SentBatch, usages: Mapping[str, Usage]) -> None:
        """From the whole of the results, so that it comes out the same after a crash."""
        if not usages:
            self._forget(batch, BatchState.LOST)  # not a line was ours: it was not this batch
            return
        paid = [usage for usage in usages.values() if usage.tokens]
        whole = Usage()
        for usage in paid:
            whole += usage
        nano = sum(self._caller.price.of(usage, batch=True) for usage in paid)
        self._caller.paid(
            batch.call,
            Payment(nano=nano, usage=whole, answers=len(paid), request=batch.remote),
        )
        self._costs.close(batch.name, BatchState.DONE)

    def _forget(self, batch: SentBatch, state: BatchState) -> None:
        self._costs.release(batch.call)
        self._costs.close(batch.name, state)


def _failed(batch: SentBatch, row: BatchRow, conversation: Conversation, why: str) -> Answered:
    return Answered(
        batch=batch.name,
        custom_id=row.custom_id,
        conversation=conversation,
        state=RowState.FAILED,
        why=why,
    )
