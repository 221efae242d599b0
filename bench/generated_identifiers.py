"""Makes sentences with identifiers of nobody: numbers that satisfy their checksums, seeded."""

import random
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from phonenumbers import PhoneNumber, PhoneNumberFormat, format_number, is_valid_number
from phonenumbers import country_code_for_region as country_code
from stdnum import luhn
from stdnum.au import tfn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.iso7064 import mod_11_10, mod_97_10
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer

SEED = 20261122
EACH = 8  # sentences of one template
_HOLE = re.compile(r"\{\{(\w+)\}\}")
_REGIONS = ("US", "GB")
_STYLES = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
Sentence = tuple[str, tuple[tuple[int, int, str], ...]]


def filled(templates: Iterable[str]) -> Iterator[Sentence]:
    """Yield each template whose every hole we can fill, and ours, with other values each time."""
    chance = random.Random(SEED)  # noqa: S311  # the same sentences each time
    for template in (*templates, *OURS):
        holes = set(_HOLE.findall(template))
        if holes & _MAKERS.keys() and holes <= _MAKERS.keys():
            for _ in range(EACH):
                yield _fill(template, chance)


def _fill(template: str, chance: random.Random) -> Sentence:
    text, spans, position = "", [], 0
    for hole in _HOLE.finditer(template):
        text += template[position : hole.start()]
        kind, make = _MAKERS[hole.group(1)]
        value = make(chance)
        spans.append((len(text), len(text) + len(value), kind))
        text += value
        position = hole.end()
    return text + template[position:], tuple(spans)


def _digits(chance: random.Random, shape: str) -> str:
    """Return the shape with a digit for every 0 and a capital for every A."""
    picks = {"0": string.digits, "A": string.ascii_uppercase}
    return "".join(chance.choice(picks[sign]) if sign in picks else sign for sign in shape)


def _such_that(
    holds: Callable[[str], object], *shapes: str, most: int = 2_000_000
) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        shape = chance.choice(shapes)
        return next(value for _ in range(most) if holds(value := _digits(chance, shape)))

    return make


def _card(chance: random.Random) -> str:
    start = _digits(chance, chance.choice(("400000000000000", "510000000000000", "37000000000000")))
    number = start + luhn.calc_check_digit(start)
    return chance.choice((number, " ".join(re.findall(".{1,4}", number))))


def _iban(chance: random.Random) -> str:
    country, account = chance.choice(
        (("DE", "0" * 18), ("GB", "AAAA" + "0" * 14), ("NL", "AAAA0000000000"))
    )
    account = _digits(chance, account)
    return f"{country}{mod_97_10.calc_check_digits(account + country)}{account}"


def _phone(chance: random.Random) -> str:
    region = chance.choice(_REGIONS)
    while True:
        digits = int(_digits(chance, "0000000000"))
        number = PhoneNumber(country_code=country_code(region), national_number=digits)
        if is_valid_number(number):
            return format_number(number, chance.choice(_STYLES))


def _ip(chance: random.Random) -> str:
    return ".".join(str(chance.randint(low, 99)) for low in (20, 0, 0, 1))


def _tax_number(chance: random.Random) -> str:
    """A German number has exactly one digit twice: chance alone would rarely meet that."""
    while True:
        some = chance.sample(string.digits, 9)
        some.insert(chance.randrange(9), chance.choice(some))
        value = "".join(some)
        value += mod_11_10.calc_check_digit(value)
        if idnr.is_valid(value):
            return value


def _fiscal_code(chance: random.Random) -> str:
    month = chance.choice("ABCDEHLMPRST")
    start = (
        _digits(chance, "AAAAAA00")
        + month
        + f"{chance.randint(1, 28):02}"
        + _digits(chance, "H501")
    )
    return start + codicefiscale.calc_check_digit(start)


def _one_of(*values: str) -> Callable[[random.Random], str]:
    return lambda chance: chance.choice(values)


def _name(chance: random.Random) -> str:
    return f"{_one_of(*_GIVEN)(chance)} {_one_of(*_FAMILY)(chance)}"


def _address(chance: random.Random) -> str:
    number = chance.randint(1, 999)
    street, end = chance.choice(_STREETS), chance.choice(("St", "Street", "Ave", "Road", "Lane"))
    city = chance.choice(("Springfield, IL 62704", "Leeds LS1 4AP", "Austin, TX 78701"))
    return chance.choice(
        (
            f"{number} {street} {end}, {city}",
            f"{number} {street} {end}, Apt 4B",
            f"{street}stra\u00dfe {number}, {_digits(chance, '00000')} Berlin",
            f"{number} rue de {street}, {_digits(chance, '00000')} Paris",
        )
    )


_GIVEN = ("Maria", "Oluwaseun", "Jos\u00e9", "Wei", "Priya", "Zo\u00eb", "Hamresh", "Ivana")
_FAMILY = ("Schmidt", "O'Brien", "Garc\u00eda", "Adeyemi", "Kowalska", "M\u00fcller", "Nguyen")
_STREETS = ("Maple", "Elm", "Oak", "Wressle", "Kirch", "Linden", "Mozart")

_MAKERS: Mapping[str, tuple[str, Callable[[random.Random], str]]] = {
    "credit_card_number": ("CREDIT_CARD", _card),
    "iban": ("IBAN", _iban),
    "phone_number": ("PHONE_NUMBER", _phone),
    "email": ("EMAIL_ADDRESS", lambda c: f"{_digits(c, 'AAAA00').lower()}@example.org"),
    "ip_address": ("IP_ADDRESS", _ip),
    "ipv6": ("IP_ADDRESS", lambda c: f"2a02:{c.randint(4096, 9999)}::{c.randint(1, 9999)}"),
    "ssn": (
        "US_SSN",
        lambda c: f"{c.randint(100, 600)}-{c.randint(10, 99)}-{c.randint(1000, 9999)}",
    ),
    "person": ("PERSON", _name),
    "address": ("ADDRESS", _address),
    "nino": ("NATIONAL_ID", lambda c: _digits(c, "AB 00 00 00 C".replace("AB", "JG"))),
    "idnr": ("NATIONAL_ID", _tax_number),
    "nir": ("NATIONAL_ID", _such_that(nir.is_valid, "180057500000000", "295127500000000")),
    "dni": ("NATIONAL_ID", _such_that(dni.is_valid, "00000000A")),
    "nie": ("NATIONAL_ID", _such_that(nie.is_valid, "X0000000A")),
    "fiscal": ("NATIONAL_ID", _fiscal_code),
    "bsn": ("NATIONAL_ID", _such_that(bsn.is_valid, "000000000")),
    "pesel": ("NATIONAL_ID", _such_that(pesel.is_valid, "85000000000", "02200000000")),
    "personnummer": (
        "NATIONAL_ID",
        _such_that(personnummer.is_valid, "850000-0000", "19700000-0000"),
    ),
    "cpr": ("NATIONAL_ID", _such_that(cpr.is_valid, "000060-0000")),
    "fodselsnummer": ("NATIONAL_ID", _such_that(fodselsnummer.is_valid, "00007000000")),
    "hetu": ("NATIONAL_ID", _such_that(hetu.is_valid, "000070-000A")),
    "cpf": ("NATIONAL_ID", _such_that(cpf.is_valid, "000.000.000-00")),
    "aadhaar": ("NATIONAL_ID", _such_that(aadhaar.is_valid, "0000 0000 0000")),
    "tfn": ("NATIONAL_ID", _such_that(tfn.is_valid, "000 000 000")),
    "nhs": ("NATIONAL_ID", _such_that(nhs.is_valid, "000 000 0000")),
    "key": ("SECRET", lambda c: f"sk_{_digits(c, 'A0A0A0A0A0A0A0A0A0A0')}"),
    "password": ("SECRET", lambda c: _digits(c, "Aa!A00x0").replace("!", c.choice("!#%_"))),
    "token": ("SECRET", lambda c: _digits(c, "A00A0A00A00A0A00A0A0A0").lower()),
}
KINDS = frozenset(kind for kind, _ in _MAKERS.values()) - {"PERSON", "ADDRESS"} | {
    "US_DRIVER_LICENSE"
}
OURS: Sequence[str] = (
    "My social security number is {{ssn}}, can you check?",
    "It fails from {{ip_address}} and from {{ipv6}} since Monday.",
    "My NI number {{nino}} is wrong on the form",
    "Meine Steuer-ID lautet {{idnr}}, danke",
    "Mon num\u00e9ro de s\u00e9curit\u00e9 sociale est {{nir}}",
    "Mi DNI es {{dni}} y el de ella {{nie}}",
    "Il mio codice fiscale: {{fiscal}}",
    "Mijn BSN is {{bsn}}",
    "M\u00f3j PESEL: {{pesel}}",
    "Mitt personnummer \u00e4r {{personnummer}}",
    "Mit CPR-nummer er {{cpr}}",
    "F\u00f8dselsnummeret er {{fodselsnummer}}",
    "Henkil\u00f6tunnukseni on {{hetu}}",
    "Meu CPF {{cpf}}, obrigado",
    "Aadhaar number {{aadhaar}}",
    "My TFN is {{tfn}}",
    "NHS number {{nhs}}",
    "The key {{key}} stopped working",
    "my password: {{password}} does not work",
    "my password is {{password}}",
    "I opened https://app.example.com/reset?user=5&token={{token}}&lang=en",
    "I opened https://app.example.com/reset/{{token}} and saw nothing",
    "It does not open.\n\nBest regards,\n{{person}}",
    "Hello, my name is {{person}} and I cannot log in.",
    "Dear {{person}},\nplease help.",
    "Please send it to {{address}}. Thanks",
    "My address is {{address}}",
)
