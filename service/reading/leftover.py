"""The words of a question that nothing understood: an answer names them and does not guess.

Knows plain English, and no name and no pattern.
"""

import itertools
import re
from collections.abc import Sequence

from service.names import stem
from service.reading.plain import ORDINARY, PLAIN
from service.reading.signals import BETTER, DOWN, HAPPY, UNHAPPY, UP, WORSE
from service.reading.units import NUMBERS
from service.reading.words import Word, Words

IGNORED = "ignored: "  # how such a word stands among what was assumed
_LONGEST = 40
_MOST = 5  # words; a pasted letter is no question
_NOUNS = (
    r"(?:tickets?|tix|convos?|conversations?|cases|chats|emails|calls|messages|accounts?|customers?|"
    r"clients?|users?|companies|ones|~)"
)
_COUNT = r"(?:\d+|" + "|".join(NUMBERS) + r"|several|multiple|many)"
_NOT = (
    r"(?:no|not|never|neither|none|without|excluding|except|non|"
    r"(?:is|are|was|were|did|do|does|has|have|had|can|could|would)n'?t)"
)
_SUBJECT = r"(?:we|they|i|you|he|she|it|customers?|someone|somebody|(?:an?|the|our|my|their) \w+)"
# After a refusal: read by other rules, or no refusal at all.
_SAID_ELSEWHERE = "of|effort|just|only|sure|wait|sorry|idea|happy|satisfied|well|ok|doing"
_LINKS = (
    "from|about|in|on|by|via|with|for|to|counting|including|any|the|an?|all|yet|have|been|being"
    "|use|uses|using|mention|mentions|involve|handled|taken|solved|closed|answered|assigned|sent"
    "|opened|raised|tagged|come|comes|came|coming"
)
_ASKS = r"(?:why|how|which|what|who|when|where)"
_STATE = (
    r"(?:open|closed|solved|unsolved|resolved|unresolved|reopened|pending|urgent|escalated|merged"
    r"|assigned|unassigned|answered|unanswered|overdue|waiting|ongoing)"
)
_KIND = (
    r"(?:new|returning|repeat|first|second|long|longer|short|shorter|old|older|busy|big|bigger"
    r"|small|smaller|major|minor|key|important|critical|serious|severe|simple|complex|difficult"
    r"|easy|bad|poor|terrible|awful|weird|strange|odd|risky|healthy|worried|concerned|loyal|quiet"
    r"|loud|annual|monthly paying|typical|quick|slow|fast|internal|external|foreign|local"
    r"|potential|former|active|inactive|churned|cancelled|lost|paying|trial|free|premium)"
)
_TOPIC = r"(?:renewal|errors?|release|morning|evening|business|leadership|management|industry)"
_DEED = r"(?:close|solve|resolve|reopen|escalate|merge|answer|miss|lose|win|sign|onboard)d?"
_GONE = (
    r"(?:churned|cancell?ed|renewed|upgraded|downgraded|unsubscribed|quit|left us|leaving us"
    r"|signed up)"
)
_HOURS = (
    r"(?:(?:business|working|office|opening|peak|off) hours|mornings?|afternoons?|evenings?"
    r"|nights?|weekends|weekdays)"
)
_ALREADY = r"(?: (?:still|not|so|very|already|\w+ly))*"
# What plain English can ask and no reading holds: nothing is filtered, counted or summed so.
_BEYOND = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:{_STATE}|{_KIND})(?= {_NOUNS}(?! of\b))",
        rf"\b{_TOPIC}(?= (?:tickets?|tix|convos?|conversations?|cases|customers?|accounts?))",
        rf"\b{_NOUNS}(?: (?:that|which|who))? (?:are|is|were|was|been|got|get|being)"
        rf"{_ALREADY} ({_STATE}|{_KIND})\b(?! by ~| effort)",
        rf"\b(?:that|which|who) (?:are|is|were|was|got|get){_ALREADY} ({_STATE}|{_KIND})\b"
        r"(?! by ~)",
        r"\b(?:handled|solved|resolved|closed|answered|written|sent|opened) by (?!~)(\w+)",
        rf"\b(?:did|do|have) (?:we|they|you|the team|support) ({_DEED})\b",
        rf"\b{_GONE}\b(?! out\b)",
        rf"\b(?:in|during|over|at|on|outside|after)(?: of)? (?:the )?({_HOURS}|hours)\b",
        # Sizes: "more than 10 tickets", "5 or more", "three times", "for the first time".
        rf"\b(?:(?:more|less|fewer|greater|longer|shorter|higher|lower|bigger|smaller) than|over"
        rf"|under|below|at least|at most|exactly|up to) {_COUNT}(?! (?:of|from))\b",
        rf"\b{_COUNT} (?:or (?:more|fewer|less)|and (?:over|above|more)|plus)\b",
        rf"(?<!how )\b(?:once|twice|{_COUNT} times|(?:first|second|third)(?: |-)time)\b",
        r"\b(?:wrote|written|write|contacted|came|come|called|complained|asked|opened) (?:\w+ )?"
        r"(?:again|back)\b",
        # A refusal that no name took up: "conversations with no tag".
        rf"(?<!^)(?<!why )(?<!or )\b{_NOT}(?! (?:{_SAID_ELSEWHERE})\b)"
        rf"(?! (?:(?:{_LINKS}) )*~)(?: (?:{_LINKS}))*(?: (?:[\w'-]+|@))(?!\S)",
        r"\babout (?:the |our )?((?:chart|graph|plot)\w*)",
        r"\b(?:average|mean (?=number|of)|never)\b",
        r"\b(?:latest|newest|oldest|earliest)(?= (?:tickets?|tix|convos?|conversations?|cases?)\b)",
        r"\b\d{1,2} ?[ap]m\b|\bnoon\b|\bmidnight\b",
        rf"(?<=\S )\b(?:after|before|until|while|because|if|unless|once|where) {_SUBJECT}\b"
        r"(?! mention).{0,25}",
        r"(?<=@ )(?:before|earlier|prior)$",
        r"\b(?:time|hour)s? of (?:the )?(?:day|week)\b|\b(?:which|what) (?:time|hour)s?\b",
        r"\bby hour\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b",
        # Only conversations and accounts are counted.
        r"(?:(?<=how many )|(?<=number of ))(?:\w+ )?(?:agents|tags|drivers|segments|channels"
        r"|owners|topics|reps|csms|days|weeks|months|quotes|messages|replies)\b",
        # A second question in the same breath.
        rf"(?<=\S )(?:and|also|plus|but|then)(?: also| then)? {_ASKS}\b(?:(?: \S+){{1,4}})?",
    )
)
_SHORTEST = 2  # letters of a word that is worth naming

_STEMS = frozenset(stem(word) for word in PLAIN | ORDINARY)


def ignored(words: Words, untimed: Sequence[str] = ()) -> tuple[str, ...]:
    """What is no name, no date and no plain English, and what qualifies and is no filter.

    `untimed` are times that no window of whole days is.
    """
    following = zip((None, *words.words), words.words, strict=False)
    strange = [
        word.original
        for before, word in following
        if is_strange(word) and not _is_deed(word, before)
    ]
    free = words.free()
    beyond = [
        words.original(*found.span(found.lastindex or 0))
        for one in _BEYOND
        for found in one.finditer(free)
    ]
    left = [word[:_LONGEST].strip() for word in (*strange, *beyond, *untimed)]
    return whole(left)[:_MOST]


def whole(left: Sequence[str]) -> tuple[str, ...]:
    """Each once, and none that is a part of another."""
    once = dict.fromkeys(left)
    return tuple(
        one
        for one in once
        if not any(one != other and f" {one} " in f" {other} " for other in once)
    )


def _is_deed(word: Word, before: Word | None) -> bool:
    """Whether a word says what an agent did: "tickets that Ana triaged"."""
    if before is None or before.used != "agent" or before.possessive:
        return False
    return word.text.endswith("ed")


def is_strange(word: Word) -> bool:
    """Whether a word is no name, no date and no plain English. A number may be a limit."""
    if word.used or len(word.text) < _SHORTEST or not word.text[:1].isalpha():
        return False
    bare = word.text.partition("'")[0]
    if re.fullmatch(rf"{UP}|{DOWN}|{BETTER}|{WORSE}|{UNHAPPY}|{HAPPY}", bare):
        return False
    return word.text.replace("'", "") not in PLAIN and stem(bare) not in _STEMS


_BEFORE_ACCOUNTS = {"from", "at", "for", "with"}


def strangers(words: Words) -> list[Word]:
    """Words that we do not know where an account is named: "tickets from zorp".

    "Tickets with refunds" names what they are about.
    """
    earlier = [None, *words.words]
    following = zip(earlier, words.words, words.words[1:], strict=False)
    return [
        word
        for first, before, word in following
        if before.text in _BEFORE_ACCOUNTS
        and is_strange(word)
        and not (before.text == "with" and first is not None and first.text in _HAVING)
    ]


_HAVING = frozenset(
    """
    ticket tickets tix case cases convo convos conversation conversations customers accounts people
    users clients help issues problems complaints
    """.split()  # noqa: SIM905  # shorter so
)


def unknown_beside(words: Words) -> list[Word]:
    """ "Compare Acme and Globex": a name that we do not know, joined to an account that we do."""
    three = zip(words.words, words.words[1:], words.words[2:], strict=False)
    joined = [(first, last) for first, joint, last in three if joint.text in WEIGHS]
    return [
        word
        for pair in joined
        for word, known in (pair, pair[::-1])
        if known.used == "account" and word.original[:1].isupper() and is_strange(word)
    ]


def unknown_owners(words: Words) -> list[Word]:
    """ "Globex's tickets": whoever it is, it is nobody that we know."""
    return [
        word
        for word, after in itertools.pairwise(words.words)
        if word.possessive and is_strange(word) and after.text in _OWNED
    ]


def unknown_doers(words: Words) -> list[Word]:
    """ "Did sirius cybernetics send", "how is hooli feeling": a name that no account bears.

    One plural may be anybody: "did tenants call".
    """
    every = words.words
    for first, word in enumerate(every):
        if not (first and every[first - 1].text in _BEFORE_DOERS and is_strange(word)):
            continue
        run = list(itertools.takewhile(is_strange, every[first:]))
        after = every[first + len(run)].text if first + len(run) < len(every) else ""
        if after in _DOING and (len(run) > 1 or not run[0].text.endswith("s")):
            return run
    return []


_BEFORE_DOERS = frozenset({"did", "do", "does", "has", "have", "had", "is", "are", "was", "were"})
_DOING = frozenset(
    """
    send sent open opened raise raised log logged file filed submit submitted write wrote written
    call called report reported complain complained feel feeling feels doing contact contacted ask
    asked mention mentioned going at angry unhappy happy annoyed upset frustrated grumpy
    """.split()  # noqa: SIM905  # shorter so
)
WEIGHS = frozenset({"and", "or", "vs", "versus", "than", "with", "to", "against"})
_OWNED = frozenset(
    """
    tickets tix conversations convos cases chats emails calls sentiment mood effort volume churn
    complaints customers accounts book portfolio clients
    """.split()  # noqa: SIM905  # shorter so
)
