"""Recounts: whatever made a conversation differ from a published number is named, row by row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from service.domain.answers import WhyDifferent
from service.domain.conversations import conversation_key
from service.domain.governing import Remap, TaxonomyVersion
from service.domain.measurements import SetBy
from service.domain.people import SYSTEM
from service.domain.taxonomy import Taxonomy
from service.query import Dimension, Filter, Query
from service.receipts import Receipts
from storage.database import SqlDatabase
from tests.builders import (
    NOON,
    TAXONOMY,
    Clockwork,
    a_conversation,
    a_page,
    an_analysis,
)

NEGATIVE = Query(metric="negative_rate", filters=(Filter.of(Dimension.DRIVER, "Billing"),))
KEY = conversation_key("zendesk", "1")
LATER = NOON + timedelta(hours=2)
Deed = Callable[[SqlDatabase], None]


def measure(database: SqlDatabase, number: int, sentiment: str | None, **changed: Any) -> None:
    one = a_conversation(number)
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([an_analysis(one, sentiment=sentiment, **changed)])


def arrive_late(database: SqlDatabase) -> None:
    measure(database, 9, "negative", created_at=LATER)


def relabel(database: SqlDatabase) -> None:
    database.analyses.set_by_person(KEY, "sentiment", "neutral")


def review(database: SqlDatabase) -> None:
    database.analyses.set_by_person(KEY, "sentiment", None, set_by=SetBy.REVIEWER)


def move_by_hand(database: SqlDatabase) -> None:
    database.analyses.set_by_person(KEY, "driver", "Login")


def analyse_again(database: SqlDatabase) -> None:
    measure(database, 1, "neutral", created_at=LATER, analyser="local-9")


def write_more(database: SqlDatabase) -> None:
    more = a_conversation(1, "It happened again.", updated_at=LATER)
    database.conversations.save_page("zendesk", a_page(more))


def remap(database: SqlDatabase) -> None:
    new = TaxonomyVersion(
        taxonomy=Taxonomy(drivers=()), words="moved", by="me", at=LATER, base=TAXONOMY
    )
    moved = Remap(canonical="Billing trouble", to_canonical="Wrong plan", to_driver="Plans")
    database.taxonomies.apply(new, [moved], before=TAXONOMY)
    assert database.taxonomies.touching(["raw Billing", "raw Login"]) == 3


@pytest.mark.parametrize(
    ("deed", "why", "line"),
    [
        (arrive_late, WhyDifferent.LATE, "Arrived since: zendesk:9 (arrived late: first measured"),
        (relabel, WhyDifferent.RELABELLED, "(relabelled by an agent: sentiment neutral on"),
        (review, WhyDifferent.RELABELLED, "(relabelled by a reviewer: sentiment blank on"),
        (move_by_hand, WhyDifferent.RELABELLED, "(relabelled by an agent: driver Login on"),
        (analyse_again, WhyDifferent.ANALYSED_AGAIN, "(re-analysed by local-9 on"),
        (write_more, WhyDifferent.WAITING, "(its words changed; not measured again yet)"),
        (remap, WhyDifferent.REMAPPED, "(remapped: taxonomy "),
    ],
)
def test_every_conversation_that_differs_has_its_reason(
    database: SqlDatabase, clock: Clockwork, deed: Deed, why: WhyDifferent, line: str
) -> None:
    for number, sentiment in enumerate(("negative", "negative", "neutral"), 1):
        measure(database, number, sentiment)
    receipts = Receipts(database, clock)
    versions = {"taxonomy": TAXONOMY}
    published = receipts.publish(NEGATIVE, SYSTEM, (2, 3), versions=versions, as_of=None)
    clock.advance(hours=1)
    deed(database)
    recount = receipts.recount(published, SYSTEM)
    differ = [*recount.arrived, *recount.left]
    assert [recount.reasons[key].why for key in differ] == [why] * len(differ)
    assert line in "\n".join(receipts.told(recount))


def test_a_total_that_differs_names_its_conversations_too(
    database: SqlDatabase, clock: Clockwork
) -> None:
    for number, sentiment in enumerate(("negative", "neutral", "neutral", None), 1):
        measure(database, number, sentiment)
    receipts = Receipts(database, clock)
    published = receipts.publish(NEGATIVE, SYSTEM, (1, 3), versions={}, as_of=None)
    clock.advance(hours=1)
    database.analyses.set_by_person(conversation_key("zendesk", "2"), "sentiment", None)
    database.analyses.set_by_person(conversation_key("zendesk", "4"), "sentiment", "positive")
    for number in (5, 6):
        measure(database, number, "neutral", created_at=LATER)
    database.conversations.purge([conversation_key("zendesk", "3")], why="erasure request")
    told = receipts.told(receipts.recount(published, SYSTEM))
    assert told[0] == "Then 1 of 3, now 1 of 4: the same conversations, out of another total."
    assert [line.split(" (")[0] for line in told[1:]] == [
        "Arrived in the total since: zendesk:4",
        "Arrived in the total since: zendesk:5",
        "Arrived in the total since: zendesk:6",
        "Left the total since: zendesk:2",
        "Left the total since: 1 more, erased or asked about no more.",
    ]
