"""Row 26 of the fault matrix: two programs started by mistake, at any moment of each other."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.sandbox.faults import Call
from service.domain.conversations import ConversationKey
from service.errors import RetryLater
from service.progress import Silent
from storage.database import SqlDatabase
from tests.faults.homes import copy, measured
from tests.faults.invariants import check
from tests.faults.killing import Town, set_up, town
from tests.faults.trials import Steps, Trial
from tests.faults.world import NAMES, World, world

EACH = 3


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A home with a schema and nothing in it."""
    with town(EACH) as here:
        here.run(tmp_path / "begun", "migrate")
    return tmp_path / "begun"


@pytest.mark.fault(26, "a second cycle runs from end to end beside the Nth request", thin=9)
def test_a_second_cycle_at_any_moment_of_the_first_has_no_effect_of_its_own(
    begun: Path, tmp_path: Path, steps: Steps, trial: Trial
) -> None:
    with _world(begun, tmp_path / "clean") as (here, home):
        here.drain(home)
        wanted = here.shown()

    def doubled(number: int) -> bool:
        with _world(begun, tmp_path / f"home {number}") as (here, home):
            came_so_far = here.run_beside(home, "cycle", "--json", at=number)
            here.drain(home)
            assert here.shown() == wanted
            check(home, here.helpdesks, written=True)
            return came_so_far

    trial.every(steps, doubled)


@pytest.mark.fault(26, "a second analysis by Claude runs beside the Nth call", thin=2)
def test_what_two_processes_analyse_at_once_is_measured_and_paid_once(
    tmp_path: Path, steps: Steps, trial: Trial
) -> None:
    with town(EACH, analyser="claude") as here:
        here.run(tmp_path / "fetched", "sync")
        clean = copy(tmp_path / "fetched", tmp_path / "clean")
        here.run(clean, "analyse", "--json")
        wanted, cost = measured(clean), here.paid_calls()
        assert cost == 2 * EACH

        def doubled(number: int) -> bool:
            home = copy(tmp_path / "fetched", tmp_path / f"home {number}")
            before = here.paid_calls()
            came_so_far = here.run_beside(home, "analyse", "--json", at=number)
            assert measured(home) == wanted
            assert here.paid_calls() - before == cost
            check(home, here.helpdesks, written=False)
            return came_so_far

        trial.every(steps, doubled)


@pytest.mark.fault(26, "two processes follow webhooks of one conversation")
@pytest.mark.parametrize("name", NAMES)
def test_who_follows_an_older_hint_later_does_not_bring_older_words_back(
    tmp_path: Path, name: str
) -> None:
    """The first has read the conversation and not stored it when a second one does both."""
    with world(tmp_path) as here:
        here.cycle()
        here.later()
        bench = here.benches[name]
        key = bench.all_keys[0]

        def second(_: Call) -> None:
            bench.faults.after_answering = None
            _hint(here, name, key, "two")
            assert here.beside().pipeline().follow_hints(name) == 1

        _hint(here, name, key, "one")
        bench.faults.after_answering = second
        assert here.pipeline().follow_hints(name) == 1
        assert [each.text for each in here.stored()[key].messages][-2:] == ["one", "two"]
        assert here.database.work.unfinished(name) == []
        here.later()
        assert here.cycle().analysed.analysed == 1
        assert [each.text for each in here.stored()[key].messages][-2:] == ["one", "two"]


def _hint(here: World, name: str, key: ConversationKey, words: str) -> None:
    here.later(seconds=1)
    here.benches[name].reply(key, words)
    headers, body = here.benches[name].hook(key)
    told = here.web().test_client().post(f"/hooks/{name}", data=body, headers=headers)
    assert told.status_code == 200


@contextmanager
def _world(begun: Path, home: Path) -> Iterator[tuple[Town, Path]]:
    with town(EACH) as here:
        set_up(here)
        shutil.copytree(begun, home)
        yield here, home


@pytest.mark.fault(26, "two programs want to work on one helpdesk")
def test_a_helpdesk_is_held_by_one_program_until_it_lets_go(database: SqlDatabase) -> None:
    with database.work.alone("zendesk") as mine:
        assert mine
        with database.work.alone("zendesk") as theirs, database.work.alone("intercom") as other:
            assert (theirs, other) == (False, True)
    with database.work.alone("zendesk") as mine:
        assert mine


@pytest.mark.fault(26, "two programs want to work on one helpdesk")
@pytest.mark.parametrize("name", NAMES)
def test_the_second_program_says_so_and_leaves_the_work_to_the_first(
    tmp_path: Path, name: str
) -> None:
    with world(tmp_path) as here:
        with here.database.work.alone(name):
            for step in (here.pipeline().sync, here.pipeline().write_back):
                with pytest.raises(RetryLater, match=f"Another process is at work on {name}"):
                    step(name, Silent())
            assert here.stored() == {}
        assert here.pipeline().sync(name, Silent()).fetched == 4
