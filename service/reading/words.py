"""A message as words that are used up one by one, so that no word means two things.

Knows Slack's markup and nothing of what a word means.
"""

import re
from dataclasses import dataclass, field, replace

_MARKUP = (
    (re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>"), " "),
    (re.compile(r"<[^<>|]+\|([^<>]*)>"), r"\1"),
    (re.compile(r"<#[A-Z0-9]+>"), " "),
    (re.compile(r"(?<![\w:]):[a-z0-9_+-]+:(?![\w:])"), " "),
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), r"\1"),
    (re.compile("[\u2018\u2019\u02bc]"), "'"),
    (re.compile("[\u201c\u201d\u201e\u00ab\u00bb]"), '"'),
    (re.compile("[\u2013\u2014]"), "-"),
    (
        re.compile(r"(?i)(?<=[a-z]) ?/ ?(?=(?:day|week|month|account|customer|channel|agent)\b)"),
        " per ",
    ),
    (re.compile(r"(?i)(?<![\w-])(?:um+|uh+m?|erm+)(?![\w-])"), " "),
    # "For like the last two weeks", as it is dictated.
    (re.compile(r"\b(in|on|at|of|for|from|over|past|last|since|me|is|was|than) like,? "), r"\1 "),
)
_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?|v?\d+(?:\.\d+)+|[^\W_]+(?:'[^\W\d_]+)?|[&%#]|(?<=\s)\+(?=\s)"
)
_SHORT_YEAR = re.compile(r"(?:(?<=\s)|(?<=[qQ][1-4])) ?'(\d{2})(?![\w'])")
_DOTTED_DAY = re.compile(r"(?<![\d.-])(\d{1,2})[.-](\d{1,2})[.-](\d{4})(?![\d-])")
_MONTH_NAME = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY_NAME = (
    r"(?:(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)(?:day|nesday|sday|rsday|urday)?|q[1-4]|"
    r"\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{4}-\d{2}-\d{2}|"
    rf"(?:\d{{1,2}} )?{_MONTH_NAME}|{_MONTH_NAME} \d{{1,2}}(?:st|nd|rd|th)?)"
)
_DAYS_SPANNED = re.compile(rf"(?i)(?<![\w-])({_DAY_NAME}) ?- ?(?={_DAY_NAME}(?![\w-]))")
_QUOTED = re.compile(r'"([^"]+)"|(?<!\w)\'([^\']{2,})\'(?!\w)')
# As people shorten them in a chat. No name is looked for in the long form.
_SHORT_FORMS = {
    "abt": "about",
    "acc": "account",
    "accs": "accounts",
    "acct": "account",
    "accts": "accounts",
    "avg": "average",
    "contrast": "compare",
    "contrasting": "comparing",
    "convs": "conversations",
    "ch": "channel",
    "cust": "customer",
    "custs": "customers",
    "eff": "effort",
    "excl": "excluding",
    "gimme": "give",
    "mo": "month",
    "incl": "including",
    "msg": "message",
    "msgs": "messages",
    "mths": "months",
    "neg": "negative",
    "neu": "neutral",
    "pct": "percent",
    "ppl": "people",
    "qtr": "quarter",
    "r": "are",
    "seg": "segment",
    "segs": "segments",
    "tkt": "ticket",
    "tkts": "tickets",
    "v": "vs",
    "vol": "volume",
    "vols": "volumes",
    "wk": "week",
    "wtf": "what",
    "wth": "what",
    "wks": "weeks",
    "wo": "without",
    "y": "why",
    "yr": "year",
    "yrs": "years",
}
_ASKING = frozenset({"why", "how", "what", "where", "who", "when", "which"})
_NUMBER = frozenset({"#", "no", "nos", "nr", "num"})  # before "of"
USED = "~"  # stands for a name
USED_PERIOD = "@"
USED_SLICE = "^"  # "churn risk EMEA" counts no EMEA; "churn risk chats" counts chats
_COUNTED = frozenset({"channel", "tag", "driver", "custom"})
USED_LABEL = "="  # "with high effort": a filter, and nothing that is counted
_LABELS = frozenset({"sentiment", "effort", "churn_risk"})


def _mark(word: "Word") -> str:
    if word.used in _LABELS:
        return USED_LABEL
    return USED_PERIOD if word.used == "period" else USED


@dataclass(slots=True, kw_only=True)
class Word:
    text: str  # lower case, without a possessive
    original: str
    possessive: bool
    start: int
    end: int
    used: str = ""  # what used it up
    part: bool = False  # of a name, and not the whole of it
    mended: bool = False  # was misspelt

    @property
    def shown(self) -> str:
        return f"{self.text}'s" if self.possessive else self.text

    def unwritten(self, text: str) -> "Word":
        """Return a word that this one stands for as well."""
        return replace(self, text=text, original="", possessive=False, mended=False)


def _counts(sign: Word, after: Word) -> bool:
    """Whether a "#" is "number of": neither "#1" nor "#billing", the name of a channel."""
    if sign.text != "#" or after.text[:1].isdigit():
        return False
    return not after.used or after.start > sign.end


def plain_text(message: str) -> str:
    """Undo what Slack does to a message."""
    text = message
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    text = _SHORT_YEAR.sub(r" 20\1", text)
    text = _DOTTED_DAY.sub(r"\1/\2/\3", text)
    for escaped, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, meant)
    return _DAYS_SPANNED.sub(r"\1 to ", text).strip()


@dataclass(slots=True, kw_only=True)
class Words:
    """The words of one message. `quoted` holds what stood in quotation marks: it is data."""

    plain: str
    words: list[Word] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)

    @staticmethod
    def of(message: str) -> "Words":
        found = Words(plain=plain_text(message))
        spans = []
        for match in _QUOTED.finditer(found.plain):
            found.quoted.append((match.group(1) or match.group(2)).strip())
            spans.append(match.span())
        for match in _TOKEN.finditer(found.plain):
            original = match.group()
            lower = original.lower()
            possessive = lower.endswith("'s")
            inside = any(start <= match.start() < end for start, end in spans)
            found.words.append(
                Word(
                    text="and" if lower in {"&", "+"} else lower.removesuffix("'s"),
                    original=original,
                    possessive=possessive,
                    start=match.start(),
                    end=match.end(),
                    used="quoted" if inside else "",
                )
            )
        return found

    def spell_out(self) -> None:
        """Write short forms in full, once names have taken theirs."""
        for word in self.words:
            if not word.used:
                word.text = _SHORT_FORMS.get(word.text, word.text)

    def unfold(self) -> None:
        """Write "why's", "how come" and "# of" as the words that they stand for."""
        found: list[Word] = []
        for word in self.words:
            before = found[-1] if found and not found[-1].used else None
            if before is not None and before.text in _NUMBER and word.text == "of":
                before.text = "number"
            elif before is not None and _counts(before, word):
                before.text = "number"
                found.append(before.unwritten("of"))
            if before is not None and (before.text, word.text) == ("how", "come"):
                before.text, before.original = "why", f"{before.original} {word.original}"
                continue
            found.append(word)
            asked = word.text if word.possessive else word.text.removesuffix("s")
            if asked in _ASKING and asked != word.shown and not word.used:
                word.text, word.possessive = asked, False
                found.append(word.unwritten("is"))
        if found and found[-1].text == "#" and not found[-1].used:
            found[-1].text = "number"
        self.words = found

    def free(self) -> str:
        """Return the words not used up, with a mark where the others stood."""
        return " ".join(_mark(word) if word.used else word.shown for word in self.words)

    def nouns(self) -> str:
        """Return the words not used up, with other marks for names of what can be counted."""
        marked = (
            USED_SLICE if word.used and word.used not in _COUNTED and _mark(word) == USED else None
            for word in self.words
        )
        shown = (_mark(word) if word.used else word.shown for word in self.words)
        return " ".join(mark or one for mark, one in zip(marked, shown, strict=True))

    def everything(self) -> str:
        """Return all words but the quoted ones."""
        return " ".join(USED if word.used == "quoted" else word.shown for word in self.words)

    def spoken(self) -> str:
        """Return all words."""
        return " ".join(word.shown for word in self.words)

    def use(self, start: int, end: int, by: str) -> None:
        """Use up the words at these characters of `free()`."""
        at = 0
        for word in self.words:
            shown = _mark(word) if word.used else word.shown
            if at < end and at + len(shown) > start and not word.used:
                word.used = by
            at += len(shown) + 1

    def original(self, start: int, end: int) -> str:
        """Return what was written where these characters of `free()` stand."""
        at, found = 0, list[str]()
        for word in self.words:
            shown = _mark(word) if word.used else word.shown
            if at < end and at + len(shown) > start:
                found.append(word.original)
            at += len(shown) + 1
        return " ".join(filter(None, found))

    def find(self, pattern: str, *, by: str = "") -> re.Match[str] | None:
        """Search the free words; with `by` what was found is used up."""
        match = re.search(pattern, self.free())
        if match is not None and by:
            self.use(*match.span(), by)
        return match

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.free()) is not None
