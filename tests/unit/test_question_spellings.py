"""One question in several spellings gets one reading, and a name is known by a part of it."""

from dataclasses import replace
from datetime import date

import pytest

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import Entity
from service.questions import Reading, assumptions, read


def _named(kind: str, *names: str) -> tuple[Entity, ...]:
    return tuple(
        Entity(kind=kind, id=name.lower().replace(" ", "_").replace("_&", ""), name=name)
        for name in names
    )


CATALOGUE = Catalogue(
    today=date(2026, 9, 23),
    entities=(
        *_named("account", "Vantage Clinics", "Alder Robotics"),
        *_named(
            "driver",
            "Transfers & Payments",
            "Cards & Payments",
            "Delivery & Tracking",
            "Fees, charges and interest",
        ),
        *_named("tag", "Push notifications", "Refund"),
        *_named("channel", "Phone"),
        *_named("term", "Churn risk", "Empty effort"),
        Entity(kind="account", id="vantage_labs", name="Vantage Labs", aliases=("vlabs",)),
        Entity(kind="account", id="orbit_media", name="Orbit Media", aliases=("orbit",)),
        Entity(kind="tag", id="sync", name="Sync failure", aliases=("sync",)),
    ),
)


def _meant(text: str) -> Reading:
    return replace(read(text, CATALOGUE), assumed=())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# of companies with refunds last week", "number of companies with refunds last week"),
        ("# accounts with refunds", "number of accounts with refunds"),
        ("no. of distinct customers yesterday", "number of distinct customers yesterday"),
        ("top 5 accounts by # of tickets", "top 5 accounts by number of tickets"),
        ("#tickets yesterday", "number of tickets yesterday"),
        ("the customers' phone #", "the customers' phone number"),
        ("whys volume up", "why is volume up"),
        ("why's churn risk up", "why is churn risk up"),
        ("how come refunds are up", "why are refunds up"),
        ("how's churn risk calculated", "how is churn risk calculated"),
        ("when's sentiment worst", "when is sentiment worst"),
        ("whos at risk", "who is at risk"),
        ("refunds this year, charted", "chart refunds this year"),
        ("refunds since july, plotted", "plot refunds since july"),
        ("graphing refunds this month", "graph refunds this month"),
        ("hw many accounts had refunds", "how many accounts had refunds"),
        ("how mny tickets last week", "how many tickets last week"),
        ("waht is churn risk", "what is churn risk"),
        ("whcih accounts had most refunds", "which accounts had most refunds"),
        ("wy is churn risk up", "why is churn risk up"),
    ],
)
def test_a_question_is_read_as_if_it_were_written_out(text: str, plain: str) -> None:
    assert _meant(text) == _meant(plain)


@pytest.mark.parametrize("text", ["#1 for refunds", "quotes from #phone"])
def test_a_sign_before_a_rank_or_a_channel_counts_nothing(text: str) -> None:
    assert read(text, CATALOGUE).metric != "accounts"
    assert _meant(text) == _meant(text.replace("#", ""))


@pytest.mark.parametrize(
    "text",
    [
        "why's the effort field blank on some tickets?",
        "effort is blank on half my tickets, why?",
        "what does it mean when effort is blank",
        "why are some effort values missing",
        "why do some tickets have no effort",
    ],
)
def test_effort_that_is_blank_is_explained_in_any_order(text: str) -> None:
    assert read(text, CATALOGUE).term == "empty_effort"


@pytest.mark.parametrize(
    "text",
    [
        "why did empty effort tickets go up last week",
        "how many tickets have blank effort",
        "why is effort so high on blank page tickets",
    ],
)
def test_a_number_of_effort_is_no_word_to_explain(text: str) -> None:
    assert read(text, CATALOGUE).intent is not Intent.DEFINITION


@pytest.mark.parametrize(
    "text",
    [
        "bring me up to speed on orbit",
        "what happened at orbit meda last week",
        "sync falure complaints last week",
        "reasons for the drop in positive % in Q2 vs last year",
    ],
)
def test_what_was_understood_is_not_said_to_be_left_out(text: str) -> None:
    assert not [one for one in assumptions(read(text, CATALOGUE)) if "“" in one]


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("how many transfers last week", "transfers_payments"),
        ("quotes about interest", "fees,_charges_and_interest"),
        ("tracking tickets last week", "delivery_tracking"),
        ("excluding cards how many tickets", "cards_payments"),
    ],
)
def test_a_driver_is_known_by_a_part_of_its_joined_name(text: str, driver: str) -> None:
    found = read(text, CATALOGUE)
    assert (*found.filters.get("driver", ()), *found.exclude.get("driver", ())) == (driver,)


def test_a_part_of_two_drivers_is_asked_about_and_its_reply_keeps_the_rest() -> None:
    asked = read("how many payments yesterday", CATALOGUE)
    assert asked.clarify is not None
    assert asked.clarify.options == ("cards_payments", "transfers_payments")
    thread = [{"text": "how many payments yesterday", "reading": asked.as_dict()}]
    answered = read("transfers", CATALOGUE, thread)
    assert replace(answered, assumed=()) == _meant("how many transfers yesterday")


def test_a_part_of_a_name_is_no_name_where_it_is_a_verb_or_text_to_look_for() -> None:
    assert read("how are we tracking on refunds", CATALOGUE).filters == {"tag": ("refund",)}
    assert read("how many tickets mention interest", CATALOGUE).filters == {"text": ("interest",)}


@pytest.mark.parametrize("text", ["complaints about charts", "complaints about our plotting"])
def test_a_chart_that_is_written_about_is_no_trend_and_is_named(text: str) -> None:
    found = read(text, CATALOGUE)
    assert found.intent is Intent.COUNT
    assert f"“{text.split()[-1]}”" in " ".join(assumptions(found))


def test_a_part_of_a_name_hides_no_question_for_personal_data() -> None:
    assert read("what is the card number of the customer", CATALOGUE).refuse == "personal_data"
