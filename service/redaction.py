"""Masks personal data before anything is stored or analysed.

Knows the shape and the checksums of what identifies a person, and the names that the helpdesk
gives or people announce. It guesses no names: a guess would mask "May", "Rose" and half of all
product names.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from string import ascii_uppercase
from typing import Any

from service.credentials import holds_digit, mask_links, mask_tokens
from service.identifiers import FEWEST_DIGITS_OF_AN_ID, mask_ids, mask_network_addresses
from service.known_names import MOST_NAMES, mask_names
from service.postal import mask_postal_addresses
from service.written_names import MOST_REPEATED, mask_written_names

VERSION = "redaction-2"

_MOST_PASSES = 6
_PHONE_WINDOW = 40  # characters of one candidate: the matcher never sees a whole message

PLACEHOLDER = re.compile(r"\[(?:email|phone|card|iban|id|ip|secret|address|name)\]")
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+%-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,5}[A-Za-z]{2,24}"
    r"(?![\w-])"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----"
    r"(?:(?!-----BEGIN)[\s\S]){0,8000}?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----|\Z)"
)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:sk|pk|rk|whsec|xox[abeprs]|xapp|ghp|gho|ghs|ghu|glpat|shpat|npm|dop_v1|rubygems)"
    r"[-_][A-Za-z0-9_-]{12,200}"
    r"|github_pat_[A-Za-z0-9_]{20,200}|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{30,60}"
    r"|eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,2000}"
    r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"
    r")(?![A-Za-z0-9_-])"
)
_BEARER = re.compile(r"(?i:\b(?:bearer|basic)[ \t]{1,4})(?P<value>[A-Za-z0-9._~+/=-]{12,2000})")
_LABELLED = re.compile(
    r"(?i:\b(?:pass(?:word|code|phrase)|passwd|pwd|pin(?:[ \t]code)?|cvv2?|cvc|secret(?:[ _-]?key)?"
    r"|api[ _-]?key|api[ _-]?token|access[ _-]?(?:key|token)|auth(?:orization)?[ _-]?token|client"
    r"[ _-]?secret|otp|one[- ]time[ \t](?:code|password)))"
    r"[ \t]{0,3}(?:[:=]|(?i:\bis\b[ \t]{0,2}:?))[ \t]{0,3}[\"'`]?(?P<value>[^\s\"'`,;<>]{3,200})"
)
# After "password is" people also write words; with a colon everything is the value.
_JUST_A_WORD = re.compile(r"[A-Za-z]+[.!?)]*\Z")
_IN_URL = re.compile(r"(?<=://)[^\s/:@]{1,64}:[^\s/@]{1,128}(?=@)")
_DIGIT_RUN = re.compile(r"(?<![\w.,/-])(?:\d[ -]?){12,18}\d(?![\w/-]|[.,]\d)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}(?![A-Za-z0-9])")
_AS_NUMBERS = str.maketrans({letter: str(ord(letter) - 55) for letter in ascii_uppercase})
_PHONE_CANDIDATE = re.compile(
    r"(?<![\w.@/#=$\u20ac\u00a3-])(?:\+|00)?[(\d]"
    r"(?:[\d()./ \t-]|(?<=\d)[ ]?(?:ext\.?|x)[ ]?(?=\d)){5,30}\d(?![\w@/%-]|[.,:]\d)"
)
# Shapes of national numbers outside the regions: the matcher knows no plan for them.
_INTERNATIONAL = re.compile(r"(?:\+|00)[1-9](?:[-. ()/]{0,2}\d){7,14}\Z")
_AREA_IN_BRACKETS = re.compile(r"\(0?\d{1,4}\)[ -]?\d{2,4}(?:[ -]?\d{2,4}){1,3}\Z")
_THREE_THREE_FOUR = re.compile(r"(?:1[-. ])?\d{3}([-. ])\d{3}\1\d{4}\Z")
_TRUNK_ZERO = re.compile(r"0\d{1,4}([-. /])\d{2,4}(?:\1\d{2,4}){1,3}\Z")
_FOUR_GROUPS = re.compile(r"\d{2,3}([- ])\d{3}\1(?:\d{2}\1\d{2}|\d{3}\1\d{4})\Z")
_SHAPES = (_INTERNATIONAL, _AREA_IN_BRACKETS, _THREE_THREE_FOUR, _TRUNK_ZERO, _FOUR_GROUPS)
_EXTENSION = re.compile(r"[ ]?(?:ext\.?|x)[ ]?\d{1,6}\Z")
_GROUPS = re.compile(r"\d+")
_MOST_GROUPS = 7
_CALL_ME = re.compile(
    r"(?:phone|mobile|cell|tel|telephone|whatsapp|fax|call(?:\s+me)?|reach\s+me|text\s+me|dial"
    r"|contact\s+(?:me|us))\b"
    r"[^\d\n\[\]]{0,20}\Z",
    re.IGNORECASE,
)
_DATE_OR_VERSION = re.compile(
    r"\d{1,4}([./-])\d{1,2}\1\d{1,4}(?:[ T]\d.*)?\Z|\d+(?:\.\d{1,3}){2,}\Z|\d{1,3}(?: \d{3})+\Z"
)

# What a text must contain before a pattern is worth running: most texts hide nothing, and looking
# for a word costs a fraction of looking for a pattern.
_DASHED_TOKEN_HINTS = (
    *("sk", "pk", "rk", "whsec", "xox", "xapp", "ghp", "gho", "ghs", "ghu"),
    *("glpat", "shpat", "npm", "dop_v1", "rubygems", "github_pat_"),
)
_TOKEN_HINTS = ("AKIA", "ASIA", "AIza", "eyJ", "SG.")
_BEARER_HINTS = ("bearer", "basic")
_LABEL_SIGNS = (":", "=", " is", "\tis")
_LABEL_HINTS = ("pass", "pwd", "pin", "cv", "secret", "key", "token", "otp", "code")
_A_DIGIT = re.compile(r"\d")
_FEWEST_DIGITS = 7  # of anything but an IBAN


class Redactor:
    """Masks a text. Masking what is masked changes nothing."""

    def __init__(self, regions: Sequence[str] = ("US", "GB")) -> None:
        self.regions = tuple(regions)
        self.version = VERSION

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str:
        """Return the text with typed placeholders. Time grows with the text's length only.

        A placeholder changes what stands beside its neighbours, so masking goes on until nothing
        changes; ordinary text takes one pass more than it has something to hide.
        """
        names = tuple(known_names)[:MOST_NAMES]
        for _ in range(_MOST_PASSES):
            masked = self._mask_once(text, names)
            if masked == text:
                break
            text = masked
        return text

    def _mask_once(self, text: str, names: tuple[str, ...]) -> str:
        masked = _PRIVATE_KEY.sub("[secret]", text) if "-----BEGIN" in text else text
        masked = mask_links(masked)
        masked = _IN_URL.sub("[secret]", masked) if "://" in masked else masked
        masked = _EMAIL.sub("[email]", masked) if "@" in masked else masked
        masked = self._mask_numbers(_mask_secrets(masked))
        masked, written = mask_written_names(masked)
        names = (*names, *written[:MOST_REPEATED])
        return mask_names(masked, names, untouched=PLACEHOLDER) if names else masked

    def _mask_numbers(self, text: str) -> str:
        if not holds_digit(text):
            return text
        digits = len(_A_DIGIT.findall(text))
        masked = mask_postal_addresses(mask_network_addresses(_IBAN.sub(_mask_iban, text)))
        masked = mask_ids(masked, digits) if digits >= FEWEST_DIGITS_OF_AN_ID else masked
        if digits < _FEWEST_DIGITS:
            return masked
        masked = _DIGIT_RUN.sub(_mask_card, masked)
        return _PHONE_CANDIDATE.sub(self._mask_phone, masked)

    def _mask_phone(self, match: re.Match[str]) -> str:
        candidate = match.group()
        digits = sum(character.isdigit() for character in candidate)
        groups = len(_GROUPS.findall(candidate))
        if not 7 <= digits <= 20 or groups > _MOST_GROUPS or _DATE_OR_VERSION.match(candidate):
            return candidate
        before = match.string[max(0, match.start() - _PHONE_WINDOW) : match.start()]
        # A bare run of digits is an order id far more often than a phone number.
        if candidate.isdigit() and not candidate.startswith("00"):
            called = digits <= 12 and _CALL_ME.search(before)
            return "[phone]" if called else candidate
        if _has_shape(candidate):
            return "[phone]"
        return _replace_phones(candidate, self.regions)


def _mask_secrets(text: str) -> str:
    masked = _TOKEN.sub("[secret]", text) if _may_hold_token(text) else text
    folded = _folded(masked)
    masked = mask_tokens(masked, folded)
    masked = _BEARER.sub(_mask_value, masked) if _holds_any(folded, _BEARER_HINTS) else masked
    return _LABELLED.sub(_mask_label, masked) if _may_hold_label(folded) else masked


def _may_hold_label(folded: str) -> bool:
    return _holds_any(folded, _LABEL_SIGNS) and _holds_any(folded, _LABEL_HINTS)


def _may_hold_token(text: str) -> bool:
    dashed = "-" in text or "_" in text
    return (dashed and _holds_any(text, _DASHED_TOKEN_HINTS)) or _holds_any(text, _TOKEN_HINTS)


def _holds_any(text: str, words: Sequence[str]) -> bool:
    return any(map(text.__contains__, words))  # a generator would cost more than the looking


def _folded(text: str) -> str:
    """Return the text so that a word is found in it wherever a pattern would ignore its case."""
    if text.isascii():
        return text.lower()
    # A pattern also takes the Turkish letters for an i; casefold knows the other odd ones.
    return text.casefold().replace("\u0307", "").replace("\u0131", "i")


def _has_shape(candidate: str) -> bool:
    number = _EXTENSION.sub("", candidate)
    if not 8 <= sum(character.isdigit() for character in number) <= 15:
        return False
    return any(shape.match(number) for shape in _SHAPES)


@lru_cache(maxsize=1024)  # the numbers of signatures come again and again
def _replace_phones(candidate: str, regions: tuple[str, ...]) -> str:
    for region in regions:
        spans = list(_valid_phones(candidate, region))
        if spans:
            return _with_placeholder(candidate, spans)
    return candidate


def _valid_phones(candidate: str, region: str) -> Iterator[tuple[int, int]]:
    """VALID, not POSSIBLE: possible numbers are every second order id."""
    matcher, leniency = _phone_matcher()
    for found in matcher(candidate, region, leniency, 3):
        yield found.start, found.end


@lru_cache(maxsize=1)
def _phone_matcher() -> tuple[Callable[..., Any], Any]:
    from phonenumbers import Leniency, PhoneNumberMatcher

    return PhoneNumberMatcher, Leniency.VALID


def _with_placeholder(candidate: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces += [candidate[position:start], "[phone]"]
        position = end
    return "".join([*pieces, candidate[position:]])


def _mask_value(match: re.Match[str]) -> str:
    start = match.start("value") - match.start()
    value = match.group("value")
    if value.isalpha() and len(value) < 24:
        return match.group()
    return match.group()[:start] + "[secret]"


def _mask_label(match: re.Match[str]) -> str:
    value = match.group("value")
    before = match.group()[: match.start("value") - match.start()]
    if value.startswith("[") or ("is" in before.lower()[-5:] and _JUST_A_WORD.match(value)):
        return match.group()
    return f"{before}[secret]"


def _mask_card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    plausible = digits[0] in "23456" and _luhn_valid(digits)
    return "[card]" if plausible else match.group()


def _luhn_valid(digits: str) -> bool:
    from stdnum import luhn

    return bool(luhn.is_valid(digits))


def _mask_iban(match: re.Match[str]) -> str:
    """The pattern may run on into the next words: take the longest start that is an IBAN."""
    from stdnum import iban

    text = match.group()
    for end in range(len(text), 14, -1):
        part = text[:end]
        if _checks_as_iban(part) and iban.is_valid(part, check_country=False):
            return f"[iban]{text[end:]}"
    return text


def _checks_as_iban(part: str) -> bool:
    """The checksum alone: it turns most starts away before their structure is looked at."""
    compact = part.replace(" ", "").replace("-", "")
    if not part[-1].isalnum() or len(compact) < 15:
        return False
    moved = compact[4:] + compact[:4]
    return int(moved.translate(_AS_NUMBERS)) % 97 == 1
