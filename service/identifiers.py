"""National ids and network addresses: their shapes and checksums.

A number whose checksum lets every tenth order number through is only taken for an id beside the
word that names it; a number that a business calls its own needs that word as well.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network, ip_network

from service.glance import Glance

FEWEST_DIGITS_OF_AN_ID = 4
_FEWEST_DIGITS_OF_A_SURE_ID = 6
_MOST_WORDINGS = 256  # sets of words that name ids
_WINDOW = 40  # characters before a value in which a word can say what it is

OWN_NUMBER = re.compile(
    r"(?:order|invoice|ticket|tracking|parcel|shipment|ref|reference|serial|part|item|sku|model"
    r"|product|booking|case|claim|policy|quote|transaction|batch|article|error|asset|waybill|bestellung|bestellnummer"
    r"|rechnung|auftrag|commande|facture|pedido|factura|ordine)"
    r"(?:[ \t]{1,2}(?:no|number|nr|num|id|code|key|tag|is|was|ist)){0,3}[ \t.:#-]{0,4}\Z",
    re.IGNORECASE,
)

# Shapes and checksums (modules of stdnum) that leave next to no chance of a mistake.
_SURE: Mapping[str, tuple[str, str | None]] = {
    "us_itin": (r"9\d\d-(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])-\d{4}", None),
    "us_ssn": (r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}", None),
    "gb_nino": (
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?P<gap> ?)"
        r"\d\d(?P=gap)\d\d(?P=gap)\d\d(?P=gap)[A-D]",
        None,
    ),
    "ch_ahv": (r"756\.\d{4}\.\d{4}\.\d\d", "ch.ssn"),
    "br_cpf": (r"\d{3}\.\d{3}\.\d{3}-\d\d", "br.cpf"),
    "be_number": (r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", "be.nn"),
    "it_code": (r"(?i:[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z])", "it.codicefiscale"),
    "fr_nir": (r"[12] ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d", "fr.nir"),
    "fi_hetu": (r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]", "fi.hetu"),
    "es_nie": (r"[XYZ][- ]?\d{7}[- ]?[A-Z]", "es.nie"),
    "es_dni": (r"\d{8}[- ]?[A-HJ-NP-TV-Z]", "es.dni"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """An id that is only known by a word beside it."""

    words: tuple[str, ...]  # in lower case
    shape: str
    check: str | None = None  # a module of stdnum


_NAMED = (
    _Named(words=("ssn", "social security"), shape=r"\d{3}[ -]?\d\d[ -]?\d{4}"),
    _Named(
        words=("ni", "nino", "national insurance"),
        shape=r"[A-Z]{2}[ -]?\d\d[ -]?\d\d[ -]?\d\d[ -]?[A-D]",
    ),
    _Named(words=("nhs",), shape=r"\d{3}[ -]?\d{3}[ -]?\d{4}", check="gb.nhs"),
    _Named(
        words=("steuer-id", "steuerid", "steueridentifikationsnummer", "idnr", "tax id"),
        shape=r"\d\d ?\d{3} ?\d{3} ?\d{3}",
        check="de.idnr",
    ),
    _Named(
        words=("bsn", "burgerservicenummer", "sofinummer"),
        shape=r"\d{3}[. ]?\d{3}[. ]?\d{3}",
        check="nl.bsn",
    ),
    _Named(words=("pesel",), shape=r"\d{11}", check="pl.pesel"),
    _Named(
        words=("personal number", "personnummer", "personnumret", "personnr", "pnr"),
        shape=r"(?:\d\d)?\d{6}[-+ ]?\d{4}",
        check="se.personnummer",
    ),
    _Named(words=("cpr", "cpr-nr", "personnummer"), shape=r"\d{6}[- ]?\d{4}", check="dk.cpr"),
    _Named(
        words=(
            "f\u00f8dselsnummer",
            "f\u00f8dselsnummeret",
            "fodselsnummer",
            "fnr",
            "personnummer",
        ),
        shape=r"\d{6} ?\d{5}",
        check="no.fodselsnummer",
    ),
    _Named(words=("cpf",), shape=r"\d{3}\.?\d{3}\.?\d{3}-?\d\d", check="br.cpf"),
    _Named(
        words=("aadhaar", "aadhar", "adhar", "uidai"),
        shape=r"\d{4}[ -]?\d{4}[ -]?\d{4}",
        check="in_.aadhaar",
    ),
    _Named(words=("pan",), shape=r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]"),
    _Named(words=("tfn", "tax file"), shape=r"\d{3} ?\d{3} ?\d{2,3}", check="au.tfn"),
    _Named(words=("sin", "social insurance"), shape=r"\d{3}[ -]?\d{3}[ -]?\d{3}", check="ca.sin"),
    _Named(words=("pps", "ppsn"), shape=r"\d{7}[A-W][A-IW]?", check="ie.pps"),
    _Named(
        words=("rijksregisternummer", "num\u00e9ro national"),
        shape=r"\d{6}[- ]?\d{3}[. ]?\d\d",
        check="be.nn",
    ),
    _Named(words=("nif", "contribuinte"), shape=r"\d{3} ?\d{3} ?\d{3}", check="pt.nif"),
    _Named(
        words=("passport", "reisepass", "reisepassnummer", "passeport", "pasaporte"),
        shape=r"[A-Z]{0,2}\d{6,9}|(?=(?:[A-Z]{0,6}\d){4})[A-Z0-9]{8,9}",
    ),
    _Named(
        words=("driver licen", "driver's licen", "drivers licen", "driving licen"),
        shape=r"(?=[A-Z0-9-]{0,16}\d{3})[A-Z0-9][A-Z0-9-]{4,18}[A-Z0-9]",
    ),
    _Named(
        words=("national id", "id card", "identity card", "personalausweis"),
        shape=r"(?=[A-Z0-9]{0,10}\d{4})[A-Z0-9]{7,14}",
    ),
    _Named(words=("imei",), shape=r"\d{2}[ -]?\d{6}[ -]?\d{6}[ -]?\d", check="imei"),
)
_SURE_ID = re.compile(
    r"(?<![\w.@/-])(?=[A-Za-z]{0,6}[ -]?\d)(?:"
    + "|".join(f"(?P<{name}>{shape})" for name, (shape, _) in _SURE.items())
    + r")(?![\w/@-]|\.\w)"
)
# A digit and what follows it in each of these shapes: without such a place there is none.
_MAY_BE_SURE = re.compile(
    r"\d(?:\d{2}-\d\d-\d{4}|\d ?\d\d ?\d\d ?[A-D]|\d\d\.\d{4}\.|\d\d\.\d{3}\.|\d\.\d\d\."
    r"|\d(?i:[A-EHLMPRST])\d\d(?i:[A-Z])\d{3}| ?\d\d ?\d\d ?\d[\dAB] ?\d{3} ?\d{3} ?\d\d"
    r"|\d{5}[-+A-FU-Y]\d{3}|\d{6}[- ]?[A-Z]|\d{7}[- ]?[A-HJ-NP-TV-Z])"
)
_WORD = re.compile(r"[^\W\d_]+")


def _first_words() -> Mapping[str, tuple[_Named, ...]]:
    """Return first word -> the ids it may name: a text with none of them needs no pattern."""
    found: dict[str, list[_Named]] = {}
    for named in _NAMED:
        for word in {
            word.partition(" ")[0].partition("-")[0].partition("'")[0] for word in named.words
        }:
            found.setdefault(word, []).append(named)
    return {word: tuple(ids) for word, ids in found.items()}


_NAMED_BY = _first_words()
NAMING_IDS = frozenset(_NAMED_BY)

# The sign before the first digit is looked at after it: a search for a digit is quick.
_IPV4 = re.compile(r"\d(?<![\w.-]\d)\d{0,2}(?:\.\d{1,3}){3}(?![\w-]|\.\d)")
_IPV6 = re.compile(r"[23](?<![\w:.][23])[0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,34}(?<!:)(?![\w:]|\.\w)")
_OF_EVERYBODY = IPv6Network("2000::/3")  # others, such as fe80::1, are known in one house only
# Those that stand for somebody's in examples are taken for somebody's.
_IN_EXAMPLES = tuple(
    map(ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
_VERSION = re.compile(
    r"(?:(?:\bv|version|release|build|firmware|update|upgrade|driver|ios|android|chrome|firefox|rev"
    r"|section|chapter|clause)[ \t.:-]{0,3}(?:[\d.]+[ ](?:to|and|or)[ ])?"
    r"|(?:up|down)(?:grad|dat)(?:e|ed|ing)[ ](?:from|to)[ ](?:[\d.]+[ ]to[ ])?)\Z",
    re.IGNORECASE,
)


def mask_ids(text: str, digits: int, seen: Glance) -> str:
    """Return the text with `[id]` for national ids; it holds so many digits at most."""
    masked = text
    if digits >= _FEWEST_DIGITS_OF_A_SURE_ID and _MAY_BE_SURE.search(text):
        masked = _SURE_ID.sub(_mask_sure, text)
    words = NAMING_IDS & (seen.words if text.isascii() else {*_WORD.findall(masked.lower())})
    for pattern, mask in _beside(words) if words else ():
        masked = pattern.sub(mask, masked)
    return masked


@lru_cache(maxsize=_MOST_WORDINGS)
def _beside(
    words: frozenset[str],
) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]:
    """Return what to look for where a text holds these words, and what masks it."""
    ids = dict.fromkeys(named for word in sorted(words) for named in _NAMED_BY[word])
    return tuple((_pattern(named), _masking_checked(named.check)) for named in ids)


@cache
def _pattern(named: _Named) -> re.Pattern[str]:
    words = "|".join(map(re.escape, named.words))
    return re.compile(
        rf"\b(?:{words})(?:\b|(?<=licen))[^\d\n\[\]]{{0,30}}?(?<![\w.])(?P<value>{named.shape})(?!\w)",
        re.IGNORECASE,
    )


def mask_network_addresses(text: str) -> str:
    """Return the text with `[ip]` for addresses that are known all over the internet."""
    masked = _IPV4.sub(_mask_ipv4, text) if text.count(".") > 2 else text
    shortened = "::" in masked
    return _IPV6.sub(_mask_ipv6, masked) if shortened or masked.count(":") > 6 else masked


def _mask_sure(match: re.Match[str]) -> str:
    name = next(name for name in _SURE if match.group(name) is not None)
    if OWN_NUMBER.search(_before(match)) or not _checks(_SURE[name][1], match.group()):
        return match.group()
    return "[id]"


def _masking_checked(check: str | None) -> Callable[[re.Match[str]], str]:
    def mask(match: re.Match[str]) -> str:
        value = match.group("value")
        return match.group().removesuffix(value) + "[id]" if _checks(check, value) else match[0]

    return mask


def _checks(module: str | None, value: str) -> bool:
    return module is None or bool(_checksum(module)(value))


@cache
def _checksum(module: str) -> Callable[[str], object]:
    valid: Callable[[str], object] = import_module(f"stdnum.{module}").is_valid
    return valid


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _WINDOW) : match.start()]


def _mask_ipv4(match: re.Match[str]) -> str:
    try:
        known = _is_known(IPv4Address(match.group()))
    except AddressValueError:
        return match.group()
    return "[ip]" if known and not _VERSION.search(_before(match)) else match.group()


def _mask_ipv6(match: re.Match[str]) -> str:
    try:
        address = IPv6Address(match.group())
    except AddressValueError:
        return match.group()
    return "[ip]" if address in _OF_EVERYBODY and _is_known(address) else match.group()


def _is_known(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global or any(address in network for network in _IN_EXAMPLES)
