"""How fast Zendesk is called: its own limits are learned, kept, and left to others in part."""

from collections.abc import Mapping

import pytest
import responses
from flask import Response, request

from connectors._http import Retries
from connectors.zendesk import build
from connectors.zendesk.budgets import Budget, Told, endpoint_limit, general_limit
from connectors.zendesk.exports import PageSize
from service.errors import Unreachable
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Copy, account

TICKETS = "GET incremental/tickets/cursor"
HOST = "https://acme.zendesk.com/api/v2"


class Watch:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def budget(per_minute: int | None, watch: Watch, *, most: int | None = None) -> Budget:
    return Budget(per_minute, most=most, leave=0.2, clock=watch, sleep=watch.sleep)


def made_in(seconds: float, one: Budget, watch: Watch) -> int:
    made = 0
    while watch.now < seconds:
        one.wait()
        made += 1
    return made


def test_the_exports_keep_to_eight_calls_a_minute() -> None:
    watch = Watch()
    assert made_in(180, budget(8, watch), watch) == 8 * 3 + 1


def test_a_higher_limit_is_learned_with_a_fifth_left_to_others() -> None:
    watch = Watch()
    one = budget(8, watch)
    one.learn(Told(limit=30, left=29, resets=50))
    assert made_in(60, one, watch) == 24 + 1


def test_a_learned_limit_never_passes_the_setting() -> None:
    watch = Watch()
    one = budget(5, watch, most=5)
    one.learn(Told(limit=700, left=699, resets=50))
    assert made_in(60, one, watch) == 5 + 1


def test_calls_stop_before_the_limit_is_used_up() -> None:
    watch = Watch()
    one = budget(None, watch)
    one.learn(Told(limit=10, left=2, resets=42))
    one.wait()
    assert watch.waits == [42]
    one.learn(Told(limit=10, left=3, resets=40))
    one.wait()
    assert watch.waits == [42, 20]


def test_a_reset_of_nonsense_does_not_stop_us_for_long() -> None:
    watch = Watch()
    one = budget(None, watch)
    one.learn(Told(limit=10, left=0, resets=10**9))
    one.wait()
    one.learn(Told(limit=10, left=0))
    one.wait()
    assert watch.waits == [120, 60]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {"x-rate-limit": "700", "x-rate-limit-remaining": "699", "ratelimit-reset": "31"},
            Told(limit=700, left=699, resets=31),
        ),
        (
            {"ratelimit-limit": "400", "ratelimit-remaining": "0"},
            Told(limit=400, left=0),
        ),
        (
            {"rate-limit-limit": "200", "rate-limit-remaining": "7", "rate-limit-reset": "9"},
            Told(limit=200, left=7, resets=9),
        ),
        ({"x-rate-limit": "many", "x-rate-limit-remaining": "7"}, None),
        ({"x-rate-limit": "700"}, None),
        ({}, None),
    ],
)
def test_the_general_limit_is_read_in_each_of_its_spellings(
    headers: Mapping[str, str], told: Told | None
) -> None:
    assert general_limit(headers) == told


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {"Zendesk-RateLimit-Incremental-Exports": "total=10; remaining=9; resets=50"},
            Told(limit=10, left=9, resets=50),
        ),
        (
            {
                "zendesk-ratelimit-a": "total=100;remaining=50",
                "zendesk-ratelimit-b": "total=10; remaining=1",
            },
            Told(limit=10, left=1),
        ),
        ({"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=1; resets=9"}, None),
        ({"zendesk-ratelimit-a": "soon"}, None),
    ],
)
def test_the_limit_of_an_endpoint_is_read(headers: Mapping[str, str], told: Told | None) -> None:
    assert endpoint_limit(headers) == told


def test_a_backfill_never_sees_a_429_of_the_exports() -> None:
    with account(40, page_limit=3, incremental_per_minute=10) as desk:
        answers: list[int] = []
        desk.stand.app.after_request(lambda response: _noted(response, answers))
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 40
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        pages = sum(count for route, count in desk.calls().items() if "incremental" in route)
        assert set(answers) == {200}
        # Two of the ten calls a minute are left to the account's other integrations.
        assert sum(desk.waits) >= (pages / 8 - 1) * 60 - 60


def test_the_general_limit_slows_us_before_it_is_empty() -> None:
    with account(60, calls_per_minute=50) as desk:
        desk.stand.faults.server_error(404, times=None, path="/api/v2/incremental/ticket_events")
        helpdesk = desk.connect()
        copy = Copy()
        copy.read(helpdesk)
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        # Every call was answered: none was a 429 that had to be repeated.
        assert helpdesk.calls == 60 + 3


def test_without_limits_of_its_own_a_stand_in_is_not_paced() -> None:
    with account(30, page_limit=2) as desk:
        Copy().read(desk.connect())
        assert desk.waits == []


def test_the_setting_caps_all_calls() -> None:
    with account(30, page_limit=2) as desk:
        helpdesk = desk.connect(calls_per_minute="10")
        Copy().read(helpdesk)
        assert sum(desk.waits) >= (helpdesk.calls / 10 - 1) * 60 - 1


def on_the_vendors_host(watch: Watch) -> Helpdesk:
    settings = {"subdomain": "acme", "oauth_token": "t"}
    return build(settings, retries=Retries(sleep=watch.sleep), ticks=watch)


@responses.activate
def test_the_vendors_own_exports_are_paced_without_being_told() -> None:
    watch, ends = Watch(), {"end_of_stream": True}
    responses.get(f"{HOST}/ticket_fields.json", json={"ticket_fields": []})
    pages = [{"tickets": [], "after_cursor": f"c{n}", "end_of_stream": False} for n in range(20)]
    for page in pages:
        responses.get(f"{HOST}/incremental/tickets/cursor.json", json=page)
    responses.get(f"{HOST}/incremental/tickets/cursor.json", json={"tickets": [], **ends})
    responses.get(f"{HOST}/incremental/ticket_events.json", json={"ticket_events": [], **ends})
    list(on_the_vendors_host(watch).pages(None))
    assert watch.now >= 120  # 22 calls of the exports


def test_a_page_shrinks_to_fifty_rows_and_no_further_and_grows_again() -> None:
    size = PageSize()
    sizes = []
    for _ in range(5):
        size.too_heavy()
        sizes.append(size.rows)
    assert sizes == [500, 250, 125, 62, 50]
    with pytest.raises(Unreachable):
        size.too_heavy()
    for _ in range(5 * 48):
        size.worked()
    assert size.rows == 1000


def test_rows_asked_for_shrink_on_a_timeout_and_recover() -> None:
    with account(120, page_limit=1000) as desk:
        asked: list[str] = []
        desk.stand.app.before_request(lambda: _note(asked))
        desk.stand.faults.server_error(504, times=4, path="/api/v2/incremental/tickets")
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        assert len(copy.heads) == 120
        assert [each for each in asked if each] == ["1000", "62", "62"]  # events, tickets


def _noted(response: Response, answers: list[int]) -> Response:
    answers.append(response.status_code)
    return response


def _note(asked: list[str]) -> None:
    if "incremental" in request.path:
        asked.append(request.args.get("per_page", ""))


@pytest.mark.parametrize(
    ("header", "least"),
    [("7", 7), ("1.5", 1.5), ("0", 1), ("-3", 1), (None, 1), ("", 1), ("soon", 1), ("1e9", 900)],
)
def test_a_rate_limited_write_waits_in_whatever_form_it_is_asked(
    header: str | None, least: float
) -> None:
    from service.domain.writeback import field_specs

    with account(1) as desk:
        desk.stand.faults.rate_limit(2, retry_after=header, path="/api/v2/ticket_fields", skip=1)
        report = desk.connect().setup(field_specs((), ())[:1], dry_run=False)
        assert len(report.created) == len(desk.stand.state.fields.custom()) == 1
        assert all(least <= wait <= least + 1 for wait in desk.waits)
        assert len(desk.waits) == 2
