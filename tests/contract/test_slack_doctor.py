"""What `verbatim doctor` says of Slack, by the settings and by Slack's own word."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.slack import SlackStand, slack_app
from service.doctor import Finding, examine
from service.settings import settings_from
from tests.builders import NOON, Clockwork
from tests.contract.slack_workspace import APP_TOKEN, SECRET, TOKEN
from verbatim import Built


@pytest.fixture
def stand() -> SlackStand:
    corpus = load_corpus(now=NOON, conversations=20)
    return slack_app(corpus, token=TOKEN, clock=Clockwork(NOON), app_token=APP_TOKEN)


@pytest.fixture
def url(stand: SlackStand) -> Iterator[str]:
    with stand.serve() as server:
        yield f"{server.url}/api/"


def _slack(home: Path, url: str, **given: str) -> list[Finding]:
    slack = {"bot_token": TOKEN, "base_url": url, **given}
    names = {f"VERBATIM_SLACK__{name.upper()}": value for name, value in slack.items()}
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(home), **names}))
    try:
        found = examine(workspace, offline=False)
    finally:
        workspace.database().close()  # type: ignore[attr-defined]  # the real one
    return [one for one in found if one.name.startswith("slack")]


def test_a_connected_workspace_is_well(tmp_path: Path, url: str) -> None:
    found = _slack(tmp_path, url, signing_secret=SECRET)
    assert [one.line() for one in found] == [
        "ok    slack: mode http",
        "ok    slack token: verbatim in Ledgerly, rights complete",
    ]


def test_socket_mode_is_tried_with_its_own_token(tmp_path: Path, url: str) -> None:
    found = _slack(tmp_path, url, mode="socket", app_token=APP_TOKEN)
    assert [one.ok for one in found] == [True, True]
    wrong = _slack(tmp_path, url, mode="socket", app_token="xapp-of-another-app")
    assert [one.ok for one in wrong] == [True, False]
    assert "connections:write" in wrong[1].says


@pytest.mark.parametrize(
    ("given", "says"), [({}, "APP_TOKEN is missing"), ({"app_token": TOKEN}, "no app-level token")]
)
def test_a_missing_or_mistaken_app_token_is_named_without_asking_slack(
    tmp_path: Path, url: str, stand: SlackStand, given: dict[str, str], says: str
) -> None:
    (finding,) = _slack(tmp_path, url, mode="socket", **given)
    assert not finding.ok
    assert says in finding.says
    assert TOKEN not in finding.line()
    assert stand.faults.calls() == {}


def test_a_channel_that_we_are_not_in_is_named(tmp_path: Path, url: str, stand: SlackStand) -> None:
    channel = next(one for one in stand.state.channels.values() if not one.is_im)
    named = {"signing_secret": SECRET, "digest_channel": channel.name, "flags_channel": channel.id}
    assert _slack(tmp_path, url, **named)[1].ok
    channel.has_bot = False
    (_, thrown_out) = _slack(tmp_path, url, **named)
    assert not thrown_out.ok
    assert f"the app is not in #{channel.id}, #{channel.name}" in thrown_out.says
    assert "/invite" in str(thrown_out.do)
    channel.has_bot, channel.archived = True, True
    assert not _slack(tmp_path, url, **named)[1].ok


def test_a_missing_right_and_a_dead_token_say_what_to_do(
    tmp_path: Path, url: str, stand: SlackStand
) -> None:
    stand.state.scopes -= {"files:write"}
    assert "the app lacks files:write" in _slack(tmp_path, url, signing_secret=SECRET)[1].says
    stand.state.token_error = "token_revoked"
    assert "install the app again" in _slack(tmp_path, url, signing_secret=SECRET)[1].says
