"""A backfill killed at each of its calls goes on: nothing is sent twice, lost or paid twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.databases import opened
from tests.faults.killing import Town, said, town

EACH = 2  # conversations of each helpdesk
ALL = 2 * EACH
FROM_SENDING_ON = range(ALL, ALL + 5)  # before it, each conversation's tokens are counted
BACKFILL = ("analyse", "--batch", "--yes", "--json")


@pytest.fixture
def desk() -> Iterator[Town]:
    with town(EACH, analyser="claude") as found:
        yield found


@pytest.mark.fault(1, "a backfill is killed after one of its calls")
@pytest.mark.parametrize("at", FROM_SENDING_ON)
def test_a_killed_backfill_goes_on(desk: Town, tmp_path: Path, at: int) -> None:
    home = tmp_path / "home"
    desk.run(home, "sync")
    assert desk.run_killed(home, *BACKFILL, at=at, after=True)
    desk.run(home, *BACKFILL)
    report = json.loads(said(home))
    assert (report["in_batches"], report["stopped"], report["failed"]) == (0, None, 0)
    database = opened(f"sqlite:///{home / 'verbatim.sqlite'}")
    today = datetime.now(UTC).date()
    spending = database.costs.spending(today, today)
    database.close()
    assert len(desk.stands["claude"].state.batches) == 1
    assert (spending.calls, spending.calls_lost, spending.answers) == (1, 0, ALL)
    assert spending.reserved == 0
