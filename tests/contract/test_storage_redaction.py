"""Redaction on sight: words that the helpdesk took back take their quotes and labels along."""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.conversations import Page, Role, conversation_key
from service.domain.people import SYSTEM
from service.query import Dimension, Query
from service.receipts import Receipts
from storage.database import SqlDatabase
from tests.builders import (
    NOON,
    TAXONOMY,
    VERSION,
    Clockwork,
    a_conversation,
    a_page,
    a_quote,
    an_analysis,
)

KEY = conversation_key("zendesk", "1")
ONE = a_conversation(1, "My card is 4111, fix it.", "I will cancel.")
NEGATIVE = Query(metric="negative_rate")


def _redacted() -> Page:
    first = replace(ONE.messages[0], text="My card is [redacted], fix it.")
    return a_page(replace(ONE, messages=(first, ONE.messages[1])))


def _deleted() -> Page:
    return a_page(replace(ONE, messages=ONE.messages[1:]), complete=frozenset({KEY}))


def _hidden() -> Page:
    return a_page(replace(ONE, messages=(replace(ONE.messages[0], public=False), ONE.messages[1])))


def _of_an_agent() -> Page:
    first = replace(ONE.messages[0], role=Role.AGENT)
    return a_page(replace(ONE, messages=(first, ONE.messages[1])))


def _without_a_head() -> Page:
    return replace(_redacted(), heads=(), states={})


TAKEN_BACK = pytest.mark.parametrize(
    "page", [_redacted(), _deleted(), _hidden(), _of_an_agent(), _without_a_head()]
)


@pytest.fixture
def measured(database: SqlDatabase) -> SqlDatabase:
    """A database with a negative conversation of which both messages are quoted, and another."""
    database.conversations.save_page("zendesk", a_page(ONE, a_conversation(2)))
    quotes = (a_quote(ONE), a_quote(ONE, "churn_risk", 1))
    database.analyses.save(
        [
            an_analysis(ONE, sentiment="negative", quotes=quotes),
            an_analysis(a_conversation(2)),
        ]
    )
    return database


@TAKEN_BACK
def test_quotes_of_words_that_were_taken_back_are_gone_at_once(
    measured: SqlDatabase, page: Page
) -> None:
    assert len(measured.facts.quotes(Query(), SYSTEM, shows=(), limit=9)) == 3
    measured.conversations.save_page("zendesk", page)
    left = measured.facts.quotes(Query(), SYSTEM, shows=(), limit=9)
    assert [row.conversation for row in left] == ["zendesk:2"]
    assert measured.analyses.get(KEY) is None
    with measured.engine.reading() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM quote").scalar_one()
    assert rows == 1
    assert measured.facts.count(Query(text=("4111",)), SYSTEM).total == 0


@TAKEN_BACK
def test_numbers_call_it_unmeasured_until_it_is_measured_again(
    measured: SqlDatabase, page: Page
) -> None:
    measured.conversations.save_page("zendesk", page)
    tally = measured.facts.count(NEGATIVE, SYSTEM)
    assert (tally.total, tally.numerator, tally.unmeasured) == (2, 0, 1)
    by_driver = Query(group_by=(Dimension.DRIVER,))
    before = measured.facts.groups(by_driver, SYSTEM)
    assert [(values, found.total) for values, found in before] == [(("Billing",), 1)]
    measured.analyses.rebuild()
    assert measured.facts.groups(by_driver, SYSTEM) == before
    ((waiting,),) = measured.conversations.unmeasured(VERSION, TAXONOMY)
    measured.analyses.save([an_analysis(waiting, sentiment="negative", quotes=())])
    assert measured.facts.count(NEGATIVE, SYSTEM).numerator == 1


@TAKEN_BACK
def test_a_receipt_names_the_conversation_whose_words_were_taken_back(
    measured: SqlDatabase, clock: Clockwork, page: Page
) -> None:
    receipts = Receipts(measured, clock)
    published = receipts.publish(NEGATIVE, SYSTEM, (1, 2), versions={}, as_of=NOON)
    measured.conversations.save_page("zendesk", page)
    recount = receipts.recount(published, SYSTEM)
    assert (recount.now_n, recount.left, recount.erased) == (0, (KEY,), 0)


def test_an_analysis_that_was_under_way_cannot_bring_the_words_back(
    measured: SqlDatabase,
) -> None:
    measured.conversations.save_page("zendesk", _redacted())
    measured.analyses.save([an_analysis(ONE, sentiment="negative")])
    assert measured.analyses.get(KEY) is None
    assert measured.facts.count(NEGATIVE, SYSTEM).unmeasured == 1


def test_an_older_page_cannot_bring_the_words_back(measured: SqlDatabase) -> None:
    redacted = _redacted()
    head = replace(redacted.heads[0], updated_at=NOON + timedelta(hours=1))
    measured.conversations.save_page("zendesk", replace(redacted, heads=(head,)))
    measured.conversations.save_page("zendesk", a_page(ONE))
    read = measured.conversations.get(KEY)
    assert read is not None
    assert read.messages[0].text == "My card is [redacted], fix it."
