"""Ids, network addresses and the secrets of links: what is masked and what stays readable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.redaction import Redactor

REDACTOR = Redactor()

MASKED = [
    ("my NI number is AB 12 34 56 C", "my NI number is [id]"),
    ("AB123456C is mine", "[id] is mine"),
    ("Steuer-ID: 36574261809", "Steuer-ID: [id]"),
    ("N\u00b0 1 80 05 75 034 115 73 merci", "N\u00b0 1 80 05 75 034 115 73 merci"),
    ("NIR 2 95 10 99 126 111 93 merci", "NIR [id] merci"),
    ("DNI 54362315-K, NIE X2482300W", "DNI [id], NIE [id]"),
    ("codice fiscale RCCMNL83S18D969H", "codice fiscale [id]"),
    ("BSN 1112.22.333", "BSN 1112.22.333"),
    ("BSN: 111222333", "BSN: [id]"),
    ("PESEL 44051401359", "PESEL [id]"),
    ("personnummer 880320-0016", "personnummer [id]"),
    ("CPR-nummer: 211062-5629", "CPR-nummer: [id]"),
    ("f\u00f8dselsnummer 15108695088", "f\u00f8dselsnummer [id]"),
    ("HETU 131052-308T", "HETU [id]"),
    ("CPF 390.533.447-05", "CPF [id]"),
    ("aadhaar 2341 2341 2346", "aadhaar [id]"),
    ("PAN: ACUPA7085R", "PAN: [id]"),
    ("my TFN is 123 456 782", "my TFN is [id]"),
    ("SIN 123-456-782", "SIN [id]"),
    ("AHV 756.9217.0769.85", "AHV [id]"),
    ("SSN 531217351", "SSN [id]"),
    ("ITIN 912-91-1234 and SSN 531-21-7351", "ITIN [id] and SSN [id]"),
    ("passport number X1234567 expired", "passport number [id] expired"),
    ("driver's license # D1234567", "driver's license # [id]"),
    ("blocked at 58.74.121.78!", "blocked at [ip]!"),
    ("from 58.74.121.78:8080 today", "from [ip]:8080 today"),
    ("from 2a02:2f0b:1::5 today", "from [ip] today"),
    (
        "https://app.example.com/reset?user=5&token=ab12&lang=en",
        "https://app.example.com/reset?user=5&token=[secret]&lang=en",
    ),
    ("app.example.com/in?access_token=ab12", "app.example.com/in?access_token=[secret]"),
    ("https://a.example/cb#id_token=abc&x=1", "https://a.example/cb#id_token=[secret]&x=1"),
    ("https://a.example/reset/a9f8e7d6c5/now", "https://a.example/reset/[secret]/now"),
    (
        "see https://a.example/f/3f2504e0-4f89-11d3-9a0c-0305e82c3301.",
        "see https://a.example/f/[secret].",
    ),
    ("https://a.example/?m=maya%40mail.example&p=2", "https://a.example/?m=[email]&p=2"),
    ("https://a.example/?next=%2Fx%3Ftoken%3Dabc", "https://a.example/?next=[secret]"),
    ("key hf_AbCdEfGhIjKlMnOpQr12StUv leaked", "key [secret] leaked"),
    ("my password Hunter22 fails", "my password [secret] fails"),
    ("mein Passwort lautet Sommer2024", "mein Passwort lautet [secret]"),
    ("key hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh leaked", "key [secret] leaked"),
    ("aws_secret_access_key = wJalr/K7MDENG", "aws_secret_access_key = [secret]"),
    ('"password": "x9!LLmn2",', '"password": "[secret]",'),
    ("password for the demo: demo_1x", "password for the demo: [secret]"),
    ('the passphrase is "correct horse"', 'the passphrase is "[secret]"'),
    ("credentials: maria / Hola1234!", "credentials: maria / [secret]"),
    ("curl -u anna:geheim https://a.example", "curl -u anna:[secret] https://a.example"),
    ("login code: 883 120", "login code: [secret]"),
    ("https://hooks.slack.com/services/T0/B0/XX", "https://hooks.slack.com/services/[secret]"),
    ("Reisepass C01X0006H", "Reisepass [id]"),
    ("blocked 203.0.113.77 and 2001:db8::5", "blocked [ip] and [ip]"),
    ("at Am Alten Markt 7, 50667 K\u00f6ln", "at [address]"),
    ("Unit 7, 88 Queens Road, London E17 8QP", "[address]"),
    ("phone=212-555-0143", "phone=[phone]"),
    ("Contact no: 07700 900461", "Contact no: [phone]"),
]

READABLE = [
    "Order AB123456C and order number 54362315K are late",
    "Invoice no. 44051401359 and ticket 880320-0016",
    "The BSN is missing, order 111222334",
    "Version 58.74.121.78 and firmware 20.1.2.3",
    "router at 192.168.1.1, loop 127.0.0.1, fe80::1 and std::vector at 10:45:30",
    "https://docs.example.com/how-to-reset-a-password-in-2024?lang=en&page=2#step-3",
    "https://shop.example/orders/48213377/items",
    "My password reset does not arrive, token expired, key lost",
    "Aadhaar 2341 2341 2345 has a typo",
    "I opened fd00::1 in the manual",
    "Version 12.4.1.7 to 12.4.2.1, upgraded from 3.2.1.0 to 3.2.2.0, section 4.2.1.7",
    "error code 1603-2203-118, order no. 77-1200-3391, Chrome 126.0.6478.127",
    "Invoice 12, 2026 Budget and Passport photos",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_ids_and_secrets_are_masked(text: str, expected: str) -> None:
    assert REDACTOR.mask(text) == expected


@pytest.mark.parametrize("text", READABLE)
def test_numbers_and_links_of_the_business_stay(text: str) -> None:
    assert REDACTOR.mask(text) == text


@settings(max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([text for text, _ in MASKED]),
            st.sampled_from(READABLE),
            st.sampled_from(["[id]", "[ip]", "ssn", "?token=", "https://", "www.", "\n", "nhs:"]),
            st.text(alphabet="0123456789 -+().@:/x[]?=&#%", max_size=24),
        ),
        max_size=6,
    )
)
def test_masking_twice_changes_nothing_more(parts: list[str]) -> None:
    once = REDACTOR.mask(" ".join(parts))
    assert REDACTOR.mask(once) == once
