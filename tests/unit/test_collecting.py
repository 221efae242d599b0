"""How seldom Python looks for reference cycles during a sync."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from service.collecting import few_collections, settled


@pytest.fixture(autouse=True)
def _unsettled() -> Iterator[None]:
    """Others may have made a server in this process, which settles it."""
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_cycles_are_looked_for_seldom_meanwhile_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with few_collections():
        assert gc.get_threshold()[0] > 5 * before[0]
        assert gc.isenabled()
    assert gc.get_threshold() == before


def test_a_failure_leaves_python_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(LookupError), few_collections():
        raise LookupError
    assert gc.get_threshold() == before


class _Cycle:
    def __init__(self) -> None:
        self.me = self


def test_cycles_of_a_long_run_are_found_before_they_are_many() -> None:
    alive: weakref.WeakSet[_Cycle] = weakref.WeakSet()
    with few_collections():
        most = 0
        for _ in range(50_000):
            alive.add(_Cycle())
            most = max(most, len(alive))
    assert 0 < most < 10_000


def test_a_settled_process_stays_settled_after_a_sync() -> None:
    settled()
    kept = gc.get_freeze_count()
    with few_collections():
        pass
    assert gc.get_freeze_count() > kept / 2 > 0  # some of what is kept may go meanwhile


def test_what_was_there_before_is_not_looked_through_meanwhile() -> None:
    gc.collect()
    old = len(gc.get_objects())
    with few_collections():
        assert len(gc.get_objects()) < old / 10
    assert len(gc.get_objects()) > old / 2
