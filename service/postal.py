"""Postal addresses: a street beside a number, a place beside a code, or what is called an address.

Knows the forms of some countries. Case counts: in "a new way 5" nobody lives.
"""

# ruff: noqa: E501  Forms of addresses; broken into pieces they cannot be read.

import re

from service.glance import Glance

_FEWEST_WORDS = 3
_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Terrace|Ter"
    "|Circle|Cir|Parkway|Pkwy|Highway|Hwy|Square|Sq|Close|Crescent|Mews|Gardens|Walk|Grove|Quay"
    "|Hill|Row|Trail|Turnpike"
)
_STATE = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]"
    "|UT|V[AT]|W[AIVY]"
)
_POSTCODE = (
    rf"(?:(?:{_STATE}),?[ ]\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[A-Z\d]?[ ]\d[A-Z]{{2}}"
    r"|[A-Z]\d[A-Z][ -]\d[A-Z]\d)"
)
_WORD = r"[^\W\d_a-z][^\W\d_]{1,24}(?:['\u2019-][^\W\d_]{1,24})?"
_TOWN = rf"{_WORD}(?:[ ]{_WORD}){{0,2}}"
_UNIT = r"(?:,?[ ]{1,2}(?:[Aa]pt|[Aa]partment|[Ss]uite|[Uu]nit|[Ss]te|[Ff]lat|[Ff]loor|[Rr]oom|#)\.?[ ]?[\w-]{1,6})"
_REST = (
    rf"{_UNIT}?(?:[,\n]{{1,2}}[ ]{{0,4}}{_TOWN}){{0,2}}(?:[,\n]?[ ]{{1,4}}{_POSTCODE}\b)?"
    r"(?:,?[ ]\d{5}(?:-\d{4})?\b)?"
)
_BEHIND_CODE = rf"(?:[,\n]{{1,2}}[ ]{{0,4}}(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3}})?(?:[ ][A-Z]{{2}})?[ ]{_TOWN})?"
_FORMS = (
    # 12 N Maple St, Apt 4B, Springfield, IL 62704
    r"(?:(?:Flat|Apt|Apartment|Unit|Suite)\.?[ ]?[\w-]{1,5},[ ])?"
    rf"\d{{1,6}}[A-Za-z]?,?[ ](?:[NSEW]{{1,2}}\.?[ ])?(?:(?:[^\W\d_a-z][\w'.\u2019-]{{0,20}}|\d{{1,3}}(?:st|nd|rd|th))[ ]){{1,3}}(?:{_STREET})\b\.?"
    rf"(?:[ ][NSEW]{{1,2}}\b)?(?:{_REST})",
    # Lindenstrasse 5a, 10969 Berlin; Nassaustraat 123
    r"[^\W\d_a-z]\w{1,24}(?:stra\u00dfe|strasse|str\.|weg|platz|allee|gasse|damm|ufer|straat|laan|gracht"
    r"|plein|gatan|v\u00e4gen|gata|katu|vej|gade)[ ]\d{1,4}[ ]?[a-z]?\b" + _BEHIND_CODE,
    # 5 bis, rue de la Paix, 75002 Paris
    r"\d{1,4}(?:[ ](?:bis|ter))?,?[ ](?:rue|avenue|boulevard|place|all\u00e9e|chemin|impasse|quai|cours)[ ]"
    r"(?:(?:de[ ]la|des|de|du|la|le)[ ])?(?:[dl]['\u2019])?[^\W\d_a-z][\w'\u2019-]{1,24}"
    r"(?:[ -][^\W\d_a-z][\w'\u2019-]{1,24}){0,3}" + _BEHIND_CODE,
    # Calle de Alcala, 45; Rua Augusta 12
    r"(?:Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Viale|Piazza|Corso|Rua|Travessa|Via(?=[ ]\w+,))[ ]?"
    r"(?:(?:de[ ]la|del|della|de|da|do|di)[ ])?[^\W\d_a-z]\w{1,24}(?:[ ]\w{2,20}){0,2},?[ ](?:n[\u00ba\u00b0.]?[ ]?)?"
    r"\d{1,4}\b" + _BEHIND_CODE,
    # Am Alten Markt 7, 50667 Ort: no word for a street, but a number before a code before a town.
    rf"(?:{_WORD}[ ](?:(?:de|du|des|la|le|les|van|von|der|den|del|di|da|do)[ ]){{0,2}}){{1,3}}\d{{1,4}}[ ]?[a-z]?,[ ](?!(?:19|20)\d\d[ ])\d{{4,5}}[ ]{_TOWN}",
    r"P\.?[ ]?O\.?[ ]?Box[ ]\d{1,8}" + _REST,
    rf"{_TOWN},?[ ]{_POSTCODE}",
    r"[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}",
)
_ADDRESS = re.compile(rf"(?<![\w.@/#$\u20ac\u00a3-])(?:{'|'.join(_FORMS)})(?![\w@])")
# What one of these forms holds, if it is ASCII: a word of its own, codes and boxes as they are left
# without small letters and spaces, the ends of roads' names, or their beginnings.
STREETS = frozenset(_STREET.lower().split("|")) | frozenset(
    ("rue", "avenue", "boulevard", "place", "chemin", "impasse", "quai", "cours")
)
_CODE_OR_BOX = re.compile(
    r"[A-Z]{2},?\d{5}|[A-Z]\d[A-Z\d]?\d[A-Z]{2}|[A-Z]\d[A-Z]-?\d[A-Z]\d|P\.?O\.?B\d"
)
_NUMBER_THEN_CODE = re.compile(r"[ ]\d{1,4}[ ]?[a-z]?,[ ]\d{4,5}[ ]")
_ROAD_THEN_NUMBER = re.compile(
    r"[ ]\d(?<=(?:sse|tr\.|weg|atz|lee|amm|fer|aat|aan|cht|ein|tan|ata|atu|vej|ade)[ ]\d)"
)
_ROADS = (
    *("Calle", "C/", "Avenida", "Avda", "Plaza", "Paseo", "Viale", "Piazza", "Corso", "Rua"),
    *("Travessa", "Via"),
)
_CALLED = re.compile(
    r"\b(?:(?:my|our|new|billing|shipping|home|delivery|mailing|postal|street|residential|his|her"
    r"|correct|current|following)[ ]address(?:es)?\b[^\d\n.!?@\[\]]{0,20}?|live[sd]?[ ](?:at|on)"
    r"|(?:ship|shipped|deliver|delivered|moved)[ ]to)[ \t]{0,2}:?\s{1,3}"
    r"(?P<value>(?:(?:no|flat|apt|unit|house|plot|door|suite)\b\.?[ ]?|#)?\d{1,6}[a-z]?(?:[ ,/-]{1,2}[\w'\u2019#/-]{1,25}\.?){2,12})",
    re.IGNORECASE,
)
_CALLS = (
    *(" address", "live at", "live on", "lives at", "lives on", "lived at", "lived on"),
    *("ship to", "shipped to", "deliver to", "delivered to", "moved to"),
)
_GOES_ON = re.compile(
    r"[ ,.](?:and|thanks?|please|but|because|when|since|which|so|is|are|was|for|then|instead|i|my|you"
    r"|your|we|it|this|that|they|years?|months?|days?|times?|cards?)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(
    r"(?P<before>\b(?:zip(?:[ ]?code)?|post(?:al)?[ ]?code|plz|pincode)(?:[ ](?:is|was))?[ ]?[:=]?[ ])"
    r"(?:\d{5}(?:-\d{4})?|\d{4}|\d{6}|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2})(?![\w/-])",
    re.IGNORECASE,
)


def mask_postal_addresses(text: str, seen: Glance) -> str:
    """Return the text with `[address]`; it should hold a digit."""
    folded = text.lower()
    masked = _ADDRESS.sub("[address]", text) if _may_hold_address(text, folded, seen) else text
    if ("address" in folded or "live" in folded or "ship" in folded) and _may_call(folded):
        masked = _CALLED.sub(_mask_called, masked)
    if "zip" in folded or "code" in folded or "plz" in folded:
        masked = _CODE.sub(r"\g<before>[address]", masked)
    return masked


def _may_hold_address(text: str, folded: str, seen: Glance) -> bool:
    """Whether a word, a code or a number stands there without which each form is none."""
    if not text.isascii():
        return True
    if folded == text:
        return False
    if text is not seen.text or not STREETS.isdisjoint(seen.words):
        return True
    return (
        _CODE_OR_BOX.search(seen.signs) is not None
        or _ROAD_THEN_NUMBER.search(text) is not None
        or _NUMBER_THEN_CODE.search(text) is not None
        or any(map(text.__contains__, _ROADS))
    )


def _may_call(folded: str) -> bool:
    """Whether one of the words stands there before which a number may begin an address."""
    return not folded.isascii() or any(map(folded.__contains__, _CALLS))


def _mask_called(match: re.Match[str]) -> str:
    """What follows an address in the same sentence is no part of it."""
    value = _GOES_ON.sub("", match.group("value"))
    before = match.group()[: match.start("value") - match.start()]
    if len(value.split()) < _FEWEST_WORDS:
        return match.group()
    return f"{before}[address]{match.group()[len(before) + len(value) :]}"
