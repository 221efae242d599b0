"""Questions over Socket Mode, on a real websocket: the same listeners as over HTTP."""

import threading
from collections.abc import Iterator

import pytest

from bot.blocks import USEFUL
from bot.checking import check_app_token
from bot.connection import Connection
from bot.socket_mode import run_socket_mode
from connectors.sandbox.slack_limits import texts
from connectors.sandbox.slack_sockets import Sockets
from connectors.sandbox.slack_state import TEAM
from service.domain.feedback import Verdict
from service.errors import Misused, Unauthorized
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork
from tests.contract.slack_workspace import (
    APP_TOKEN,
    CHANNEL,
    LINKS,
    SECRET,
    TOKEN,
    USER,
    Workspace,
    a_command,
    a_mention,
    event_body,
    slack_workspace,
)


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _ask(workspace: Workspace, text: str, *, ts: str) -> str:
    return workspace.slack.state.sockets.deliver("events_api", event_body(a_mention(text, ts=ts)))


def _acknowledged(workspace: Workspace, envelope: str) -> bool:
    return workspace.slack.state.sockets.wait(lambda all_: envelope in all_.acknowledged)


def test_a_mention_is_answered_in_its_thread(workspace: Workspace) -> None:
    with workspace.connected():
        assert _acknowledged(workspace, _ask(workspace, "why did sentiment drop?", ts="7.1"))
    (answer,) = workspace.posted
    assert (answer.channel, answer.thread_ts) == (CHANNEL, "7.1")
    assert any("33% (121 of 367)" in piece for block in answer.blocks for piece in texts(block))


def test_a_command_and_a_button_come_over_the_same_line(workspace: Workspace) -> None:
    sockets = workspace.slack.state.sockets
    click = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": USER},
        "channel": {"id": CHANNEL},
        "message": {"ts": "5.5"},
        "actions": [{"type": "button", "action_id": USEFUL, "value": "C1:1.1"}],
    }
    with workspace.connected():
        assert _acknowledged(workspace, sockets.deliver("slash_commands", a_command("acme")))
        assert _acknowledged(workspace, sockets.deliver("interactive", click))
        workspace.slack.state.wait_for(2)
    (kept,) = workspace.database.feedback.since(NOON)
    assert kept.verdict is Verdict.USEFUL
    assert workspace.gateway.asked[0][0] == "acme"


def test_a_question_is_stored_before_it_is_acknowledged(workspace: Workspace) -> None:
    stored: list[int] = []

    def look(sockets: Sockets) -> bool:
        if sockets.acknowledged:
            stored.append(len(workspace.database.work.unfinished("slack")))
        return bool(sockets.acknowledged)

    workspace.gateway.may_answer.clear()
    with workspace.connected():
        _ask(workspace, "why?", ts="7.2")
        assert workspace.slack.state.sockets.wait(look)
        workspace.gateway.may_answer.set()
    assert stored == [1]


def test_a_renewed_connection_loses_nothing_and_answers_once(workspace: Workspace) -> None:
    sockets = workspace.slack.state.sockets
    with workspace.connected():
        first = _ask(workspace, "before", ts="8.1")
        sockets.refresh()
        second = _ask(workspace, "while", ts="8.2")
        assert sockets.wait(lambda all_: all_.opened == 2)
        third = _ask(workspace, "after", ts="8.3")
        assert all(_acknowledged(workspace, one) for one in (first, second, third))
    assert sorted(answer.thread_ts for answer in workspace.posted) == ["8.1", "8.2", "8.3"]


def test_a_lost_acknowledgement_brings_the_event_again_and_no_second_answer(
    workspace: Workspace,
) -> None:
    sockets = workspace.slack.state.sockets
    with workspace.connected():
        sockets.deaf = True
        again = _ask(workspace, "why?", ts="8.4")
        workspace.slack.state.wait_for(1)
        sockets.deaf = False
        sockets.refresh()
        assert _acknowledged(workspace, again)
    assert len(workspace.posted) == 1
    assert len(workspace.gateway.asked) == 1


def test_what_comes_while_nobody_listens_is_answered_by_the_next_process(
    workspace: Workspace,
) -> None:
    waiting = _ask(workspace, "anybody?", ts="8.5")
    with workspace.connected():
        assert _acknowledged(workspace, waiting)
    assert [answer.thread_ts for answer in workspace.posted] == ["8.5"]


def test_a_wrong_app_token_is_said_in_a_sentence(workspace: Workspace) -> None:
    with (
        pytest.raises(Unauthorized, match="connections:write"),
        workspace.connected(app_token="xapp-wrong"),
    ):
        pass
    address = f"{workspace.slack_url}/api/"
    check_app_token(Connection(token=TOKEN, app_token=APP_TOKEN, base_url=address))


def test_an_address_opens_one_connection(workspace: Workspace) -> None:
    sockets = workspace.slack.state.sockets
    ticket = sockets.ticket()
    assert [sockets.admit(ticket), sockets.admit(ticket), sockets.admit("guessed")] == [
        True,
        False,
        False,
    ]


def _run(workspace: Workspace, connection: Connection) -> None:
    """Run the bot of `verbatim bot` with the stop already asked for."""
    stop = threading.Event()
    stop.set()
    run_socket_mode(
        connection=connection,
        answers=workspace.gateway,
        database=workspace.database,
        clock=workspace.clock,
        links=LINKS,
        stop=stop,
    )


def test_socket_mode_needs_its_token_and_not_http(workspace: Workspace) -> None:
    with pytest.raises(Misused, match="verbatim serve"):
        _run(workspace, Connection(token=TOKEN, signing_secret=SECRET))
    base = f"{workspace.slack_url}/api/"
    with pytest.raises(Misused, match="APP_TOKEN"):
        _run(workspace, Connection(token=TOKEN, base_url=base))


def test_a_stopped_bot_hangs_up(workspace: Workspace) -> None:
    base = f"{workspace.slack_url}/api/"
    _run(workspace, Connection(token=TOKEN, app_token=APP_TOKEN, base_url=base))
    sockets = workspace.slack.state.sockets
    assert sockets.wait(lambda all_: all_.opened == 1 and not all_.connections)
