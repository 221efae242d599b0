"""Several workspaces: installing by a link, each answered with its own token, and what ends it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.clients import Clients
from bot.connection import Connection
from bot.installing import Installer
from bot.instead import administrators
from bot.publishing import SlackPublisher
from connectors.sandbox.slack_limits import words_of
from connectors.sandbox.slack_oauth import CLIENT_ID, CLIENT_SECRET
from connectors.sandbox.slack_state import TEAM
from service.errors import Forbidden, Misused, TellPerson, Unauthorized
from service.links import Links
from service.reachability import Part, Reachability
from service.stores import Person
from storage.database import SqlDatabase
from tests.browser import sample
from tests.browser.sample import LEE, Sample
from tests.builders import Clockwork
from tests.contract.slack_answers import a_digest
from tests.contract.slack_workspace import (
    CHANNEL,
    SECRET,
    Workspace,
    event_body,
    slack_workspace,
)

ADA = Person(email="ada@example.com", name="Ada", role="admin")
OTHER = "T0OTHER"


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """Two made-up workspaces beside one Verbatim that has no token of its own."""

    workspace: Workspace
    connection: Connection
    installer: Installer
    user: str  # of the second workspace
    channel: str

    def install(self, team: str, *, by: str = ADA.email) -> str:
        """Allow it at Slack and come back, as a person's browser does."""
        asked = urlsplit(self.installer.begin(by))
        reply = httpx.get(f"{asked.geturl()}&team={team}", trust_env=False)
        assert reply.status_code == 302
        back = parse_qs(urlsplit(reply.headers["location"]).query)
        return self.installer.finish(by, state=back["state"][0], code=back["code"][0])

    def clients(self) -> Clients:
        return Clients(
            self.connection, database=self.workspace.database, clock=self.workspace.clock
        )


@pytest.fixture
def several(workspace: Workspace) -> Several:
    connection = Connection(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        signing_secret=SECRET,
        base_url=f"{workspace.slack_url}/api/",
    )
    installer = Installer(
        connection,
        installations=workspace.database.installations,
        links=Links("https://verbatim.example"),
        clock=workspace.clock,
    )
    person, channel = workspace.slack.state.add_team(OTHER, "Other", email="olga@other.example")
    workspace.database.people.save(Person(email=person.email, name="Olga", role="admin"))
    return Several(
        workspace=replace(workspace, own=connection),
        connection=connection,
        installer=installer,
        user=person.id,
        channel=channel.id,
    )


def _mention_in(several: Several, ts: str) -> dict[str, Any]:
    event = {"type": "app_mention", "channel": several.channel, "user": several.user, "ts": ts}
    return {**event_body({**event, "text": "why?"}), "team_id": OTHER}


def test_each_workspace_is_answered_with_its_own_token(several: Several) -> None:
    assert several.install(TEAM) == "Ledgerly"
    assert several.install(OTHER) == "Other"
    with several.workspace.running() as slack:
        slack.mention("why?", ts="1.1")
        assert slack.body(_mention_in(several, "2.2")).status_code == 200
    posted = {one.channel: one.thread_ts for one in several.workspace.posted}
    assert posted == {CHANNEL: "1.1", several.channel: "2.2"}
    tokens = {str(several.clients().of(team).token) for team in (TEAM, OTHER)}
    assert len(tokens) == 2
    assert {several.workspace.slack.state.tokens[token] for token in tokens} == {TEAM, OTHER}


def test_a_workspace_that_never_installed_us_gets_nothing(several: Several) -> None:
    several.install(TEAM)
    with several.workspace.running() as slack:
        assert slack.body(_mention_in(several, "2.3")).status_code == 200
    assert several.workspace.posted == []
    with pytest.raises(Unauthorized):
        several.clients().of(OTHER)


def test_the_token_that_was_set_keeps_working_beside_others(several: Several) -> None:
    several.install(OTHER)
    both = replace(several.connection, token="xoxb-set")
    clients = Clients(both, database=several.workspace.database, clock=several.workspace.clock)
    assert clients.of(TEAM).token == "xoxb-set"
    assert clients.of(OTHER).token != "xoxb-set"
    assert clients.home() == ""


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U0VERBATIM"]}}],
)
def test_what_a_workspace_takes_back_is_noted_and_forgotten(
    several: Several, event: dict[str, Any]
) -> None:
    several.install(OTHER)
    with several.workspace.running() as slack:
        slack.body({**event_body(event), "team_id": OTHER})
    found = several.workspace.database.installations.get(OTHER)
    assert found is not None
    assert (found.stands, found.token) == (False, "")
    assert "install" in found.why_ended
    several.install(OTHER)
    assert several.clients().of(OTHER).token


def test_a_persons_own_revoked_token_is_none_of_ours(several: Several) -> None:
    several.install(OTHER)
    event = {"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}
    with several.workspace.running() as slack:
        slack.body({**event_body(event), "team_id": OTHER})
    assert several.clients().of(OTHER).token


def test_a_token_that_slack_refuses_ends_only_its_own_workspace(several: Several) -> None:
    several.install(TEAM)
    several.install(OTHER)
    several.workspace.slack.state.revoked.add(OTHER)
    with several.workspace.running() as slack:
        slack.body(_mention_in(several, "2.4"))
        slack.mention("why?", ts="1.4")
    standing = {one.team: one.stands for one in several.workspace.database.installations.all()}
    assert standing == {TEAM: True, OTHER: False}
    assert [one.channel for one in several.workspace.posted] == [CHANNEL]


def test_a_question_to_a_workspace_that_comes_back_is_answered_then(several: Several) -> None:
    several.install(OTHER)
    several.workspace.slack.state.revoked.add(OTHER)
    with several.workspace.running() as slack:
        slack.body(_mention_in(several, "2.5"))
    several.workspace.slack.state.revoked.clear()
    several.install(OTHER)
    several.workspace.clock.advance(minutes=5)
    with several.workspace.running():
        several.workspace.slack.state.wait_for(1)
    assert [one.thread_ts for one in several.workspace.posted] == ["2.5"]


def test_slack_in_trouble_ends_no_installation(several: Several) -> None:
    several.install(TEAM)
    several.workspace.slack.faults.server_error(503, times=None)
    several.clients().doubt(TEAM)
    assert [one.stands for one in several.workspace.database.installations.all()] == [True]


def test_only_who_began_an_installation_finishes_it_once_and_in_time(several: Several) -> None:
    def state() -> str:
        return parse_qs(urlsplit(several.installer.begin(ADA.email)).query)["state"][0]

    for by, given in (("eve@example.com", state()), (ADA.email, "made-up")):
        with pytest.raises(Forbidden):
            several.installer.finish(by, state=given, code="c")
    late = state()
    several.workspace.clock.advance(minutes=11)
    with pytest.raises(Forbidden):
        several.installer.finish(ADA.email, state=late, code="c")
    with pytest.raises(Misused, match="invalid_code"):
        several.installer.finish(ADA.email, state=state(), code="c")
    assert several.workspace.database.installations.all() == []


def test_the_digest_goes_to_administrators_when_its_channel_is_gone(workspace: Workspace) -> None:
    publisher = SlackPublisher(
        workspace.connection(),
        channel="cx-leaders",
        database=workspace.database,
        clock=workspace.clock,
    )
    reachability = Reachability(workspace.database.work, workspace.clock)
    workspace.slack.state.channels[CHANNEL].archived = True
    for _ in range(2):
        with pytest.raises(TellPerson, match="archived"):
            publisher.publish(a_digest())
    (told,) = workspace.posted
    assert told.channel.startswith("D")
    words = words_of(told.blocks)
    assert "could not be posted in #cx-leaders" in words
    assert [one.part for one in reachability.troubles()] == [Part.DIGEST]
    workspace.slack.state.channels[CHANNEL].archived = False
    publisher.publish(a_digest())
    assert reachability.troubles() == []


def test_a_dead_token_is_noted_once_and_cleared_by_the_next_answer(workspace: Workspace) -> None:
    reachability = Reachability(workspace.database.work, workspace.clock)
    workspace.slack.state.token_error = "token_revoked"
    with workspace.running() as slack:
        slack.mention("why?", ts="3.1")
    (first,) = reachability.troubles()
    workspace.clock.advance(minutes=5)
    with workspace.running():
        pass
    assert reachability.troubles() == [first]
    assert (first.part, "install the app again" in first.says) == (Part.TOKEN, True)
    workspace.slack.state.token_error = None
    workspace.clock.advance(minutes=5)
    with workspace.running():
        workspace.slack.state.wait_for(1)
    assert reachability.troubles() == []


def test_administrators_without_slack_are_left_out(workspace: Workspace) -> None:
    workspace.database.people.save(ADA)
    clients = Clients(workspace.connection(), database=workspace.database, clock=workspace.clock)
    assert administrators(clients.of(""), workspace.database.people) == ["U00000001"]


# --- On the site ---------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    made = sample.make(tmp_path, filled=False)
    made.database.people.save(ADA)
    yield made
    made.database.close()


def _with_installer(site: Sample, several: Several) -> Installer:
    installer = Installer(
        several.connection,
        installations=site.database.installations,
        links=Links("http://localhost"),
        clock=sample.now,
    )
    here = site.app.extensions["verbatim"]
    site.app.extensions["verbatim"] = replace(here, slack=installer)
    return installer


def test_an_administrator_installs_from_the_site_and_sees_it_there(
    site: Sample, several: Several
) -> None:
    _with_installer(site, several)
    client = site.client(ADA)
    begun = client.get("/slack/install")
    assert begun.status_code == 303
    allowed = httpx.get(begun.headers["Location"], trust_env=False)
    back = urlsplit(allowed.headers["location"])
    assert back.path == "/slack/oauth_redirect"
    assert client.get(f"{back.path}?{back.query}").headers["Location"] == "/settings#slack"
    assert client.get(f"{back.path}?{back.query}").status_code == 403
    page = client.get("/settings").text
    assert "Ledgerly" in page
    assert "ada@example.com" in page
    site.database.installations.end(TEAM, why="<b>gone</b>", at=sample.NOW)
    assert "ended" in client.get("/settings").text
    assert "&lt;b&gt;gone&lt;/b&gt;" in client.get("/trust").text


def test_nobody_else_installs_and_a_no_is_said(site: Sample, several: Several) -> None:
    assert site.client(ADA).get("/slack/install").status_code == 404
    _with_installer(site, several)
    assert site.client(LEE).get("/slack/install").status_code == 403
    assert site.client(LEE).get("/slack/oauth_redirect?code=c&state=s").status_code == 403
    assert site.client(None).get("/slack/install").status_code == 303  # to the sign-in
    no = site.client(ADA).get("/slack/oauth_redirect?error=access_denied&state=s")
    assert (no.status_code, "not allowed" in no.text) == (400, True)
    assert site.database.installations.all() == []


def test_every_page_says_what_of_slack_is_not_reached(site: Sample) -> None:
    client = site.client(LEE)
    assert "not reached" not in client.get("/").text
    reachability = Reachability(site.database.work, sample.now)
    reachability.note(Part.FLAGS, "#churn-risk: the channel is archived.")
    assert "not reached since" in client.get("/").text
    reachability.over(Part.FLAGS)
    assert "not reached" not in client.get("/").text


def test_a_trouble_keeps_the_time_at_which_it_began(
    sqlite_database: SqlDatabase, clock: Clockwork
) -> None:
    reachability = Reachability(sqlite_database.work, clock)
    began = clock.now
    reachability.note(Part.TOKEN, "first")
    clock.advance(hours=3)
    reachability.note(Part.TOKEN, "second")
    (found,) = reachability.troubles()
    assert (found.since, found.says) == (began, "second")
    assert found.since + timedelta(hours=3) == clock.now
