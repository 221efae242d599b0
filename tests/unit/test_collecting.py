"""How seldom Python looks for reference cycles during a sync."""

import gc

import pytest

from service.collecting import few_collections


def test_cycles_are_looked_for_seldom_meanwhile_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    with few_collections():
        assert gc.get_threshold()[0] > 10 * before[0]
        assert gc.isenabled()
    assert gc.get_threshold() == before


def test_a_failure_leaves_python_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(LookupError), few_collections():
        raise LookupError
    assert gc.get_threshold() == before
