"""Rows 12 to 15 of the fault matrix: pages that break, lie, shift or lose a conversation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.faults import Call, Fault, FaultKind
from service.domain.conversations import ConversationKey, Status
from service.errors import RetryLater, Unauthorized
from service.progress import Silent
from service.reconcile import Reconciliation
from tests.contract.helpdesk_bench import HelpdeskBench
from tests.contract.test_helpdesk_intercom import id_of
from tests.databases import ZONE
from tests.faults.world import NAMES, World, other_of, world

MOST_CALLS = 100  # of a pass that leads nowhere; more is an endless loop


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, conversations=7) as found:
        yield found


def _keys(here: World, name: str) -> set[ConversationKey]:
    return {key for key in here.stored() if key.startswith(name)}


@pytest.mark.fault(12, "401 or 403 in the middle of a run")
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", NAMES)
def test_a_right_that_is_lost_half_way_stops_that_helpdesk_and_is_named(
    here: World, name: str, status: int
) -> None:
    bench, other = here.benches[name], other_of(name)
    bench.faults.reset_calls()
    bench.faults.server_error(status, times=None, skip=2)
    with pytest.raises(Unauthorized, match=name.capitalize()) as told:
        here.cycle()
    assert "\n" not in str(told.value)
    assert bench.calls() <= 10
    assert _keys(here, other) == set(here.benches[other].all_keys)
    bench.faults.clear()
    here.cycle()
    assert _keys(here, name) == set(bench.all_keys)


@pytest.mark.fault(13, "a page is cut short, empty with more to come, or repeats its cursor, once")
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.TRUNCATE_JSON,
        FaultKind.CUT_TRANSFER,
        FaultKind.HTML_PAGE,
        FaultKind.EMPTY_PAGE,
        FaultKind.REPEAT_CURSOR,
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_breaks_once_costs_nothing(here: World, name: str, kind: FaultKind) -> None:
    bench = here.benches[name]
    bench.fail(Fault(kind=kind, path=bench.list_path, skip=1))
    try:
        here.pipeline().sync(name, Silent())
    except RetryLater:  # told, and the next pass reads on
        assert name not in here.database.conversations.synced_at()
        here.pipeline().sync(name, Silent())
    assert _keys(here, name) == set(bench.all_keys)


@pytest.mark.fault(13, "pages lead nowhere: empty, or the same cursor, for ever")
@pytest.mark.parametrize("kind", [FaultKind.EMPTY_PAGE, FaultKind.REPEAT_CURSOR])
@pytest.mark.parametrize("name", NAMES)
def test_pages_that_lead_nowhere_are_told_and_never_called_complete(
    here: World, name: str, kind: FaultKind
) -> None:
    bench = here.benches[name]
    bench.fail(Fault(kind=kind, times=None, path=bench.list_path, skip=1))
    bench.faults.before_answering = _rescue(bench)
    with pytest.raises(RetryLater):
        here.pipeline().sync(name, Silent())
    assert name not in here.database.conversations.synced_at()
    bench.faults.clear()
    here.pipeline().sync(name, Silent())
    assert _keys(here, name) == set(bench.all_keys)


def _rescue(bench: HelpdeskBench) -> Callable[[Call], None]:
    """Mend the helpdesk when it is asked too often, so that an endless loop ends and is told."""
    before = bench.calls()
    return lambda _: bench.faults.clear() if bench.calls() > before + MOST_CALLS else None


@pytest.mark.fault(13, "a page is lost without a word")
@pytest.mark.parametrize("name", NAMES)
def test_a_page_that_is_lost_without_a_word_is_missed_by_the_count(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.faults.lose_page(path=bench.list_path)
    here.pipeline().sync(name, Silent())
    assert _missing(here, name) == len(bench.all_keys) - len(_keys(here, name))
    here.pipeline().sync(name, Silent(), full=True)
    assert _missing(here, name) == 0
    assert _keys(here, name) == set(bench.all_keys)


def _missing(here: World, name: str) -> int | None:
    clock = here.benches[name].clock
    proof = Reconciliation(
        database=here.database, helpdesks={name: here.helpdesks[name]}, zone=ZONE, clock=clock
    )
    (row,) = proof.run(days=90)
    return row.missing


@pytest.mark.fault(14, "conversations move while pages are read; equal times at a page's edge")
@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("name", NAMES)
def test_what_moves_while_pages_are_read_is_there_at_the_end(
    here: World, name: str, at: int
) -> None:
    """Three in a row share the second of their last change, and a page takes three."""
    bench = here.benches[name]
    seen: list[Call] = []

    def move(call: Call) -> None:
        if call.path.startswith(bench.list_path):
            seen.append(call)
            if len(seen) == at + 1:
                for key in bench.all_keys[::2]:
                    bench.reply(key, "Moved meanwhile")

    bench.faults.after_answering = move
    for _ in range(3):
        here.pipeline().sync(name, Silent())
        here.later()
    assert _keys(here, name) == set(bench.all_keys)
    if len(seen) > at:
        stored = here.stored()
        for key in bench.all_keys[::2]:
            assert [m.text for m in stored[key].messages].count("Moved meanwhile") == 1


@pytest.mark.fault(15, "a conversation is deleted or merged between list and words")
@pytest.mark.parametrize("merged", [False, True], ids=["deleted", "merged"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_gone_between_the_list_and_its_words_is_gone_here_too(
    here: World, name: str, merged: bool
) -> None:
    """Zendesk's merged ticket is gone; Intercom closes the conversation and keeps it."""
    bench = here.benches[name]
    doomed, target = bench.all_keys[2], bench.all_keys[1]
    asked: list[Call] = []

    def strike(call: Call) -> None:
        if not asked and call.path.startswith(bench.list_path):
            asked.append(call)
            _merge(bench, doomed, target) if merged else bench.delete(doomed)

    bench.faults.after_answering = strike
    here.cycle()
    here.later()
    here.cycle()
    assert asked
    stays = merged and name == "intercom"
    assert _keys(here, name) == set(bench.all_keys) - (set() if stays else {doomed})
    if stays:
        assert here.stored()[doomed].head.status == Status.SOLVED
    here.benches[name].faults.after_answering = None
    assert here.pipeline().sync(name, Silent()).gone == 0  # told once


def _merge(bench: HelpdeskBench, source: ConversationKey, target: ConversationKey) -> None:
    state, pair = bench.stand.state, (id_of(source), id_of(target))
    state.merge(*pair) if bench.source == "zendesk" else state.merge_conversation(*pair)
