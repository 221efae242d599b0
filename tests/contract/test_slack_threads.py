"""A conversation in a thread, with real answers: what a follow-up keeps, adds and changes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot.blocks import OPTION
from connectors.sandbox.slack_limits import refusal, texts
from service.domain.people import SYSTEM
from service.query import Query
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.slack_workspace import CHANNEL, Slack, Workspace, slack_workspace
from tests.unit.answering_world import TODAY, answers_over, fill


@pytest.fixture
def workspace(sqlite_database: SqlDatabase) -> Iterator[Workspace]:
    fill(sqlite_database)
    with slack_workspace(sqlite_database, Clockwork(TODAY)) as found:
        gateway: Any = answers_over(sqlite_database)
        yield replace(found, gateway=gateway)


def _words(message: Any) -> str:
    return "".join(piece for block in message.blocks for piece in texts(block))


def _quoted(message: Any) -> set[str]:
    """The conversations whose words a message shows."""
    found = set()
    for block in message.blocks:
        for part in block.get("elements", ()):
            if part.get("type") == "rich_text_quote":
                found.add(part["elements"][-1]["text"])
    return found


def _talk(workspace: Workspace, slack: Slack, *said: str) -> list[Any]:
    """Say one thing after the other in one thread; return the answers."""
    for number, text in enumerate(said):
        slack.mention(text, ts=f"1.{number}", thread_ts="1.0")
        workspace.slack.state.wait_for(number + 1)
    answers = workspace.posted
    assert [one.thread_ts for one in answers] == ["1.0"] * len(said)
    assert all(refusal(one.text, one.blocks) is None for one in answers)
    return answers


def test_more_quotes_are_others_of_the_same_number(workspace: Workspace) -> None:
    with workspace.running() as slack:
        why, more, again = _talk(
            workspace, slack, "why did sentiment drop last week?", "show more quotes", "3 more"
        )
    first, second, third = _quoted(why), _quoted(more), _quoted(again)
    assert (len(first), len(second), len(third)) == (3, 3, 3)
    assert not first & second
    assert not (first | second) & third
    assert "with negative sentiment" in _words(more)


def test_a_follow_up_keeps_what_it_does_not_change(workspace: Workspace) -> None:
    with workspace.running() as slack:
        whole, enterprise, since = _talk(
            workspace,
            slack,
            "how many negative conversations last week?",
            "and for enterprise?",
            "since Tuesday?",
        )
    assert "15 Nov 2026" in _words(whole)
    assert "Enterprise" in _words(enterprise)
    assert "15 Nov 2026" in _words(enterprise)
    assert "Enterprise" in _words(since)
    assert "16 Nov 2026" in _words(since)


def test_numbers_open_the_conversations_that_they_count(workspace: Workspace) -> None:
    with workspace.running() as slack:
        (why,) = _talk(workspace, slack, "why did sentiment drop last week?")
    links = [
        piece
        for block in why.blocks
        if block["type"] == "rich_text"
        for part in block["elements"]
        for row in part["elements"]
        for piece in row.get("elements", [row])
        if piece.get("type") == "link" and "%" in piece["text"]
    ]
    assert len(links) >= 4
    facts = workspace.database.facts
    for one in links:
        params = parse_qsl(urlsplit(one["url"]).query)
        counted = facts.count(Query.from_params(params), SYSTEM).numerator
        assert f"({counted} of " in one["text"]


def test_a_question_back_is_answered_by_a_click_in_its_thread(workspace: Workspace) -> None:
    with workspace.running() as slack:
        (asked_back,) = _talk(workspace, slack, "what's going on with Compny 07?")
        buttons: Any = asked_back.blocks[-1]["elements"]
        assert len(buttons) > 1
        assert all(one["action_id"].startswith(OPTION) for one in buttons)
        chosen = buttons[1]
        slack.click(chosen["action_id"], chosen["value"], ts=asked_back.ts, thread="1.0")
        _, answer = workspace.slack.state.wait_for(2)
    assert (answer.channel, answer.thread_ts) == (CHANNEL, "1.0")
    assert chosen["value"] in _words(answer)


def test_what_was_perhaps_meant_is_asked_by_a_click_in_its_thread(workspace: Workspace) -> None:
    with workspace.running() as slack:
        (all_of_them,) = _talk(workspace, slack, "how many conversations about invoice last week?")
        (button,) = all_of_them.blocks[-1]["elements"]
        slack.click(button["action_id"], button["value"], ts=all_of_them.ts, thread="1.0")
        _, answer = workspace.slack.state.wait_for(2)
    assert button["text"]["text"] == "the word “invoice”"
    assert answer.thread_ts == "1.0"
    assert 'mentions "invoice"' in _words(answer)
    assert "Or did you mean" not in _words(answer)
