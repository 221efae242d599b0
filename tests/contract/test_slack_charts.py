"""The chart of a trend in its answer: Slack's own, a picture where that is refused, else words."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from bot.blocks import answer_message
from bot.charts import charted
from connectors.sandbox.faults import Call, Fault, FaultKind
from connectors.sandbox.slack_limits import words_of
from service.charting import trend_chart
from service.domain.answers import Answer
from service.query import Dimension, Filter
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.slack_answers import HOME, QUOTES
from tests.contract.slack_workspace import CHANNEL, Workspace, slack_workspace
from tests.unit.test_charting import MONDAYS, a_trend

GET_ADDRESS, COMPLETE = "/api/files.getUploadURLExternal", "/api/files.completeUploadExternal"
ASKED = "negative share by week?"


def _told(**changed: Any) -> Answer:
    """Five weeks; the second has too few conversations for a share."""
    answer = a_trend([(day, 30 + n, 18 if n == 1 else 100) for n, day in enumerate(MONDAYS)])
    first = ("Negative share by week.", "Negative share: 38% (160 of 418).")
    weeks = tuple(
        f"{one.values[0]}: {one.counted.n} {one.counted.receipt}" for one in answer.groups
    )
    return replace(answer, **({"quotes": (), "text": first + weeks} | changed))


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        found.gateway.give = lambda _: _told()
        yield found


def _answered(workspace: Workspace) -> Any:
    """Ask in the channel; return the one message that everybody sees."""
    with workspace.running() as slack:
        slack.mention(ASKED, ts="1.1")
    (message,) = [one for one in workspace.posted if one.ephemeral_for is None]
    return message


def _kinds(message: Any) -> list[str]:
    return [str(block["type"]) for block in message.blocks]


def test_a_trend_comes_with_slacks_own_chart_under_its_number(workspace: Workspace) -> None:
    message = _answered(workspace)
    place = _kinds(message).index("data_visualization")
    chart = message.blocks[place]
    assert "38% (160 of 418)" in words_of(message.blocks[:place])
    assert "5 few" not in words_of(message.blocks)
    assert chart["chart"]["axis_config"] == {
        "categories": ["5 Oct", "19 Oct", "26 Oct", "2 Nov"],
        "y_label": "% of conversations",
    }
    assert "Not drawn, fewer than 30 conversations: 12 Oct (31 of 18)." in words_of(message.blocks)
    assert not workspace.slack.state.files


def test_where_slack_draws_nothing_there_is_a_picture_that_says_its_numbers(
    workspace: Workspace,
) -> None:
    workspace.slack.state.known_charts = False
    message = _answered(workspace)
    (picture,) = [block for block in message.blocks if block["type"] == "image"]
    assert "19 Oct 32% (32 of 100)" in picture["alt_text"]
    (file,) = workspace.slack.state.files.values()
    assert file.startswith(b"\x89PNG")


def test_a_picture_that_slack_still_works_on_is_waited_for(workspace: Workspace) -> None:
    workspace.slack.state.known_charts = False
    workspace.slack.state.settling = 1
    assert "image" in _kinds(_answered(workspace))
    assert len(workspace.slack.state.files) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.RATE_LIMIT, path=GET_ADDRESS, retry_after="3600", times=None),
        Fault(kind=FaultKind.SERVER_ERROR, path=GET_ADDRESS, status=500),
        Fault(kind=FaultKind.SERVER_ERROR, path="/upload/", status=500),
        Fault(kind=FaultKind.SERVER_ERROR, path="/upload/", status=404),
        Fault(kind=FaultKind.DROP_AFTER, path="/upload/"),
        Fault(kind=FaultKind.RATE_LIMIT, path=COMPLETE, retry_after="3600", times=None),
        Fault(kind=FaultKind.SERVER_ERROR, path=COMPLETE, status=503),
        Fault(kind=FaultKind.DROP_AFTER, path=COMPLETE),
        Fault(kind=FaultKind.TRUNCATE_JSON, path=COMPLETE),
        Fault(kind=FaultKind.HTML_PAGE, path=GET_ADDRESS),
    ],
)
def test_an_upload_that_fails_leaves_the_words_once(workspace: Workspace, fault: Fault) -> None:
    workspace.slack.state.known_charts = False
    workspace.slack.faults.add(fault)
    message = _answered(workspace)
    assert not {"data_visualization", "image"} & set(_kinds(message))
    assert "38% (160 of 418)" in words_of(message.blocks)
    assert workspace.database.work.unfinished("slack") == []


def test_without_the_right_to_upload_the_words_stand_alone(workspace: Workspace) -> None:
    workspace.slack.state.known_charts = False
    workspace.slack.state.scopes.discard("files:write")
    assert "image" not in _kinds(_answered(workspace))


def test_while_a_picture_is_made_it_is_known_that_nothing_is_posted(workspace: Workspace) -> None:
    """Who dies there is made up for without looking, which most workspaces do not allow."""
    workspace.slack.state.known_charts = False
    work, seen = workspace.database.work, []

    def look(call: Call) -> None:
        if call.path in {GET_ADDRESS, COMPLETE}:
            seen.append((work.outbox_open()[0], work.outbox_remote(f"answer:{CHANNEL}:1.1")))

    workspace.slack.faults.before_answering = look
    assert "image" in _kinds(_answered(workspace))
    assert seen == [(0, ""), (0, "")]


def test_a_lost_answer_with_a_picture_is_found_and_not_repeated(workspace: Workspace) -> None:
    workspace.slack.state.known_charts = False
    workspace.slack.state.scopes.add("channels:history")
    workspace.slack.faults.add(
        Fault(kind=FaultKind.DROP_AFTER, path="/api/chat.postMessage", skip=1)
    )
    with workspace.running() as slack:
        slack.mention(ASKED, ts="1.1")
    assert workspace.database.work.unfinished("slack")
    workspace.clock.advance(minutes=5)
    with workspace.running():
        pass
    assert [one.thread_ts for one in workspace.posted] == ["1.1"]
    assert workspace.database.work.unfinished("slack") == []


def test_what_only_the_asker_sees_has_the_chart_and_the_channel_has_none_of_an_account(
    workspace: Workspace,
) -> None:
    workspace.own = replace(workspace.connection(), shows=workspace.connection().shows.COUNTS)
    workspace.slack.state.known_charts = False
    query = _told().query
    assert query is not None
    named = replace(query, filters=(Filter.of(Dimension.ACCOUNT, "zendesk:a1"),))
    workspace.gateway.give = lambda _: _told(query=named)
    public = _answered(workspace)
    (private,) = [one for one in workspace.posted if one.ephemeral_for is not None]
    assert "image" in _kinds(private)
    assert "image" not in _kinds(public)
    assert "by week" not in words_of(public.blocks)


def test_one_picture_serves_what_the_asker_and_what_the_channel_sees(workspace: Workspace) -> None:
    workspace.own = replace(workspace.connection(), shows=workspace.connection().shows.COUNTS)
    workspace.slack.state.known_charts = False
    workspace.gateway.give = lambda _: _told(quotes=QUOTES)
    public = _answered(workspace)
    (private,) = [one for one in workspace.posted if one.ephemeral_for is not None]
    assert "image" in _kinds(private)
    assert "image" in _kinds(public)
    assert len(workspace.slack.state.files) == 1


def test_the_chart_goes_after_the_quotes_and_before_any_count() -> None:
    left_out = set()
    for width in range(200, 1_200, 20):
        first = ("Negative share by week.", "Negative share: 38% (160 of 418).")
        parts = tuple(f"Part {n}: {'x' * 560} {HOME}/r/{n}" for n in range(10))
        quoted = tuple(f'"{one.text}" ({one.conversation}) {one.url}' for one in QUOTES)
        more = ("y" * (width // 2), "z" * (width // 2), *(f"{n}" * 520 for n in range(5)))
        answer = _told(quotes=QUOTES, text=(*first, *parts, *quoted, *more))
        message = charted(
            trend_chart(answer),
            partial(answer_message, answer, feedback="f"),
            picture=lambda _: None,
        )
        shown = words_of(message.blocks)
        counts = all(f"Part {n}: " in shown for n in range(10))
        drawn, quotes = "data_visualization" in _kinds(message), shown.count("zendesk:")
        assert counts or not drawn
        assert drawn or (quotes == 0 and "3 quotes and 1 chart" in shown)
        left_out.add((quotes, drawn, counts))
    assert left_out >= {(3, True, True), (0, True, True), (0, False, True)}
