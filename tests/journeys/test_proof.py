"""The nightly proof over HTTP: what a walk lost is named, fetched or purged, and counted again."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.sandbox.faults import Call
from connectors.sandbox.running import RunningSandbox
from service.domain.conversations import ConversationKey, conversation_key
from service.domain.people import SYSTEM
from service.errors import Unauthorized
from service.jobs import jobs
from service.progress import Silent
from service.proof import last_proof
from service.query import Dimension, Filter, Query
from tests.journeys.conftest import Fresh, Ran, Said

_LISTS = {
    "intercom": ("/conversations/search",),
    # Without the events' page the words that came would bring their conversations back.
    "zendesk": ("/api/v2/incremental/tickets", "/api/v2/incremental/ticket_events"),
}
_EVER = ("--days", "400")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One helpdesk's stand-in, and what people and accidents do there."""

    name: str
    sandbox: RunningSandbox

    @property
    def stand(self) -> Any:
        return self.sandbox.stands[self.name]

    def keys(self) -> list[ConversationKey]:
        state = self.stand.state
        numbers = state.tickets if self.name == "zendesk" else state.conversations
        return [conversation_key(self.name, str(number)) for number in numbers]

    def lose_pages(self) -> None:
        for path in _LISTS[self.name]:
            self.stand.faults.lose_page(path=path)

    def vanish(self, key: ConversationKey) -> None:
        """Delete it so that neither an export nor a list of deletions names it any more."""
        if self.name == "zendesk":
            self.stand.state.vanish_ticket(_number(key))
        else:
            self.stand.state.delete_conversation(_number(key))
            self.stand.state.deleted.clear()

    def delete(self, key: ConversationKey) -> None:
        state = self.stand.state
        if self.name == "zendesk":
            state.delete_ticket(_number(key))
        else:
            state.delete_conversation(_number(key))

    def reword(self, key: ConversationKey, text: str) -> None:
        """Change what was said without any trace that a walk could see."""
        state = self.stand.state
        if self.name == "zendesk":
            state.tickets[_number(key)].comments[0].text = text
        else:
            state.conversations[_number(key)].source.text = text


def _number(key: ConversationKey) -> int:
    return int(key.partition(":")[2])


@pytest.fixture(params=list(_LISTS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nothing_is_wrong_after_a_cycle_and_nothing_is_touched(small: Ran, said: Said) -> None:
    told = said.by(small.workspace, "reconcile", "--repair").splitlines()
    desks = [Desk(name=each, sandbox=small.sandbox) for each in _LISTS]
    assert not [line for line in told if "repaired" in line]
    for desk in desks:
        compared = f"{desk.name}: {len(desk.keys())} compared by content, 0 differ; "
        assert any(line.startswith(compared) for line in told)
    assert said.by(small.workspace, "analyse") == "Every conversation is measured.\n"


def test_a_dropped_page_is_named_by_day_repaired_by_exactly_these_and_then_proven(
    fresh: Fresh, said: Said, name: str
) -> None:
    workspace, sandbox = fresh
    desk = Desk(name=name, sandbox=sandbox)
    desk.lose_pages()
    said.by(workspace, "sync")
    assert workspace.database().conversations.exists(desk.keys()) == set()

    lost = json.loads(said.by(workspace, "reconcile", *_EVER, "--json", code=1))["sources"]
    (row,) = [each for each in lost if each["source"] == name]
    days = {each["day"]: each["missing"] for each in row["days"] if each["missing"]}
    assert sum(days.values()) == row["missing"] == len(desk.keys())

    told = said.by(workspace, "reconcile", "--repair", *_EVER)
    for day, missing in days.items():
        assert f"{name}: repaired {day}: {missing} fetched, 0 gone\n" in told
    assert told.count("repaired") == len(days)
    assert workspace.database().conversations.exists(desk.keys()) == set(desk.keys())
    assert "missing" not in said.by(workspace, "reconcile", *_EVER)


def test_a_run_that_would_fetch_too_much_leaves_days_for_the_next(
    fresh: Fresh, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, sandbox = fresh
    desk = Desk(name="zendesk", sandbox=sandbox)
    desk.lose_pages()
    said.by(workspace, "sync")
    monkeypatch.setattr("service.repair.MOST_FETCHED", 25)
    told = said.by(workspace, "reconcile", "--repair", *_EVER, code=1)
    assert "left for the next run" in told
    assert 25 <= len(workspace.database().conversations.exists(desk.keys())) < len(desk.keys())
    assert "left" not in said.by(workspace, "reconcile", "--repair", *_EVER)
    assert workspace.database().conversations.exists(desk.keys()) == set(desk.keys())


def test_before_the_first_walk_has_ended_nothing_is_fetched_one_by_one(
    fresh: Fresh, said: Said
) -> None:
    workspace, _ = fresh
    told = said.by(workspace, "reconcile", "--repair", *_EVER, code=1)
    assert "missing" in told
    assert "repaired" not in told
    assert not any(workspace.database().conversations.stored_keys("zendesk"))


def test_what_vanished_while_hooks_were_lost_is_purged_from_its_day(
    small: Ran, said: Said, name: str
) -> None:
    desk = Desk(name=name, sandbox=small.sandbox)
    key = desk.keys()[3]
    held = small.workspace.database().conversations.get(key)
    assert held is not None
    desk.vanish(key)
    assert "1 more than there" in said.by(small.workspace, "reconcile", *_EVER, code=1)

    day = held.head.created_at.astimezone(small.workspace.settings.zone).date()
    told = said.by(small.workspace, "reconcile", "--repair", *_EVER)
    assert f"{name}: repaired {day}: 0 fetched, 1 gone\n" in told
    assert small.workspace.database().conversations.get(key) is None
    assert "more than there" not in said.by(small.workspace, "reconcile", *_EVER)


def test_words_that_changed_unseen_are_found_by_comparing_content(
    small: Ran, said: Said, name: str
) -> None:
    desk = Desk(name=name, sandbox=small.sandbox)
    key = desk.keys()[5]
    desk.reword(key, "We cancel our contract. Call me at +49 170 1234567.")
    small.workspace.pipeline().sync(name, Silent())
    told = json.loads(said.by(small.workspace, "reconcile", "--repair", "--json"))["repairs"]
    assert {each["source"]: each["differ"] for each in told} == {
        each: [key] if each == name else [] for each in _LISTS
    }
    stored = small.workspace.database().conversations.get(key)
    assert stored is not None
    text = stored.messages[0].text
    assert text.startswith("We cancel our contract.")
    assert "1234567" not in text
    assert said.by(small.workspace, "analyse").startswith("1 conversations measured")
    again = json.loads(said.by(small.workspace, "reconcile", "--repair", "--json"))["repairs"]
    assert not any(each["differ"] for each in again)


def test_the_list_of_deletions_finds_what_is_older_than_the_proven_days(
    small: Ran, said: Said
) -> None:
    desk = Desk(name="intercom", sandbox=small.sandbox)
    key = desk.keys()[0]
    desk.delete(key)
    told = said.by(small.workspace, "reconcile", "--repair", "--days", "1")
    assert "intercom: 1 gone by its list of deletions\n" in told
    assert small.workspace.database().conversations.get(key) is None
    assert said.by(small.workspace, "reconcile", *_EVER)


@pytest.mark.parametrize(
    ("name", "fate"),  # what Intercom merges away answers as what it deletes
    [("intercom", "deleted"), ("zendesk", "deleted"), ("zendesk", "merged")],
)
def test_what_leaves_between_its_list_and_its_words_is_gone_and_not_counted(
    fresh: Fresh, said: Said, name: str, fate: str
) -> None:
    workspace, sandbox = fresh
    desk = Desk(name=name, sandbox=sandbox)
    key, other, *_ = everybody = desk.keys()

    def leave(call: Call) -> None:
        if call.path.startswith(_LISTS[name][0]):
            desk.stand.faults.after_answering = None
            if fate == "merged":
                desk.stand.state.merge(_number(key), _number(other))
            else:
                desk.delete(key)

    desk.stand.faults.after_answering = leave
    said.by(workspace, "sync")
    said.by(workspace, "reconcile", "--repair", *_EVER)
    said.by(workspace, "analyse")
    assert workspace.database().conversations.get(key) is None
    of_source = Query(filters=(Filter.of(Dimension.SOURCE, name),))
    assert workspace.database().facts.coverage(of_source, SYSTEM).total == len(everybody) - 1
    assert "missing" not in said.by(workspace, "reconcile", *_EVER)


@pytest.mark.parametrize("broken", list(_LISTS))
def test_a_helpdesk_that_fails_hinders_no_other_and_is_told_at_the_end(
    small: Ran, said: Said, broken: str
) -> None:
    workspace = small.workspace
    (other,) = set(_LISTS) - {broken}
    desk = Desk(name=other, sandbox=small.sandbox)
    gone = desk.keys()[:2]
    for key in gone:
        desk.vanish(key)
    small.sandbox.stands[broken].faults.unauthorized()

    told = said.by(workspace, "reconcile", code=1).splitlines()
    place = next(i for i, line in enumerate(told) if line.startswith(f"{broken}: "))
    assert "helpdesk could not be asked, stored " in told[place]
    assert "refused our credentials" in told[place + 1]
    assert any("2 more than there" in line for line in told)

    prove = next(job for job in jobs(workspace) if job.name == "prove")
    with pytest.raises(Unauthorized):
        prove.run(workspace.now())
    assert workspace.database().conversations.exists(gone) == set()
    told = said.by(workspace, "reconcile", code=1).splitlines()
    assert not any("more than there" in line for line in told)
    kept = last_proof(workspace.database().work)
    assert kept is not None
    assert f"{broken} could not be asked" in kept.result

    desk.vanish(desk.keys()[4])
    assert said.by(workspace, "sweep", code=1).splitlines() == [f"{other}: 1 purged"]
