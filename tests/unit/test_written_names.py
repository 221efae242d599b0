"""Names and addresses that people write themselves: where they are masked, and where words stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.redaction import Redactor

REDACTOR = Redactor()

NAMES = [
    ("It fails.\n\nBest,\nMaria Schmidt", "It fails.\n\nBest,\n[name]"),
    ("It fails.\nKind regards,\n\nWill\nACME", "It fails.\nKind regards,\n\n[name]\nACME"),
    ("Thanks,\nJos\u00e9 de la Cruz\nHead of Ops", "Thanks,\n[name]\nHead of Ops"),
    (
        "Danke.\nMit freundlichen Gr\u00fc\u00dfen\nJ. M\u00fcller",
        "Danke.\nMit freundlichen Gr\u00fc\u00dfen\n[name]",
    ),
    ("It broke.\n- Ola", "It broke.\n- [name]"),
    ("Any news? Best regards, Wei Nguyen", "Any news? Best regards, [name]"),
    ("Dear Maria Schmidt,\nit works.", "Dear [name],\nit works."),
    ("Hi Oluwaseun, it works.", "Hi [name], it works."),
    ("My name is Maria Schmidt. Maria cannot log in.", "My name is [name]. [name] cannot log in."),
    ("hi my name is vimal raj", "hi my name is [name]"),
    ("Full name: Zo\u00eb O'Brien\nPlan: Pro", "Full name: [name]\nPlan: Pro"),
    ("This is Priya Adeyemi from Initech", "This is [name] from Initech"),
    ("Please ask Mrs. Kowalska or Dr Wei", "Please ask Mrs. [name] or Dr [name]"),
    ('"Maria Schmidt" <maria@mail.example>', '"[name]" <[email]>'),
    ("On 2 May, Maria Schmidt wrote:\n> old", "On 2 May, [name] wrote:\n> old"),
]
ADDRESSES = [
    (
        "Send it to 12 N Maple St, Apt 4B, Springfield, IL 62704 please",
        "Send it to [address] please",
    ),
    ("at 5 High Street, Leeds LS1 4AP.", "at [address]."),
    ("nach Lindenstra\u00dfe 5a, 10969 Berlin", "nach [address]"),
    ("au 5 bis, rue de la Paix, 75002 Paris", "au [address]"),
    ("en Calle Mayor 12, 28013 Madrid", "en [address]"),
    ("to PO Box 1234, Austin, TX 78701", "to [address]"),
    (
        "my new address is 226 roxbury road syracuse and i need it",
        "my new address is [address] and i need it",
    ),
    ("My zip code is 94107", "My zip code is [address]"),
]
READABLE = [
    "Best, I think, would be a refund. Thanks, Apple",
    "Hi Team,\nDear Customer Support,\nHello Everyone,\nDear May,",
    "My name is wrong on the ticket, and my name is displayed incorrectly.",
    "Thanks\nPlease call me\nBest regards\nThe Acme Team",
    "I am Very Angry, this is Customer Service at its worst",
    "Mr. and Mrs. are missing, and the dr is out",
    "Dear XXXX,\nmy name is XXXX XXXX",
    "Since 3 days my address book is empty; I changed my address 2 times",
    "The driver has 12 Gold Stars and 5 Lanes in the 2024 Drive app",
    "I live in 1 world with a zip file and code 404 code",
    "Name: \nFile name is Report",
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_a_name_beside_its_cue_is_masked(text: str, expected: str) -> None:
    assert REDACTOR.mask(text) == expected


@pytest.mark.parametrize(("text", "expected"), ADDRESSES)
def test_a_postal_address_is_masked(text: str, expected: str) -> None:
    assert REDACTOR.mask(text) == expected


@pytest.mark.parametrize("text", READABLE)
def test_words_in_such_places_that_name_nobody_stay(text: str) -> None:
    assert REDACTOR.mask(text) == text


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([text for text, _ in NAMES + ADDRESSES]),
            st.sampled_from(READABLE),
            st.sampled_from(
                ["Dear", "Best,\n", "Mr.", "[name]", "[address]", "Maria", "\n", ",", "5"]
            ),
        ),
        max_size=7,
    )
)
def test_masking_twice_changes_nothing_more(parts: list[str]) -> None:
    once = REDACTOR.mask(" ".join(parts), ["Maria Rose"])
    assert REDACTOR.mask(once, ["Maria Rose"]) == once
