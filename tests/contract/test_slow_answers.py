"""Row 11 of the fault matrix: an answer that comes byte by byte ends, whoever reads it."""

import gzip
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Response

from connectors._http import LONGEST_ANSWER, Retries, ServerFailed
from connectors.intercom.client import Client as IntercomClient
from connectors.zendesk.client import Account, Client
from connectors.zendesk.oauth import Login
from tests.contract import zendesk_stand
from tests.contract.intercom_workspace import BEGUN, Clock, workspace
from tests.contract.intercom_workspace import TOKEN as INTERCOM_TOKEN

PAUSE = 0.01  # between two bytes: short for us, and long by the clocks below


def _ticking(step: float) -> Callable[[], float]:
    """Return a clock that moves on whenever somebody looks at it."""
    moments = count(0.0, step)
    return lambda: next(moments)


def _zendesk(desk: zendesk_stand.Account, clock: Callable[[], float]) -> Client:
    return Client(
        Account(subdomain="acme", base_url=desk.url),
        Login(oauth_token=zendesk_stand.TOKEN),
        retries=Retries(tries=3, sleep=lambda _: None),
        clock=clock,
    )


def test_a_byte_now_and_then_from_zendesk_is_no_answer_in_time() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.trickle(PAUSE, times=None)
        with pytest.raises(ServerFailed, match="in time") as raised:
            _zendesk(desk, _ticking(LONGEST_ANSWER / 2)).get("tickets/1")
        assert raised.value.status == 408
        assert sum(desk.stand.faults.calls().values()) == 3


def test_one_slow_answer_of_zendesk_is_asked_for_again() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.trickle(PAUSE)
        assert _zendesk(desk, _ticking(LONGEST_ANSWER / 2)).get("tickets/1")["ticket"]["id"] == 1


def test_a_write_to_zendesk_whose_answer_trickles_is_not_sent_again() -> None:
    with zendesk_stand.account(1) as desk:
        client = _zendesk(desk, _ticking(LONGEST_ANSWER / 2))
        desk.stand.faults.trickle(PAUSE, times=None)
        with pytest.raises(ServerFailed):
            client.put("tickets/1", {"ticket": {"subject": "x"}})
        assert sum(desk.stand.faults.calls().values()) == 1


def test_a_slow_but_steady_answer_of_zendesk_is_read_to_its_end() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.trickle(0.0)
        assert _zendesk(desk, _ticking(0.0)).get("tickets/1")["ticket"]["id"] == 1


def test_packed_and_chunked_answers_of_zendesk_are_read_on_one_connection() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.app.after_request(_packed)
        client = _zendesk(desk, _ticking(0.0))
        for _ in range(3):
            assert client.get("tickets/1")["ticket"]["id"] == 1


def _packed(response: Response) -> Response:
    """Send it like a real front: compressed, and in chunks instead of with a length."""
    body = gzip.compress(response.get_data())
    halves = (body[: len(body) // 2], body[len(body) // 2 :])
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return Response(iter(halves), response.status_code, headers)


class _Moving(Clock):
    """Moves on whenever somebody looks at it."""

    def __call__(self) -> datetime:
        self.move(seconds=LONGEST_ANSWER)
        return self.now


@pytest.fixture
def intercom() -> Iterator[IntercomClient]:
    with workspace() as world:
        clock = _Moving(BEGUN + timedelta(days=30))
        client = IntercomClient(
            token=INTERCOM_TOKEN,
            base_url=world.url,
            count_call=lambda: None,
            sleep=lambda _: None,
            now=lambda: clock().timestamp(),
        )
        world.stand.faults.reset_calls()
        world.stand.faults.trickle(PAUSE, times=None)
        yield client
        client.close()


def test_a_byte_now_and_then_from_intercom_is_no_answer_in_time(intercom: IntercomClient) -> None:
    with pytest.raises(ServerFailed, match="in time"):
        intercom.get("/me", tries=2)


def test_a_small_call_through_the_vendors_library_ends_too(intercom: IntercomClient) -> None:
    with pytest.raises(ServerFailed, match="in time"):
        intercom.ask_sdk(lambda sdk: sdk.admins.list())
