"""Quotes: typical ones, of different customers, and only of what the part is about."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.answer_json import as_json
from service.answering.quotable import is_address_change, is_courtesy
from service.answering.typical import typicality
from service.answers import Answers
from service.domain.conversations import Account, Conversation, account_key
from service.domain.people import SYSTEM
from storage.database import SqlDatabase
from tests.builders import a_conversation, a_page, a_quote, an_analysis
from tests.unit.answering_world import TODAY, answers_over
from tests.unit.test_answers import opened

DAY = TODAY - timedelta(days=3)


@pytest.mark.parametrize(
    "text",
    [
        "thanks for the information",
        "Ok, thank you!",
        "Hi, many thanks for your help",
        "Cheers",
        "hello and a good morning",
    ],
)
def test_a_thank_you_is_no_evidence(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "thanks for nothing, it is still broken",
        "Thank you but I was charged twice",
        "I was charged twice.",
        "good morning, I would like to close my account",
        "Thanks to your update the export of every invoice now takes an hour to finish.",
    ],
)
def test_a_complaint_that_thanks_is_evidence(text: str) -> None:
    assert not is_courtesy(text)


def test_a_change_of_address_is_recognised() -> None:
    assert is_address_change("I would like to change my shipping address please")
    assert is_address_change("update the delivery address of the order")
    assert not is_address_change("You still have not changed my address")


def test_the_most_typical_text_is_nearest_to_the_centre() -> None:
    texts = [
        "My invoice shows a double charge again",
        "There is a double charge on the invoice",
        "The invoice has a double charge for March",
        "Giraffes enjoy acacia leaves",
    ]
    near = typicality(texts)
    assert near.index(min(near)) == 3
    assert near == typicality(texts)


def test_texts_without_words_are_all_alike() -> None:
    assert typicality(["??", "12"]) == [0.0, 0.0]


class World:
    """Conversations one by one, each of another customer unless said otherwise."""

    def __init__(self, database: SqlDatabase) -> None:
        self.database = database
        self.stored = 0

    def add(
        self,
        text: str,
        *,
        drivers: tuple[str, ...] = ("Billing",),
        sentiment: str = "negative",
        shows: str = "sentiment",
        customer: int | None = None,
    ) -> Conversation:
        self.stored += 1
        who = customer or self.stored
        account = Account(key=account_key("zendesk", str(who)), name=f"Company {who}")
        one = a_conversation(
            self.stored,
            text,
            account=account.key,
            requester=f"r{who}",
            created_at=DAY + timedelta(minutes=self.stored),
        )
        self.database.conversations.save_page(
            "zendesk", a_page(one, cursor=f"c{self.stored}", accounts=(account,))
        )
        found = an_analysis(
            one, sentiment=sentiment, drivers=drivers, quotes=(a_quote(one, shows),)
        )
        self.database.analyses.save([found])
        return one

    @property
    def answers(self) -> Answers:
        return answers_over(self.database)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = opened(tmp_path / "evidence.db")
    yield World(database)
    database.close()


def quoted(world: World, text: str) -> list[str]:
    return [quote.text for quote in world.answers.ask_text(text, SYSTEM).quotes]


NEGATIVE_BILLING = "show quotes of negative billing conversations last week"


def test_a_driver_is_quoted_from_conversations_that_are_first_about_it(world: World) -> None:
    own = world.add("The invoice lists one payment two times")
    world.add("My parcel never arrived at the door", drivers=("Shipping", "Billing"))
    assert quoted(world, NEGATIVE_BILLING) == [own.messages[0].text]


def test_thanks_and_addresses_are_never_quoted_for_what_is_negative(world: World) -> None:
    world.add("thanks for the information")
    world.add("I want to change my delivery address")
    assert quoted(world, NEGATIVE_BILLING) == []


def test_a_short_quote_waits_until_longer_ones_run_out(world: World) -> None:
    short = world.add("Worst invoice ever.")
    long = world.add("The invoice lists one payment two times")
    assert quoted(world, NEGATIVE_BILLING) == [long.messages[0].text, short.messages[0].text]


def test_one_customer_is_quoted_once_and_the_lack_of_others_is_said(world: World) -> None:
    for words in ("two times", "three times", "again and again"):
        world.add(f"The invoice lists one payment {words}", customer=1)
    world.add("The invoice lists a payment that is not mine", customer=2)
    answer = world.answers.ask_text(NEGATIVE_BILLING, SYSTEM)
    assert len({quote.account for quote in answer.quotes}) == len(answer.quotes) == 2
    assert "most typical, one per customer; only 2 qualify" in answer.text[-1]


def test_one_counter_quote_is_offered(world: World) -> None:
    world.add("The invoice lists one payment two times")
    happy = world.add("Great help, the refund came in an hour", sentiment="positive")
    answer = world.answers.ask_text(NEGATIVE_BILLING, SYSTEM)
    assert answer.counter_quote is not None
    assert answer.counter_quote.text == happy.messages[0].text
    assert answer.text[-1].endswith(f"Counter-quote: {answer.counter_quote.url}")
    found = as_json(answer)["counter_quote"]
    assert isinstance(found, dict)
    assert found["conversation"] == happy.key


def test_the_same_question_gives_the_same_quotes(world: World) -> None:
    for number in range(30):
        world.add(f"The invoice number {number} lists one payment two times")
    assert quoted(world, NEGATIVE_BILLING) == quoted(world, NEGATIVE_BILLING)
