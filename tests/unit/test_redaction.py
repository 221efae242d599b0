"""Masking: what is hidden, what must stay readable, and that it ends in time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.redaction import PLACEHOLDER, VERSION, Redactor, legible

REDACTOR = Redactor()
SECONDS = 3.0  # for 200 kB: a hang takes minutes, ordinary text a twentieth of a second

# Each begins what a pattern looks for, and never ends it.
BAIT = (
    *("a@", "1 ", "(", "password ", "A1", "-----BEGIN PRIVATE KEY-----", "eyJ", "1-", "x:y://"),
    *("GB82 ", "www.", "a://", "?token=", "&a=", "ssn 1", "1.", "2a02:", "password a1 ", "AB 1"),
    *("12-", "/a1", "Dear Aa", "Dear Aa,\n", "Best,\nAa\n", "my name is ", "Mr. A. ", "A "),
    *("Thanks \n", "name: ", "1 A ", "12 Aa Bb ", "my address ", "ship to 1 a a ", "zip 1"),
    *("Aa, Bb ", "\n- ", "1\u2013", "1\u00a0", "cvv ", "token=", "\u200b", "a\u200c"),
)

MASKED = [
    ("write to maya.rose+vip@mail.example.co.uk.", "write to [email]."),
    ("call +44 20 7946 0958 today", "call [phone] today"),
    ("call (415) 555-2671 today", "call [phone] today"),
    ("call 415-555-2671 x12 today", "call [phone] today"),
    ("my mobile is 4155552671 ok", "my mobile is [phone] ok"),
    ("card 4111 1111 1111 1111 declined", "card [card] declined"),
    ("card 4111111111111111, again", "card [card], again"),
    ("pay to GB82 WEST 1234 5698 7654 32 please", "pay to [iban] please"),
    ("pay to DE89370400440532013000.", "pay to [iban]."),
    ("password: hunter2!", "password: [secret]"),
    ("my password is hunter22 ok", "my password is [secret] ok"),
    ("name ann and password 4352", "name ann and password [secret]"),
    ("the pin 1234 does not work", "the pin [secret] does not work"),
    ("api_key=abcd1234efgh", "api_key=[secret]"),
    ("Authorization: Bearer abcdef1234567890", "Authorization: Bearer [secret]"),
    ("token xoxb-12345678901-abcdefgh", "token [secret]"),
    ("key AKIAABCDEFGHIJKLMNOP leaked", "key [secret] leaked"),
    ("git clone https://bob:s3cret@git.example/x", "git clone https://[secret]@git.example/x"),
    ("ssn 531-21-7351", "ssn [id]"),
    ("PA\u017f\u017fWORD: hunter2!", "PA\u017f\u017fWORD: [secret]"),
    ("my p\u0131n: 4921", "my p\u0131n: [secret]"),
    ("my P\u0130N: 4921", "my P\u0130N: [secret]"),
    ("to\u212aen and API \u212aey: abcd1234", "to\u212aen and API \u212aey: [secret]"),
    ("BA\u017fIC dXNlcjpwYXNzd29yZA==", "BA\u017fIC [secret]"),
    ("jo at firm dot com wrote", "[email] wrote"),
    ("jane_doe[at]example[dot]com", "[email]"),
    ("\u90ae\u7bb1\u662fli@example.cn\u8c22", "\u90ae\u7bb1\u662f[email]\u8c22"),
    ("o'brien@example.ie and m\u00fcller@b\u00fccher.example", "[email] and [email]"),
    ("to it60 x054 2811 1010 0000 0123 456", "to [iban]"),
    ("4242.4242.4242.4242", "[card]"),
    ("4111\u200b1111\u200b1111\u200b1111", "[card]"),
    ("\uff14" + "\uff11" * 15, "[card]"),
    ("4111\u00a01111\u00a01111\u00a01111, jo\u00a0at\u00a0a\u00a0dot\u00a0com", "[card], [email]"),
    ("call 415\u2011555\u20112671, (415)\u202f555\u20132671", "call [phone], [phone]"),
    ("ssn 531\u201321\u20137351", "ssn [id]"),
    ("4111 1111 1111 1111/12/27, cvv 123", "[card]/12/27, cvv [secret]"),
    ("the security code is 4321", "the security code is [secret]"),
    ("token=abc123def456, license key:ab12cd34", "token=[secret], license key:[secret]"),
]

READABLE = [
    "It costs $1,299.00 or 12 345 678 in total",
    "Since 2026-11-02 10:30:00, and on 11/02/2026 again",
    "Order 48213377 and order number 4155552671 are late",
    "Version 3.11.4 on 10.0.0.1 with build 2026.11.2",
    "Card ending in 4242, batch 9400 1118 9922 3344 5566 77",
    "A number that is no card: 4111 1111 1111 1112",
    "Invoice INV-2026-001-44 and part 1Z999AA10123456784",
    "I tried the password 1000 times, and pin 7 of the plug is bent",
    "My password is wrong and the pin is not accepted",
    "The basic subscription and the secret garden",
    "@support please see #4521 at 10:45",
    "2019\u20132020, 5\u20137 days, 100\u2013200 EUR \u2013 and so on\u2014maybe",
    "I looked at firm dot com, and it is at gate 5 dot 2",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # its joiner belongs to the word
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_what_identifies_a_person_is_masked(text: str, expected: str) -> None:
    assert REDACTOR.mask(text) == expected


@pytest.mark.parametrize("text", READABLE)
def test_ordinary_numbers_and_words_stay(text: str) -> None:
    assert REDACTOR.mask(text) == text


def test_a_private_key_is_masked_to_its_end() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----"
    assert REDACTOR.mask(f"here: {key} thanks") == "here: [secret] thanks"


def test_known_people_are_masked_by_whole_words() -> None:
    text = "Maya Rose said that Maya's roses and Mayan rose. MAYA too. On 3 JAN."
    expected = "[name] said that [name]'s roses and Mayan rose. [name] too. On 3 JAN."
    assert REDACTOR.mask(text, ["Maya Rose", "Jan Ek"]) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Zo\u00eb \u0141ukasiewicz", "Zoe Lukasiewicz"),
        ("Zo\u00eb \u0141ukasiewicz", "zo\u00eb \u0142ukasiewicz"),
        ("Jos\u00e9 Ruiz", "Jose\u0301 RUIZ"),
        ("Siobh\u00e1n O'Neill", "Siobhan O\u2019Neill"),
        ("Ceren Y\u0131lmaz", "CEREN Yilmaz"),
        ("\u7530\u4e2d \u592a\u90ce", "\u7530\u4e2d\u592a\u90ce"),
    ],
)
def test_a_name_is_known_however_it_is_written(name: str, written: str) -> None:
    masked = REDACTOR.mask(f"{written} lost a parcel", [name])
    assert set(masked.removesuffix(" lost a parcel").split()) == {"[name]"}


def test_a_name_that_is_also_a_word_is_masked_only_in_the_full_name() -> None:
    text = "Bill May wrote. The Bill is wrong since May."
    assert REDACTOR.mask(text, ["Bill May"]) == "[name] wrote. The Bill is wrong since May."


def test_short_and_empty_names_mask_nothing() -> None:
    assert REDACTOR.mask("Al is at A and B", ["Al", "", " ", "A B"]) == "Al is at A and B"


def test_a_person_called_like_a_placeholder_does_not_break_it() -> None:
    assert REDACTOR.mask("a@example.com wrote", ["email", "Email"]) == "[email] wrote"


def test_phones_follow_the_regions() -> None:
    german = "Ruf an: 030-12345678"
    assert Redactor(regions=("DE",)).mask(german) == "Ruf an: [phone]"


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([text for text, _ in MASKED]),
            st.sampled_from(READABLE),
            st.sampled_from(["[card]", "Maya", "Maya Rose", "password:", "+1", "\n", "is"]),
            st.text(max_size=20),
            st.text(alphabet="0123456789 -+().@:x[]", max_size=24),
        ),
        max_size=6,
    )
)
def test_masking_twice_changes_nothing_more(parts: list[str]) -> None:
    once = REDACTOR.mask(" ".join(parts), ["Maya Rose"])
    assert REDACTOR.mask(once, ["Maya Rose"]) == once


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([text for text, _ in MASKED]),
            st.sampled_from(["[card]", "[secret]", "Maya", "Card", "Best,\n", "my name is", "\n"]),
            st.text(alphabet="0123456789 -+().@:x[]?=/", max_size=24),
        ),
        max_size=6,
    )
)
def test_masking_only_takes_away(parts: list[str]) -> None:
    """What is left stood in the text, in its order; no two pieces make up a new secret."""
    text = legible(" ".join(parts))
    position = 0
    for piece in PLACEHOLDER.split(REDACTOR.mask(text, ["Maya Rose", "Card"])):
        position = text.index(piece, position) + len(piece)


def test_no_placeholder_is_masked_again() -> None:
    text = "[email] [phone] [card] [iban] [id] [ip] [secret] [address] [name] password: [secret]"
    names = ["Email", "card", "Secret Address", "Id", "Name"]
    assert REDACTOR.mask(f"{text}, my name is [name], ?token=[secret]", names) == (
        f"{text}, my name is [name], ?token=[secret]"
    )


@pytest.mark.parametrize("unit", BAIT)
def test_a_long_message_of_bait_is_masked_in_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    REDACTOR.mask(text, ["Maya Rose"])
    assert time.process_time() - start < SECONDS


def test_the_masking_has_a_version() -> None:
    assert REDACTOR.version == VERSION
