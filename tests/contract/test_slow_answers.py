"""Row 11 of the fault matrix: an answer that comes byte by byte ends, whoever reads it."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import httpcore
import httpx
import pytest
from flask import Response

from bot.calling import call
from bot.in_time import PatientClient
from connectors._http import LONGEST_ANSWER, Retries, ServerFailed
from connectors.intercom.client import Client as IntercomClient
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.faults import Fault, FaultKind, Faults
from connectors.sandbox.slack import slack_app
from connectors.zendesk.client import Account, Client
from connectors.zendesk.oauth import Login
from service.analysis._claude_calls import Caller, make_client
from service.errors import RetryLater, Unreachable
from service.in_time import Patience, answer_in_time
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork
from tests.contract import zendesk_stand
from tests.contract.claude_world import KEY, World, claude_world
from tests.contract.intercom_workspace import BEGUN, Clock, workspace
from tests.contract.intercom_workspace import TOKEN as INTERCOM_TOKEN
from tests.contract.slack_workspace import TOKEN as SLACK_TOKEN

PAUSE = 0.01  # between two bytes: short for us, and long by the clocks below
STEP = LONGEST_ANSWER / 8  # what a clock moves whenever somebody looks at it: once for each wait
NEVER = 30.0  # seconds; longer than any test runs
SOON = LONGEST_ANSWER - 0.2  # a step after which 0.2 s are left of an answer's time
TRICKLES = pytest.mark.parametrize("kind", [FaultKind.TRICKLE, FaultKind.TRICKLE_HEADERS])


def _slow(kind: FaultKind) -> Fault:
    return Fault(kind=kind, times=None, seconds=PAUSE)


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


@TRICKLES
def test_a_byte_now_and_then_from_zendesk_is_no_answer_in_time(kind: FaultKind) -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.add(_slow(kind))
        with pytest.raises(ServerFailed, match="in time") as raised:
            _zendesk(desk, _ticking(STEP)).get("tickets/1")
        assert raised.value.status == 408
        assert sum(desk.stand.faults.calls().values()) == 3


def test_one_slow_answer_of_zendesk_is_asked_for_again() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.trickle(PAUSE)
        assert _zendesk(desk, _ticking(STEP)).get("tickets/1")["ticket"]["id"] == 1


def test_zendesk_that_accepts_a_call_and_never_answers_is_given_up() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.slow(NEVER, times=None)
        with pytest.raises(ServerFailed, match="in time"):
            _zendesk(desk, _ticking(SOON)).get("tickets/1")
        assert sum(desk.stand.faults.calls().values()) == 3


def test_a_write_to_zendesk_whose_answer_trickles_is_not_sent_again() -> None:
    with zendesk_stand.account(1) as desk:
        client = _zendesk(desk, _ticking(STEP))
        desk.stand.faults.trickle(PAUSE, times=None)
        with pytest.raises(ServerFailed):
            client.put("tickets/1", {"ticket": {"subject": "x"}})
        assert sum(desk.stand.faults.calls().values()) == 1


def test_a_slow_but_steady_answer_of_zendesk_is_read_to_its_end() -> None:
    with zendesk_stand.account(1) as desk:
        desk.stand.faults.trickle_headers(0.0)
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

    def __init__(self, step: float) -> None:
        super().__init__(BEGUN + timedelta(days=30))
        self._step = step

    def __call__(self) -> datetime:
        self.move(seconds=self._step)
        return self.now


@contextmanager
def _intercom(*faults: Fault, step: float = STEP) -> Iterator[tuple[IntercomClient, Faults]]:
    with workspace() as world:
        clock = _Moving(step)
        client = IntercomClient(
            token=INTERCOM_TOKEN,
            base_url=world.url,
            count_call=lambda: None,
            sleep=lambda _: None,
            now=lambda: clock().timestamp(),
        )
        world.stand.faults.reset_calls()
        for fault in faults:
            world.stand.faults.add(fault)
        yield client, world.stand.faults
        client.close()


@TRICKLES
def test_a_byte_now_and_then_from_intercom_is_no_answer_in_time(kind: FaultKind) -> None:
    with _intercom(_slow(kind)) as (client, faults):
        with pytest.raises(ServerFailed, match="in time"):
            client.get("/me", tries=2)
        assert faults.calls() == {"GET /me": 2}


@TRICKLES
def test_a_small_call_through_the_vendors_library_ends_too(kind: FaultKind) -> None:
    with _intercom(_slow(kind)) as (client, _), pytest.raises(ServerFailed, match="in time"):
        client.ask_sdk(lambda sdk: sdk.admins.list())


def test_intercom_that_accepts_a_call_and_never_answers_is_given_up() -> None:
    never = Fault(kind=FaultKind.SLOW, times=None, seconds=NEVER)
    with _intercom(never, step=SOON) as (client, faults):
        with pytest.raises(ServerFailed, match="in time"):
            client.get("/me", tries=2)
        assert faults.calls() == {"GET /me": 2}


@TRICKLES
def test_one_slow_answer_of_intercom_is_asked_for_again(kind: FaultKind) -> None:
    once = replace(_slow(kind), times=1)
    with _intercom(once) as (client, faults):
        assert client.get("/me")["type"] == "admin"
        assert client.get("/me")["type"] == "admin"  # over a connection that is kept
        assert faults.calls() == {"GET /me": 3}


# --- Claude --------------------------------------------------------------------------------------

_ASKED = {
    "model": "claude-haiku-5-5",
    "max_tokens": 64,
    "system": "Say yes.",
    "messages": [{"role": "user", "content": "Is it?"}],
    "output_config": {},
}


def _caller(world: World, clock: Callable[[], float]) -> Caller:
    return Caller(
        make_client(KEY, world.url, now=clock),
        model="claude-haiku-5-5",
        version="test",
        ledger=world.database.costs,
        budget_usd=1.0,
        clock=world.clock,
        retries=1,
        wait=lambda _: None,
    )


@TRICKLES
def test_a_byte_now_and_then_from_claude_is_no_answer_and_a_call_that_may_cost(
    kind: FaultKind, sqlite_database: SqlDatabase, clock: Clockwork
) -> None:
    with claude_world(sqlite_database, clock) as world:
        caller = _caller(world, _ticking(STEP))
        world.stand.faults.add(_slow(kind))
        with pytest.raises(RetryLater, match="in time"):
            caller.ask(_ASKED)
        assert world.calls("POST /v1/messages") == 2
        assert caller.bill.calls_lost == 2


def test_claude_that_accepts_a_call_and_never_answers_is_given_up(
    sqlite_database: SqlDatabase, clock: Clockwork
) -> None:
    with claude_world(sqlite_database, clock) as world:
        world.stand.faults.slow(NEVER, times=None)
        with pytest.raises(RetryLater, match="in time"):
            _caller(world, _ticking(SOON)).lifecycle()


def test_one_slow_answer_of_claude_is_followed_by_a_quick_one(
    sqlite_database: SqlDatabase, clock: Clockwork
) -> None:
    with claude_world(sqlite_database, clock) as world:
        caller = _caller(world, _ticking(STEP))
        world.stand.faults.add(replace(_slow(FaultKind.TRICKLE), times=1))
        with pytest.raises(RetryLater, match="in time"):
            caller.lifecycle()
        assert "is active" in caller.lifecycle()


# --- Slack ---------------------------------------------------------------------------------------


@contextmanager
def _slack(step: float) -> Iterator[tuple[PatientClient, Faults]]:
    stand = slack_app(load_corpus(now=NOON), token=SLACK_TOKEN, clock=lambda: NOON)
    with stand.serve() as running:
        yield (
            PatientClient(
                token=SLACK_TOKEN, base_url=f"{running.url}/api/", now=_ticking(step), timeout=10
            ),
            stand.faults,
        )


@TRICKLES
def test_a_byte_now_and_then_from_slack_is_no_answer_and_is_not_asked_again(
    kind: FaultKind,
) -> None:
    with _slack(STEP) as (client, faults):
        faults.add(_slow(kind))
        with pytest.raises(Unreachable, match="did not answer"):
            call(client, "auth.test", {})
        assert sum(faults.calls().values()) == 1


def test_a_slow_but_steady_answer_of_slack_is_read_to_its_end() -> None:
    with _slack(0.0) as (client, faults):
        faults.trickle_headers(0.0)
        for _ in range(2):
            assert call(client, "auth.test", {})["ok"]


# --- Answers of any length -----------------------------------------------------------------------


@pytest.mark.parametrize(("slowest", "is_read"), [(STEP * 100, False), (STEP / 10_000, True)])
def test_an_answer_of_any_length_is_read_while_enough_of_it_comes(
    *, slowest: float, is_read: bool
) -> None:
    with zendesk_stand.account(1) as desk, httpx.Client(trust_env=False) as client:
        patience = Patience(now=_ticking(STEP), longest=LONGEST_ANSWER, slowest=slowest)
        answer_in_time(client, patience, too_late=httpcore.ReadTimeout)
        desk.stand.faults.trickle(PAUSE, times=None)
        address = f"{desk.url}/api/v2/tickets/1.json"
        headers = {"Authorization": f"Bearer {zendesk_stand.TOKEN}"}
        if is_read:
            assert client.get(address, headers=headers).json()["ticket"]["id"] == 1
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.get(address, headers=headers)
