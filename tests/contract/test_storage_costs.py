"""The ledger of paid calls and the memory of batches: each call counted once, whatever happens."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.costs import CostLedger, CostsInMemory
from service.domain.conversations import conversation_key
from service.domain.costs import (
    BatchRow,
    BatchState,
    Payment,
    RowState,
    SentBatch,
    Usage,
)
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork

TODAY = NOON.date()
USAGE = Usage(tokens_in=100, tokens_out=20, cache_read=7, cache_written=3, thinking=1)


def noted(ledger: CostLedger, most: int = 10, limit: int = 1_000) -> int:
    call = ledger.note("claude-1", most=most, limit=limit)
    assert call is not None
    return call


def a_batch(name: str, *numbers: int, call: int = 1) -> SentBatch:
    rows = tuple(
        BatchRow(
            custom_id=f"{name}-{n}",
            conversation=conversation_key("zendesk", str(n)),
            fingerprint=f"f{n}",
        )
        for n in numbers
    )
    return SentBatch(
        name=name,
        remote=None,
        state=BatchState.SENDING,
        analyser="claude-1",
        taxonomy="tax-1",
        call=call,
        created_at=NOON,
        rows=rows,
    )


def test_a_call_is_counted_at_its_most_until_it_is_settled(database: SqlDatabase) -> None:
    call = noted(database.costs, most=10)
    before = database.costs.spending(TODAY, TODAY)
    assert (before.counted, before.reserved, before.nano) == (10, 10, 0)
    for _ in range(2):
        database.costs.settle(call, Payment(nano=4, usage=USAGE, request="req_1"))
    after = database.costs.spending(TODAY, TODAY)
    assert (after.counted, after.calls, after.answers, after.usage) == (4, 1, 1, USAGE)


def test_what_would_pass_the_days_limit_is_not_noted(
    database: SqlDatabase, clock: Clockwork
) -> None:
    noted(database.costs, most=6, limit=10)
    assert database.costs.note("claude-1", most=5, limit=10) is None
    noted(database.costs, most=4, limit=10)
    clock.advance(days=1)
    noted(database.costs, most=10, limit=10)


def test_a_refused_call_is_free_and_a_lost_one_stays_counted(database: SqlDatabase) -> None:
    database.costs.release(noted(database.costs))
    database.costs.lose(noted(database.costs))
    spending = database.costs.spending(TODAY, TODAY)
    assert (spending.calls, spending.calls_lost, spending.lost) == (1, 1, 10)


def test_a_call_of_a_killed_process_is_flagged_after_a_while(
    database: SqlDatabase, clock: Clockwork
) -> None:
    noted(database.costs)
    clock.advance(minutes=5)
    assert database.costs.spending(TODAY, TODAY).calls_lost == 0
    clock.advance(minutes=11)
    spending = database.costs.spending(TODAY, TODAY)
    assert (spending.calls_lost, spending.lost, spending.reserved) == (1, 10, 0)


def test_a_batch_may_be_out_for_a_day_and_is_not_lost(
    database: SqlDatabase, clock: Clockwork
) -> None:
    database.costs.note("claude-1", most=10, limit=10, batch="b1")
    clock.advance(hours=11)
    spending = database.costs.spending(TODAY, TODAY)
    assert (spending.calls_lost, spending.reserved) == (0, 10)


def test_rivals_together_never_pass_the_limit(database: SqlDatabase) -> None:
    def note(_: int) -> int | None:
        return database.costs.note("claude-1", most=3, limit=20)

    with ThreadPoolExecutor(6) as pool:
        calls = list(pool.map(note, range(24)))
    assert sum(call is not None for call in calls) == 6
    assert database.costs.spending(TODAY, TODAY).counted == 18


def test_quotes_are_counted_with_the_call(database: SqlDatabase) -> None:
    call = noted(database.costs)
    database.costs.graded(call, quotes=4, dropped=1)
    database.costs.graded(call, quotes=2, dropped=0)
    spending = database.costs.spending(TODAY - timedelta(days=6), TODAY)
    assert (spending.quotes, spending.quotes_dropped) == (6, 1)


def test_a_batch_is_remembered_with_its_rows_until_it_is_closed(database: SqlDatabase) -> None:
    costs = database.costs
    batch = a_batch("b1", 1, 2)
    assert costs.begin(batch)
    assert costs.under_way() == [batch]
    assert costs.in_batches() == {row.conversation for row in batch.rows}
    costs.sent("b1", "msgbatch_1")
    costs.answered("b1", [("b1-1", RowState.DONE)])
    (found,) = costs.under_way()
    assert (found.remote, found.state) == ("msgbatch_1", BatchState.SENT)
    assert [row.state for row in found.rows] == [RowState.DONE, RowState.WAITING]
    assert costs.in_batches() == {conversation_key("zendesk", "2")}
    costs.close("b1", BatchState.DONE)
    assert costs.under_way() == []
    assert costs.in_batches() == frozenset()
    assert costs.known_remotes() == {"msgbatch_1"}


def test_a_conversation_waits_in_one_batch_only(database: SqlDatabase) -> None:
    assert database.costs.begin(a_batch("b1", 1, 2))
    assert not database.costs.begin(a_batch("b2", 2, 3))
    assert database.costs.begin(a_batch("b3", 3))
    assert [batch.name for batch in database.costs.under_way()] == ["b1", "b3"]


def test_without_a_database_the_same_is_counted(clock: Clockwork) -> None:
    ledger = CostsInMemory(clock)
    call = noted(ledger, most=6, limit=10)
    assert ledger.note("claude-1", most=5, limit=10) is None
    ledger.settle(call, Payment(nano=4, usage=USAGE))
    ledger.graded(call, quotes=2, dropped=1)
    ledger.lose(noted(ledger, most=5, limit=10))
    spending = ledger.spending(TODAY, TODAY)
    assert (spending.nano, spending.counted, spending.usage) == (4, 9, USAGE)
    assert spending.quotes_dropped == 1
    ledger.release(noted(ledger, most=1, limit=10))
    assert ledger.spending(TODAY, TODAY).counted == 9
