"""Rows 11 and 26 of the fault matrix: what goes on meanwhile.

A helpdesk that drips holds up no other job for long, and the words that one cycle measures while
another still syncs are paid once.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from connectors._http import LONGEST_ANSWER, Retries
from connectors.intercom import build as build_intercom
from connectors.sandbox.faults import Call
from connectors.zendesk import build as build_zendesk
from service.ports import Helpdesk
from service.progress import Silent
from service.schedule import Every, Job, Schedule
from tests.builders import Clockwork
from tests.contract.claude_world import claude_world
from tests.contract.helpdesk_bench import TOKEN, Copy, HelpdeskBench
from tests.databases import opened
from tests.faults.world import NAMES, World, world

PAUSE = 0.005  # between two bytes: short for us, and long by the clocks below
STEP = LONGEST_ANSWER / 8  # what a clock moves whenever somebody looks at it
LEASE = timedelta(minutes=30)
MOST_CALLS = 20  # that take as long as one may, before the helpdesk is given up


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def _watched(bench: HelpdeskBench) -> Helpdesk:
    """A connector for which time passes whenever it looks at the clock."""
    looks, begun = count(), bench.clock.now

    def clock() -> datetime:
        bench.clock.now = max(bench.clock.now, begun + timedelta(seconds=STEP * next(looks)))
        return bench.clock.now

    if bench.source == "zendesk":
        return build_zendesk(
            {"subdomain": "acme", "base_url": bench.url, "oauth_token": TOKEN},
            known=Copy().known,
            retries=Retries(sleep=bench.clock.sleep),
            clock=clock,
            ticks=lambda: clock().timestamp(),
        )
    return build_intercom(
        {"access_token": TOKEN, "base_url": bench.url, "admin_id": "900"},
        known=Copy().known,
        clock=clock,
        sleep=bench.clock.sleep,
    )


@pytest.mark.fault(11, "a byte a second: the worker's other jobs and its next beat")
@pytest.mark.parametrize("name", NAMES)
def test_a_helpdesk_that_drips_holds_up_no_other_job_and_no_later_beat(
    here: World, name: str
) -> None:
    bench, ran = here.benches[name], list[datetime]()

    def cycle(_: datetime) -> str:
        here.cycle()
        return "done"

    def digest(due: datetime) -> str:
        ran.append(due)
        return "posted"

    jobs = [_job("cycle", cycle), _job("digest", digest)]
    schedule = Schedule(jobs, work=here.database.work, clock=bench.clock, owner="me")
    here.helpdesks[name] = _watched(bench)
    bench.faults.trickle(PAUSE, times=None)
    bench.faults.reset_calls()
    begun = bench.clock.now
    failed, posted = schedule.tick()
    assert failed.startswith(f"cycle: {name.capitalize()}")
    assert "in time" in failed or "times out" in failed
    assert (posted, len(ran)) == ("digest: posted", 1)
    assert bench.calls() <= MOST_CALLS
    assert bench.clock.now - begun <= timedelta(seconds=MOST_CALLS * LONGEST_ANSWER)

    bench.faults.clear()
    here.reconnect(name)
    here.later(seconds=2 * LEASE.total_seconds())
    assert schedule.tick() == ["cycle: done", "digest: posted"]
    assert {key for key in here.stored() if key.startswith(name)} == set(bench.all_keys)


def _job(name: str, run: Callable[[datetime], str]) -> Job:
    each = Every(timedelta(minutes=5))
    return Job(name=name, timing=each, run=run, late=timedelta(days=1), lease=LEASE)


@pytest.mark.fault(26, "another cycle analyses by Claude after each answer of a sync")
@pytest.mark.parametrize("name", NAMES)
def test_the_same_words_are_paid_once_whoever_analyses_during_a_sync(
    here: World, name: str, clock: Clockwork
) -> None:
    bench = here.benches[name]
    url = here.database.engine.url.render_as_string(hide_password=False)
    other = opened(url, clock)
    with claude_world(other, clock) as claude:
        analyser = claude.analyser()

        def beside(call: Call) -> None:
            if call.path.startswith(bench.list_path) or name == "zendesk":
                claude.at_work(analyser).step(Silent())

        bench.faults.after_answering = beside
        here.pipeline().sync(name, Silent())
        bench.faults.after_answering = None
        meanwhile = claude.calls("POST /v1/messages")
        # Intercom's come whole; Zendesk's words come page by page, and are waited for.
        assert (meanwhile > 0) == (name == "intercom")
        claude.at_work().step(Silent())
        paid = claude.calls("POST /v1/messages")
        assert paid == len(bench.all_keys)
        here.later()
        here.pipeline().sync(name, Silent(), full=True)
        claude.at_work().step(Silent())
        assert claude.calls("POST /v1/messages") == paid
        assert all(claude.analysis(key) is not None for key in bench.all_keys)
    other.close()
