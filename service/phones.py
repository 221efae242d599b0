"""Phone numbers: national and international shapes, and numbers that are valid in some regions.

Knows which digits may be a number at all before the library is asked, which takes a hundred times
as long. Masks no bare run of digits that nobody calls a phone: that is an order id far more often.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from service.identifiers import OWN_NUMBER

FEWEST_DIGITS = 7
_MOST_DIGITS = 20
_WINDOW = 40  # characters of one candidate: the matcher never sees a whole message
_REMEMBERED = 1024  # candidates: the numbers of signatures come again and again

# What stands before the first sign is looked at after it: a search for one sign is quick.
_CANDIDATE = re.compile(
    r"[+(\d](?:(?<![\w.@/#=$\u20ac\u00a3-][+(\d])|(?<=phone=[+(\d])|(?<=mobile=[+(\d])|(?<=tel=[+(\d]))"
    r"(?:(?<=\+)[(\d]|(?<=0)0[(\d]|(?<=[(\d]))"
    r"(?:[\d()./ \t-]|(?<=\d),?[ ]?(?:ext\.?|x)[ ]?(?=\d)){5,30}\d(?![\w@/%-]|[.,:]\d)"
)
# Shapes of national numbers outside the regions: the matcher knows no plan for them.
_INTERNATIONAL = re.compile(r"(?:\+|00)[1-9](?:[-. ()/]{0,2}\d){7,14}\Z")
_AREA_IN_BRACKETS = re.compile(r"\(0?\d{1,4}\)[ -]?\d{2,4}(?:[ -]?\d{2,4}){1,3}\Z")
_THREE_THREE_FOUR = re.compile(r"(?:1[-. ])?\d{3}([-. ])\d{3}\1\d{4}\Z")
_TRUNK_ZERO = re.compile(r"0\d{1,4}([-. /])\d{2,4}(?:\1\d{2,4}){1,3}\Z")
_FOUR_GROUPS = re.compile(r"\d{2,3}([- ])\d{3}\1(?:\d{2}\1\d{2}|\d{3}\1\d{4})\Z")
_SHAPES = (_INTERNATIONAL, _AREA_IN_BRACKETS, _THREE_THREE_FOUR, _TRUNK_ZERO, _FOUR_GROUPS)
_EXTENSION = re.compile(r",?[ ]?(?:ext\.?|x)[ ]?\d{1,6}\Z")
_GROUPS = re.compile(r"\d+")
_MOST_GROUPS = 7
_CALL_ME = re.compile(
    r"(?:phone|mobile|cell|tel|telephone|whatsapp|fax|call(?:\s+me)?|reach\s+me|text\s+me|dial"
    r"|contact\s+(?:me|us|no|number))\b"
    r"[^\d\n\[\]]{0,20}\Z",
    re.IGNORECASE,
)
_DATE_OR_VERSION = re.compile(
    r"\d{1,4}([./-])\d{1,2}\1\d{1,4}(?:[ T]\d.*)?\Z|\d+(?:\.\d{1,3}){2,}\Z|\d{1,3}(?: \d{3})+\Z"
    r"|[1-9]\d{0,2}\.\d{1,2}\.\d{1,5}\.\d{1,5}\Z"
)


def mask_phones(text: str, regions: tuple[str, ...]) -> str:
    """Return the text with `[phone]`, also for numbers that are valid in one of the regions."""

    def mask(match: re.Match[str]) -> str:
        return _masked(match, regions)

    return _CANDIDATE.sub(mask, text)


def _masked(match: re.Match[str], regions: tuple[str, ...]) -> str:
    candidate = match.group()
    groups = _GROUPS.findall(candidate)
    digits = sum(map(len, groups))
    if not FEWEST_DIGITS <= digits <= _MOST_DIGITS or len(groups) > _MOST_GROUPS:
        return candidate
    if _DATE_OR_VERSION.match(candidate):
        return candidate
    before = match.string[max(0, match.start() - _WINDOW) : match.start()]
    called = digits <= 12 and _CALL_ME.search(before)
    if len(groups) == 1 and candidate.isdigit() and not candidate.startswith("00"):
        return "[phone]" if called else candidate
    if OWN_NUMBER.search(before) and "+" not in candidate:
        return candidate
    if (called and candidate[0] in "0(" and digits >= 9) or _has_shape(candidate):
        return "[phone]"
    return _with_valid_masked(candidate, regions)


def _has_shape(candidate: str) -> bool:
    number = _EXTENSION.sub("", candidate)
    if not 8 <= sum(character.isdigit() for character in number) <= 15:
        return False
    return any(shape.match(number) for shape in _SHAPES)


@lru_cache(maxsize=_REMEMBERED)
def _with_valid_masked(candidate: str, regions: tuple[str, ...]) -> str:
    for region in regions:
        if not may_hold_valid(candidate, region):
            continue
        spans = list(valid_phones(candidate, region))
        if spans:
            return _with_placeholder(candidate, spans)
    return candidate


def valid_phones(candidate: str, region: str) -> Iterator[tuple[int, int]]:
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


# --- Which digits may be a valid number ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How the numbers of a region begin, and what every valid one of them looks like."""

    abroad: re.Pattern[str]  # what is dialled before a country's code
    national: re.Pattern[str]


def may_hold_valid(candidate: str, region: str) -> bool:
    """Whether some groups in a row are as many digits as a number of the region, and begin so.

    The matcher begins and ends at a group of digits, whatever it tries.
    """
    plan = _plan_of(region)
    if plan is None or "+" in candidate or not candidate.isascii():
        return True
    groups = _GROUPS.findall(candidate)
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if plan.national.fullmatch(digits):
                return True
        if plan.abroad.match(digits):
            return True
    return False


@lru_cache(maxsize=64)
def _plan_of(region: str) -> _Plan | None:
    """Return None where it is not plain: the library then decides alone."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    own = PhoneMetadata.metadata_for_region(region)
    if own is None or not own.country_code or not own.international_prefix:
        return None
    if own.national_prefix_transform_rule:
        return None  # digits that are written otherwise than dialled
    among = COUNTRY_CODE_TO_REGION_CODE[own.country_code]  # "US" shares its code with 24 others
    plans = (PhoneMetadata.metadata_for_region(each) for each in among)
    numbers = "|".join(sorted({_number(each.general_desc) for each in plans if each is not None}))
    trunk = own.national_prefix_for_parsing or ""  # left out once more behind the code
    return _Plan(
        abroad=re.compile(own.international_prefix),
        national=re.compile(f"(?:{own.country_code})?(?:{trunk}){{0,2}}(?:{numbers})"),
    )


def _number(general: Any) -> str:
    lengths = "|".join(rf"\d{{{length}}}" for length in general.possible_length)
    return rf"(?=(?:{lengths})\Z)(?:{general.national_number_pattern})"
