"""Rows 9 to 11 of the fault matrix: asked to wait, failing, or not answering at all.

Nobody sleeps: each helpdesk has a clock that moves when its connector would wait.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service.domain.conversations import ConversationKey
from service.errors import RetryLater, TellPerson, VerbatimError
from service.progress import Silent
from tests.faults.world import NAMES, World, other_of, world

MOST_CALLS = 100  # of a pass that fails for good; more is a busy loop
LONGEST = timedelta(minutes=16).total_seconds()  # our own bound of a wait, and some jitter


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def _keys(here: World, name: str) -> set[ConversationKey]:
    return {key for key in here.stored() if key.startswith(name)}


def _date(now: datetime, seconds: int) -> str:
    return format_datetime(now + timedelta(seconds=seconds), usegmt=True)


_ASKED: dict[str, tuple[Callable[[datetime], str | None], float]] = {
    "one second": (lambda _: "1", 1),
    "a minute": (lambda _: "60", 60),
    "a date in two minutes": (lambda now: _date(now, 120), 1),
    "no header": (lambda _: None, 1),
    "a negative number": (lambda _: "-5", 1),
    "1e9": (lambda _: "1e9", 1),
}


@pytest.mark.fault(9, "429 with Retry-After 1, 60, a date, missing, negative, 1e9")
@pytest.mark.parametrize("asked", list(_ASKED))
@pytest.mark.parametrize("name", NAMES)
def test_a_429_is_waited_out_while_the_other_helpdesk_goes_on(
    here: World, name: str, asked: str
) -> None:
    bench, other = here.benches[name], here.benches[other_of(name)]
    form, least = _ASKED[asked]
    bench.clock.waits.clear()
    header = form(bench.clock.now)
    bench.fail(Fault(kind=FaultKind.RATE_LIMIT, times=2, path=bench.list_path, retry_after=header))
    here.pipeline().sync(name, Silent())
    assert _keys(here, name) == set(bench.all_keys)
    waits = [wait for wait in bench.clock.waits if wait > 0]
    assert len(waits) >= 2
    # A clock of whole seconds can lose one of them.
    assert all(least - 1 <= wait <= LONGEST for wait in waits)
    assert sum(waits) >= 2 * least - 1
    here.pipeline().sync(other_of(name), Silent())
    assert _keys(here, other_of(name)) == set(other.all_keys)
    assert other.clock.waits == []


@pytest.mark.fault(9, "429 without an end")
@pytest.mark.parametrize("name", NAMES)
def test_a_429_without_an_end_is_told_and_the_other_helpdesk_goes_on(
    here: World, name: str
) -> None:
    bench = here.benches[name]
    bench.faults.reset_calls()
    bench.fail(Fault(kind=FaultKind.RATE_LIMIT, times=None, retry_after="1"))
    with pytest.raises((RetryLater, TellPerson)):
        here.cycle()
    assert bench.calls() <= MOST_CALLS
    assert _keys(here, other_of(name)) == set(here.benches[other_of(name)].all_keys)
    bench.faults.clear()
    here.cycle()
    assert _keys(here, name) == set(bench.all_keys)


@pytest.mark.fault(10, "500, 502 or 503 a few times, then right answers")
@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("name", NAMES)
def test_a_few_failures_in_a_row_are_waited_out(here: World, name: str, status: int) -> None:
    bench = here.benches[name]
    bench.clock.waits.clear()
    bench.faults.server_error(status, times=3, path=bench.list_path)
    here.pipeline().sync(name, Silent())
    assert _keys(here, name) == set(bench.all_keys)
    waits = bench.clock.waits
    assert len(waits) >= 2  # smaller pages are tried at once
    assert len(set(waits)) == len(waits)  # with jitter, no two are the same


@pytest.mark.fault(10, "500 without an end")
@pytest.mark.parametrize("name", NAMES)
def test_failures_without_an_end_are_told_after_bounded_tries_and_move_no_cursor(
    here: World, name: str
) -> None:
    bench, store = here.benches[name], here.database.conversations
    bench.faults.reset_calls()
    bench.faults.server_error(500, times=None, path=bench.list_path, skip=1)
    for _ in range(2):
        with pytest.raises((RetryLater, TellPerson)):
            here.pipeline().sync(name, Silent())
    assert bench.calls() <= MOST_CALLS
    assert name not in store.synced_at()  # what was read stays, and nobody calls it complete
    bench.faults.clear()
    here.pipeline().sync(name, Silent())
    assert _keys(here, name) == set(bench.all_keys)
    assert name in store.synced_at()


@pytest.mark.fault(11, "connection refused, no TLS there, no such host")
@pytest.mark.parametrize("address", ["refused", "no TLS", "no such host"])
@pytest.mark.parametrize("name", NAMES)
def test_a_helpdesk_that_is_not_there_is_told_and_hinders_no_other(
    here: World, name: str, address: str
) -> None:
    bench = here.benches[name]
    url = bench.url
    bench.url = {
        "refused": f"http://127.0.0.1:{_closed_port()}",
        "no TLS": url.replace("http:", "https:"),
        "no such host": "https://helpdesk.invalid",
    }[address]
    here.reconnect(name)
    bench.clock.waits.clear()
    with pytest.raises(VerbatimError) as told:
        here.cycle()
    assert name.capitalize() in str(told.value)
    assert "\n" not in str(told.value)
    assert 0 < len(bench.clock.waits) <= 20
    assert _keys(here, other_of(name)) == set(here.benches[other_of(name)].all_keys)
    bench.url = url
    here.reconnect(name)
    here.cycle()
    assert _keys(here, name) == set(bench.all_keys)


def _closed_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
