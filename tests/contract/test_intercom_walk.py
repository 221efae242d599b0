"""The walk through the search loses nothing: not at a page's edge, a crash, or a late index."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.intercom import build
from service.errors import Misbehaving
from service.ports import Helpdesk
from tests.contract.intercom_workspace import BEGUN, Clock, Workspace, small_corpus, workspace

SEARCH = "/conversations/search"


def stop_after(world: Workspace, pages: int) -> bool:
    """Store so many pages and stop there, as a kill would; say whether there was more."""
    walk = world.desk.pages(world.store.cursor)
    for _ in range(pages):
        page = next(walk, None)
        if page is None:
            return False
        world.store.save(page)
    walk.close()  # type: ignore[attr-defined]  # an iterator made by a generator
    return True


@pytest.mark.parametrize("pages", [0, 1, 2, 3, 4, 5, 6])
def test_a_kill_after_any_page_loses_and_repeats_nothing(pages: int) -> None:
    with workspace(small_corpus(55)) as world:
        world.stand.faults.server_error(502, times=2, path=SEARCH)
        world.stand.faults.server_error(502, times=2, path=SEARCH)
        stop_after(world, pages)
        world.sync()
        world.sync()
        assert len(world.store.heads) == 55
        assert world.retrieved() == 55


def test_a_page_that_was_not_stored_is_read_again() -> None:
    with workspace(small_corpus(310)) as world:
        walk = world.desk.pages(None)
        world.store.save(next(walk))
        next(walk)  # killed before it was stored
        walk.close()  # type: ignore[attr-defined]  # an iterator made by a generator
        world.sync()
        assert len(world.store.heads) == 310


@pytest.mark.parametrize(("failures", "size"), [(0, 120), (2, 50), (4, 10)])
def test_pages_shrink_step_by_step(failures: int, size: int) -> None:
    with workspace(small_corpus(120)) as world:
        if failures:
            world.stand.faults.server_error(504, times=failures, path=SEARCH)
        assert len(world.sync()[0].heads) == size
        assert len(world.store.heads) == 120


def test_an_answer_that_breaks_off_shrinks_the_page_too() -> None:
    with workspace(small_corpus(120)) as world:
        world.stand.faults.truncate_json(2, path=SEARCH)
        assert len(world.sync()[0].heads) == 50


def test_timeouts_shrink_the_page() -> None:
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != SEARCH:
            return httpx.Response(404, json={})
        asked.append(json.loads(request.content)["pagination"]["per_page"])
        if asked[-1] > 10:
            raise httpx.ReadTimeout("slow", request=request)
        return httpx.Response(200, json={"conversations": [], "total_count": 0})

    assert len(list(desk(answer).pages(None))) == 1
    assert asked == [150, 150, 50, 50, 10]


def desk(answer: Any) -> Helpdesk:
    return build(
        {"access_token": "t", "base_url": "https://helpdesk.example.com"},
        clock=Clock(BEGUN),
        sleep=lambda _: None,
        transport=httpx.MockTransport(answer),
    )


def test_empty_pages_with_ever_new_tokens_end() -> None:
    asked = [0]

    def answer(request: httpx.Request) -> httpx.Response:
        asked[0] += 1
        following = {"starting_after": str(asked[0])}
        return httpx.Response(200, json={"conversations": [], "pages": {"next": following}})

    with pytest.raises(Misbehaving):
        list(desk(answer).pages(None))
    assert asked[0] < 30


def test_equal_times_over_a_pages_edge_lose_nothing() -> None:
    with workspace(small_corpus(400)) as world:
        for row in world.state.conversations.values():
            world.state.touch(row)
        world.clock.move(minutes=5)
        world.sync()
        assert len(world.store.heads) == 400


def test_what_changes_during_the_walk_is_read_with_its_change() -> None:
    with workspace(small_corpus(310)) as world:
        first, last = min(world.state.conversations), max(world.state.conversations)
        walk = world.desk.pages(None)
        world.store.save(next(walk))
        for number in (first, last):
            world.state.add_comment(number, "During the walk.")
        for page in walk:
            world.store.save(page)
        world.clock.move(minutes=5)
        world.sync()
        assert len(world.store.heads) == 310
        for number in (first, last):
            assert "During the walk." in world.store.texts(world.key_of(number))


@pytest.mark.parametrize("order", ["newest first", "by id"])
def test_the_order_of_the_search_is_not_trusted(order: str) -> None:
    with workspace(small_corpus(320)) as world:
        # Conversations whose order of change is not that of their ids.
        for number in sorted(world.state.conversations)[::3]:
            world.clock.move(seconds=1)
            world.state.touch(world.state.conversations[number])
        rewrite_sort(
            world, {"newest first": ("updated_at", "descending")}.get(order, ("id", "asc"))
        )
        world.clock.move(minutes=5)
        for page in world.desk.pages(None):
            world.store.save(page)
            world.clock.move(seconds=5)
            world.state.add_comment(max(world.state.conversations), "Once more.")
        world.clock.move(minutes=5)
        world.sync()
        assert len(world.store.heads) == 320
        texts = world.store.texts(world.key_of(max(world.state.conversations)))
        assert texts.count("Once more.") == 3


def rewrite_sort(world: Workspace, sort: tuple[str, str]) -> None:
    """Make the stand-in sort as it likes, whatever it is asked for."""
    app = world.stand.app
    inner = app.view_functions["search"]

    def search() -> Any:
        from flask import request

        body = request.get_json()
        body["sort"] = {"field": sort[0], "order": sort[1]}
        return inner()

    app.view_functions["search"] = search


@pytest.mark.parametrize("lag", [30, 120, 600])
def test_what_the_search_lists_late_is_read_within_the_overlap(lag: int) -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        world.state.search_lag = lag
        number = min(world.state.conversations)
        world.clock.move(minutes=30)
        world.state.add_comment(number, "Late in the index.")
        for _ in range(8):
            world.clock.move(minutes=2)
            world.sync()
        assert "Late in the index." in world.store.texts(world.key_of(number))


def test_a_late_index_costs_no_second_reading() -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        world.state.search_lag = 120
        world.stand.faults.reset_calls()
        world.clock.move(minutes=30)
        world.state.add_comment(min(world.state.conversations), "Late in the index.")
        for _ in range(8):
            world.clock.move(minutes=2)
            world.sync()
        assert world.retrieved() == 1


def test_what_was_read_in_the_second_of_its_change_is_read_again() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        world.clock.move(minutes=30)
        world.state.add_comment(world.id_of(key), "First.")
        world.fetch(key)
        world.state.reply_as_admin(world.id_of(key), "Second, in the same second.")
        world.clock.move(minutes=5)
        world.sync()
        assert world.store.texts(key)[-2:] == ["First.", "Second, in the same second."]


def test_a_ticket_born_from_a_conversation_is_counted_once() -> None:
    with workspace(small_corpus(10)) as world:
        born, ticket = sorted(world.state.conversations)[:2]
        world.state.tickets[ticket] = born
        world.sync()
        assert len(world.store.heads) == 9
        assert world.key_of(born) in world.store.heads
        assert world.key_of(ticket) not in world.store.heads


def test_a_first_pass_over_a_thousand_calls_little_more_than_a_thousand_times() -> None:
    with workspace(small_corpus(300)) as world:
        world.sync()
        assert (world.searched(), world.retrieved()) == (2, 300)
        assert world.desk.calls <= 300 + 2 + 6
        first = world.desk.calls
        world.clock.move(hours=1)
        world.sync()
        assert world.desk.calls - first <= 2


def test_pages_of_other_days_stay_where_they_were_when_the_clock_jumps_back() -> None:
    with workspace() as world:
        world.sync()
        world.clock.move(days=-1)
        world.sync()
        world.clock.move(days=1, minutes=5)
        world.state.add_comment(min(world.state.conversations), "After the jump.")
        world.clock.move(minutes=5)
        world.sync()
        texts = world.store.texts(world.key_of(min(world.state.conversations)))
        assert "After the jump." in texts
        assert world.clock.now > BEGUN + timedelta(days=2)
