"""Alerts from the counts to a channel, over real stores and the Slack stand-in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.alerts import SlackAlertMessenger
from bot.withdrawing import SENTENCE, SlackWithdrawer
from connectors.sandbox.slack_limits import refusal, words_of
from service.alert_book import STARTER
from service.domain.alerts import AlertState
from service.domain.erasures import Subject, SubjectKind
from service.domain.feedback import Verdict
from service.errors import Misused, NotFound, RetryLater, TellPerson, Unauthorized
from service.flags import Flags
from service.forgetting import Forgetting
from service.watching import Watch
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.slack_workspace import LINKS, Workspace, slack_workspace
from tests.unit.answering_world import TODAY, answers_over, fill

DAY = TODAY.date()


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork(now=TODAY)


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    fill(sqlite_database, now=clock)
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _watch(
    workspace: Workspace, *, validated: Sequence[str] = ("sentiment",), channel: str | None = None
) -> Watch:
    return Watch(
        database=workspace.database,
        answers=answers_over(workspace.database, now=workspace.clock),
        messenger=SlackAlertMessenger(
            workspace.connection(),
            channel=channel or "cx-leaders",
            database=workspace.database,
            clock=workspace.clock,
        ),
        validated=validated,
        clock=workspace.clock,
        zone=ZoneInfo("UTC"),
    )


def test_a_rise_is_told_once_with_counts_quotes_and_buttons(workspace: Workspace) -> None:
    watched = _watch(workspace).run(DAY)
    assert [one.reading.value for one in watched.fired] == ["Billing"]
    assert watched.told == 1
    assert _watch(workspace).run(DAY).told == 0
    (post,) = workspace.posted
    words = words_of(post.blocks)
    assert "Billing: Negative share of a driver" in words
    assert "rose from" in words
    assert "I am really unhappy with the invoice" in words
    assert "Useful" in words
    assert refusal(post.text, post.blocks) is None


def test_it_is_one_message_that_follows_its_numbers(workspace: Workspace) -> None:
    _watch(workspace).run(DAY)
    workspace.clock.advance(days=1)
    workspace.database.conversations.sync_finished("zendesk", workspace.clock.now)
    again = _watch(workspace).run(DAY + timedelta(days=1))
    assert (again.fired, again.told) == ((), 0)
    (post,) = workspace.posted
    (alert,) = _watch(workspace).history()
    assert alert.seen_on == DAY + timedelta(days=1)
    assert f"{alert.reading.x1} of {alert.reading.n1}" in words_of(post.blocks)


def test_what_slack_did_not_take_is_told_by_the_next_look(workspace: Workspace) -> None:
    workspace.slack.state.token_error = "token_revoked"
    with pytest.raises(Unauthorized):
        _watch(workspace).run(DAY)
    (alert,) = _watch(workspace).history()
    assert (alert.state, alert.told_excess) == (AlertState.OPEN, None)
    workspace.slack.state.token_error = None
    assert _watch(workspace).run(DAY).told == 1
    assert len(workspace.posted) == 1


def test_one_alert_that_slack_refuses_hinders_no_other(workspace: Workspace) -> None:
    rule = replace(STARTER, id="all", name="All together", over=None, channel="C404", threshold=2.0)
    _watch(workspace).add(rule)
    with pytest.raises(TellPerson, match="no such channel"):
        _watch(workspace).run(DAY)
    (post,) = workspace.posted
    assert "Billing" in words_of(post.blocks)
    told = {one.rule: one.told_excess is not None for one in _watch(workspace).history()}
    assert told == {"all": False, STARTER.id: True}


def test_a_metric_that_is_not_validated_raises_nothing(workspace: Workspace) -> None:
    watched = _watch(workspace, validated=()).run(DAY)
    assert (watched.fired, workspace.posted) == ((), [])
    assert watched.sentence.endswith("Negative share of a driver: withheld: not validated")


def test_stale_numbers_are_never_told_as_new(workspace: Workspace) -> None:
    workspace.clock.advance(days=1)
    with pytest.raises(RetryLater, match="zendesk was not read"):
        _watch(workspace).run(DAY + timedelta(days=1))
    assert workspace.posted == []


def test_useful_is_kept_with_the_number_it_is_about(workspace: Workspace) -> None:
    _watch(workspace).run(DAY)
    (alert,) = _watch(workspace).history()
    with workspace.running() as slack:
        slack.click("verbatim_useful", alert.key)
    (said,) = workspace.database.feedback.since(TODAY - timedelta(days=1))
    assert (said.answer, said.verdict, said.receipt) == (alert.key, Verdict.USEFUL, alert.receipt)
    assert said.receipt


def test_somebody_takes_it_up_and_ends_the_rule(workspace: Workspace) -> None:
    watch = _watch(workspace)
    watch.run(DAY)
    (alert,) = watch.history()
    assert watch.acknowledge(alert.key).state is AlertState.ACKNOWLEDGED
    assert watch.run(DAY).told == 0
    watch.end(STARTER.id, by="olga@example.com")
    assert watch.rules() == []
    with pytest.raises(NotFound):
        watch.end(STARTER.id, by="olga@example.com")
    with pytest.raises(Misused, match="ended ones keep their name"):
        watch.add(STARTER)


def test_a_person_whose_words_an_alert_showed_can_be_forgotten(workspace: Workspace) -> None:
    _watch(workspace).run(DAY)
    (post,) = workspace.posted
    said = next(line for line in words_of(post.blocks).splitlines() if "invoice number" in line)
    number = int(said.split("number ")[1].split(".")[0])
    flags = Flags(database=workspace.database, links=LINKS, clock=workspace.clock)
    withdrawer = SlackWithdrawer(
        workspace.connection(), database=workspace.database, clock=workspace.clock
    )
    forgetting = Forgetting(
        database=workspace.database, flags=flags, withdrawer=withdrawer, clock=workspace.clock
    )
    done = forgetting.forget(Subject(kind=SubjectKind.REQUESTER, id=f"r{number}"))
    assert (done.conversations, done.posts_changed) == (1, 1)
    (post,) = workspace.posted
    assert SENTENCE in words_of(post.blocks)
    assert f"number {number}." not in words_of(post.blocks)
