"""Masks personal data before anything is stored or analysed.

Knows the shape and the checksums of what identifies a person, and the names that the helpdesk
gives or people announce. It guesses no names: a guess would mask "May", "Rose" and half of all
product names.
"""

import re
from collections.abc import Callable, Sequence
from string import ascii_uppercase

from service.credentials import LABELLING, TELLING_ALONE, mask_links, mask_tokens
from service.glance import Glance, digits_in, folded, glance
from service.identifiers import (
    FEWEST_DIGITS_OF_AN_ID,
    NAMING_IDS,
    mask_ids,
    mask_network_addresses,
)
from service.known_names import MOST_NAMES, mask_names
from service.phones import FEWEST_DIGITS as FEWEST_DIGITS_OF_A_PHONE
from service.phones import mask_phones
from service.postal import STREETS, mask_postal_addresses
from service.written_names import MOST_REPEATED, NAMING_PEOPLE, mask_written_names

VERSION = "redaction-4"

_MOST_PASSES = 6

PLACEHOLDER = re.compile(r"\[(?:email|phone|card|iban|id|ip|secret|address|name)\]")
# Signs that nobody sees, and the joiners of other scripts where they join nothing: a number or an
# address that they cut in pieces has no shape.
_UNSEEN = re.compile(
    "[\u00ad\u200b\u2060\ufeff]|(?<=[!-~])[\u200c-\u200f\u202a-\u202e\u2066-\u2069]+(?=[!-~])"
)
# What word processors and web pages put between the groups of a number. A long dash between two
# numbers is a range of years or prices, and stays.
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f]")
_DASHED = re.compile(
    "\\d+(?:[\u2010-\u2015\u2212]\\d+){2,}|\\d[\u2010-\u2012](?=\\d)"
    "|(?<!\\d)\\d{3}[\u2013\u2014]\\d{4}(?!\\d)"
)
_DASHES = re.compile("[\u2010-\u2015\u2212]")
# Letters of scripts with spaces between words may stand in an address; it ends where others begin.
_SIGN = r"A-Za-z0-9\u00c0-\u02af\u0370-\u058f"
_EMAIL = re.compile(
    rf"(?<![{_SIGN}_.+-])[{_SIGN}][{_SIGN}_.+%'\u2019-]{{0,63}}@"
    rf"(?:[{_SIGN}][{_SIGN}-]{{0,62}}\.){{1,5}}[{_SIGN}]{{2,24}}(?![{_SIGN}_-])"
)
_AT = r"[ ]?[\[(<{][ ]?at[ ]?[\])>}][ ]?"
_AT_IN_BRACKETS = re.compile(_AT, re.IGNORECASE)
_DOT = r"(?:[ ]?[\[(<{][ ]?dot[ ]?[\])>}][ ]?|[ ]dot[ ])"
# "jo at firm dot com"; before a shop's site ("I looked at firm dot com") stands another word.
_SPELT_EMAIL = re.compile(
    r"(?<![\w.+-])(?!(?:look|looked|looking|shop\w*|bought|buy|buying|order\w*|found|find|sold|sale|me|us"
    r"|it|them|you|cheaper|prices?|deals?|is|are|was|were|am|pages?|sites?|stores?|accounts?|available"
    r"|listed|signed|login|works?|worked|working)[ ])[a-z0-9][\w.+-]{0,40}"
    rf"(?:{_DOT}[a-z0-9][\w+-]{{0,40}}){{0,2}}(?:{_AT}(?:[a-z0-9][a-z0-9-]{{0,40}}(?:\.|{_DOT})){{1,3}}[a-z]{{2,12}}"
    rf"|[ ]at[ ](?:[a-z0-9][a-z0-9-]{{0,40}}{_DOT}){{1,3}}(?:com|org|net|edu|gov|info|biz"
    r"|de|fr|co|uk|io|ai|eu|nl|ch|es|se|dk|fi|pl|pt|ie|au|nz|ca|br|mx|jp|cn|ru|za))(?![\w-])",
    re.IGNORECASE,
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
    r"|hf_[A-Za-z0-9]{20,40}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"
    r")(?![A-Za-z0-9_-])"
)
_BEARER = re.compile(r"(?i:\b(?:bearer|basic)[ \t]{1,4})(?P<value>[A-Za-z0-9._~+/=-]{12,2000})")
_LABELLED = re.compile(
    r"(?i:(?<![^\W_])(?:pass(?:word|code|phrase)|passwd|pwd?|pin(?:[ \t]code)?|cvv2?|cvc"
    r"|secret(?:[ _-]?key)?|api[ _-]?(?:key|token)|access[ _-]?(?:key|token)"
    r"|auth(?:orization)?[ _-]?token|client[ _-]?secret|otp|one[- ]time[ \t](?:code|password)))"
    r"[\"'`]?[ \t]{0,3}(?:[:=]|(?i:\bis\b[ \t]{0,2}:?))[ \t]{0,3}[\"'`]?"
    r"(?P<value>[^\s\"'`,;<>]{3,200})"
)
# After "password is" people also write words; with a colon everything is the value.
_JUST_A_WORD = re.compile(r"[A-Za-z]+[.!?)]*\Z")
_IN_URL = re.compile(r"(?<=://)[^\s/:@]{1,64}:[^\s/@]{1,128}(?=@)")
# What stands before the first sign is looked at after it: a search for one sign is quick.
_DIGIT_RUN = re.compile(
    r"\d(?<![\w.,/-]\d)(?:[ -]?(?:\d[ -]?){11,17}\d|\d{3}(?:\.\d{4}){3})(?![\w-]|/(?!\d)|[.,]\d)"
)
_IBAN = re.compile(
    r"[A-Za-z](?<![A-Za-z0-9][A-Za-z])[A-Za-z]\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"
)
# A search for two digits is quick; for a letter it stops at every word.
_MAY_BE_IBAN = re.compile(
    r"\d\d(?<=[A-Za-z]{2}\d\d)(?<![A-Za-z0-9][A-Za-z]{2}\d\d)(?:[ -]?[A-Za-z0-9]){11}"
)
_AS_NUMBERS = str.maketrans({letter: str(ord(letter) - 55) for letter in ascii_uppercase})
# Words of which a text must contain one before a pattern is worth running: most texts hide nothing.
_TOKEN_STARTS = frozenset(
    (
        *(
            "sk",
            "pk",
            "rk",
            "whsec",
            "xapp",
            "ghp",
            "gho",
            "ghs",
            "ghu",
            "glpat",
            "shpat",
            "npm",
            "hf",
        ),
        *("dop", "rubygems", "github", *(f"xox{kind}" for kind in "abeprs")),
    )
)
_BEARERS = frozenset(("bearer", "basic"))
_LABELS = frozenset(
    (
        *("password", "passcode", "passphrase", "passwd", "pwd", "pw", "pin", "cvv", "cvc", "otp"),
        *("secret", "secretkey", "clientsecret", "key", "apikey", "accesskey", "code", "token"),
        *("apitoken", "accesstoken", "authtoken", "authorizationtoken"),
    )
)
_SPELT = frozenset(("at", "dot"))
TELLING = (
    _SPELT | _TOKEN_STARTS | _BEARERS | _LABELS | LABELLING | NAMING_IDS | NAMING_PEOPLE | STREETS
)
_FEWEST_DIGITS_OF_A_CARD = 13


def _look(text: str) -> Glance:
    return glance(text, TELLING)


def legible(text: str) -> str:
    """Return the text as a keyboard writes it, where a number or an address would be hidden."""
    if text.isascii():
        return text
    spaced = _SPACES.sub(" ", _UNSEEN.sub("", text))
    return _DASHED.sub(lambda number: _DASHES.sub("-", number.group()), spaced)


class Redactor:
    """Masks a text. Masking what is masked changes nothing."""

    def __init__(
        self,
        regions: Sequence[str] = ("US", "GB"),
        *,
        look: Callable[[str], Glance] = _look,
    ) -> None:
        self.regions = tuple(regions)
        self._look = look  # what a text may hold; whoever sees more only makes it take longer
        self.version = VERSION

    def mask(self, text: str, known_names: Sequence[str] = ()) -> str:
        """Return the text with typed placeholders. Time grows with the text's length only.

        A placeholder changes what stands beside its neighbours, so masking goes on until nothing
        changes; ordinary text takes one pass more than it has something to hide.
        """
        names = tuple(known_names)[:MOST_NAMES]
        text = legible(text)
        for _ in range(_MOST_PASSES):
            masked = self._mask_once(text, names)
            if masked == text:
                break
            text = masked
        return text

    def _mask_once(self, text: str, names: tuple[str, ...]) -> str:
        seen = self._look(text)
        masked = _mask_written_as_such(text, seen) if seen.signs else text
        masked = _SPELT_EMAIL.sub("[email]", masked) if _may_spell_email(seen) else masked
        masked = _mask_secrets(masked, seen)
        if seen.digits:
            masked = self._mask_numbers(masked, seen)
        masked, written = mask_written_names(masked, seen)
        if written:
            names = (*names, *written[:MOST_REPEATED])
        if not names:
            return masked
        return mask_names(masked, names, signs=seen.signs, untouched=PLACEHOLDER)

    def _mask_numbers(self, text: str, seen: Glance) -> str:
        digits = seen.digits if text is seen.text else digits_in(text)
        if not digits:
            return text
        masked = _IBAN.sub(_mask_iban, text) if _MAY_BE_IBAN.search(text) else text
        masked = mask_network_addresses(masked)
        masked = mask_postal_addresses(masked, seen)
        masked = mask_ids(masked, digits, seen) if digits >= FEWEST_DIGITS_OF_AN_ID else masked
        if digits < FEWEST_DIGITS_OF_A_PHONE:
            return masked
        if digits >= _FEWEST_DIGITS_OF_A_CARD:
            masked = _DIGIT_RUN.sub(_mask_card, masked)
        return mask_phones(masked, self.regions)


def _mask_written_as_such(text: str, seen: Glance) -> str:
    """Mask what its own signs make plain: keys, the secrets of links, e-mail addresses."""
    signs, masked = seen.signs, text
    if "-" in signs and "-----BEGIN" in text:
        masked = _PRIVATE_KEY.sub("[secret]", masked)
    masked = mask_links(masked, signs)
    if "://" in signs:
        masked = _IN_URL.sub("[secret]", masked)
    return _EMAIL.sub("[email]", masked) if "@" in signs else masked


def _may_spell_email(seen: Glance) -> bool:
    if "at" not in seen.words:
        return False
    return "dot" in seen.words or _AT_IN_BRACKETS.search(seen.text) is not None


def _mask_secrets(text: str, seen: Glance) -> str:
    masked = _TOKEN.sub("[secret]", text) if _may_hold_token(text, seen) else text
    if seen.digits or not TELLING_ALONE.isdisjoint(seen.words):
        masked = mask_tokens(masked, seen)
    if not seen.words:
        return masked
    if not _BEARERS.isdisjoint(seen.words):
        masked = _BEARER.sub(_mask_value, masked)
    return _LABELLED.sub(_mask_label, masked) if _may_hold_label(masked, seen) else masked


def _may_hold_label(text: str, seen: Glance) -> bool:
    if _LABELS.isdisjoint(seen.words):
        return False
    if ":" in seen.signs or "=" in seen.signs:
        return True
    told = folded(text)
    return " is" in told or "\tis" in told


def _may_hold_token(text: str, seen: Glance) -> bool:
    dashed = "-" in seen.signs or "_" in seen.signs
    # A letter that is not ASCII may stand right before a token, and would be one word with it.
    if dashed and not (text.isascii() and _TOKEN_STARTS.isdisjoint(seen.words)):
        return True
    # Small letters are no signs, so that of "eyJ" only the last one is.
    if "." in seen.signs and ("SG." in seen.signs or ("J" in seen.signs and "eyJ" in text)):
        return True
    return "AI" in seen.signs or "AKIA" in seen.signs or "ASIA" in seen.signs


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
    # Of any script: "\uff14" is a four as well.
    digits = "".join(str(int(sign)) for sign in match.group() if sign.isdecimal())
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
    compact = part.replace(" ", "").replace("-", "").upper()
    if not part[-1].isalnum() or len(compact) < 15:
        return False
    moved = compact[4:] + compact[:4]
    return int(moved.translate(_AS_NUMBERS)) % 97 == 1
