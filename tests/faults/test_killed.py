"""Rows 1, 2, 4 and 5 of the fault matrix: killed anywhere and run again, it ends as if never
killed. `make faults` fails every step, `make test` a few of them.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.faults.homes import copy, measured, stored
from tests.faults.invariants import check, paid_once
from tests.faults.killing import DiesAt, Moment, Town, set_up, town
from tests.faults.trials import Steps, Trial

EACH = 3  # conversations of each helpdesk
BOTH_SIDES = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])

Strike = Callable[[Town, Path, int], bool]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def homes(folder: Path) -> Iterator[Path]:
    """Names for homes that nobody has used."""
    numbers = count()
    return (folder / f"home {number}" for number in numbers)


@pytest.fixture(scope="module")
def quiet_town() -> Iterator[Town]:
    """Both helpdesks, for commands that only read."""
    with town(EACH) as found:
        yield found


@pytest.fixture(scope="module")
def empty_home(quiet_town: Town, folder: Path) -> Path:
    """A home with a schema and nothing in it."""
    quiet_town.run(folder / "empty", "migrate")
    return folder / "empty"


@pytest.fixture(scope="module")
def fetched_home(quiet_town: Town, empty_home: Path, folder: Path) -> Path:
    """A home in which everything was fetched and nothing measured."""
    home = copy(empty_home, folder / "fetched")
    quiet_town.run(home, "sync", "--json")
    return home


def _at_request(*command: str, after: bool) -> Strike:
    return lambda here, home, number: here.run_killed(
        home, *command, "--json", at=number, after=after
    )


def _in_database(*command: str, moment: Moment) -> Strike:
    return lambda here, home, number: here.run_until(
        home, *command, "--json", end=DiesAt(moment=moment, number=number)
    )


# --- Reading ---------------------------------------------------------------------------------


@BOTH_SIDES
@pytest.mark.fault(1, "kill -9 beside the Nth request of a sync", thin=4)
def test_a_sync_killed_at_any_request_ends_as_one_that_was_not(
    quiet_town: Town,
    empty_home: Path,
    homes: Iterator[Path],
    steps: Steps,
    trial: Trial,
    after: bool,
) -> None:
    strike = _at_request("sync", after=after)
    _try_syncs(quiet_town, empty_home, homes, steps, trial, strike)


@pytest.mark.fault(1, "kill -9 before the Nth SQL statement of a sync", thin=20)
def test_a_sync_killed_between_two_statements_has_stored_whole_pages_only(
    quiet_town: Town, empty_home: Path, homes: Iterator[Path], steps: Steps, trial: Trial
) -> None:
    strike = _in_database("sync", moment=Moment.STATEMENT)
    _try_syncs(quiet_town, empty_home, homes, steps, trial, strike)


@pytest.mark.fault(2, "kill -9 before the Nth commit of a sync: pages, cursors", thin=4)
def test_a_page_and_its_cursor_are_stored_together_or_not_at_all(
    quiet_town: Town, empty_home: Path, homes: Iterator[Path], steps: Steps, trial: Trial
) -> None:
    strike = _in_database("sync", moment=Moment.COMMIT)
    _try_syncs(quiet_town, empty_home, homes, steps, trial, strike)


def _try_syncs(
    here: Town, empty: Path, homes: Iterator[Path], steps: Steps, trial: Trial, strike: Strike
) -> None:
    clean = copy(empty, next(homes))
    here.run(clean, "sync", "--json")
    wanted = stored(clean)
    assert len(wanted["conversations"]) == 2 * EACH

    def killed(number: int) -> bool:
        home = copy(empty, next(homes))
        struck = strike(here, home, number)
        here.run(home, "sync", "--json")
        assert stored(home) == wanted
        check(home, here.helpdesks, written=False)
        shutil.rmtree(home)
        return struck

    trial.every(steps, killed)


# --- Measuring -------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(4, "kill -9 before the Nth SQL statement or commit of analyse", thin=3)
def test_an_analysis_killed_at_any_step_leaves_one_result_for_each_conversation(
    quiet_town: Town,
    fetched_home: Path,
    homes: Iterator[Path],
    steps: Steps,
    trial: Trial,
    moment: Moment,
) -> None:
    strike = _in_database("analyse", moment=moment)
    _try_analyses(quiet_town, fetched_home, homes, steps, trial, strike)


@BOTH_SIDES
@pytest.mark.fault(4, "kill -9 beside the Nth call of Claude", thin=2)
def test_an_analysis_killed_at_any_call_of_claude_leaves_one_result_for_each_conversation(
    fetched_home: Path, homes: Iterator[Path], steps: Steps, trial: Trial, after: bool
) -> None:
    with town(EACH, analyser="claude") as here:
        strike = _at_request("analyse", after=after)
        _try_analyses(here, fetched_home, homes, steps, trial, strike)


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(4, "kill -9 before the Nth SQL statement or commit of analyse by Claude", thin=9)
def test_an_analysis_by_claude_killed_at_any_step_has_paid_for_each_call_once(
    fetched_home: Path, homes: Iterator[Path], steps: Steps, trial: Trial, moment: Moment
) -> None:
    with town(EACH, analyser="claude") as here:
        strike = _in_database("analyse", moment=moment)
        _try_analyses(here, fetched_home, homes, steps, trial, strike)


def _try_analyses(
    here: Town, fetched: Path, homes: Iterator[Path], steps: Steps, trial: Trial, strike: Strike
) -> None:
    clean = copy(fetched, next(homes))
    here.run(clean, "analyse", "--json")
    wanted = measured(clean)
    assert len(wanted["analysis"]) == 2 * EACH

    def killed(number: int) -> bool:
        home = copy(fetched, next(homes))
        before = here.paid_calls()
        struck = strike(here, home, number)
        here.run(home, "analyse", "--json")
        assert measured(home) == wanted
        check(home, here.helpdesks, written=False)
        paid_once(home, here.paid_calls() - before, killed=struck)
        shutil.rmtree(home)
        return struck

    trial.every(steps, killed)


# --- Writing back, and whole cycles ----------------------------------------------------------


@BOTH_SIDES
@pytest.mark.fault(5, "kill -9 beside the Nth request of a write-back", thin=3)
def test_a_write_back_killed_at_any_request_writes_nothing_twice(
    homes: Iterator[Path], steps: Steps, trial: Trial, after: bool
) -> None:
    _try_effects(homes, steps, trial, _at_request("write-back", after=after), ("sync", "analyse"))


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(5, "kill -9 before the Nth SQL statement or commit of a write-back", thin=7)
def test_a_write_back_killed_between_two_statements_writes_nothing_twice(
    homes: Iterator[Path], steps: Steps, trial: Trial, moment: Moment
) -> None:
    strike = _in_database("write-back", moment=moment)
    _try_effects(homes, steps, trial, strike, ("sync", "analyse"))


@BOTH_SIDES
@pytest.mark.fault(5, "kill -9 beside the Nth request of a whole cycle", thin=9)
def test_a_cycle_killed_at_any_request_ends_as_one_that_was_not(
    homes: Iterator[Path], steps: Steps, trial: Trial, after: bool
) -> None:
    _try_effects(homes, steps, trial, _at_request("cycle", after=after), ("migrate",))


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(5, "kill -9 before the Nth SQL statement or commit of a whole cycle", thin=16)
def test_a_cycle_killed_between_two_statements_ends_as_one_that_was_not(
    homes: Iterator[Path], steps: Steps, trial: Trial, moment: Moment
) -> None:
    _try_effects(homes, steps, trial, _in_database("cycle", moment=moment), ("migrate",))


def _try_effects(
    homes: Iterator[Path], steps: Steps, trial: Trial, strike: Strike, before: tuple[str, ...]
) -> None:
    """Kill a command that changes the helpdesks, each time in a world of its own."""
    with _ready(next(homes), before) as (here, clean):
        begun = copy(clean, next(homes))
        here.drain(clean)
        wanted, results = here.shown(), measured(clean)
    assert any("vb_churn__yes" in tags for _, tags, *_ in wanted.values())

    def killed(number: int) -> bool:
        with _same(begun, next(homes)) as (here, home):
            struck = strike(here, home, number)
            here.drain(home)
            assert here.shown() == wanted
            assert measured(home) == results
            check(home, here.helpdesks, written=True)
            shutil.rmtree(home)
            return struck

    trial.every(steps, killed)


@contextmanager
def _ready(home: Path, commands: tuple[str, ...]) -> Iterator[tuple[Town, Path]]:
    """Yield helpdesks with our fields in them, and a home after these commands."""
    with town(EACH) as found:
        set_up(found)
        for command in commands:
            found.run(home, command)
        yield found, home


@contextmanager
def _same(begun: Path, home: Path) -> Iterator[tuple[Town, Path]]:
    """Yield the same once more: the helpdesks are made anew, with the same ids."""
    with town(EACH) as found:
        set_up(found)
        yield found, copy(begun, home)
