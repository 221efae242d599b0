"""Looking first saves time and changes nothing: masking agrees with trying every pattern."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.generated_identifiers import filled
from connectors.sandbox.corpus import load_corpus
from service.glance import Glance, digits_in, glance
from service.redaction import TELLING, Redactor

_EVERY_SIGN = "".join(map(chr, range(128))) + "://AKIAASIAAI"
_ALL = 10**9


def anything(text: str) -> Glance:
    """A glance that rules nothing out, so that every pattern is tried."""
    return Glance(text, signs=_EVERY_SIGN, words=TELLING, digits=_ALL)


QUICK, STRAIGHT = Redactor(), Redactor(look=anything)
NAMES = ("Anna Lindqvist", "Jos\u00e9 van der Berg", "may stone")
PIECES = (
    *(
        "My name is Anna Lindqvist",
        "ich hei\u00dfe Jos\u00e9",
        "Name: Anna",
        "\n-- Anna",
        "Hi Anna,",
    ),
    *(
        "Best regards, Anna",
        "Thanks,\nAnna",
        "I'm Anna Berg, from",
        "Dear Mr. Berg",
        "Se\u00f1ora Berg",
    ),
    *(
        '"Anna Berg" <a@b.example>',
        "On 2 May, Anna Berg wrote:",
        "my name is anna berg",
        "cher Bob!",
    ),
    *(
        "password: x1y2z3",
        "pa\u017f\u017fword is x1y2z3",
        "to\u212aen abcd1234",
        "pin 4921 is 4921",
    ),
    *(
        "contrase\u00f1a Hunter22",
        "bearer abcdefghijkl123",
        "sk-abcdefghijklmn",
        "\u0131xoxb-1234567890123",
    ),
    *("AKIAABCDEFGHIJKLMNOP", "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK", "AIza" + "Sy9_" * 9),
    *("https://bob:s3cret@git.example/reset?token=abc123def", "www.b.example/?key=12ab34cd"),
    *(
        "call (415) 555-2671",
        "0049 30 123456",
        "4111 1111 1111 1111",
        "GB82 WEST 1234 5698 7654 32",
    ),
    *(
        "ssn 531-21-7351",
        "AB 12 34 56 C",
        "imei 490154203237518",
        "driver licen D1234567",
        "8.8.8.8",
    ),
    *(
        "12 N Maple St, Austin, TX 78701",
        "5 bis, rue de la Paix",
        "zip 94107",
        "live at 1 low old road",
    ),
    *(
        "moved to 12 foo bar baz",
        "\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "2001:4860:4860::8888",
    ),
    *(
        " ",
        "\n",
        ", ",
        ". ",
        ":",
        "=",
        "-",
        "_",
        "@",
        "\u00e9",
        "\u0130",
        "\u0307",
        "[name]",
        "7",
        "X",
    ),
)


def test_every_bundled_text_is_masked_as_without_looking() -> None:
    bundle = load_corpus(now=datetime(2026, 1, 1, tzinfo=UTC))
    people = [person.name for person in bundle.requesters]
    chance = Random(5)  # noqa: S311 - nothing secret is drawn
    texts = {said.text for each in bundle.conversations for said in each.messages}
    for text in sorted(texts):
        names = chance.sample(people, 2)
        assert QUICK.mask(text, names) == STRAIGHT.mask(text, names)


def test_made_up_identifiers_are_masked_as_without_looking() -> None:
    for text, _ in filled(()):
        for spelled in (text, text.lower(), text.upper(), f"\u00e9 {text}"):
            assert QUICK.mask(spelled) == STRAIGHT.mask(spelled)


@settings(max_examples=300)
@example(pieces=["A", "\u0307", "password: x1y2z3"])
@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=6))
def test_whatever_is_joined_is_masked_as_without_looking(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert QUICK.mask(text, NAMES) == STRAIGHT.mask(text, NAMES)


@given(text=st.text(), at=st.integers(min_value=0, max_value=50))
def test_a_glance_misses_no_sign_no_digit_and_no_word(text: str, at: int) -> None:
    seen = glance(f"{text[:at]} Token {text[at:]}", TELLING)
    assert {
        sign for sign in text if not (sign.isascii() and sign.islower()) and sign != " "
    } <= set(seen.signs)
    assert seen.digits == digits_in(text) == sum(map(str.isdecimal, text))
    assert "token" in seen.words


@pytest.mark.parametrize("text", ["PA\u017f\u017fWORD", "to\u212aen", "p\u0131n", "P\u0130N"])
def test_a_word_is_seen_in_every_spelling_that_a_pattern_takes(text: str) -> None:
    assert glance(text, TELLING).words


def test_signs_in_a_row_stay_in_a_row() -> None:
    assert glance("Look: at http://a.example, AKIA", TELLING).signs == "L:://.,AKIA"
