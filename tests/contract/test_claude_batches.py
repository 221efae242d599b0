"""Backfill through message batches, against the stand-in: what comes back, and what goes wrong."""

from collections.abc import Iterator
from itertools import count

import pytest

from connectors.sandbox.claude_state import BatchMode, Mode
from service.analysing import Part, Way
from service.errors import Misused, TellPerson, Unauthorized
from service.progress import Silent
from service.taxonomy_files import default_taxonomy
from storage.database import SqlDatabase
from tests.builders import Clockwork, a_conversation, a_page, an_analysis
from tests.contract.claude_world import World, claude_world, every_answer_is_its_own

BATCHES = "/v1/messages/batches"
ONE = f"{BATCHES}/<name>"


@pytest.fixture
def world(
    sqlite_database: SqlDatabase, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with claude_world(sqlite_database, clock) as made:
        yield made


def test_many_that_wait_go_in_a_batch_and_few_do_not(world: World) -> None:
    made = world.fill(6)
    analyser = world.analyser(batch_from=5)
    report = world.at_work(analyser).run(Silent())
    assert (report.analysed, report.failed, report.in_batches) == (6, 0, 0)
    assert (world.calls(f"POST {BATCHES}"), world.calls("POST /v1/messages")) == (1, 0)
    assert every_answer_is_its_own(world, made)
    few = world.fill(8)[6:]
    assert world.at_work(analyser).run(Silent()).analysed == 2
    assert (world.calls(f"POST {BATCHES}"), world.calls("POST /v1/messages")) == (1, 2)
    assert all(world.analysis(one.key) for one in few)


def test_a_batch_costs_half_and_is_in_the_ledger_once(world: World) -> None:
    world.fill(4)
    live = world.at_work().run(Silent())
    for_batch = a_page(*(a_conversation(f"b{n}", f"Why is it {n}?") for n in range(4)))
    world.database.conversations.save_page("zendesk", for_batch)
    batch = world.at_work().run(Silent(), way=Way.BATCHES)
    today = world.clock().date()
    spending = world.database.costs.spending(today, today)
    assert spending.answers == 8
    assert spending.calls == 5
    assert spending.reserved == 0
    assert spending.nano == pytest.approx((live.cost_usd + batch.cost_usd) * 1e9, abs=2_000)
    assert 0 < batch.cost_usd < live.cost_usd


@pytest.mark.parametrize(
    "modes",
    [
        (BatchMode.SHUFFLED,),
        (BatchMode.DUPLICATED, BatchMode.SHUFFLED),
        (BatchMode.STRANGE_IDS,),
        (BatchMode.SLOW, BatchMode.SHUFFLED, BatchMode.DUPLICATED, BatchMode.STRANGE_IDS),
    ],
)
def test_an_answer_goes_to_the_request_with_its_id(
    world: World, modes: tuple[BatchMode, ...]
) -> None:
    made = world.fill(9)
    world.stand.state.script_batch(*modes)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.failed) == (9, 0)
    assert every_answer_is_its_own(world, made)


@pytest.mark.parametrize("mode", [BatchMode.EXPIRED, BatchMode.ERRORED, BatchMode.LEFT_OUT])
def test_what_comes_back_without_an_answer_is_sent_again(world: World, mode: BatchMode) -> None:
    made = world.fill(8)
    world.stand.state.script_batch(mode)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.failed, report.in_batches) == (8, 0, 0)
    assert world.calls(f"POST {BATCHES}") == 2
    assert every_answer_is_its_own(world, made)


def test_what_never_gets_an_answer_is_set_aside_with_the_reason(world: World) -> None:
    world.fill(2)

    def cancel(_: object) -> None:
        for batch in world.stand.state.batches.values():
            batch.canceled = True

    world.stand.faults.after_answering = cancel
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.failed, report.cost_usd) == (0, 2, 0.0)
    assert world.calls(f"POST {BATCHES}") == 3
    reasons = {why for _, why in world.database.analyses.failures()}
    assert reasons == {"not analysed: canceled, 3 times"}


def test_a_request_that_can_never_be_answered_fails_with_the_reason(world: World) -> None:
    world.fill(4)
    world.stand.state.script_batch(BatchMode.INVALID)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.failed) == (2, 2)
    reasons = {why for _, why in world.database.analyses.failures()}
    assert reasons == {"not analysed: invalid_request_error"}


def test_the_key_never_goes_to_another_host(world: World) -> None:
    world.fill(3)
    world.stand.state.script_batch(BatchMode.OTHER_HOST)
    with pytest.raises(TellPerson, match="another host"):
        world.at_work().run(Silent(), way=Way.BATCHES)
    assert len(world.database.costs.in_batches()) == 3
    assert world.calls(f"GET {ONE}/results") == 0


def test_a_cut_answer_is_asked_for_again_with_more_room(world: World) -> None:
    made = world.fill(3)
    world.stand.state.script(Mode.MAX_TOKENS)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert report.analysed == 3
    assert world.calls("POST /v1/messages") == 1
    assert every_answer_is_its_own(world, made)


def test_refusals_and_garbage_are_set_aside_and_never_guessed(world: World) -> None:
    world.fill(5)
    world.stand.state.script(Mode.REFUSAL)
    world.stand.state.script(Mode.CONTEXT_WINDOW)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.failed) == (3, 2)
    reasons = {why for _, why in world.database.analyses.failures()}
    assert reasons == {"not analysed: the model refused", "not analysed: too long"}


def test_words_that_changed_meanwhile_are_not_given_the_old_answer(world: World) -> None:
    made = world.fill(3)
    analyser = world.analyser(batch_from=0)
    assert world.at_work(analyser).step(Silent()).in_batches == 3
    changed = a_conversation(0, "Now it is about the delivery, please.")
    world.database.conversations.save_page("zendesk", a_page(changed, cursor="c2"))
    while analyser.out():
        world.at_work(analyser).step(Silent())
    assert world.analysis(made[1].key) is not None
    found = world.analysis(made[0].key)
    assert found is None or found.fingerprint == changed.fingerprint()


def test_an_answer_to_another_prompt_is_paid_and_not_used(world: World) -> None:
    made = world.fill(3)
    world.at_work(world.analyser(batch_from=0)).step(Silent())
    newer = world.analyser(batch_from=0, model="claude-sonnet-5-5")
    world.at_work(newer).step(Silent())  # the stand-in is not ready at the first look
    report = world.at_work(newer).run(Silent())
    assert report.analysed == 3
    found = world.analysis(made[0].key)
    assert found is not None
    assert "sonnet" in found.analyser


def test_a_step_does_not_wait_and_nobody_measures_what_is_out(world: World) -> None:
    world.fill(5)
    analyser = world.analyser(batch_from=4)
    first = world.at_work(analyser).step(Silent())
    assert (first.analysed, first.in_batches) == (0, 5)
    world.fill(7)
    second = world.at_work(world.analyser(batch_from=4)).step(Silent())
    assert (second.analysed, second.in_batches) == (2, 5)
    third = world.at_work(analyser).step(Silent())
    assert (third.analysed, third.in_batches) == (5, 0)
    assert world.pauses == []
    assert world.calls(f"POST {BATCHES}") == 1


def test_what_has_no_customers_words_is_not_sent(world: World) -> None:
    silent = a_conversation("quiet", "   ")
    world.database.conversations.save_page("zendesk", a_page(silent))
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.calls) == (1, 0)
    assert world.calls(f"POST {BATCHES}") == 0


def test_the_days_budget_splits_a_backfill_and_the_next_day_goes_on(world: World) -> None:
    made = world.fill(30)
    first = world.at_work(world.analyser(budget=0.0015)).run(Silent(), way=Way.BATCHES)
    assert first.over_budget
    assert 0 < first.analysed < 30
    assert first.left == 30 - first.analysed
    assert "budget" in str(first.stopped)
    again = world.at_work(world.analyser(budget=0.0015)).run(Silent(), way=Way.BATCHES)
    assert again.analysed == 0
    days = 0
    while again.left:
        world.clock.advance(days=1)
        days += 1
        again = world.at_work(world.analyser(budget=0.0015)).run(Silent(), way=Way.BATCHES)
        today = world.clock().date()
        assert world.database.costs.spending(today, today).counted <= 0.0015e9
    assert days >= 1
    assert every_answer_is_its_own(world, made)


def test_an_estimate_stands_before_a_backfill(world: World) -> None:
    world.fill(20)
    estimate = world.at_work().estimate(Way.BATCHES)
    assert estimate is not None
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert estimate.conversations == 20
    assert estimate.counted == 20
    assert report.cost_usd * 0.5 < estimate.nano / 1e9 < report.cost_usd * 4
    assert 0 < estimate.nano_least < report.cost_usd * 2e9 < estimate.nano * 2
    assert estimate.sentence().startswith("about 20 conversations, ")
    assert estimate.sentence().endswith(" USD by the price table of 2026-10-07")
    assert world.at_work().estimate() is None


def test_an_estimate_of_a_part_counts_the_part(world: World) -> None:
    world.fill(20)
    estimate = world.at_work().estimate(Way.BATCHES, Part(limit=5))
    assert estimate is not None
    assert estimate.conversations == 5
    assert world.at_work().run(Silent(), way=Way.BATCHES, part=Part(limit=5)).analysed == 5
    assert world.at_work().run(Silent(), part=Part(limit=3)).analysed == 3


def test_a_crash_after_sending_and_before_noting_the_id_loses_no_batch(world: World) -> None:
    made = world.fill(4)
    world.stand.faults.drop_after_doing(path=BATCHES, method="POST")
    cut = world.at_work().run(Silent(), way=Way.BATCHES)
    assert cut.stopped == "Claude could not be reached."
    assert cut.in_batches == 4
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert report.analysed == 4
    assert world.calls(f"POST {BATCHES}") == 1
    assert every_answer_is_its_own(world, made)


def test_a_batch_that_was_never_made_is_sent_after_a_while(world: World) -> None:
    world.fill(4)
    world.stand.faults.drop_before_answering(path=BATCHES, method="POST")
    assert world.at_work().run(Silent(), way=Way.BATCHES).in_batches == 4
    world.clock.advance(minutes=6)
    assert world.at_work().run(Silent(), way=Way.BATCHES).analysed == 4
    today = world.clock().date()
    assert world.database.costs.spending(today, today).calls == 1


def test_a_refused_batch_leaves_nothing_behind(world: World) -> None:
    world.fill(4)
    world.stand.faults.unauthorized(path=BATCHES)
    with pytest.raises(Unauthorized):
        world.at_work().run(Silent(), way=Way.BATCHES)
    assert world.database.costs.in_batches() == frozenset()
    today = world.clock().date()
    assert world.database.costs.spending(today, today).counted == 0


def test_results_that_break_off_are_read_again_and_paid_once(world: World) -> None:
    made = world.fill(120)
    world.stand.faults.cut_transfer(3, path=f"{BATCHES}/msgbatch", skip=3)
    cut = world.at_work().run(Silent(), way=Way.BATCHES)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert cut.analysed + report.analysed == 120
    assert cut.stopped is not None
    today = world.clock().date()
    spending = world.database.costs.spending(today, today)
    assert (spending.calls, spending.answers) == (1, 120)
    assert every_answer_is_its_own(world, made)


def test_a_vendor_that_is_overloaded_now_and_then_stops_no_backfill(world: World) -> None:
    made = world.fill(3)
    faults, turns = world.stand.faults, count(1)
    faults.after_answering = lambda _: None if next(turns) % 3 else faults.server_error(529)
    assert world.at_work().estimate(Way.BATCHES) is not None
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert (report.analysed, report.stopped, report.calls) == (3, None, 1)
    assert len(world.stand.state.batches) == 1
    assert every_answer_is_its_own(world, made)


def test_answers_that_were_saved_and_not_marked_are_settled_when_nothing_else_waits(
    world: World,
) -> None:
    """A kill between the two leaves nothing unmeasured, and a batch that is not closed."""
    made = world.fill(3)
    analyser = world.analyser(batch_from=0)
    world.at_work(analyser).step(Silent())
    told = {"analyser": analyser.version, "taxonomy": default_taxonomy().version}
    world.database.analyses.save([an_analysis(one, **told) for one in made])
    report = world.at_work(analyser).run(Silent())
    today = world.clock().date()
    spending = world.database.costs.spending(today, today)
    assert (report.in_batches, spending.reserved, spending.answers) == (0, 0, 3)


def test_results_that_are_no_more_are_flagged_and_sent_again(world: World) -> None:
    world.fill(3)
    world.stand.state.script_batch(BatchMode.ARCHIVED)
    report = world.at_work().run(Silent(), way=Way.BATCHES)
    assert report.analysed == 3
    today = world.clock().date()
    assert world.database.costs.spending(today, today).calls_lost == 1


def test_the_local_analyser_has_no_batches(world: World) -> None:
    from service.analysing import Analysing
    from service.analysis.local import build

    work = Analysing(
        database=world.database,
        analyser=build(),
        taxonomy=default_taxonomy(),
        clock=world.clock,
    )
    with pytest.raises(Misused, match="no batches"):
        work.run(Silent(), way=Way.BATCHES)
    assert work.estimate() is None
