"""Whether a message asks what a word means. It knows the shapes of such questions, not the words."""
# ruff: noqa: E501 -- one shape of a question a line

import re

from service.catalogue import Catalogue
from service.names import Entity, name_key
from service.reading.signals import BETTER, DOWN, UP, WORSE

_SHAPES = (
    r"^(?:so |and |ok |hey |hi )*what(?:'s| is| are| does|s| do)? (?:you mean by |a |an |the |is |meant by )*(.+?)(?: even)? mean(?:s|ing)?$",
    r"^(?:so |and |ok |hey |hi )*what(?:'s| is| are|s) (?:a |an |the |meant by )*(.+)$",
    r"^(?:so |and |ok |hey |hi )*what (?:do|does|did) (?:you|we|they|it|verbatim|that) mean (?:by|with) (?:a |an |the )*(.+)$",
    r"\b(?:define|definition of|meaning of|explain what) (?:a |an |the )*(.+?)(?: is| means?)?$",
    r"^how (?:is|are|do you|does verbatim|do we) (?:the )?(?:calculate |measure |work out |compute |define |decide |determine )?(.+?) (?:calculated|measured|worked out|computed|defined|determined|decided|scored|set|done|assessed|work|works|chosen)$",
    r"^how do you (?:calculate|measure|work out|compute|define|decide|determine) (?:the |a )?(.+)$",
    r"^what counts as (?:a |an )?(.+)$",
    r"^(?:why|when) (?:is|are) (?:the |some )?(.+?)(?: field| fields)? (?:empty|blank|missing)(?: .*)?$",
)
# "Effort is blank on half my tickets, why?": a reason asked for, whatever the order.
_REASON = r"\b(?:why|reasons?|mean|means|meaning|what does)\b"
_LINKS = r"(?:field|value|rating|score|label|column|is|are|was|were|been|be|being|has|have|left|often|sometimes|still|always|so|just|shown|showing|as)s?"
_EMPTY = r"(?:empty|blank|missing|none|unset)"
_NO_EFFORT = rf"\befforts?(?: {_LINKS})* {_EMPTY}\b|\b(?:{_EMPTY}|no) effort\b"
# What is counted, ranked or moved is a number and no word to explain.
_NUMBER = rf"\b(?:how many|number|share|rate|percent\w*|count|most|which|top|show|quotes?|{UP}|{DOWN}|{BETTER}|{WORSE})\b|%"

_ASIDE = r"^(?:(?:can|could) you )?(?:please |pls )*(?:remind|tell) (?:me|us) (?=what|how|why)"
_AND_HOW = r" and how (?:is|are|do you) .*$"
_TAIL = r"(?: (?:again|here|exactly|even|really|anyway|please|pls|now|though|in plain english))+$"


def defined_term(text: str, catalogue: Catalogue) -> str | None:
    """Return the id of the term that a message asks about and about nothing else."""
    plain = re.sub(_TAIL, "", re.sub(_ASIDE, "", re.sub(_AND_HOW, "", text.strip())))
    for number, shape in enumerate(_SHAPES):
        match = re.search(shape, plain)
        if match is None:
            continue
        words = match.group(1)
        if number == len(_SHAPES) - 1:
            words = f"empty {words}"
        term = _term(words, catalogue)
        if term is not None:
            return term
    if re.search(_REASON, plain) and re.search(_NO_EFFORT, plain) and not re.search(_NUMBER, plain):
        return _term("empty effort", catalogue)
    return None


def _term(words: str, catalogue: Catalogue) -> str | None:
    wanted = name_key(re.sub(r"\b(?:field|metric|number|label|score|value|again)\b", " ", words))
    for entity in catalogue.of("term"):
        if wanted in _names(entity):
            return entity.id
    return None


def _names(entity: Entity) -> set[tuple[str, ...]]:
    return {name_key(name) for name in (entity.name, *entity.aliases, entity.id.replace("_", " "))}
