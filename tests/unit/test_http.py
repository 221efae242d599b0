"""Addresses, waits and retries that all connectors share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors._http import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    Pace,
    PageLoopGuard,
    Refused,
    Retries,
    ServerFailed,
    checked_base_url,
    problem_of,
    retry_after,
)
from service.errors import Misbehaving, RateLimited, Unauthorized, Unreachable

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://desk.example.com/", "https://desk.example.com"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900"),
        ("http://[::1]:8900/zendesk/", "http://[::1]:8900/zendesk"),
        ("http://localhost:1", "http://localhost:1"),
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_allowed(given: str, kept: str) -> None:
    assert checked_base_url(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "http://desk.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://desk.example.com",
        "desk.example.com",
        "https://user:secret@desk.example.com",
        "https://desk.example.com/?a=b",
        "",
    ],
)
def test_other_addresses_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        checked_base_url(given)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("1.5", timedelta(seconds=1.5)),
        ("0", SHORTEST_WAIT),
        ("-3", SHORTEST_WAIT),
        (None, SHORTEST_WAIT),
        ("", SHORTEST_WAIT),
        ("soon", SHORTEST_WAIT),
        ("nan", SHORTEST_WAIT),
        ("inf", LONGEST_WAIT),
        ("1e9", LONGEST_WAIT),
        ("1000000000", LONGEST_WAIT),
        ("Fri, 20 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Fri, 20 Nov 2026 11:00:00 GMT", SHORTEST_WAIT),
        ("Sat, 20 Nov 2027 12:00:00 -0000", LONGEST_WAIT),
    ],
)
def test_retry_after_is_read_in_every_form_within_bounds(
    header: str | None, wait: timedelta
) -> None:
    assert retry_after(header, now=NOW) == wait


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Unauthorized),
        (404, Refused),
        (408, ServerFailed),
        (422, Refused),
        (429, RateLimited),
        (504, ServerFailed),
    ],
)
def test_a_status_says_what_the_caller_can_do(status: int, kind: type[Exception]) -> None:
    assert isinstance(problem_of(status, {}, who="Zendesk"), kind)


def test_a_success_is_no_problem() -> None:
    assert problem_of(204, {}, who="Zendesk") is None


def test_a_rate_limit_carries_its_wait_whatever_the_case_of_the_header() -> None:
    problem = problem_of(429, {"RETRY-AFTER": "9"}, who="Zendesk")
    assert isinstance(problem, RateLimited)
    assert problem.retry_after == timedelta(seconds=9)


def failing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def request() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return request


def test_a_passing_failure_is_retried_with_growing_random_waits() -> None:
    waits: list[float] = []
    retries = Retries(sleep=waits.append, chance=lambda: 1.0)
    assert retries.call(failing(ServerFailed(status=500), Misbehaving(), ServerFailed())) == "done"
    assert waits == [1.0, 2.0, 4.0]


def test_a_rate_limit_waits_at_least_as_long_as_asked() -> None:
    waits: list[float] = []
    retries = Retries(sleep=waits.append, chance=lambda: 0.0)
    assert retries.call(failing(RateLimited(timedelta(seconds=60)))) == "done"
    assert waits == [60.0]


def test_tries_are_bounded_and_the_last_error_is_told() -> None:
    waits: list[float] = []
    retries = Retries(tries=3, sleep=waits.append)
    with pytest.raises(Unreachable):
        retries.call(failing(*(ServerFailed(status=503) for _ in range(9))))
    assert len(waits) == 2


@pytest.mark.parametrize("error", [Unauthorized(), Refused(status=422)])
def test_a_refusal_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(type(error)):
        Retries(sleep=lambda _: pytest.fail("it waited")).call(failing(error))


def test_a_write_is_repeated_only_when_it_was_certainly_not_done() -> None:
    waits: list[float] = []
    retries = Retries(sleep=waits.append)
    assert retries.call_write(failing(RateLimited(timedelta(seconds=1)))) == "done"
    with pytest.raises(ServerFailed):
        retries.call_write(failing(ServerFailed()))
    assert len(waits) == 1


def test_a_repeated_cursor_is_an_error() -> None:
    guard = PageLoopGuard("Zendesk")
    assert [guard.go_on("a"), guard.go_on("b")] == ["a", "b"]
    with pytest.raises(Misbehaving, match="twice"):
        guard.go_on("a")


def test_calls_are_spread_over_the_minute() -> None:
    now = [0.0]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    pace = Pace(2, clock=lambda: now[0], sleep=sleep)
    for _ in range(4):
        pace.wait()
        now[0] += 1
    assert waits == [58.0]
    assert now[0] == 62.0


def test_without_a_pace_nothing_waits() -> None:
    pace = Pace(None, sleep=lambda _: pytest.fail("it waited"))
    for _ in range(100):
        pace.wait()
