"""What people decide in the explorer: reviews of metrics, and what becomes of flags."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from flask.testing import FlaskClient

from bot.cards import flag_card
from service.answers import Answers
from service.domain.answers import Intent
from service.domain.conversations import ConversationKey, conversation_key
from service.domain.feedback import Feedback, Verdict, WrongPart
from service.domain.people import SYSTEM
from service.domain.writeback import FieldChange, WriteOutcome
from service.flags import Flags
from service.links import Links
from service.query import Query
from service.spotchecks import SpotChecks
from service.wording import full_day
from tests.browser import sample
from tests.browser.sample import ACME, INITECH, LEE, MAYA, Sample

OWN = {"Origin": "http://localhost"}
PAGE = "/trust/review/sentiment"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path)
    yield filled
    filled.database.close()


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="form_token" value="([^"]*)"', client.get(PAGE).text)
    assert found is not None
    return found[1]


def test_a_reviewer_reads_without_seeing_what_was_measured_and_is_heard(site: Sample) -> None:
    client = site.client()
    assert "Nothing waits for review" in client.get(PAGE).text
    token = {"form_token": _token(client)}
    assert client.post("/trust/draw/sentiment", data=token, headers=OWN).location == PAGE
    page = client.get(PAGE).text
    assert "confidence" not in page
    key = re.findall(r'name="conversation" value="([^"]*)"', page)[0]
    sent = {**token, "conversation": key, "value": "positive"}
    assert client.post(PAGE, data=sent, headers=OWN).status_code == 303
    assert f'value="{key}"' not in client.get(PAGE).text
    analysis = site.database.analyses.get(ConversationKey(key))
    measured = analysis.measured("sentiment") if analysis else None
    assert measured is not None
    assert measured.set_by == "reviewer"
    page = client.get("/trust").text
    assert "1 of 100 checks" in page
    links = re.findall(r'<td>(?:\w+ )?<a href="(/\?conversation=[^"]+)">', page)
    assert len(links) > 1  # the agreement, its class, and what was confused
    assert set(links) == {f"/?conversation={quote_plus(key)}"}


def test_a_conversation_that_was_not_written_is_listed_by_its_reason(site: Sample) -> None:
    key = ConversationKey("zendesk:360001200000")
    change = FieldChange(conversation=key, fields={}, add_tags=frozenset({"vb_x"}))
    outcome = WriteOutcome(change=change, written=False, reason="closed <b>", permanent=True)
    site.database.write_back.record([outcome])
    trust = site.client().get("/trust").text
    (address,) = re.findall(r'<a href="(/trust/not-written/[^"]+)">1</a>', trust)
    page = site.client().get(unescape(address)).text
    assert f'href="/conversations/{key}"' in page
    assert "<b>" not in page
    assert site.client(MAYA).get(unescape(address)).status_code == 403


def test_what_cannot_be_told_is_left_out(site: Sample) -> None:
    client = site.client()
    token = {"form_token": _token(client)}
    client.post("/trust/draw/sentiment", data=token, headers=OWN)
    key = re.findall(r'name="conversation" value="([^"]*)"', client.get(PAGE).text)[0]
    sent = {**token, "conversation": key, "value": "cannot tell"}
    assert client.post(PAGE, data=sent, headers=OWN).status_code == 303
    assert "0 of 100 checks" in client.get("/trust").text


def test_a_leader_draws_nothing_and_answers_nothing(site: Sample) -> None:
    client = site.client(LEE)
    token = {"form_token": _token(client)}
    assert client.post("/trust/draw/sentiment", data=token, headers=OWN).status_code == 403
    sent = {**token, "conversation": "zendesk:1", "value": "positive"}
    assert client.post(PAGE, data=sent, headers=OWN).status_code == 403


def test_a_metric_that_there_is_not_is_no_page(site: Sample) -> None:
    assert site.client().get("/trust/review/mood").status_code == 400


def test_a_validated_metric_is_shown_to_leaders(site: Sample) -> None:
    leader = site.client(LEE)
    asked = "/group?metric=churn_risk_rate&group=channel"
    assert "Withheld: not validated" in leader.get(asked).text
    site.validate("churn_risk")
    page = leader.get(asked).text
    assert "Withheld: not validated" not in page
    assert "Churn-risk share" in page


def test_an_accounts_page_shows_its_flag_and_a_csm_addresses_it(site: Sample) -> None:
    Flags(database=site.database, links=Links(""), clock=sample.now).update()
    client, page = site.client(MAYA), f"/accounts/{ACME}"
    shown = client.get(page).text
    assert "Churn risk: open" in shown
    found = re.search(r'name="form_token" value="([^"]*)"><label>Reason', shown)
    assert found is not None
    sent = {"form_token": found[1], "event": "not a risk", "reason": ""}
    assert client.post(f"{page}/flag", data=sent, headers=OWN).status_code == 400
    sent |= {"event": "addressed", "reason": "Called them."}
    assert client.post(f"{page}/flag", data=sent, headers=OWN).location == page
    after = client.get(page).text
    assert "Churn risk: addressed" in after
    assert "addressed by maya@example.com, Called them." in after


def test_a_flag_of_another_account_is_not_there(site: Sample) -> None:
    Flags(database=site.database, links=Links(""), clock=sample.now).update()
    client = site.client(MAYA)
    sent = {"form_token": _token(client), "event": "addressed"}
    found = client.post(f"/accounts/{INITECH}/flag", data=sent, headers=OWN)
    assert found.status_code == 404
    assert "Churn risk" not in site.client(LEE).get(f"/accounts/{ACME}").text


def test_a_conversation_tells_who_set_a_value_and_when(site: Sample) -> None:
    key = conversation_key("zendesk", "360001200000")
    site.database.analyses.set_by_person(key, "sentiment", "positive")
    page = site.client().get(f"/conversations/{key}").text
    told = " ".join(re.sub(r"<[^>]+>", " ", page.partition("<h2>History</h2>")[2]).split())
    assert told.startswith(
        "Sun 22 Nov 2026, 10:00 Sentiment: positive by an agent, in the helpdesk"
    )
    assert "Sentiment: negative by the analyser, local-1" in told
    assert "it stays in force" in page


def test_trust_lists_what_people_found_wrong_with_the_number_they_saw(site: Sample) -> None:
    verdict = Feedback(
        answer="a1", person=MAYA.email, verdict=Verdict.WRONG, at=sample.now(),
        what=WrongPart.QUOTE, note="<b>An agent said that.</b>", receipt="abc",
    )  # fmt: skip
    site.database.feedback.note(verdict)
    site.database.feedback.note(replace(verdict, answer="a2", verdict=Verdict.USEFUL, what=None))
    page = site.client().get("/trust").text
    assert "called 1 answers useful and 1 wrong (1 quote)" in page
    assert "&lt;b&gt;An agent said that." in page
    assert 'href="/r/abc"' in page
    assert "answers useful" not in site.client(MAYA).get("/trust").text


def test_moments_that_surfaces_date_are_in_the_days_of_the_workspace(site: Sample) -> None:
    flags = Flags(database=site.database, links=Links(""), clock=sample.now)
    flags.update()
    shown, _ = flags.of(ACME, SYSTEM)
    assert shown is not None
    moments = [shown.since, shown.flag.changed_at, *(one.signal.at for one in shown.evidence)]
    quote = flag_card(shown, Links("")).blocks[2]
    answers: Answers = site.app.extensions["verbatim"].answers
    moments += [one.created_at for one in answers.ask(Query(), SYSTEM, intent=Intent.QUOTES).quotes]
    assert len(moments) > 4
    assert {at.utcoffset() for at in moments} <= {timedelta(hours=1), timedelta(hours=2)}
    assert full_day(shown.evidence[0].signal.at.date()) in str(quote)


def test_a_leader_is_offered_nothing_to_do_about_a_flag(site: Sample) -> None:
    Flags(database=site.database, links=Links(""), clock=sample.now).update()
    site.validate("churn_risk")
    assert 'value="addressed"' in site.client(MAYA).get(f"/accounts/{ACME}").text
    page = site.client(LEE).get(f"/accounts/{ACME}").text
    assert "Churn risk: open" in page
    assert 'value="addressed"' not in page


def test_trust_says_whose_a_metric_is_and_when_its_review_is_due(site: Sample) -> None:
    client = site.client()
    assert "no owner" in client.get("/trust").text
    SpotChecks(database=site.database, analyser=sample.VERSION, clock=sample.now).draw("sentiment")
    assert "due 29 Nov 2026" in client.get("/trust").text
