"""The stand-in's page, on which a person without Slack reads answers and digests."""

from collections.abc import Iterator

import httpx
import pytest

from bot.blocks import answer_message, digest_message
from bot.calling import Refused, call, web_client
from bot.home import Mine, home_view
from bot.posting import Poster
from service.domain.conversations import Account, account_key
from storage.database import SqlDatabase
from tests.builders import Clockwork
from tests.contract.slack_answers import a_digest, a_quote, an_answer
from tests.contract.slack_workspace import CHANNEL, LINKS, USER, Workspace, slack_workspace


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _page(workspace: Workspace) -> str:
    reply = httpx.get(workspace.slack_url, trust_env=False)
    assert reply.status_code == 200
    return reply.text


def _poster(workspace: Workspace) -> Poster:
    client = web_client(workspace.connection())
    return Poster(client, work=workspace.database.work, clock=workspace.clock)


def test_an_empty_workspace_names_its_channels(workspace: Workspace) -> None:
    page = _page(workspace)
    assert "# cx-leaders" in page
    assert "No message yet." in page


def test_answers_and_digests_are_drawn_with_their_numbers_and_links(workspace: Workspace) -> None:
    poster = _poster(workspace)
    poster.put("a", answer_message(an_answer(), feedback="f"), channel=CHANNEL, thread="1.1")
    poster.put("d", digest_message(a_digest()), channel=CHANNEL)
    page = _page(workspace)
    for expected in (
        "33% (121 of 367)",
        "<blockquote>“We were charged twice",
        'href="https://verbatim.example/r/billing"',
        ">Show all 121</a>",
        "<header>Customer conversations, week 2026-W46</header>",
        "in the thread of 1.1",
    ):
        assert expected in page
    assert "[a block of type" not in page


def test_a_home_is_drawn_with_its_menus(workspace: Workspace) -> None:
    account = Account(key=account_key("zendesk", "a1"), name="<b>Acme</b>", segment="enterprise")
    mine = Mine(owned=[account], followed=[], muted={account.key})
    view = home_view(name="Ada", mine=mine, flags=[], links=LINKS)
    client = web_client(workspace.connection())
    call(client, "views.publish", {"user_id": USER, "view": view})
    page = _page(workspace)
    for expected in (
        "Your accounts (1)",
        "&lt;b&gt;Acme&lt;/b&gt; · enterprise · muted",
        'title="Open in the explorer, Unmute"',
        "Follow an account",
    ):
        assert expected in page
    with pytest.raises(Refused):
        call(client, "views.publish", {"user_id": "U-NOBODY", "view": view})


def test_what_customers_wrote_is_never_markup(workspace: Workspace) -> None:
    words = "<script>alert(1)</script> <!channel> & *bold*"
    message = answer_message(an_answer(quotes=(a_quote(1, words),)), feedback="f")
    _poster(workspace).put("a", message, channel=CHANNEL)
    page = _page(workspace)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &lt;!channel&gt; &amp; *bold*" in page
    assert "src=" not in page
