"""Rows 16 to 19 and 41 of the fault matrix: webhooks are hints, however they come."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.domain.conversations import ConversationKey
from service.errors import VerbatimError
from tests.contract.helpdesk_bench import SECRET
from tests.faults.world import NAMES, World, world


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """A workspace after its first cycle, two hours ago."""
    with world(tmp_path) as found:
        found.cycle()
        found.later()
        found.cycle()
        yield found


def _knock(here: World, name: str, headers: dict[str, str], body: bytes) -> int:
    return here.web().test_client().post(f"/hooks/{name}", data=body, headers=headers).status_code


def _last_words(here: World, key: ConversationKey) -> str:
    return here.stored()[key].messages[-1].text


@pytest.mark.fault(16, "a webhook comes 50 times, in parallel")
@pytest.mark.parametrize("name", NAMES)
def test_the_same_event_fifty_times_at_once_has_one_effect(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.reply(bench.all_keys[0], "Is anybody there?")
    headers, body = bench.hook(bench.all_keys[0])
    app = here.web()

    def knock(_: int) -> tuple[int, bool]:
        answer = app.test_client().post(f"/hooks/{name}", data=body, headers=headers)
        return answer.status_code, answer.get_json()["accepted"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(knock, range(50)))
    assert {status for status, _ in answers} == {200}
    assert sum(fresh for _, fresh in answers) == 1
    assert here.pipeline().follow_hints(name) == 1
    assert here.pipeline().follow_hints(name) == 0
    assert _last_words(here, bench.all_keys[0]) == "Is anybody there?"


@pytest.mark.fault(16, "a webhook is delivered again with another body")
def test_a_second_delivery_that_counts_its_attempts_has_no_second_effect(here: World) -> None:
    bench = here.benches["intercom"]
    _, body = bench.hook(bench.all_keys[0])
    accepted = []
    for attempt in (1, 2):
        event = json.dumps(json.loads(body) | {"delivery_attempts": attempt}).encode()
        digest = hmac.new(SECRET.encode(), event, hashlib.sha1).hexdigest()
        client = here.web().test_client()
        signed = {"X-Hub-Signature": f"sha1={digest}"}
        answer = client.post("/hooks/intercom", data=event, headers=signed)
        accepted.append((answer.status_code, answer.get_json()["accepted"]))
    assert accepted == [(200, True), (200, False)]


@pytest.mark.fault(17, "webhooks come out of order")
@pytest.mark.parametrize("name", NAMES)
def test_events_in_any_order_end_in_what_the_helpdesk_says_now(here: World, name: str) -> None:
    bench = here.benches[name]
    first, second = bench.all_keys[:2]
    events = []
    for key, text in ((first, "one"), (second, "two"), (first, "three")):
        here.later(seconds=1)
        bench.reply(key, text)
        events.append(bench.hook(key))
    bench.delete(second)
    for headers, body in reversed(events):
        assert _knock(here, name, headers, body) == 200
    here.pipeline().follow_hints(name)
    assert _last_words(here, first) == "three"
    assert second not in here.stored()


@pytest.mark.fault(18, "webhooks are lost for a day")
@pytest.mark.parametrize("name", NAMES)
def test_a_day_without_webhooks_is_repaired_by_the_next_pass(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.reply(bench.all_keys[1], "Lost on the way")
    assert here.age() == []
    here.later(hours=24)
    assert [each.partition(":")[0] for each in here.age()] == ["The data is 24 hours old"]
    report = here.cycle()
    assert here.age() == []
    assert _last_words(here, bench.all_keys[1]) == "Lost on the way"
    assert report.analysed.analysed == 1


@pytest.mark.fault(19, "a webhook names something unknown")
@pytest.mark.parametrize("name", NAMES)
def test_an_event_about_something_unknown_stores_nothing(here: World, name: str) -> None:
    before = here.stored()
    headers, body = here.benches[name].hook(ConversationKey(f"{name}:999999999"))
    assert _knock(here, name, headers, body) == 200
    assert here.pipeline().follow_hints(name) == 0
    assert here.stored() == before


@pytest.mark.fault(19, "a webhook comes from another tenant")
@pytest.mark.parametrize("name", NAMES)
def test_an_event_of_another_tenant_is_refused_and_not_kept(here: World, name: str) -> None:
    bench = here.benches[name]
    headers, body = bench.hook(bench.all_keys[0], secret="the secret of somebody else")
    assert _knock(here, name, headers, body) == 401
    assert here.database.work.unfinished(name) == []


@pytest.mark.fault(41, "our own write comes back as a webhook and an update")
@pytest.mark.parametrize("name", NAMES)
def test_our_own_write_back_comes_back_and_is_not_measured_again(here: World, name: str) -> None:
    bench = here.benches[name]
    traces = [bench.traces(key) for key in bench.all_keys]
    for key in bench.all_keys:
        assert _knock(here, name, *bench.hook(key)) == 200
    for _ in range(2):
        report = here.cycle()
        assert report.analysed.analysed == 0
        assert sum(each.written for each in report.written) == 0
        here.later()
    assert [bench.traces(key) for key in bench.all_keys] == traces


@pytest.mark.fault(18, "a webhook cannot be followed now")
@pytest.mark.parametrize("name", NAMES)
def test_a_hint_that_cannot_be_followed_now_is_followed_later(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.reply(bench.all_keys[0], "Still waiting")
    assert _knock(here, name, *bench.hook(bench.all_keys[0])) == 200
    bench.faults.server_error(503, times=None)
    with pytest.raises(VerbatimError):
        here.pipeline().follow_hints(name)
    assert len(here.database.work.unfinished(name)) == 1
    bench.faults.clear()
    assert here.pipeline().follow_hints(name) == 1
    assert _last_words(here, bench.all_keys[0]) == "Still waiting"
