"""Rows 10 to 12, 15, 26 and 42 of the fault matrix, through the whole loop and its database."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service.errors import RetryLater, TellPerson, Unauthorized
from service.progress import Silent
from service.schedule import Every, Job, Schedule
from tests.faults.world import World, world

NAMES = ("zendesk", "intercom")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


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


@pytest.mark.parametrize("name", NAMES)
def test_a_revoked_token_stops_the_source_and_names_it(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.faults.reset_calls()
    bench.faults.unauthorized()
    with pytest.raises(Unauthorized, match=name.capitalize()):
        here.pipeline().sync(name, Silent())
    assert bench.calls() <= 2
    assert here.database.conversations.cursor(name) is None


@pytest.mark.parametrize("name", NAMES)
def test_what_is_deleted_between_the_list_and_its_words_is_no_obstacle(
    here: World, name: str
) -> None:
    bench = here.benches[name]
    doomed = bench.all_keys[2]
    asked: list[Any] = []

    def delete_after_the_list(call: Any) -> None:
        if not asked and call.path.startswith(bench.list_path):
            asked.append(call)
            bench.delete(doomed)

    bench.faults.after_answering = delete_after_the_list
    here.pipeline().sync(name, Silent())
    here.later()
    here.pipeline().sync(name, Silent())
    mine = {key for key in here.stored() if key.startswith(name)}
    assert mine == set(bench.all_keys) - {doomed}


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


@pytest.mark.parametrize("name", NAMES)
def test_a_huge_conversation_full_of_broken_letters_does_not_stop_its_page(
    here: World, name: str
) -> None:
    bench = here.benches[name]
    huge = bench.all_keys[0]
    bench.reply(huge, "\ud83d\x00 " + "x" * 5_000_000)
    for number in range(300):
        bench.reply(huge, f"Reply {number} \ud800")
    here.later()
    here.pipeline().sync(name, Silent())
    mine = {key for key in here.stored() if key.startswith(name)}
    mine |= {each.key for each in here.database.conversations.quarantined()}
    assert mine == set(bench.all_keys)


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
