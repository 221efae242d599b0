"""Rows 10, 12, 26 and 42 of the fault matrix, through the whole loop and its database."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service.errors import RetryLater, TellPerson, Unauthorized
from service.progress import Silent
from service.schedule import Every, Job, Schedule
from tests.faults.world import NAMES, World, world

_CREDENTIAL = {
    "zendesk": r"Zendesk .* VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN\b",
    "intercom": r"Intercom .* VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN\b",
}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


@pytest.mark.fault(10, "a helpdesk stays down: always 500, or it hangs up")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.DROP_BEFORE])
def test_a_helpdesk_that_stays_down_moves_no_cursor_and_hinders_no_other(
    here: World, name: str, kind: FaultKind
) -> None:
    pipeline, store = here.pipeline(), here.database.conversations
    pipeline.sync(name, Silent())
    before = store.cursor(name)
    bench = here.benches[name]
    bench.reply(bench.all_keys[0], "While you were away")
    here.later()
    bench.fail(Fault(kind=kind, times=None, path=bench.list_path))
    with pytest.raises((RetryLater, TellPerson)):
        pipeline.sync(name, Silent())
    assert store.cursor(name) == before
    other = next(each for each in NAMES if each != name)
    assert pipeline.sync(other, Silent()).fetched == 4
    bench.faults.clear()
    pipeline.sync(name, Silent())
    assert here.stored()[bench.all_keys[0]].messages[-1].text == "While you were away"


@pytest.mark.fault(12, "a token is revoked")
@pytest.mark.parametrize("name", NAMES)
def test_a_revoked_token_stops_the_source_and_names_it(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.faults.reset_calls()
    bench.faults.unauthorized()
    with pytest.raises(Unauthorized, match=_CREDENTIAL[name]):
        here.pipeline().sync(name, Silent())
    with pytest.raises(Unauthorized, match=_CREDENTIAL[name]):
        here.helpdesks[name].check()  # what doctor shows
    assert bench.calls() <= 4
    assert here.database.conversations.cursor(name) is None


@pytest.mark.fault(42, "one conversation of a page cannot be read")
@pytest.mark.parametrize("name", NAMES)
def test_one_poisoned_conversation_is_quarantined_and_the_others_are_stored(
    here: World, name: str
) -> None:
    bench = here.benches[name]
    poisoned = bench.all_keys[1]
    bench.tell(lambda node: node.update({bench.born: "soon"}), poisoned)
    report = here.pipeline().sync(name, Silent())
    assert (report.fetched, report.set_aside) == (3, 1)
    (aside,) = here.database.conversations.quarantined()
    assert (aside.key, aside.source) == (poisoned, name)
    bench.tampering.clear()
    assert here.pipeline().retry_quarantined() == 0
    assert poisoned in here.stored()


@pytest.mark.fault(42, "5 MB, 5,000 messages and broken letters in a page of 100")
@pytest.mark.parametrize("name", NAMES)
def test_of_a_page_of_a_hundred_the_one_that_is_too_much_is_set_aside(
    tmp_path: Path, name: str
) -> None:
    """Intercom shows the last 500 parts only, so there the conversation is no obstacle at all."""
    with world(tmp_path, conversations=100, page_size=100) as here:
        bench = here.benches[name]
        huge = bench.all_keys[0]
        bench.reply(huge, "\ud83d\x00 " + "x" * 5_000_000)
        for number in range(5_000):
            bench.reply(huge, f"Reply {number} \ud800")
        here.later()
        report = here.pipeline().sync(name, Silent())
        mine = {key for key in here.stored() if key.startswith(name)}
        aside = {each.key: each.why for each in here.database.conversations.quarantined()}
        assert set(aside) == ({huge} if name == "zendesk" else set())
        assert mine == set(bench.all_keys) - set(aside)
        assert (report.fetched, report.set_aside) == (len(mine), len(aside))
        assert all(why and "Reply" not in why for why in aside.values())


@pytest.mark.fault(26, "two workers find one job due")
def test_two_workers_do_a_due_job_once(here: World) -> None:
    begun = here.benches["zendesk"].clock.now

    def cycle(_: object) -> str:
        return json.dumps({"written": sum(each.written for each in here.cycle().written)})

    job = Job(name="cycle", timing=Every(timedelta(minutes=5)), run=cycle, late=timedelta(hours=1))
    workers = [
        Schedule([job], work=here.database.work, clock=lambda: begun, owner=owner)
        for owner in ("one", "two")
    ]
    with ThreadPoolExecutor(2) as pool:
        told = [line for lines in pool.map(lambda each: each.tick(), workers) for line in lines]
    assert len(told) == 1
    assert json.loads(told[0].removeprefix("cycle: "))["written"] > 0
