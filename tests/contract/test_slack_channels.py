"""What a channel may see of an answer: by its policy; the rest is the asker's alone, to share."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.blocks import SHARE, SHOWS
from bot.policy import Policies, Shows, names_accounts, shared, shared_digest
from bot.publishing import SlackPublisher
from connectors.sandbox.slack_limits import refusal, words_of
from service.domain.answers import Answer, Intent, Receipt, Recount
from service.query import Dimension, Filter, Query, Window
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork
from tests.contract.slack_answers import a_clarification, a_digest, an_answer
from tests.contract.slack_workspace import CHANNEL, DIRECT, USER, Workspace, slack_workspace

NAME, WORDS = "Blue Harbor Logistics", "charged twice for October"
COUNTS = ("33% (121 of 367)", "24% (87 of 361)", "728 of 731 analysed")
ABOUT_ACME = Query(filters=(Filter.of(Dimension.ACCOUNT, "zendesk:a1"),))


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _with(workspace: Workspace, shows: Shows) -> Workspace:
    return replace(workspace, own=replace(workspace.connection(), shows=shows))


def _words(message: Any) -> str:
    return words_of(message.blocks)


def _asked(workspace: Workspace, shows: Shows, answer: Answer) -> tuple[Any, Any]:
    """Ask in a channel; return what the channel sees and what only the asker sees."""
    workspace.gateway.give = lambda text: answer
    with _with(workspace, shows).running() as slack:
        slack.mention("why?", ts="1.1")
    posted = {bool(one.ephemeral_for): one for one in workspace.posted}
    for one in workspace.posted:
        assert refusal(one.text, one.blocks) is None
    return posted.get(False), posted.get(True)


@pytest.mark.parametrize("shows", list(Shows))
def test_counts_are_shown_and_the_rest_by_the_policy(workspace: Workspace, shows: Shows) -> None:
    channel, alone = _asked(workspace, shows, an_answer())
    said = _words(channel)
    assert all(count in said for count in COUNTS)
    assert (WORDS in said) == shows.quotes
    assert (NAME in said) == (shows is Shows.EVERYTHING)
    assert ("Customers' words are not shown" in said) == (not shows.quotes)
    if shows.quotes:
        assert alone is None
    else:
        assert (alone.ephemeral_for, alone.thread_ts) == (USER, "1.1")
        assert WORDS in _words(alone)
        assert NAME in _words(alone)
        assert "Only you see this." in _words(alone)


@pytest.mark.parametrize(
    "changed",
    [
        {"intent": Intent.ACCOUNT_BRIEF},
        {"intent": Intent.CHURN_LIST},
        {"query": ABOUT_ACME},
        {"query": Query(group_by=(Dimension.ACCOUNT,))},
        {"reading": {"intent": "compare", "compare": {"by": "account", "values": ["a", "b"]}}},
    ],
)
def test_an_answer_that_names_accounts_is_told_to_the_asker_alone(
    workspace: Workspace, changed: dict[str, Any]
) -> None:
    channel, alone = _asked(workspace, Shows.QUOTES, an_answer(**changed))
    assert "Accounts are not named in this channel." in _words(channel)
    assert not any(count in _words(channel) + channel.text for count in COUNTS)
    assert all(count in _words(alone) for count in COUNTS)


def test_names_to_choose_from_are_names_too() -> None:
    asked_back = replace(
        a_clarification(), reading={"intent": "clarify", "clarify": {"slot": "account"}}
    )
    assert names_accounts(asked_back)
    assert not names_accounts(an_answer())
    assert shared(asked_back, Shows.EVERYTHING).answer == asked_back


def test_the_asker_shares_the_whole_answer_once_and_by_name(workspace: Workspace) -> None:
    workspace.gateway.give = lambda text: an_answer(query=ABOUT_ACME)
    with _with(workspace, Shows.COUNTS).running() as slack:
        slack.mention("earlier", ts="1.0", thread_ts="1.0")
        workspace.slack.state.wait_for(2)
        slack.mention("and acme?", ts="1.1", thread_ts="1.0")
        workspace.slack.state.wait_for(4)
        alone = [one for one in workspace.posted if one.ephemeral_for][-1]
        buttons: Any = alone.blocks[-1]["elements"]
        button = next(one for one in buttons if one["action_id"] == SHARE)
        for _ in range(2):
            assert slack.click_unseen(SHARE, button["value"]).status_code == 200
        workspace.slack.state.wait_for(5)
    *_, last = workspace.posted
    assert len(workspace.posted) == 5
    assert (last.channel, last.thread_ts, last.ephemeral_for) == (CHANNEL, "1.0", None)
    assert WORDS in _words(last)
    assert f"Shared by {workspace.person.name}." in _words(last)
    again = workspace.gateway.asked[-1]
    assert (again[0], [one["text"] for one in again[2]]) == (
        "<@U0VERBATIM> and acme?",
        ["<@U0VERBATIM> earlier"],
    )


def test_what_is_not_known_any_more_is_not_shared(workspace: Workspace) -> None:
    with _with(workspace, Shows.COUNTS).running() as slack:
        assert slack.click_unseen(SHARE, "C1:0.0").status_code == 200
    assert workspace.posted == []
    assert workspace.gateway.asked == []


def test_a_direct_message_shows_what_the_role_allows(workspace: Workspace) -> None:
    workspace.gateway.give = lambda text: an_answer(query=ABOUT_ACME)
    with _with(workspace, Shows.COUNTS).running() as slack:
        slack.direct("and acme?")
    (answer,) = workspace.posted
    assert answer.channel == DIRECT
    assert NAME in _words(answer)


def test_where_the_app_is_no_member_the_person_gets_the_whole_answer(
    workspace: Workspace,
) -> None:
    workspace.slack.state.channels[CHANNEL].has_bot = False
    with _with(workspace, Shows.COUNTS).running() as slack:
        slack.command("acme")
    (answer,) = workspace.posted
    assert (answer.channel, NAME in _words(answer)) == (DIRECT, True)


def test_an_administrator_says_in_the_channel_what_it_shows(workspace: Workspace) -> None:
    with _with(workspace, Shows.COUNTS).running() as slack:
        offered = slack.command("channel").json()
        assert offered["response_type"] == "ephemeral"
        assert "counts alone" in offered["text"]
        values = [one["value"] for one in offered["blocks"][-1]["elements"]]
        assert values == [one.value for one in Shows]
        slack.click_unseen(f"{SHOWS}_everything", "everything")
        workspace.slack.state.wait_for(1)
        slack.mention("why?", ts="1.1")
    told, answer = workspace.posted
    assert "From now on" in told.text
    assert NAME in _words(answer)
    assert workspace.gateway.asked[0][0] != "channel"


def test_nobody_else_changes_a_channel(workspace: Workspace) -> None:
    workspace.database.people.save(replace(workspace.person, role="leader"))
    with _with(workspace, Shows.COUNTS).running() as slack:
        slack.click_unseen(f"{SHOWS}_everything", "everything")
        slack.click_unseen(f"{SHOWS}_everything", "everything", user="U00000002")
    assert all("Only administrators" in one.text for one in workspace.posted)
    policies = Policies(workspace.database.work, Shows.COUNTS)
    assert policies.of(CHANNEL) is Shows.COUNTS


def test_a_digest_keeps_to_its_channels_policy_also_by_name(workspace: Workspace) -> None:
    own = _with(workspace, Shows.COUNTS).connection()
    publisher = SlackPublisher(
        own, channel="cx-leaders", database=workspace.database, clock=workspace.clock
    )
    publisher.publish(a_digest())
    (posted,) = workspace.posted
    assert WORDS not in _words(posted)
    assert "Customers' words are not shown" in _words(posted)
    policies = Policies(workspace.database.work, Shows.COUNTS)
    policies.set(CHANNEL, Shows.QUOTES, by="ada@example.com", at=NOON)
    publisher.publish(a_digest())
    assert WORDS in _words(posted)
    assert NAME not in _words(posted)
    assert "155 conversations" in _words(posted)
    assert shared_digest(a_digest(), Shows.EVERYTHING) == a_digest()


def test_a_receipt_that_names_an_account_unfurls_only_where_names_are_shown(
    workspace: Workspace,
) -> None:
    query = replace(ABOUT_ACME, window=Window(date(2026, 11, 9), date(2026, 11, 16)))
    receipt = Receipt(id="abc", query=query, as_of=NOON, versions={}, n=3, of=3, members=())
    workspace.gateway.published = Recount(
        receipt=receipt, now_n=3, now_of=3, arrived=(), left=(), erased=0
    )
    event = {
        "type": "link_shared",
        "user": USER,
        "channel": CHANNEL,
        "message_ts": "9.9",
        "links": [{"domain": "verbatim.example", "url": "https://verbatim.example/r/abc"}],
        "ts": "9.9",
    }
    for shows, unfurled in ((Shows.QUOTES, 0), (Shows.NAMES, 1)):
        with _with(workspace, shows).running() as slack:
            slack.event(event)
        assert len(workspace.slack.state.unfurls) == unfurled
    assert "zendesk:a1" not in json.dumps([one.text for one in workspace.posted])
