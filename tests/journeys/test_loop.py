"""The whole loop over HTTP: what a person sees in the demo, held to the words of the spec."""

import json

import pytest

from service.answer_json import as_json
from service.domain.answers import Answer
from service.domain.measurements import Quote, quote_is_true
from service.domain.people import SYSTEM
from service.query import Dimension, Query
from service.reconcile import Reconciliation
from tests.journeys.conftest import CONVERSATIONS, Ran


@pytest.fixture
def answer(ran: Ran) -> Answer:
    assert ran.report.answer is not None
    return ran.report.answer


def test_every_conversation_of_both_helpdesks_is_stored_and_measured(ran: Ran) -> None:
    assert ran.report.conversations == CONVERSATIONS
    assert ran.report.measured == CONVERSATIONS
    assert ran.report.failed == 0


def test_what_is_stored_is_what_the_helpdesks_count(ran: Ran) -> None:
    workspace = ran.workspace
    rows = Reconciliation(
        database=workspace.database(),
        helpdesks=workspace.helpdesks(),
        zone=workspace.settings.zone,
        clock=workspace.now,
    ).run(days=20)

    assert [row.source for row in rows] == ["intercom", "zendesk"]
    assert [row.missing for row in rows] == [0, 0]
    assert all(day.missing == 0 for row in rows for day in row.days)
    assert sum(len(row.days) for row in rows) > 20


def test_all_that_can_be_written_is_written_and_the_rest_has_a_reason(ran: Ran) -> None:
    assert set(ran.report.not_written) == {"closed"}
    assert ran.report.written + ran.report.not_written["closed"] == CONVERSATIONS


def test_the_second_cycle_measures_and_writes_nothing(ran: Ran) -> None:
    assert ran.report.second_cycle["analysed"] == 0
    assert ran.report.second_cycle["written"] == 0


def test_the_fields_stand_in_the_helpdesk(ran: Ran) -> None:
    row = (
        ran.workspace.database()
        .facts.conversations(
            Query().narrowed(Dimension.SOURCE, "zendesk").narrowed(Dimension.STATUS, "solved"),
            SYSTEM,
            limit=1,
        )
        .rows[0]
    )
    ticket_id = int(row.head.key.split(":")[1])
    ticket = ran.sandbox.stands["zendesk"].state.tickets[ticket_id]

    assert f"vb_sentiment__{row.labels['sentiment']}" in ticket.tags


def test_the_answer_names_the_driver_and_the_segment_that_got_worse(answer: Answer) -> None:
    assert answer.cause is not None
    named = {answer.cause.value, answer.cause.within_value}
    assert named == {"Billing", "enterprise"}


def test_the_parts_sum_to_the_change(answer: Answer) -> None:
    assert answer.headline is not None
    assert answer.headline.change is not None
    total = sum(part.points for part in answer.parts)
    assert total == pytest.approx(answer.headline.change.points, abs=1e-9)


def test_three_quotes_are_exactly_what_customers_wrote(ran: Ran, answer: Answer) -> None:
    assert len(answer.quotes) == 3
    for link in answer.quotes:
        conversation = ran.workspace.database().conversations.get(link.conversation)
        assert conversation is not None
        quote = Quote(
            message=link.message, start=link.start, end=link.end, text=link.text, shows=link.shows
        )
        assert quote_is_true(quote, conversation)


def test_the_quotes_illustrate_the_part_that_got_worse(ran: Ran, answer: Answer) -> None:
    accounts = {
        account.key: account for account in ran.workspace.database().conversations.accounts()
    }
    for link in answer.quotes:
        assert link.account is not None
        assert accounts[link.account].segment == "enterprise"


def test_every_receipt_counts_the_same_again(ran: Ran) -> None:
    recounts = list(ran.workspace.answers().recount_all(SYSTEM))

    assert recounts
    assert [one.receipt.id for one in recounts if not one.same] == []


def test_the_answer_as_json_is_plain_data(answer: Answer) -> None:
    data = json.loads(json.dumps(as_json(answer)))

    assert data["headline"]["current"]["n"] > data["headline"]["baseline"]["n"]
    assert {"reading", "headline", "parts", "quotes", "caveats", "coverage", "text"} <= set(data)


def test_the_digest_is_posted_once_and_updated_when_made_again(ran: Ran) -> None:
    digests = ran.workspace.digests()
    digests.post(digests.make(digests.last_week()))

    posted = ran.sandbox.stands["slack"].state.in_channel("cx-leaders")
    assert len(posted) == 1
    assert "withheld, not validated" in json.dumps(posted[0].blocks)
