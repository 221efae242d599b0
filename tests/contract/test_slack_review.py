"""A quote that somebody names wrong in Slack comes before a reviewer."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.blocks import WRONG
from service.domain.conversations import AccountKey, ConversationKey
from service.domain.feedback import QuoteReport, ShownQuote
from service.domain.people import SYSTEM, PersonRole, Viewer
from service.spotchecks import SpotChecks
from storage.database import SqlDatabase
from tests.browser import sample
from tests.browser.sample import ANA, HOSTILE, LEE, Sample
from tests.builders import NOON, Clockwork, a_conversation, a_page
from tests.contract.slack_workspace import CHANNEL, Workspace, slack_workspace
from tests.unit.answering_world import TODAY, answers_over, fill


@pytest.fixture
def workspace(sqlite_database: SqlDatabase) -> Iterator[Workspace]:
    fill(sqlite_database)
    with slack_workspace(sqlite_database, Clockwork(TODAY)) as found:
        gateway: Any = answers_over(sqlite_database)
        yield replace(found, gateway=gateway)


def _chosen(what: str, *quotes: str) -> dict[str, Any]:
    ticked = [{"value": one} for one in quotes]
    return {
        "what": {"what": {"selected_option": {"value": what}}},
        "quotes": {"quotes": {"selected_options": ticked}},
    }


def _asked_which(workspace: Workspace) -> tuple[Any, list[str]]:
    """Ask, press Wrong; return the modal and the quotes that it offers."""
    with workspace.running() as slack:
        slack.mention("why did sentiment drop last week?", ts="7.1")
        workspace.slack.state.wait_for(1)
        slack.click(WRONG, f"{CHANNEL}:7.1")
    view: Any = workspace.slack.state.views[-1]
    boxes = next(one for one in view["blocks"] if one["block_id"] == "quotes")
    return view, [one["value"] for one in boxes["element"]["options"]]


def test_the_quote_that_was_named_waits_for_a_reviewer(workspace: Workspace) -> None:
    view, offered = _asked_which(workspace)
    assert len(offered) == 3
    assert not any("unhappy" in str(one) for one in view["blocks"])
    for _ in range(2):
        with workspace.running() as slack:
            slack.submit(view, _chosen("quote", offered[1]))
    checks = workspace.database.checks
    assert checks.reports_waiting() == {"sentiment": 1}
    found = checks.next_report("sentiment", SYSTEM)
    assert found is not None
    assert (found.quote.name, found.by) == (offered[1], workspace.person.email)


def test_when_none_is_named_all_of_them_wait(workspace: Workspace) -> None:
    view, _ = _asked_which(workspace)
    with workspace.running() as slack:
        slack.submit(view, _chosen("quote"))
    assert workspace.database.checks.reports_waiting() == {"sentiment": 3}


def test_another_complaint_sends_no_quote_to_review(workspace: Workspace) -> None:
    view, offered = _asked_which(workspace)
    with workspace.running() as slack:
        slack.submit(view, _chosen("period", offered[0]))
    assert workspace.database.checks.reports_waiting() == {}


# --- In the stores -------------------------------------------------------------------------------


def _report(key: ConversationKey, *, minutes: int = 0, metric: str = "sentiment") -> QuoteReport:
    quote = ShownQuote(conversation=key, message="m1", start=0, end=5, metric=metric)
    return QuoteReport(quote=quote, by="lee@example.com", at=NOON + timedelta(minutes=minutes))


def test_a_report_is_kept_once_seen_by_whom_it_concerns_and_settled(
    database: SqlDatabase,
) -> None:
    mine = AccountKey("zendesk:mine")
    one, two = a_conversation(1), a_conversation(2, account=mine)
    database.conversations.save_page("zendesk", a_page(one, two))
    checks = database.checks
    late = _report(two.key, minutes=5)
    assert checks.report([late, _report(one.key), _report(one.key, minutes=9)]) == 2
    assert checks.report([_report(ConversationKey("zendesk:purged"))]) == 0
    assert checks.next_report("sentiment", SYSTEM) == _report(one.key)
    csm = Viewer(person="c", role=PersonRole.CSM, accounts=frozenset({mine}))
    assert checks.next_report("sentiment", csm) == late
    assert checks.next_report("effort", SYSTEM) is None
    assert checks.settle_reports(one.key, "sentiment", by="r", at=NOON)
    assert not checks.settle_reports(one.key, "sentiment", by="r", at=NOON)
    assert checks.reports_waiting() == {"sentiment": 1}
    database.conversations.purge([two.key], why="test")
    assert checks.reports_waiting() == {}


# --- On the site ---------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    made = sample.make(tmp_path)
    yield made
    made.database.close()


def test_a_reviewer_sees_the_words_answers_and_no_blind_check_is_counted(site: Sample) -> None:
    stored = site.database.conversations.get(HOSTILE)
    assert stored is not None
    message = stored.messages[0]
    quote = ShownQuote(
        conversation=HOSTILE, message=message.id, start=0, end=40, metric="sentiment"
    )
    by_lee = QuoteReport(quote=quote, by=LEE.email, at=sample.NOW)
    site.database.checks.report([by_lee])
    client = site.client(ANA)
    assert "1 named wrong" in client.get("/trust").text
    page = client.get("/trust/review/sentiment").text
    assert f"{LEE.email} named a quote of this conversation wrong" in page
    assert "<script>alert" not in page
    token = re.search(r'name="form_token" value="([^"]+)"', page.partition('class="review"')[2])
    assert token is not None
    answered = client.post(
        "/trust/review/sentiment",
        data={"conversation": HOSTILE, "value": "positive", "form_token": token.group(1)},
        headers={"Origin": "http://localhost"},
    )
    assert answered.status_code == 303
    checks = SpotChecks(database=site.database, analyser=sample.VERSION, clock=sample.now)
    assert checks.reports() == {}
    assert site.database.checks.checks() == []
    history = site.database.analyses.history(HOSTILE)
    assert [one.value for one in history if one.metric == "sentiment"][-1] == "positive"
