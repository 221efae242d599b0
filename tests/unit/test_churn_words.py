"""Statements that neither phrases nor reader have seen, and what no reading may outweigh."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from service.analysis._churn import Churn, Reader, measure_churn
from service.analysis._churn_reader import ChurnReader
from service.analysis._churn_words import FILE, PLACES, ChurnWords, places_of
from service.analysis._models import Artefacts, ThemeTable, checked_artefacts
from service.analysis._sentences import Sentence, customer_sentences
from tests.talk import customer, talk

# Written before anything was learnt and never learnt from: a floor, not a case table to fit.
LEAVING = (
    "Our board has asked us to wind down our use of your tool before Q3.",
    "Honestly we're demoing two of your rivals this week and so far they look better.",
    "If SSO isn't there by March, procurement won't let us sign for another year.",
    "Can you tell me how to export everything so we can move to HubSpot next month?",
    "The team has basically stopped logging in and I can't justify the seats any more.",
    "Please turn off auto-renew, we won't be staying past June.",
    "What's my PAC code? I've found a cheaper sim elsewhere.",
    "Three dropped calls today. Guess it's time I gave another network a go.",
    "How much is the early termination fee on my line? I want out.",
    "I've been loyal for 12 years but your competitor offered me double the data, so bye.",
    "One more outage and I'm porting all four of our lines.",
    "seriously thinking of ditching you guys, the internet is down AGAIN",
    "I'll be taking my savings somewhere that actually pays interest.",
    "Where do I send the form to shut my current account down for good?",
    "After this mess with the mortgage I am moving my salary to a different bank.",
    "You froze my card abroad again, this is the final time I bank with you.",
    "I'd like to end my membership, I can't stand the crowded changing rooms.",
    "My trial runs out Friday and I don't plan on signing up.",
    "There's a gym opening round the corner for half of what you charge me, tempted to jump.",
    "Stop taking my direct debit, I'm done with this club.",
    "You removed the only show I watch, no reason for me to keep paying.",
    "Not worth 15 quid a month any more, how do I get rid of my subscription?",
    "Take me off the paper's delivery list from next month, I get my news elsewhere now.",
    "Thinking about pausing my plan for good, there's nothing on here.",
    "Lost my bag twice this year; next time I fly I'll book with someone else.",
    "I'm giving up my gold card, your miles have become worthless.",
    "You just lost a frequent flyer, I hope the saved $40 was worth it.",
    "I won't be renewing my car policy with that increase, other quotes are far lower.",
    "Is there a penalty for ending my home cover midway? I've had enough.",
    "Unless you match this quote I'll be insuring with somebody else from May.",
)
STAYING = (
    "How do I remove a user who left our company?",
    "We just moved over from Zendesk and need help importing our macros.",
    "Can I switch from monthly to annual billing on the same plan?",
    "My export has been stuck at 90% all day, please help.",
    "The button to cancel the upload does not react.",
    "We want to add ten more seats before the renewal in June.",
    "I left my old provider for you last month and the number still isn't ported.",
    "My phone keeps switching off in the middle of calls.",
    "When does my contract end? I'd like to upgrade to the new handset.",
    "How do I move my broadband to our new house?",
    "The signal is awful in the kitchen today, any outage?",
    "Why did the call end after thirty seconds?",
    "Please cancel the card I lost and send me a new one.",
    "How can I stop a payment I made by mistake this morning?",
    "Can I transfer my savings from my other bank to you?",
    "I want to close my goal pot and put the money in my main account.",
    "I have to cancel tonight's spinning class, sorry.",
    "I stopped going to my old gym and love it here.",
    "Could I change my trainer? The times don't suit me.",
    "Do I lose my booking if I leave the class early?",
    "The app quits every time I start an episode.",
    "I thought about cancelling but the new season changed my mind.",
    "Please take my old address off the account.",
    "Never watched anything this good before!",
    "Need to switch my flight to another day, what is the fee?",
    "My flight was cancelled, where do I get my money back?",
    "I'm leaving from Boston at nine, which terminal is it?",
    "Another airline told me to ask you about my lost bag.",
    "I sold the car, so please drop it from the policy and add the new one.",
    "I never received the renewal papers, could you resend them?",
)
LOWEST_F1, LOWEST_PRECISION = 0.8, 0.9  # the phrases alone .524, .917


@pytest.fixture(scope="module")
def reader() -> ChurnReader:
    artefacts = checked_artefacts()
    return ChurnReader(artefacts, ThemeTable(artefacts).vectors)


def measured(reader: Reader | None, *turns: str) -> Churn:
    said = talk(*(customer(turn) for turn in turns))
    return measure_churn(customer_sentences(said), reader)


def leaves(reader: Reader | None, *turns: str) -> bool:
    return measured(reader, *turns).measurement.value == "yes"


def test_unseen_statements_are_found_without_taking_look_alikes_along(reader: ChurnReader) -> None:
    found = sum(leaves(reader, text) for text in LEAVING)
    wrong = sum(leaves(reader, text) for text in STAYING)
    assert found / (found + wrong) >= LOWEST_PRECISION
    assert 2 * found / (found + wrong + len(LEAVING)) >= LOWEST_F1


def test_what_is_only_read_is_early_less_sure_and_has_its_sentence(
    reader: ChurnReader,
) -> None:
    text = "I want to be released from this. Our rival tool is cheaper, expect us to be gone soon."
    assert not leaves(None, text)
    churn = measured(reader, text)
    assert (churn.measurement.value, churn.measurement.detail) == ("yes", "early")
    assert churn.measurement.confidence == 0.55
    assert churn.sentence is not None
    assert churn.sentence.text in text


@pytest.mark.parametrize(
    "later", ["Never mind, we decided to stay.", "We changed our minds, please keep our plan."]
)
def test_a_later_withdrawal_takes_back_what_was_read(reader: ChurnReader, later: str) -> None:
    said = "Expect us to be gone by spring, your rivals are cheaper."
    assert leaves(reader, said)
    assert not leaves(reader, said, later)


class _Everything:
    """Takes any sentence for leaving, so that only the rules can say no."""

    def margins(self, sentences: Sequence[Sentence]) -> list[float]:
        return [1.0] * len(sentences)

    def denies(self, sentence: Sentence) -> bool:
        return False


class _Nothing(_Everything):
    """Hears leaving nowhere, not even where a phrase does."""

    def margins(self, sentences: Sequence[Sentence]) -> list[float]:
        return [-1.0] * len(sentences)

    def denies(self, sentence: Sentence) -> bool:
        return True


@pytest.mark.parametrize(
    "text",
    [
        "I am not cancelling my subscription.",
        "Please cancel my order, I picked the wrong size.",
        "We are switching to you from another vendor.",
        "They threatened to close my account.",
        "How many days have I taken off so far?",
        "I have never done business with this company.",
    ],
)
def test_no_reading_counts_against_a_rule(text: str) -> None:
    assert not leaves(_Everything(), text)


def test_an_ordinary_sentence_is_not_held_back_by_the_rules() -> None:
    assert leaves(_Everything(), "The sun is shining over here.")


def test_a_phrase_does_not_stand_when_its_sentence_reads_as_something_else() -> None:
    text = "I want to cancel my subscription."
    assert leaves(None, text)
    assert not leaves(_Nothing(), text)


def test_two_words_alone_say_too_little(reader: ChurnReader) -> None:
    assert not leaves(reader, "So done.")


def test_what_a_bare_request_is_about_may_stand_in_the_next_message() -> None:
    assert leaves(None, "Please cancel")
    assert leaves(None, "Please cancel", "The subscription I mean.")
    assert not leaves(None, "Please cancel", "The appointment at three.")


@pytest.mark.parametrize(
    "later", ["20% off? Deal, I'll stay.", "Oh, that works. Keep it running then."]
)
def test_an_offer_that_is_taken_ends_the_threat(reader: ChurnReader, later: str) -> None:
    said = "I want to cancel my subscription."
    assert leaves(reader, said)
    assert not leaves(reader, said, later)


def test_the_quote_is_the_sentence_that_states_it_not_its_neighbour(reader: ChurnReader) -> None:
    said = "The router light is red. We are moving all of our lines to Octopus. My name is Ann."
    churn = measured(reader, said)
    assert churn.sentence is not None
    assert churn.sentence.text == "We are moving all of our lines to Octopus."


def test_the_weights_are_read_where_the_words_are_hashed(tmp_path: Path) -> None:
    places, shares = places_of("goodbye forever")
    of_words = np.zeros(PLACES, dtype=np.float16)
    of_words[places] = 2
    np.savez(
        tmp_path / FILE,
        vector=np.zeros(3, dtype=np.float32),
        words=of_words,
        start=np.float32(-1),
    )
    words = ChurnWords(
        Artefacts(folder=tmp_path, digest="own"),
        lambda texts: np.zeros((len(texts), 3), dtype=np.float32),
    )
    near, far = words.margins(["Goodbye, forever", "nothing"])
    assert near == pytest.approx(2 * float(shares.sum()) - 1, abs=1e-3)
    assert far == pytest.approx(-1, abs=1e-3)
