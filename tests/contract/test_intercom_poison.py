"""One broken conversation is set aside with its reason; all the others are read."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors._http import ServerFailed
from service.errors import Unreachable
from tests.contract.intercom_workspace import Workspace, small_corpus, workspace

Spoil = Callable[[dict[str, Any]], dict[str, Any]]


def without(name: str) -> Spoil:
    return lambda raw: {key: value for key, value in raw.items() if key != name}


def having(**values: Any) -> Spoil:
    return lambda raw: {**raw, **values}


def saying(body: object, **values: Any) -> Spoil:
    return lambda raw: {**raw, "source": {**raw["source"], "body": body, **values}}


def with_parts(*parts: Any) -> Spoil:
    return lambda raw: {**raw, "conversation_parts": {"conversation_parts": list(parts)}}


UNREADABLE: dict[str, tuple[Spoil, str]] = {
    "no id": (without("id"), "did not say which"),
    "another id": (having(id="999"), "another conversation"),
    "no date": (without("created_at"), "when it was created"),
    "a date in words": (having(created_at="yesterday"), "when it was created"),
    "a date of a wrong type": (having(created_at=[1]), "when it was created"),
    "a date far off": (having(created_at=1e300), "when it was created"),
    "a body that is no text": (saying({"html": "hello"}), "not a text"),
    "5 MB in one message": (saying("word " * 1_000_000), "4 MB"),
    "parts that are a text": (having(conversation_parts="gone"), "list of parts"),
    "a list of parts that is none": (
        having(conversation_parts={"conversation_parts": 7, "total_count": 7}),
        "list of parts",
    ),
    "a part that is a text": (with_parts("hello"), "list of parts"),
    "a message without an id": (
        with_parts({"part_type": "comment", "body": "<p>Hi</p>", "author": {"type": "user"}}),
        "no id",
    ),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_what_cannot_be_read_is_set_aside_and_99_are_stored(fault: str) -> None:
    spoil, why = UNREADABLE[fault]
    with workspace(small_corpus(100)) as world:
        poison = sorted(world.state.conversations)[40]
        world.state.spoiled[poison] = spoil
        (page,) = world.sync()
        assert len(page.heads) == 99
        assert [each.key for each in page.unusable] == [world.key_of(poison)]
        assert why in page.unusable[0].why
        assert "export" not in page.unusable[0].why
        assert world.store.cursor is not None


READABLE: dict[str, Spoil] = {
    "no time of the change": without("updated_at"),
    "wrong types everywhere": having(
        title=7,
        state=[],
        tags="none",
        contacts=[None, 5],
        statistics="x",
        conversation_rating=[1],
        custom_attributes=3,
        admin_assignee_id={"id": 3},
        company_id=True,
        linked_objects=None,
    ),
    "authors of wrong types": saying("<p>Hello</p>", author={"type": ["user"], "name": {}}),
    "no author": saying("<p>Hello</p>", author=None),
    "a pasted picture": saying(
        '<p>Hello<img src="data:image/png;base64,' + "A" * 3_000_000 + '"/>'
    ),
    "a part without a time": with_parts(
        {"id": 1, "part_type": "comment", "body": "<p>First</p>", "created_at": 1_772_500_000},
        {"id": 2, "part_type": "comment", "body": "<p>Second</p>", "created_at": None},
    ),
    "the same part twice": with_parts(
        *[{"id": 1, "part_type": "comment", "body": "<p>Once</p>", "created_at": 1_772_500_000}] * 2
    ),
}


@pytest.mark.parametrize("fault", READABLE)
def test_what_is_strange_and_readable_is_read(fault: str) -> None:
    with workspace() as world:
        odd = min(world.state.conversations)
        world.state.spoiled[odd] = READABLE[fault]
        (page,) = world.sync()
        assert len(page.heads) == 3
        assert page.unusable == ()
        ids = [m.message.id for m in page.messages if m.conversation == world.key_of(odd)]
        assert len(ids) == len(set(ids)) > 0


def test_surrogates_and_nul_reach_no_store_in_any_text() -> None:
    bad = "x\ud800y\x00z"
    with workspace() as world:
        odd = min(world.state.conversations)
        world.state.spoiled[odd] = having(
            title=bad,
            tags={"tags": [{"name": bad}]},
            custom_attributes={"Verbatim Driver": bad, bad: bad},
            source={"body": bad, "author": {"type": "admin", "id": "7", "name": bad}},
            conversation_rating={"rating": bad, "remark": bad},
        )
        (page,) = world.sync()
        assert len(page.heads) == 3
        told = repr(page)
        assert "\\ud800" not in told
        assert "\\x00" not in told


def test_thousands_of_parts_are_read() -> None:
    part = {"part_type": "comment", "body": "<p>Again</p>", "created_at": 1_772_500_000}
    with workspace() as world:
        long = min(world.state.conversations)
        world.state.spoiled[long] = with_parts(*({**part, "id": n} for n in range(1, 5001)))
        world.sync()
        assert len(world.store.texts(world.key_of(long))) == 5001


@pytest.mark.parametrize("status", [400, 422, 500, 503])
def test_one_that_is_never_answered_is_set_aside_after_bounded_tries(status: int) -> None:
    with workspace(small_corpus(30)) as world:
        poison = sorted(world.state.conversations)[10]
        world.stand.faults.server_error(status, times=None, path=f"/conversations/{poison}")
        (page,) = world.sync()
        assert len(page.heads) == 29
        assert [each.key for each in page.unusable] == [world.key_of(poison)]
        assert str(status) in page.unusable[0].why
        # Six tries, and a probe that Intercom answers for another one.
        assert world.retrieved() <= 29 + 6 + 1


def test_one_whose_answer_always_breaks_off_is_set_aside() -> None:
    with workspace(small_corpus(30)) as world:
        poison = sorted(world.state.conversations)[10]
        world.stand.faults.truncate_json(None, path=f"/conversations/{poison}")
        (page,) = world.sync()
        assert (len(page.heads), len(page.unusable)) == (29, 1)


def test_one_nested_very_deeply_stops_no_page() -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    with workspace() as world:
        poison = min(world.state.conversations)
        world.state.spoiled[poison] = having(custom_attributes={"Verbatim Driver": deep})
        (page,) = world.sync()
        assert len(page.heads) + len(page.unusable) == 3


def test_the_only_new_conversation_may_be_the_broken_one() -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        world.clock.move(minutes=5)
        poison = sorted(world.state.conversations)[10]
        world.state.add_comment(poison, "The last straw.")
        world.stand.faults.server_error(500, times=None, path=f"/conversations/{poison}")
        world.clock.move(minutes=5)
        (page,) = world.sync()
        assert [each.key for each in page.unusable] == [world.key_of(poison)]


def test_several_broken_ones_in_a_row_are_set_aside() -> None:
    with workspace(small_corpus(60)) as world:
        poison = sorted(world.state.conversations)[20:40]
        for number in poison:
            world.stand.faults.server_error(500, times=None, path=f"/conversations/{number}")
        (page,) = world.sync()
        assert {each.key for each in page.unusable} == {world.key_of(n) for n in poison}
        assert len(page.heads) == 40


@pytest.mark.parametrize("skip", [0, 1, 20])
def test_an_outage_of_retrieving_sets_nothing_aside_and_moves_no_cursor(skip: int) -> None:
    with workspace(small_corpus(60)) as world:
        fault = world.stand.faults
        fault.server_error(503, times=None, path="/conversations/2", skip=skip)
        with pytest.raises(Unreachable):
            world.sync()
        assert world.store.cursor is None
        assert world.store.unusable == {}
        fault.clear()
        world.sync()
        assert len(world.store.heads) == 60


def test_a_whole_outage_in_the_middle_keeps_the_pages_before_it() -> None:
    with workspace(small_corpus(310)) as world:
        world.stand.faults.server_error(503, times=None, path="/conversations", skip=200)
        with pytest.raises(ServerFailed):
            world.sync()
        assert len(world.store.heads) == 150
        assert world.store.unusable == {}
        world.stand.faults.clear()
        world.sync()
        assert len(world.store.heads) == 310


def test_what_was_set_aside_is_fetched_when_it_is_well_again() -> None:
    with workspace() as world:
        poison = min(world.state.conversations)
        world.state.spoiled[poison] = without("created_at")
        world.sync()
        key = world.key_of(poison)
        assert key not in world.store.heads
        assert _unusable(world, key)
        world.state.spoiled.clear()
        assert not _unusable(world, key)
        assert key in world.store.heads


def _unusable(world: Workspace, key: Any) -> bool:
    return [each.key for page in world.fetch(key) for each in page.unusable] == [key]
