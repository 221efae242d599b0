"""What the local analyser finds in conversations written for it."""

import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis import _models
from service.analysis._churn import Withdrawn, measure_churn
from service.analysis._language import LanguageReader
from service.analysis._sentences import customer_sentences, sentence_spans
from service.analysis._tone import only_thanks
from service.analysis._topics import WORDS_REMEMBERED, Namer, content_words
from service.analysis.local import build
from service.domain.conversations import Conversation
from service.domain.measurements import Analysis, EmptyReason, Measurement, quote_is_true
from service.domain.taxonomy import Driver, Taxonomy
from service.errors import TellPerson
from service.ports import Analyser
from service.taxonomy_files import default_taxonomy
from tests.talk import agent, customer, talk

LEAVING = [
    ("We want to cancel our subscription at the end of the month.", "explicit"),
    ("How do I close my account?", "explicit"),
    ("Please delete my account and all data", "explicit"),
    ("We will not be renewing next year.", "explicit"),
    ("We are switching to Freshdesk next month.", "explicit"),
    ("We are moving to another provider.", "explicit"),
    ("I want a refund and then I will leave for good, cancel it.", "explicit"),
    ("I can't find how to cancel my plan", "explicit"),
    ("I'm done with your company", "explicit"),
    ("I want my account closed today.", "explicit"),
    ("You lost a customer!", "explicit"),
    ("It is time to move on to something else.", "explicit"),
    ("When does our contract end?", "early"),
    ("Thinking of moving to HubSpot, what can you offer?", "early"),
    ("We are looking at other vendors.", "early"),
    ("I am considering closing my account because of this.", "early"),
    ("This is the fourth time this issue happened and nobody fixed it.", "early"),
]

STAYING = [
    "Please cancel my order from yesterday.",
    "I need to cancel my flight to Boston",
    "Please cancel the meeting with the account team",
    "I want to cancel my card",
    "We are not cancelling our subscription.",
    "Please do not close my account!",
    "Why did you close my account?",
    "They closed our account without asking",
    "I switched from Zendesk to you last month",
    "My subscription did not renew, please help",
    "The app is terrible and I am angry",
    "Do I have to go to a bank to change my pin?",
    "Please stop the notifications on my account",
    "I moved to Phoenix and need a new address",
    "I am thinking of moving to the annual plan",
    "Did you cancel my contract?",
]


HOSTILE = {
    "a line of stops": talk(customer("." * 19_999 + "x")),
    "thousands of short lines": talk(customer("a\n" * 50_000)),
    "many turns after a long reply": talk(
        customer("My card does not work."),
        agent("hello there mister " * 10_000),
        *(customer(f"it is card {number}") for number in range(200)),
    ),
}


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return build()


@pytest.fixture(scope="module")
def languages() -> LanguageReader:
    return LanguageReader()


def analyse(analyser: Analyser, *conversations: Conversation) -> list[Analysis]:
    return list(analyser.analyse(conversations, default_taxonomy()))


def measured(analyser: Analyser, conversation: Conversation, metric: str) -> Measurement:
    measurement = analyse(analyser, conversation)[0].measured(metric)
    assert measurement is not None
    return measurement


@pytest.mark.parametrize(("text", "tier"), LEAVING)
def test_a_customer_who_says_so_is_a_churn_risk(text: str, tier: str) -> None:
    churn = measure_churn(customer_sentences(talk(customer(text))))
    assert (churn.measurement.value, churn.measurement.detail) == ("yes", tier)
    assert churn.sentence is not None


@pytest.mark.parametrize("text", STAYING)
def test_other_endings_are_no_churn_risk(text: str) -> None:
    assert measure_churn(customer_sentences(talk(customer(text)))).measurement.value == "no"


def test_a_threat_withdrawn_later_does_not_count(analyser: Analyser) -> None:
    conversation = talk(
        customer("We want to cancel our subscription."),
        agent("Sorry to hear that. We can offer a discount."),
        customer("Thanks, we decided to stay after all."),
    )
    churn = measured(analyser, conversation, "churn_risk")
    assert (churn.value, churn.detail) == ("no", "withdrawn later")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Good news: we decided to stay with you.", Withdrawn.ELSEWHERE),
        ("Please disregard my cancellation request from last week.", Withdrawn.LATER),
        ("We are not cancelling our subscription after all.", Withdrawn.ELSEWHERE),
        ("I'll renew our contract.", Withdrawn.ELSEWHERE),
        ("We will stay with you if you halve the price.", None),
        ("I decided not to cancel the order.", None),
        ("I will stay on hold.", None),
        ("We have not decided to stay.", None),
        ("Why did you ignore my cancellation?", None),
    ],
)
def test_staying_takes_back_what_was_said_in_another_conversation(
    text: str, detail: Withdrawn | None
) -> None:
    churn = measure_churn(customer_sentences(talk(customer(text)))).measurement
    assert (churn.value, churn.detail) == ("no", detail)


def test_a_threat_after_a_withdrawal_stands(analyser: Analyser) -> None:
    conversation = talk(
        customer("We decided to stay for now."),
        agent("Great!"),
        customer("It broke again, we want to cancel our contract."),
    )
    assert measured(analyser, conversation, "churn_risk").value == "yes"


def test_agents_and_quoted_history_never_count(analyser: Analyser) -> None:
    conversation = talk(
        customer(
            "Thanks for the answer, all good here now.\n> We want to cancel our subscription."
        ),
        agent("Would you like to cancel your subscription?"),
        customer("No need.\n\nOn Monday Ana wrote:\n> I will cancel my account"),
    )
    assert measured(analyser, conversation, "churn_risk").value == "no"


def test_an_angry_customer_is_negative_and_quoted(analyser: Analyser) -> None:
    text = "Hi team,\n\nThe page is blue. Nobody answers my emails, this is ridiculous!!"
    (found,) = analyse(analyser, talk(customer(text)))
    assert (found.measured("sentiment") or pytest.fail("not measured")).value == "negative"
    (quote,) = [quote for quote in found.quotes if quote.shows == "sentiment"]
    assert quote.text == "Nobody answers my emails, this is ridiculous!!"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Third time I am locked out of my account", "negative"),
        ("How do I change my billing address?", "neutral"),
        ("Your team was wonderful, everything works again, thank you!", "positive"),
    ],
)
def test_tone_of_single_messages(analyser: Analyser, text: str, value: str) -> None:
    assert measured(analyser, talk(customer(text)), "sentiment").value == value


def test_a_closing_thank_you_does_not_hide_a_complaint(analyser: Analyser) -> None:
    conversation = talk(
        customer("You charged me twice and nobody answers, this is ridiculous."),
        agent("We refunded it."),
        customer("ok thank you"),
    )
    (found,) = analyse(analyser, conversation)
    assert (found.measured("sentiment") or pytest.fail("not measured")).value == "negative"
    assert (found.tone_start, found.tone_end) == ("negative", "positive")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ok thanks", EmptyReason.TOO_SHORT),
        ("Ich kann mich seit gestern nicht mehr anmelden, bitte helfen.", EmptyReason.LANGUAGE),
        (
            "\u041d\u0435 \u043c\u043e\u0433\u0443 \u0432\u043e\u0439\u0442\u0438",
            EmptyReason.LANGUAGE,
        ),
        ("> only quoted words of somebody else", EmptyReason.NO_CUSTOMER_TEXT),
    ],
)
def test_sentiment_is_blank_rather_than_guessed(
    analyser: Analyser, text: str, reason: EmptyReason
) -> None:
    sentiment = measured(analyser, talk(customer(text)), "sentiment")
    assert (sentiment.value, sentiment.reason) == (None, reason)


@pytest.mark.parametrize("text", ["wifi kaput", "login nicht ok", "API v2 SAML SSO error 500"])
def test_short_texts_get_the_benefit_of_the_doubt(languages: LanguageReader, text: str) -> None:
    assert languages.language(text) in {None, "en"}


@pytest.mark.parametrize(
    "text",
    [
        "no me deja entrar a mi cuenta",
        "como fa\u00e7o a troca do plano",
        "Kan niet inloggen op de app",
        "bonjour je veux annuler",
        "gdzie jest moja paczka",
    ],
)
def test_another_language_is_told_from_a_few_words(languages: LanguageReader, text: str) -> None:
    assert languages.language(text) not in {None, "en"}


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("mera account band ho gaya hai please help kar do yaar", False),
        ("zdravstvuyte ne mogu voyti v svoy akkaunt uzhe tretiy den", False),
        ("kalimera o logariasmos mou einai kleidomenos voithiste me parakalo", False),
        ("account locked cannot login error 403 invoice payment failed twice today", True),
        ("i canot acces my acount plz hlp its urgnt", True),
        ("hai\nmissing periodic software updates outlook\njhon\nyamaha\nok\nok\nnothing", True),
    ],
)
def test_latin_letters_alone_make_no_english(
    languages: LanguageReader, text: str, *, is_read: bool
) -> None:
    assert (languages.language(text) in {None, "en"}) is is_read


def test_one_outburst_among_plain_answers_is_not_lost(analyser: Analyser) -> None:
    plain = [
        customer("My gift card says zero balance."),
        agent("Have you used it?"),
        customer("No, I got it yesterday."),
        agent("Where did you buy it?"),
        customer("At the shop in the station."),
        agent("Please ask there."),
    ]
    outburst = customer("They sent me to you! This is so stupid, nobody takes responsibility.")
    assert measured(analyser, talk(*plain), "sentiment").value == "neutral"
    assert measured(analyser, talk(*plain, outburst), "sentiment").value == "negative"


@pytest.mark.parametrize(
    "text",
    ["Received, thank you.", "thanks for the information", "sorry about that", "ok thank you Jo"],
)
def test_a_thank_you_says_nothing_of_the_tone(text: str) -> None:
    assert only_thanks(text)


@pytest.mark.parametrize(
    "text",
    ["Thanks, terrible service", "you are a lifesaver", "sorry but I want my money back now"],
)
def test_what_is_felt_is_no_courtesy(text: str) -> None:
    assert not only_thanks(text)


def test_effort_names_its_signs(analyser: Analyser) -> None:
    conversation = talk(
        customer("The CSV export is empty since yesterday."),
        agent("Please try again."),
        customer("I tried that, it still does not work."),
        agent("I escalated this to another team.", after=timedelta(days=2)),
        customer("As I said before, the CSV export is empty."),
    )
    effort = measured(analyser, conversation, "effort")
    assert effort.value == "high"
    for words in ("asked the same thing again", "explain again", "fix did not", "passed on", "day"):
        assert words in (effort.detail or "")


def test_many_turns_alone_are_no_effort(analyser: Analyser) -> None:
    said = [
        customer("How do I invite a colleague?"),
        agent("In the settings."),
        customer("Which role should I choose for her?"),
        agent("Editor."),
        customer("And the colour of the board?"),
        agent("Any."),
        customer("Lovely, that is all for me today."),
    ]
    assert measured(analyser, talk(*said), "effort").value == "low"


@pytest.mark.parametrize(
    "last",
    ["I tried it and it worked, lovely!", "I still have a question about the colours", "No, bye"],
)
def test_a_fix_that_worked_is_no_effort(analyser: Analyser, last: str) -> None:
    conversation = talk(
        customer("How do I invite a colleague?"),
        agent("In the settings. Is there anything else I can help you with?"),
        customer("I will look for the button."),
        agent("Sure. Is there anything else I can help you with?"),
        customer(last),
    )
    assert measured(analyser, conversation, "effort").value == "low"


@pytest.mark.parametrize(
    ("text", "driver", "canonical"),
    [
        ("Hello, I was charged twice this month.", "Billing", "Double charge"),
        ("Third time I am locked out of my account", "Account Access", "Locked account"),
        ("The webhook has not fired since Monday morning", "Integrations & API", "Webhook"),
        ("Is your site down? Nothing loads here.", "Performance & Outages", "Outage"),
        ("Where is my order? It should be here.", "Delivery & Orders", "Late delivery"),
    ],
)
def test_an_issue_is_placed_on_the_ladder(
    analyser: Analyser, text: str, driver: str, canonical: str
) -> None:
    (found,) = analyse(analyser, talk(customer(text)))
    assert found.drivers()[:1] == (driver,)
    assert found.tags[0].canonical == canonical


def test_what_belongs_nowhere_is_unmapped(analyser: Analyser) -> None:
    (found,) = analyse(analyser, talk(customer("My grandmother grows purple tulips in winter")))
    assert found.drivers() == ()
    assert found.tags[0].canonical is None
    assert found.tags[0].confidence == 0


def test_a_second_driver_needs_a_sentence_of_its_own(analyser: Analyser) -> None:
    two = talk(
        customer("I was charged twice this month. Also the webhook has not fired since May.")
    )
    (found,) = analyse(analyser, two)
    assert set(found.drivers()) == {"Billing", "Integrations & API"}


def test_a_driver_without_tags_is_matched_by_its_own_words(analyser: Analyser) -> None:
    taxonomy = Taxonomy(
        drivers=(
            Driver(name="Billing", description="charges, invoices, refunds"),
            Driver(name="Access", description="passwords, sign-in, locked accounts"),
        )
    )
    (found,) = analyser.analyse([talk(customer("My invoice shows a wrong refund"))], taxonomy)
    assert found.drivers() == ("Billing",)


def test_an_empty_taxonomy_leaves_everything_unmapped(analyser: Analyser) -> None:
    (found,) = analyser.analyse(
        [talk(customer("I was charged twice this month"))], Taxonomy(drivers=())
    )
    assert found.drivers() == ()


def test_a_summary_is_the_customers_customer_sentences(analyser: Analyser) -> None:
    conversation = talk(customer("Hi! I was charged twice this month. Thanks, bye."))
    (found,) = analyse(analyser, conversation)
    assert found.summary == "I was charged twice this month."


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=80),
            st.sampled_from([text for text, _ in LEAVING]),
            st.text(alphabet="ab .!?\n>-'\u2019\U0001f600", max_size=120),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_text_gives_true_quotes(analyser: Analyser, texts: list[str]) -> None:
    said = [part for text in texts for part in (customer(text), agent("Please try again."))]
    conversation = talk(*said)
    (found,) = analyse(analyser, conversation)
    assert all(quote_is_true(quote, conversation) for quote in found.quotes)


@given(st.text(alphabet="ab. !?\n>:-*\u2026", max_size=200))
def test_sentences_are_trimmed_slices_in_order(text: str) -> None:
    position = 0
    for start, end in sentence_spans(text):
        assert position <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        position = end


def test_sentences_survive_abbreviations_and_wrapped_lines() -> None:
    text = (
        "We use e.g. SSO here. It fails at 3.5 seconds\nHi!\n"
        "A longer line that the mail program of somebody has wrapped\nin two."
    )
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    assert sentences == [
        "We use e.g. SSO here.",
        "It fails at 3.5 seconds",
        "Hi!",
        "A longer line that the mail program of somebody has wrapped\nin two.",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_conversation_is_measured_in_time(analyser: Analyser, name: str) -> None:
    started = time.process_time()
    analyse(analyser, HOSTILE[name])
    assert time.process_time() - started < 1


def test_a_very_long_message_is_read_in_bounded_pieces(analyser: Analyser) -> None:
    conversation = talk(customer("it does not work and " * 20_000))
    (found,) = analyse(analyser, conversation)
    assert all(len(quote.text) <= 320 for quote in found.quotes)


def test_a_changed_artefact_is_refused(tmp_path: Path) -> None:
    folder = copytree(_models.FOLDER, tmp_path / "models")
    (folder / "themes_tokenizer.json").write_text("{}")
    with pytest.raises(TellPerson, match=r"themes_tokenizer\.json is not the one"):
        _models.checked_artefacts(folder)
    (folder / "sentiment.onnx").unlink()
    with pytest.raises(TellPerson, match=r"sentiment\.onnx is missing"):
        _models.checked_artefacts(folder)


def test_a_conversation_is_measured_alike_alone_and_among_others(analyser: Analyser) -> None:
    """A model that quantises over everything it is given at once answered by the company."""
    texts = [text for text, _ in LEAVING] + [
        *STAYING,
        "I reset the password as your colleague told me and it still says no.",
        "Thank you, the new page is nice although it took a while to find it.",
        "The export arrived, but I had hoped for something better.",
        "ok",
    ]
    everybody = [talk(customer(text), number=n) for n, text in enumerate(texts)]
    together = [_found(each) for each in analyse(analyser, *everybody)]
    forgetful = build()  # what one analyser has read before, it does not read again
    alone = [_found(each) for one in everybody[-9:] for each in analyse(forgetful, one)]
    assert alone == together[-9:]
    assert [_found(each) for each in analyse(forgetful, *everybody[::-1])] == together[::-1]


def _found(one: Analysis) -> Sequence[object]:
    return one.measurements, one.tags, one.quotes, one.summary


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Hi, my name is [name] and I want to get a quote for condo cover",
            ["quote", "condo", "cover"],
        ),
        ("Yeah, I'm looking to change my billing preference", ["change", "billing", "preference"]),
        ("i wanna cancel one enrolled plan", ["cancel", "enrolled", "plan"]),
        ("Why can I not do a transfer?", ["cannot", "transfer"]),
        ("Account XXXX XX/XX is wrong", ["account", "wrong"]),
    ],
)
def test_a_name_is_made_of_what_it_is_about(said: str, words: list[str]) -> None:
    assert content_words(said) == words


def test_names_are_made_alike_after_more_strange_words_than_are_remembered() -> None:
    namer = Namer(lambda words: np.array([[len(word), 1] for word in words], dtype=np.float32))
    said = "the invoice of october shows a strange surcharge"
    before = namer.name(said)
    for number in range(0, WORDS_REMEMBERED, 10):
        namer.name(" ".join(f"invoice x{number + place}y" for place in range(10)))
    assert len(namer._known) < WORDS_REMEMBERED
    assert namer.name(said) == before
