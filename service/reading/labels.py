"""Labels that are asked for beside a number or left out: "with high effort", "not negative".

They are used up before the number is looked for, so that a filter is never taken for a rate.
"""

import re

from service.reading.entities import LEFT_OUT, LINKS
from service.reading.signals import CONVERSATION_NOUNS, EMPTY, MOODY, RATE, mood_of
from service.reading.words import Words

_NO_RATE = r"\b(?! ?%| rate| share)"
_VALUE = r"(?P<value>high|low|empty|blank|no|missing)"
_MOOD = rf"(?P<value>{MOODY})"
_LEFT_OUT = (
    ("sentiment", r"(?P<value>negative|neutral|positive)(?: (?:sentiment|mood))?"),
    ("effort", r"(?P<value>high|low|empty) effort"),
    ("churn_risk", r"(?P<value>churn(?: |-)?risks?|at(?: |-)risk|churn flags?|churning)"),
)
_WITHIN = (
    ("sentiment", r"(?P<value>negative|neutral|positive) (?:sentiment|mood|tone)"),
    ("effort", rf"{_VALUE} efforts?"),
    ("effort", rf"(?:the )?effort (?:is|was) {_VALUE}"),
    ("churn_risk", r"(?P<value>churn(?: |-)?risks?|(?:at )?risk of churn\w*|churn flags?)"),
    ("sentiment", _MOOD),
)
_ACCOUNTS = re.compile(r"\b(?:accounts|customers|clients)$")  # that are ranked by their mood
_AN = r"(?: (?:as|an?|the|at|in|on|of|for|been|being|very|really))*"
_LEADS = (
    rf"(?:with|having|whose|where|flagged|marked|rated){_AN}",
    rf"(?<=\S )(?:that|which|who) (?:have|had|has|are|were|was|is){_AN}",
    rf"= (?:and|but|plus)(?: with)?{_AN}",
    rf"\b(?:how many|(?:number|count) of|{CONVERSATION_NOUNS})\b(?: \S+)*? "
    rf"(?:of|had|have|has|are|were|was|got|being|labelled|considered|needed|took){_AN}",
)
# "What is going on with churn risk" and "the drivers with high effort" ask about the number.
_ABOUT_THE_NUMBER = re.compile(
    r"\b(?:on|happening|up|wrong|deal|new|compar\w+"
    r"|(?<!by )(?<!per )(?<!each )(?<!and )"
    r"(?:drivers?|tags?|topics?|themes?|issues?|channels?|segments?|agents?|owners?))$"
    rf"|(?<!negative )(?<!positive )(?<!churn )(?<!risk )(?<!effort )(?<!~ )(?<!\w){RATE}"
    r"(?: (?!negative|positive|churn|effort)\S+){0,5}$"
)


def take_left_out(words: Words) -> dict[str, tuple[str, ...]]:
    """ "Not negative", "excluding high effort ones": labels that are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, label in _LEFT_OUT:
        match = words.find(rf"(?:(?<= )|^)(?:{LEFT_OUT})(?: {LINKS})* {label}{_NO_RATE}", by=kind)
        if match is not None:
            found[kind] = (_value(kind, match["value"]),)
    return found


def take_within(words: Words) -> dict[str, tuple[str, ...]]:
    """ "With high effort", "that were churn risk": labels that those have who are counted."""
    found: dict[str, tuple[str, ...]] = {}
    for kind, label in _WITHIN:
        for lead in _LEADS:
            match = re.search(rf"(?:(?<= )|^){lead} (?P<label>{label}){_NO_RATE}", words.free())
            if match is None:
                continue
            before = words.free()[: match.start()].rstrip()
            if _ABOUT_THE_NUMBER.search(before) or (label is _MOOD and _ACCOUNTS.search(before)):
                continue
            found[kind] = (_value(kind, match["value"]),)
            words.use(*match.span("label"), kind)
    return found


def _value(kind: str, said: str) -> str:
    if kind == "churn_risk":
        return "yes"
    return "empty" if said in EMPTY else (mood_of(said) or said)
