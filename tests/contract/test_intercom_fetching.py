"""Conversations are fetched by their keys, and those that are gone are proved so with few calls."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.intercom import build
from service.domain.conversations import ConversationKey
from service.errors import Misused, Unreachable
from tests.contract.intercom_workspace import BEGUN, TOKEN, small_corpus, workspace

SEARCH = "/conversations/search"


def test_fetching_reads_whole_conversations_whatever_is_known() -> None:
    with workspace(small_corpus(120)) as world:
        world.sync()
        cursor = world.store.cursor
        world.stand.faults.reset_calls()
        pages = world.fetch(*world.all_keys(), world.all_keys()[0])
        assert [len(page.heads) for page in pages] == [50, 50, 20]
        assert all(page.cursor == "" for page in pages)
        assert all(len(page.complete) == len(page.heads) for page in pages)
        assert (world.retrieved(), world.searched()) == (120, 0)
        assert world.store.cursor == cursor


def test_fetching_nothing_calls_nobody() -> None:
    with workspace() as world:
        assert world.fetch() == []
        assert world.desk.missing([]) == frozenset()
        assert world.desk.calls == 0


def test_fetching_tells_what_is_gone() -> None:
    with workspace() as world:
        world.sync()
        here, doomed, _ = world.all_keys()
        world.state.delete_conversation(world.id_of(doomed))
        (page,) = world.fetch(here, doomed)
        assert [head.key for head in page.heads] == [here]
        assert page.gone == (doomed,)


def test_an_id_from_outside_reaches_no_other_address() -> None:
    with workspace() as world:
        (page,) = world.fetch(ConversationKey("intercom:../admins?x=1#y"))
        assert (page.heads, len(page.gone) + len(page.unusable)) == ((), 1)
        assert "GET /admins" not in world.calls()


def test_fetching_while_nobody_answers_is_an_outage_and_sets_nothing_aside() -> None:
    with workspace() as world:
        world.sync()
        world.stand.faults.server_error(503, times=None, path="/conversations")
        with pytest.raises(Unreachable):
            world.fetch(*world.all_keys())


def test_the_sweep_asks_once_for_a_hundred_and_proves_each_absence() -> None:
    with workspace(small_corpus(250)) as world:
        world.sync()
        doomed = frozenset(world.all_keys()[::100])
        for key in doomed:
            world.state.delete_conversation(world.id_of(key))
        world.stand.faults.reset_calls()
        assert world.desk.missing(world.all_keys()) == doomed
        assert (world.searched(), world.retrieved()) == (3, len(doomed))


def test_what_the_search_does_not_list_yet_is_not_missing() -> None:
    with workspace() as world:
        world.sync()
        world.state.search_lag = 600
        key = world.all_keys()[0]
        world.state.add_comment(world.id_of(key), "Just now.")
        assert world.desk.missing(world.all_keys()) == frozenset()


def test_without_a_search_for_ids_each_one_is_asked_for() -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        doomed = world.all_keys()[3]
        world.state.delete_conversation(world.id_of(doomed))
        world.stand.faults.server_error(400, times=None, path=SEARCH)
        assert world.desk.missing(world.all_keys()) == {doomed}


def test_what_is_not_answered_is_not_missing() -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        broken = world.all_keys()[3]
        world.state.search_lag = 10**9
        path = f"/conversations/{world.id_of(broken)}"
        world.stand.faults.server_error(500, times=None, path=path)
        assert world.desk.missing([*world.all_keys()]) == frozenset()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_local_days_count_is_exact_to_the_second(zone: str) -> None:
    with workspace(small_corpus(4)) as world:
        rows = sorted(world.state.conversations.values(), key=lambda row: row.id)
        start = datetime(2026, 3, 29, tzinfo=ZoneInfo(zone))  # Berlin's day of 23 hours
        end = datetime(2026, 3, 30, tzinfo=ZoneInfo(zone))
        first, behind = int(start.timestamp()), int(end.timestamp())
        for row, at in zip(rows, (first - 1, first, behind - 1, behind), strict=True):
            row.created_at = at
            world.state.created.put(row.id, at)
        assert world.desk.count(start, end) == 2
        assert world.desk.calls == 1
        assert world.desk.count(end, end + timedelta(days=1)) == 1
        half = timedelta(milliseconds=500)
        assert world.desk.count(start - half, end - half) == 2


def test_a_count_asks_for_one_row_and_is_right_without_the_operator_for_equal() -> None:
    with workspace() as world:
        world.stand.faults.server_error(400, path=SEARCH)
        minute = timedelta(minutes=1)
        assert world.desk.count(BEGUN, BEGUN + minute * 2) == 2
        assert world.searched() == 2


@pytest.mark.parametrize("told", ["EU", "AU"])
def test_a_workspace_of_another_region_is_named_by_the_check(told: str) -> None:
    with workspace(region="us") as world:
        assert "Intercom workspace" in world.desk.check()
        world.state.region = told
        with pytest.raises(Misused) as named:
            world.desk.check()
        assert f"VERBATIM_HELPDESKS__INTERCOM__REGION is us: set it to {told.lower()}" in str(
            named.value
        )


def test_a_keeper_is_accepted_and_asked_for_nothing() -> None:
    class Keeper:
        def load(self, name: str) -> str | None:
            raise AssertionError(name)

        def save(self, name: str, value: str) -> None:
            raise AssertionError(name)

    with workspace() as world:
        settings = {"access_token": TOKEN, "base_url": world.url}
        desk = build(settings, keeper=Keeper(), clock=world.clock)
        assert len(next(iter(desk.pages(None))).heads) == 3
        desk.close()  # type: ignore[attr-defined]  # not of the port: only a test is in a hurry
