"""What each way a live call can end leaves in the ledger: counted once, free, or flagged."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.claude_state import Mode
from service.domain.costs import Spending
from service.errors import Unauthorized
from service.progress import Silent
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.claude_world import World, claude_world, every_answer_is_its_own

CREATE = "/v1/messages"


@pytest.fixture
def world(
    sqlite_database: SqlDatabase, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with claude_world(sqlite_database, clock) as made:
        yield made


def today(world: World) -> Spending:
    day = world.clock().date()
    return world.database.costs.spending(day, day)


def test_each_answer_is_paid_once(world: World) -> None:
    made = world.fill(5)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert (report.analysed, spent.calls, spent.answers, spent.calls_lost) == (5, 5, 5, 0)
    assert spent.nano / 1e9 == pytest.approx(report.cost_usd, abs=1e-6)
    assert spent.usage.cache_read > spent.usage.cache_written > 0
    assert every_answer_is_its_own(world, made)


def test_an_overloaded_vendor_charges_nothing_and_is_asked_again(world: World) -> None:
    world.fill(1)
    world.stand.faults.server_error(529, times=2, path=CREATE)
    assert world.at_work().run(Silent()).analysed == 1
    assert (today(world).calls, world.calls(f"POST {CREATE}")) == (1, 3)


def test_an_answer_lost_on_its_way_is_flagged_and_stays_counted(world: World) -> None:
    world.fill(1)
    world.stand.faults.drop_after_doing(path=CREATE)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert (report.analysed, report.calls, report.calls_lost) == (1, 1, 1)
    assert (spent.calls, spent.calls_lost, spent.answers) == (2, 1, 1)
    assert spent.counted == spent.nano + spent.lost


@pytest.mark.parametrize("kind", ["html_page", "truncate_json", "cut_transfer"])
def test_an_answer_that_is_none_leaves_the_work_for_later(world: World, kind: str) -> None:
    world.fill(3)
    getattr(world.stand.faults, kind)(times=3, path=CREATE)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.failed, report.left) == (0, 0, 3)
    assert report.stopped is not None
    assert not report.over_budget
    assert today(world).calls_lost == 3
    assert world.at_work().run(Silent()).analysed == 3


def test_a_vendor_that_stays_down_stops_the_run_and_not_the_rest(world: World) -> None:
    world.fill(3)
    world.stand.faults.server_error(529, times=None, path=CREATE)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.left) == (0, 3)
    assert report.stopped == "Claude is overloaded or not ready."
    assert today(world).counted == 0


def test_a_refused_key_stops_at_once(world: World) -> None:
    world.fill(3)
    world.stand.faults.unauthorized(path=CREATE)
    with pytest.raises(Unauthorized):
        world.at_work().run(Silent())
    assert (today(world).counted, world.calls(f"POST {CREATE}")) == (0, 1)


def test_one_that_is_refused_makes_no_other_be_paid_again(world: World) -> None:
    world.fill(6)
    world.stand.state.script(Mode.ANSWER, times=3)
    world.stand.state.script(Mode.REFUSAL)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.failed) == (5, 1)
    assert world.calls(f"POST {CREATE}") == 6


def test_quotes_that_are_nobodys_words_are_counted(world: World) -> None:
    world.fill(2)
    world.stand.state.script(Mode.UNGROUNDED_QUOTE)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert 0 < report.quotes_dropped < report.quotes
    assert (spent.quotes, spent.quotes_dropped) == (report.quotes, report.quotes_dropped)
