"""The Intercom connector stays within half a window, waits as asked, and gives up clearly."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from connectors._http import Refused, ServerFailed
from connectors.intercom.client import WORKERS, Client, TooLarge
from connectors.intercom.limiter import WINDOW, Limiter
from connectors.intercom.retrying import Retrying
from service.errors import Misbehaving, RateLimited, Unauthorized, Unreachable
from tests.contract.intercom_workspace import BEGUN, Clock, small_corpus, workspace

NOW = int(BEGUN.timestamp())


def share(*, remaining: float, reset: float, limit: int = 100) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }


def limited(clock: Clock) -> Limiter:
    return Limiter(now=lambda: clock.now.timestamp(), sleep=clock.sleep)


def test_at_most_half_a_window_is_used() -> None:
    clock = Clock(BEGUN)
    limiter = limited(clock)
    limiter.read(share(remaining=100, reset=NOW + 10))
    for _ in range(50):
        limiter.wait()
    assert clock.slept == []
    limiter.wait()
    assert clock.slept == [WINDOW]


def test_two_halves_do_not_meet_at_the_edge_of_a_window() -> None:
    clock = Clock(BEGUN + timedelta(seconds=9))
    limiter = limited(clock)
    limiter.read(share(remaining=100, reset=NOW + 10))
    for _ in range(50):
        limiter.wait()
    clock.move(seconds=2)
    limiter.read(share(remaining=100, reset=NOW + 20))
    limiter.wait()
    assert clock.slept == [8.0]


def test_what_other_apps_used_up_is_waited_out() -> None:
    clock = Clock(BEGUN)
    limiter = limited(clock)
    limiter.read(share(remaining=5, reset=NOW + 7))
    limiter.wait()
    assert clock.slept == [7.0]


def test_a_reset_by_another_clock_or_no_header_holds_nobody_up() -> None:
    clock = Clock(BEGUN)
    limiter = limited(clock)
    limiter.read({})
    limiter.wait()
    limiter.read(share(remaining=0, reset=NOW + 1e6))
    limiter.wait()
    assert clock.slept == []


def test_one_workers_slow_down_holds_for_all() -> None:
    clock = Clock(BEGUN)
    limiter = limited(clock)
    assert limiter.slow_down({"x-ratelimit-reset": str(NOW + 6)}) == timedelta(seconds=6)
    limiter.wait()
    assert clock.slept == [6.0]


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({}, 10.0),
        ({"x-ratelimit-reset": str(NOW + 4)}, 4.0),
        ({"x-ratelimit-reset": str(NOW)}, 10.0),
        ({"x-ratelimit-reset": "soon"}, 10.0),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "-5"}, 1.0),
        ({"retry-after": "1e9"}, 900.0),
    ],
)
def test_a_429_waits_for_the_window_that_it_names(headers: dict[str, str], asked: float) -> None:
    assert limited(Clock(BEGUN)).slow_down(headers).total_seconds() == asked


def test_the_lowest_tier_is_enough_and_half_of_it_stays_free() -> None:
    with workspace(small_corpus(400), calls_per_window=166) as world:
        world.sync()
        assert len(world.store.heads) == 400
        assert world.state.most_calls <= 83 + WORKERS  # those under way at the edge
        assert sum(world.clock.slept) > 0


def test_a_window_that_others_emptied_is_asked_for_again_after_its_reset() -> None:
    with workspace() as world:
        world.stand.faults.rate_limit(20, retry_after="4", path="/conversations/")
        world.sync()
        assert len(world.store.heads) == 3
        assert world.store.unusable == {}
        assert all(1 <= slept <= 16 for slept in world.clock.slept)


def failing(error: Exception) -> tuple[Callable[[], None], list[int]]:
    made = [0]

    def ask() -> None:
        made[0] += 1
        raise error

    return ask, made


@pytest.mark.parametrize("error", [ServerFailed(status=502), Misbehaving(), Unreachable()])
def test_a_failure_is_tried_six_times_with_doubling_waits(error: Exception) -> None:
    clock = Clock(BEGUN)
    ask, made = failing(error)
    with pytest.raises(type(error)):
        Retrying(sleep=clock.sleep, chance=lambda: 0.0).call(ask)
    assert (made[0], clock.slept) == (6, [1.0, 2.0, 4.0, 8.0, 16.0])


@pytest.mark.parametrize("error", [Refused(status=400), Unauthorized()])
def test_a_refusal_is_never_tried_again(error: Exception) -> None:
    clock = Clock(BEGUN)
    ask, made = failing(error)
    with pytest.raises(type(error)):
        Retrying(sleep=clock.sleep).call(ask)
    assert (made[0], clock.slept) == (1, [])


def test_being_asked_to_slow_down_for_ever_ends() -> None:
    clock = Clock(BEGUN)
    ask, made = failing(RateLimited(timedelta(seconds=10)))
    with pytest.raises(RateLimited):
        Retrying(sleep=clock.sleep, chance=lambda: 0.5).call(ask)
    assert made[0] == 61
    assert set(clock.slept) == {10.5}


def test_a_captcha_page_is_named_and_goes_away_by_itself() -> None:
    with workspace() as world:
        world.stand.faults.html_page(2, status=405, path="/conversations/search")
        world.sync()
        assert len(world.store.heads) == 3
        world.stand.faults.html_page(None, status=405)
        with pytest.raises(Unreachable) as told:
            world.desk.check()
        assert "a captcha" in str(told.value)
        assert "405" in str(told.value)


def test_a_plan_without_the_call_is_named() -> None:
    with workspace() as world:
        world.stand.faults.server_error(403, times=None, path="/conversations/search")
        with pytest.raises(Unauthorized) as told:
            world.sync()
        assert "api_plan_restricted" in str(told.value)
        assert world.clock.slept == []


def test_a_missing_right_names_the_setting() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        errors = [{"code": "unauthorized_scope", "message": "No right to read conversations"}]
        return httpx.Response(403, json={"type": "error.list", "errors": errors})

    with pytest.raises(Unauthorized) as told:
        client(answer).get("/conversations/1")
    assert "No right to read conversations" in str(told.value)
    assert "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN" in str(told.value)


def test_a_token_that_is_revoked_during_a_walk_stops_it_at_once() -> None:
    with workspace(small_corpus(310)) as world:
        world.stand.faults.unauthorized(path="/conversations/", skip=200)
        with pytest.raises(Unauthorized) as told:
            world.sync()
        assert "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN" in str(told.value)
        assert len(world.store.heads) == 150
        assert world.clock.slept == []
        world.stand.faults.clear()
        world.sync()
        assert len(world.store.heads) == 310


def client(answer: Callable[[httpx.Request], httpx.Response], clock: Clock | None = None) -> Client:
    clock = clock or Clock(BEGUN)
    return Client(
        token="t",
        base_url="https://helpdesk.example.com",
        count_call=lambda: None,
        sleep=clock.sleep,
        now=lambda: clock.now.timestamp(),
        transport=httpx.MockTransport(answer),
    )


class Body(httpx.SyncByteStream):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks


def test_an_answer_without_an_end_is_not_read_to_the_end() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 1_000_000

    with pytest.raises(TooLarge):
        client(lambda _: httpx.Response(200, stream=Body(endless()))).get("/me", tries=1)


def test_every_call_names_its_version() -> None:
    with workspace() as world:
        world.desk.check()
        world.sync()
        world.desk.count(BEGUN, BEGUN + timedelta(days=1))
        world.desk.missing(world.all_keys())
        world.desk.setup((), dry_run=False)
        world.clock.move(minutes=5)
        world.sync()
        assert set(world.state.versions_asked) == {"2.14", "2.16"}
        assert sum(world.state.versions_asked.values()) == world.desk.calls
