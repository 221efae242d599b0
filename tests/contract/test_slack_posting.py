"""What reaches Slack when Slack, the network or our own process fails half-way."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask, request

from bot.app import http_handler
from bot.calling import web_client
from bot.connection import Connection
from bot.console import ConsolePublisher
from bot.posting import Unconfirmed
from bot.publishing import SlackPublisher
from connectors.sandbox.faults import Fault, FaultKind
from service.charting import WeekBar
from service.errors import Misbehaving, RateLimited, TellPerson, Unauthorized, Unreachable
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.slack_answers import a_digest
from tests.contract.slack_workspace import (
    CHANNEL,
    CHANNEL_NAME,
    DIRECT,
    LINKS,
    USER,
    Workspace,
    slack_workspace,
)

POST = "/api/chat.postMessage"


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _publisher(workspace: Workspace, channel: str = CHANNEL_NAME) -> SlackPublisher:
    return SlackPublisher(
        workspace.connection(),
        channel=channel,
        database=workspace.database,
        clock=workspace.clock,
    )


def _restart(workspace: Workspace) -> None:
    """A new process, after the dead one's lease, works off what it finds."""
    workspace.clock.advance(minutes=5)
    with workspace.running():
        pass


def _answers(workspace: Workspace) -> list[str]:
    return [m.thread_ts or "" for m in workspace.posted if m.ephemeral_for is None]


def test_a_process_killed_after_the_acknowledgement_is_made_up_for_once(
    workspace: Workspace,
) -> None:
    """The first process dies before Slack takes anything; two later ones find the question."""
    workspace.slack.faults.drop_before_answering(times=None, path="/api/")
    with workspace.running() as slack:
        assert slack.mention("why?", ts="1.1").status_code == 200
    assert workspace.posted == []
    workspace.slack.faults.clear()
    workspace.slack.state.scopes.add("channels:history")
    _restart(workspace)
    _restart(workspace)
    assert _answers(workspace) == ["1.1"]
    assert workspace.database.work.unfinished("slack") == []


def test_two_processes_do_not_answer_the_same_question(workspace: Workspace) -> None:
    workspace.gateway.may_answer.clear()
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
        with workspace.running():  # it finds the question unfinished, and held by the first
            pass
        workspace.gateway.may_answer.set()
    assert _answers(workspace) == ["1.1"]


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.CUT_TRANSFER])
def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(
    workspace: Workspace, kind: FaultKind
) -> None:
    workspace.slack.state.scopes.add("channels:history")
    workspace.slack.faults.add(Fault(kind=kind, path=POST))
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    assert workspace.database.work.unfinished("slack")
    _restart(workspace)
    assert _answers(workspace) == ["1.1"]
    assert workspace.database.work.unfinished("slack") == []


def test_a_lost_answer_in_a_direct_message_is_found_with_the_scopes_of_the_manifest(
    workspace: Workspace,
) -> None:
    workspace.slack.faults.drop_after_doing(path=POST)
    with workspace.running() as slack:
        slack.direct("why?", ts="2.1")
    _restart(workspace)
    assert _answers(workspace) == ["2.1"]


def test_where_we_may_not_look_nothing_is_repeated_and_the_person_is_told(
    workspace: Workspace,
) -> None:
    workspace.slack.faults.drop_after_doing(path=POST)
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    _restart(workspace)
    assert _answers(workspace) == ["1.1"]
    assert [m.text for m in workspace.posted if m.ephemeral_for == USER] == [
        "Slack did not confirm my answer. If you do not see it here, ask again."
    ]


def test_a_busy_slack_is_waited_for(workspace: Workspace) -> None:
    workspace.slack.faults.rate_limit(path=POST, retry_after="0")
    workspace.slack.faults.rate_limit(path=POST, retry_after="soon")
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    assert _answers(workspace) == ["1.1"]


def test_a_slack_that_is_busy_for_long_gets_the_question_later(workspace: Workspace) -> None:
    workspace.slack.faults.rate_limit(path=POST, retry_after="600")
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    assert workspace.posted == []
    _restart(workspace)
    assert _answers(workspace) == ["1.1"]


def test_what_a_closed_channel_does_not_take_goes_to_the_person(workspace: Workspace) -> None:
    workspace.slack.state.channels[CHANNEL].archived = True
    with workspace.running() as slack:
        assert slack.mention("why?").status_code == 200
    assert [posted.channel for posted in workspace.posted] == [DIRECT]
    assert workspace.database.work.unfinished("slack") == []


def test_a_revoked_token_keeps_the_question_until_somebody_hears_of_it(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    workspace.slack.state.token_error = "token_revoked"
    with workspace.running() as slack, caplog.at_level(logging.WARNING, logger="verbatim"):
        assert slack.mention("why?", ts="1.1").status_code == 200
    assert len(workspace.database.work.unfinished("slack")) == 1
    _restart(workspace)
    assert workspace.posted == []
    assert "slack.answer_delayed" in caplog.messages
    workspace.clock.advance(hours=1)
    workspace.slack.state.token_error = None
    _restart(workspace)
    (told,) = workspace.posted
    assert (told.thread_ts, "could not answer this in time" in told.text) == ("1.1", True)
    assert workspace.database.work.unfinished("slack") == []


def test_a_token_that_stays_revoked_ends_the_question_after_a_week(workspace: Workspace) -> None:
    workspace.slack.state.token_error = "token_revoked"
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    workspace.clock.advance(days=8)
    _restart(workspace)
    assert workspace.database.work.unfinished("slack") == []


def test_a_reinstalled_app_answers_what_waited(workspace: Workspace) -> None:
    workspace.slack.state.token_error = "token_revoked"
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    workspace.slack.state.token_error = None
    _restart(workspace)
    assert _answers(workspace) == ["1.1"]


def test_a_stored_question_that_cannot_be_read_is_dropped(workspace: Workspace) -> None:
    workspace.database.work.accept("slack", "C1:9.9", '{"old": 1}', at=workspace.clock())
    _restart(workspace)
    assert workspace.database.work.unfinished("slack") == []


def test_a_status_that_slack_refuses_does_not_cost_the_answer(workspace: Workspace) -> None:
    workspace.slack.faults.server_error(500, path="/api/assistant.threads.setStatus")
    with workspace.running() as slack:
        slack.mention("why?", ts="1.1")
    assert _answers(workspace) == ["1.1"]


def test_a_digest_is_posted_once_and_updated_in_place(workspace: Workspace) -> None:
    publisher = _publisher(workspace)
    first = publisher.publish(a_digest())
    second = _publisher(workspace).publish(a_digest(trust="Later."))
    (posted,) = workspace.posted
    assert first == second
    assert f"#{CHANNEL_NAME}" in first
    assert posted.edited == 1
    assert "Later." in str(posted.blocks)
    assert "155 conversations" in str(posted.blocks)


WEEKS = tuple(WeekBar(monday=date(2026, 10, 5 + 7 * n), n=600 + n) for n in range(4))


def _kinds(workspace: Workspace) -> list[str]:
    (posted,) = workspace.posted
    return [str(block["type"]) for block in posted.blocks]


def test_a_digest_brings_slacks_own_chart(workspace: Workspace) -> None:
    _publisher(workspace).publish(a_digest(weeks=WEEKS))
    assert "data_visualization" in _kinds(workspace)
    assert not workspace.slack.state.files


def test_a_workspace_that_knows_no_charts_gets_a_picture_whose_words_say_the_numbers(
    workspace: Workspace,
) -> None:
    workspace.slack.state.known_charts = False
    _publisher(workspace).publish(a_digest(weeks=WEEKS))
    _publisher(workspace).publish(a_digest(weeks=WEEKS, trust="Later."))
    (posted,) = workspace.posted
    (picture,) = [block for block in posted.blocks if block["type"] == "image"]
    assert "5 Oct 600, 12 Oct 601" in str(picture["alt_text"])
    assert all(each.startswith(b"\x89PNG") for each in workspace.slack.state.files.values())
    assert "Later." in str(posted.blocks)


def test_a_digest_without_the_right_to_upload_comes_without_a_picture(
    workspace: Workspace,
) -> None:
    workspace.slack.state.known_charts = False
    workspace.slack.state.scopes.discard("files:write")
    _publisher(workspace).publish(a_digest(weeks=WEEKS))
    assert not {"data_visualization", "image"} & set(_kinds(workspace))
    assert "155 conversations" in str(workspace.posted[0].blocks)


def test_another_week_is_another_message(workspace: Workspace) -> None:
    publisher = _publisher(workspace)
    publisher.publish(a_digest())
    publisher.publish(a_digest(week="2026-W47"))
    assert len(workspace.posted) == 2


def test_a_digest_that_somebody_deleted_is_posted_again(workspace: Workspace) -> None:
    publisher = _publisher(workspace)
    publisher.publish(a_digest())
    workspace.slack.state.messages.clear()
    publisher.publish(a_digest())
    assert [message.edited for message in workspace.posted] == [0]


def test_a_digest_whose_answer_was_lost_is_found_by_its_key(workspace: Workspace) -> None:
    workspace.slack.state.scopes.add("channels:history")
    publisher = _publisher(workspace)
    publisher.publish(a_digest(week="2026-W45"))  # from here on the channel's id is known
    workspace.slack.faults.drop_after_doing(path=POST)
    with pytest.raises(Unreachable):
        publisher.publish(a_digest())
    publisher.publish(a_digest())
    assert len(workspace.posted) == 2


def test_a_digest_that_cannot_be_looked_up_is_not_repeated(workspace: Workspace) -> None:
    publisher = _publisher(workspace)
    workspace.slack.faults.drop_after_doing(path=POST)
    with pytest.raises(Unreachable):
        publisher.publish(a_digest())
    with pytest.raises(Unconfirmed):
        publisher.publish(a_digest())
    assert len(workspace.posted) == 1


def test_a_refused_digest_says_what_to_do_and_is_posted_when_that_is_done(
    workspace: Workspace,
) -> None:
    workspace.slack.state.channels[CHANNEL].archived = True
    publisher = _publisher(workspace)
    with pytest.raises(TellPerson, match="archived: unarchive it"):
        publisher.publish(a_digest())
    workspace.slack.state.channels[CHANNEL].archived = False
    publisher.publish(a_digest())
    assert len([one for one in workspace.posted if one.channel == CHANNEL]) == 1


def test_each_trouble_of_slack_has_a_name_of_ours(workspace: Workspace) -> None:
    publisher = _publisher(workspace)
    faults = workspace.slack.faults
    faults.html_page(status=502, path=POST)
    with pytest.raises(Misbehaving):
        publisher.publish(a_digest(week="2026-W01"))
    faults.html_page(status=200, path=POST)
    with pytest.raises(Misbehaving):
        publisher.publish(a_digest(week="2026-W02"))
    faults.rate_limit(path=POST, retry_after="90")
    with pytest.raises(RateLimited) as limited:
        publisher.publish(a_digest(week="2026-W03"))
    assert limited.value.retry_after.total_seconds() == 90
    workspace.slack.state.token_error = "account_inactive"
    with pytest.raises(Unauthorized, match="install the app again"):
        publisher.publish(a_digest(week="2026-W04"))


def test_without_a_signing_secret_the_address_is_closed(workspace: Workspace) -> None:
    connection = replace(workspace.connection(), signing_secret=None)
    handler = http_handler(
        connection=connection,
        answers=workspace.gateway,
        database=workspace.database,
        clock=workspace.clock,
        links=LINKS,
    )
    web = Flask("tests.closed")
    with web.test_request_context("/slack/events", method="POST", json={}):
        assert handler(request).status_code == 404


def test_no_secret_is_ever_in_a_representation() -> None:
    connection = Connection(token="xoxb-1", signing_secret="hush", app_token="xapp-1")
    assert not any(secret in repr(connection) for secret in ("xoxb-1", "hush", "xapp-1"))
    assert web_client(connection).token == "xoxb-1"


def test_a_digest_without_slack_goes_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    where = ConsolePublisher(sys.stdout).publish(a_digest())
    assert "Conversations: 731, before 702 (+29)." in capsys.readouterr().out
    assert "terminal" in where
