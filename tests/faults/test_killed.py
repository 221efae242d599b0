"""Rows 1 and 2 of the fault matrix: killed anywhere and run again, it ends as if never killed."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.databases import opened
from tests.faults.killing import Town, set_up, town

EACH = 4  # conversations of each helpdesk


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def quiet_town() -> Iterator[Town]:
    """Both helpdesks, for commands that only read."""
    with town(EACH) as found:
        yield found


@pytest.fixture(scope="module")
def empty_home(quiet_town: Town, folder: Path) -> Path:
    """A home with a schema and nothing in it."""
    quiet_town.run(folder / "empty", "migrate")
    return folder / "empty"


@pytest.mark.parametrize("after", [False, True], ids=["before its answer", "after its answer"])
def test_a_sync_killed_at_any_request_ends_as_one_that_was_not(
    quiet_town: Town, empty_home: Path, folder: Path, after: bool
) -> None:
    clean = _copy(empty_home, folder / f"clean {after}")
    requests = quiet_town.requests_of(clean, "sync", "--json")
    wanted = _stored(clean)
    assert len(wanted["conversations"]) == 2 * EACH
    for at in range(2 if after else 0, requests, 4):
        home = _copy(empty_home, folder / f"sync {after} {at}")
        assert quiet_town.run_killed(home, "sync", "--json", at=at, after=after)
        quiet_town.run(home, "sync", "--json")
        assert _stored(home) == wanted, f"killed at request {at} of {requests}"


def test_a_sync_killed_between_two_statements_has_stored_whole_pages_only(
    quiet_town: Town, empty_home: Path, folder: Path
) -> None:
    """A page and its cursor are one transaction, so no place between them is dangerous."""
    clean = _copy(empty_home, folder / "clean statements")
    quiet_town.run(clean, "sync", "--json")
    wanted = _stored(clean)
    struck = 0
    for number in range(12, 150, 24):
        home = _copy(empty_home, folder / f"statement {number}")
        struck += quiet_town.run_until_statement(home, "sync", "--json", number=number)
        quiet_town.run(home, "sync", "--json")
        assert _stored(home) == wanted, f"killed before statement {number}"
    assert struck >= 4  # a run has more statements than most of these


@pytest.mark.parametrize("after", [False, True], ids=["before its answer", "after its answer"])
def test_a_write_back_killed_at_any_request_writes_nothing_twice(folder: Path, after: bool) -> None:
    with _measured(folder / f"template {after}") as (clean, home):
        measured = _copy(home, folder / f"measured {after}")
        requests = clean.requests_of(home, "write-back", "--json")
        wanted = clean.shown()
    assert any("vb_churn__yes" in tags for _, tags, *_ in wanted.values())
    for at in range(2 if after else 0, requests, 4):
        with _ready() as wounded:
            home = _copy(measured, folder / f"write {after} {at}")
            assert wounded.run_killed(home, "write-back", "--json", at=at, after=after)
            _settle(wounded, home)
            assert wounded.shown() == wanted, f"killed at request {at} of {requests}"


def test_the_cycles_after_a_killed_one_find_nothing_left_to_do(folder: Path) -> None:
    with _measured(folder / "last") as (here, home):
        assert here.run_killed(home, "cycle", "--json", at=10, after=True)
        _settle(here, home)
        seen = here.shown()
        here.run(home, "cycle", "--json")
        report = json.loads((folder / "last.log").read_text())
        assert sum(each["written"] for each in report["written"]) == 0
        assert report["analysed"]["analysed"] == 0
        assert here.shown() == seen


def _settle(here: Town, home: Path) -> None:
    """Run two cycles: what changed in the very second of a pass is left to the next one."""
    for _ in range(2):
        here.run(home, "cycle", "--json")


@contextmanager
def _ready() -> Iterator[Town]:
    with town(EACH) as found:
        set_up(found)
        yield found


@contextmanager
def _measured(home: Path) -> Iterator[tuple[Town, Path]]:
    """Yield helpdesks and a home in which everything was fetched and measured, nothing written."""
    with _ready() as found:
        found.run(home, "sync", "--json")
        found.run(home, "analyse", "--json")
        yield found, home


def _copy(home: Path, to: Path) -> Path:
    shutil.copytree(home, to)
    return to


def _stored(home: Path) -> dict[str, Any]:
    """Return what must be equal: whole conversations and the cursor but for the time of day."""
    database = opened(f"sqlite:///{home / 'verbatim.sqlite'}")
    store = database.conversations
    keys = [
        k for name in ("zendesk", "intercom") for batch in store.stored_keys(name) for k in batch
    ]
    cursors = {name: json.loads(store.cursor(name) or "{}") for name in ("zendesk", "intercom")}
    for name in ("since", "deleted_since"):
        cursors["intercom"].pop(name)
    cursors["zendesk"].pop("counts")  # remembered to save calls; a pass without news forgets some
    found = {
        "conversations": sorted(store.get_many(keys), key=lambda each: each.key),
        "accounts": sorted(store.accounts(), key=lambda each: each.key),
        "cursors": cursors,
    }
    database.close()
    return found
