"""Names that people write themselves: in signatures and greetings, and after "my name is".

Only where such words stand beside it is a word taken for a name; no list of names, no guessing.
"""

# ruff: noqa: E501  Word lists; a word a line would hide their order.

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from string import ascii_lowercase

from service.glance import Glance
from service.known_names import ORDINARY

_MOST_WORDINGS = 256  # sets of words that name people
MOST_REPEATED = 20  # names of one text that are also looked for elsewhere in it

_PART = r"[^\W\d_a-z](?:[^\W\d_]{1,24}(?:['\u2019-][^\W\d_]{1,24}){0,2}|['\u2019][^\W\d_]{2,24}|\.)"
_MORE = rf"[ ](?:(?:de|da|del|la|van|der|den|von|bin|al|el|di|dos|le)[ ]){{0,2}}{_PART}"
_NAME = rf"(?P<name>{_PART}(?:{_MORE}){{0,3}})"
_FULL_NAME = rf"(?P<name>{_PART}(?:{_MORE}){{1,3}})"
_LINE_ENDS = r"(?=[ \t]*[,.]?[ \t]*(?:\n|\Z))"
_STOPS = r"(?=[ \t]*(?:[,.!;:|(/-]|\n|\Z))"

_PARTING = "|".join((
    "(?:with )?(?:best |kind |kindest |warm |warmest )?(?:regards|wishes)", "best", "cheers",
    "sincerely", "yours(?: truly| sincerely| faithfully)?", "respectfully", "cordially",
    "mit freundlichen gr\u00fc(?:\u00df|ss)en", "(?:viele|liebe|beste) gr\u00fc(?:\u00df|ss)e", "mfg", "lg", "vg",
    "(?:bien )?cordialement", "bien \u00e0 vous", "un saludo", "saludos(?: cordiales)?", "atentamente",
    "(?:cordiali |distinti )?saluti", "atenciosamente", "(?:met )?vriendelijke groet(?:en)?",
    "groet(?:en|jes)", "med v\u00e4nliga? h\u00e4lsning(?:ar)?", "mvh", "(?:med )?venlig hilsen",
    "hilsen", "pozdrawiam", "terveisin",
))  # fmt: skip
_THANKS = (
    "(?:thanks|thank you|thx|many thanks|danke|merci|gracias|obrigad[oa]|grazie|bedankt|tack)"
    "(?: you)?(?: again| in advance| so much| very much| a lot| for your help)?"
    "(?: and (?:best |kind )?regards)?"
)
_HELLO = (
    "(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|bonjour|hola|ciao|lieber?"
    "|guten (?:tag|morgen)|sehr geehrte[rs]?|cher|ch\u00e8re|estimad[oa]|hej|hei)"
)
_TITLE = "(?:Mrs?|Ms|Mx|Dr|Prof|Herrn?|Frau|Mme|Monsieur|Madame|Se\u00f1ora?|Mevrouw|Dhr)"
_LABEL = (
    "(?:(?:full|first|last|given|family|maiden|customer|client|contact|account|billing|shipping"
    "|passenger|guest|holder'?s?|user|patient) ){0,2}name"
    "|surname|(?:account|card|policy) ?holder|contact person|attn|ansprechpartner"
)
_SAID = (
    "(?:(?:'s|\u2019s|his|her|account) name(?: is| to|:)?|name\\?"
    "|my (?:full |first |last |maiden |new )?name(?:'s| is| was|:| =)"
    "|name on (?:the |my )?(?:account|card|order|booking|policy)(?: is|:)"
    "|mein name ist|ich hei(?:\u00df|ss)e|je m'appelle|mi nombre es|me llamo|mi chiamo|meu nome \u00e9"
    "|mijn naam is|jag heter|nazywam si\u0119)"
)

# One look at a letter instead of one at each alternative; a pattern without case knows two more i's.
_SAID_BEGINS = "(?=['\u2019AaHhIi\u0130\u0131JjMmNn])"

# What a text has to hold besides, looked for where it must be: a fraction of the patterns' cost.
_SAYING = frozenset(
    (
        *("name", "heisse", "appelle", "nombre", "llamo", "chiamo", "nome", "naam", "heter"),
        *("nazywam",),
    )
)
_LABELS = frozenset(
    (
        *("name", "surname", "holder", "accountholder", "cardholder", "policyholder", "person"),
        *("attn", "ansprechpartner"),
    )
)
_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "mx", "dr", "prof", "herr", "herrn", "frau", "mme", "monsieur"),
        *("madame", "se\u00f1or", "se\u00f1ora", "mevrouw", "dhr"),
    )
)
_NONE: frozenset[str] = frozenset()  # needed, or there
_QUOTING = frozenset(("wrote", "schrieb", "\u00e9crit"))
_PRESENTING = frozenset(("this", "am", "m"))
_PRESENTS = ("this is", "i am", "i'm", "i\u2019m")
_SPACE_AND_SMALL = frozenset(f" {letter}" for letter in ascii_lowercase)
NAMING_PEOPLE = _SAYING | _LABELS | _TITLES | _QUOTING | _PRESENTING
_PARTINGS = ("regards", "wishes", "sincerely", "best", "yours", "cheers", "cordial", "saludo")
_QUOTES = (" wrote:", " schrieb:", "crit :")
_ENDS_IN_NAME = re.compile(rf",[ ]{{0,2}}{_NAME}\.?\s{{0,4}}\Z")
_NAME_THEN = re.compile(r"[Nn][Aa][Mm][Ee][^\n]{0,24}?[ ][^\W\d_a-z]")
_SOMEBODY = re.compile(rf"[sSmM\u017f][ ]{_PART}{_MORE}")
_SOMEBODY_HERE = re.compile(rf"[ ]{_PART}{_MORE}")


def _says_name(text: str, seen: Glance) -> object:
    """Whether a capital follows soon where "name" stands, or another language says it."""
    return _NAME_THEN.search(text) or seen.words & _SAYING != {"name"}


def _labels(_text: str, seen: Glance) -> object:
    return ":" in seen.signs or "=" in seen.signs


def _breaks(text: str, _seen: Glance) -> object:
    return "\n" in text


def _parts(text: str, _seen: Glance) -> object:
    return _ends_in_name(text) and any(map(text.lower().__contains__, _PARTINGS))


def _thanks(text: str, _seen: Glance) -> object:
    return _ends_in_name(text) and "thank" in text.lower()


def _ends_in_name(text: str) -> bool:
    """Whether a name stands between the last comma and the end; there is none within one."""
    at = text.rfind(",")
    # Most often a small letter follows the comma and the space: no name begins with one.
    if at < 0 or text[at + 1 : at + 3] in _SPACE_AND_SMALL:
        return False
    return _ENDS_IN_NAME.match(text, at) is not None


def _presents(text: str, _seen: Glance) -> object:
    told = text.lower()
    if text.isascii():
        return any(_before_somebody(phrase, told, text) for phrase in _PRESENTS)
    return any(map(told.__contains__, _PRESENTS)) and _SOMEBODY.search(text)


def _before_somebody(phrase: str, told: str, text: str) -> bool:
    """Whether a full name follows these words somewhere."""
    at = told.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        # Most often a small letter follows the space: no name begins with one.
        if text[end : end + 2] not in _SPACE_AND_SMALL and _SOMEBODY_HERE.match(text, end):
            return True
        at = told.find(phrase, end)
    return False


def _always(_text: str, _seen: Glance) -> object:
    return True


def _holds_address(text: str, _seen: Glance) -> object:
    return "<[email]>" in text


def _quotes(text: str, _seen: Glance) -> object:
    return any(map(text.lower().__contains__, _QUOTES))


_May = Callable[[str, Glance], object]

# Words beside which a name stands; and before them what has to be in a text for them to be there,
# from the cheapest to look for on: one of some words, a sign, and what is true of the text.
_CUES: tuple[tuple[frozenset[str], str, _May, re.Pattern[str]], ...] = (
    (
        _SAYING,
        "",
        _says_name,
        re.compile(
            rf"{_SAID_BEGINS}(?i:(?:\b|(?=['\u2019])){_SAID})[ ]{{1,2}}(?:{_TITLE}\.?[ ])?{_NAME}"
        ),
    ),
    (
        _LABELS,
        "",
        _labels,
        re.compile(rf"^[ \t>*-]{{0,8}}(?i:{_LABEL})[ \t]?[:=][ \t]{{0,4}}{_NAME}{_STOPS}", re.M),
    ),
    (
        _NONE,
        "\n",
        _breaks,
        re.compile(
            rf"^[ \t>]{{0,8}}(?i:{_PARTING}|{_THANKS})[ \t]?[,.!-]?[ \t]{{0,4}}\n[\s>]{{0,8}}"
            rf"{_NAME}{_LINE_ENDS}",
            re.MULTILINE,
        ),
    ),
    (
        _NONE,
        "\n",
        _breaks,
        re.compile(rf"\n[ \t]{{0,4}}[-\u2013\u2014~]{{1,3}}[ ]?{_NAME}\s{{0,4}}\Z"),
    ),
    (
        _NONE,
        ",",
        _parts,
        re.compile(rf"(?i:\b(?:{_PARTING}))[ ]?,[ ]{{0,2}}{_NAME}(?=\.?\s{{0,4}}\Z)"),
    ),
    (
        _NONE,
        ",",
        _thanks,
        re.compile(rf"(?i:\b{_THANKS}),[ ]{{1,2}}{_FULL_NAME}(?=\.?\s{{0,4}}\Z)"),
    ),
    (
        _PRESENTING,
        "",
        _presents,
        re.compile(
            rf"(?i:\b(?:this is|i am|i['\u2019]m))[ ]{_FULL_NAME}"
            r"(?=,|[ ](?:from|here|again|speaking|writing|calling|at)\b)"
        ),
    ),
    (
        _TITLES,
        "",
        _always,
        re.compile(rf"\b{_TITLE}\.?[ ](?P<name>{_PART}(?:{_MORE}){{0,2}})"),
    ),
    (_NONE, "<", _holds_address, re.compile(rf"[\"']?{_FULL_NAME}[\"']?[ ]<(?=\[email\]>)")),
    (
        _QUOTING,
        ":",
        _quotes,
        re.compile(rf",[ ]{_NAME}[ ](?=(?:wrote|schrieb|a \u00e9crit) ?:)"),
    ),
)
_GREETING = re.compile(
    rf"^[ \t>]{{0,8}}(?i:{_HELLO})[ ,]{{1,3}}{_NAME}(?=[ ]?(?:[,!.:;-]|\n|\Z))", re.MULTILINE
)
_HELLOS = (
    *("hi", "hello", "hey", "dear", "good ", "hallo", "bonjour", "hola", "ciao", "lieb", "guten "),
    *("sehr ", "cher", "ch\u00e8re", "estimad", "hej", "hei"),
)
_GREETINGS = ("hi", "he", "dear", "good", "hallo", "bonjour", "hola", "ciao", "lieb", "guten")
# "my name is vimal raj": without capitals only these words say where a name ends.
_SMALL = re.compile(
    r"(?i:\bmy (?:full )?name is) (?P<name>[a-z]{3,20}(?: [a-z]{3,20})?)(?=[ ]?(?:[,.!;:\n]|\Z|and\b|i\b|my\b))"
)

_VERBS = ("ed", "ing", "ly")
# What stands in such places and is no name.
_NEVER = frozenset(
    """a about account accounts admin administrator again agent all also an and any anybody anyone app
    assistance associate assistant bank billing bot bureau business cancel card care chat client
    clients colleague colleagues commission community company complaint concern concerned corporate
    correct corp credit customer customers department desk director enterprise error everybody everyone
    executive experian finance financial folks for friend friends from gentlemen group guys hello help
    helpdesk here i if im in inc incorrect is issue it just ladies limited listed llc loan ltd madam
    maam management manager member misspelled missing mobile mortgage my new no not notice of office
    officer on online only or order our page payment people please product re regards representative
    sales section sent service services sir sirs someone spelled staff still store subject
    subscription supervisor support system tech team technical thank thanks that the there these they
    this ticket to under update updated urgent us valued very was we web what when whom why with world
    wrong yes you your monday tuesday wednesday thursday friday saturday sunday january february
    july september october november december wrongly different being now changed gone showing used
    associated attached already unknown private""".split()  # noqa: SIM905  # a list would be a page
)


def mask_written_names(text: str, seen: Glance) -> tuple[str, list[str]]:
    """Return the text with `[name]` for names beside such words, and these names."""
    names: list[str] = []
    masked, signs = text, seen.signs
    for sign, may, pattern in _looks_for(NAMING_PEOPLE & seen.words):
        if sign in signs and may(masked, seen):
            masked = pattern.sub(_masking(names, ()), masked)
    if _may_greet(masked, signs) and any(map(text.lower().__contains__, _GREETINGS)):
        masked = _GREETING.sub(_masking(names, ORDINARY), masked)
    if "name" in seen.words and "name is" in text.lower():
        masked = _SMALL.sub(_masking(names, ORDINARY), masked)
    return masked, names


@lru_cache(maxsize=_MOST_WORDINGS)
def _looks_for(words: frozenset[str]) -> tuple[tuple[str, _May, re.Pattern[str]], ...]:
    """Return the cues that a text with these words of naming may hold."""
    return tuple(
        (sign, may, pattern) for needed, sign, may, pattern in _CUES if not needed or needed & words
    )


def _may_greet(text: str, signs: str) -> bool:
    """Whether the first line greets; of several lines it is not known yet."""
    if "\n" in signs or not text.isascii():
        return True
    greets = text.lstrip(" \t>")[:8].lower().startswith(_HELLOS)
    return greets and _GREETING.match(text) is not None


def _masking(names: list[str], doubtful: Collection[str]) -> Callable[[re.Match[str]], str]:
    """Return what masks the name of a match and notes it."""

    def mask(match: re.Match[str]) -> str:
        name = match.group("name")
        words = [word.strip(".").lower() for word in name.split()]
        if not _NEVER.isdisjoint(words) or any(map(_is_no_word, words)):
            return match.group()
        if doubtful and len(words) == 1 and (words[0] in doubtful or name.isupper()):
            return match.group()
        names.append(name)
        start, end = match.start("name") - match.start(), match.end("name") - match.start()
        return f"{match.group()[:start]}[name]{match.group()[end:]}"

    return mask


def _is_no_word(word: str) -> bool:
    """Whether letters were blanked ("XXXX"), or it says what became of a name ("misspelled")."""
    return (len(word) > 2 and len(set(word)) == 1) or (len(word) > 5 and word.endswith(_VERBS))
