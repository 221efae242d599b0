"""Finds the names of the catalogue in a message: exact first, then parts of names, then typos.

Longest match wins and its words are used up, so "Friday Club" is no weekday.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rapidfuzz import fuzz

from service.catalogue import Catalogue
from service.names import SIMILAR, TYPO_LENGTH, Entity, Key, Names, name_key, names_of, stem
from service.reading.leftover import WEIGHS, is_strange
from service.reading.plain import ORDINARY, PLAIN
from service.reading.signals import DOWN, UP
from service.reading.units import MONTHS, WEEKDAYS
from service.reading.words import Word, Words

_PEOPLE = {"agent", "owner"}
_WORTH_ASKING = {"account", "fix", "funnel", *_PEOPLE}  # which of them is meant
_DEEDS = {
    *("handle", "handled", "handles", "handling", "took", "take", "takes", "solve", "solved"),
    *("close", "closed", "got", "get", "answer", "answered", "resolve", "resolved", "own", "owns"),
}
_DONE = {"handled", "took", "solved", "closed", "answered", "resolved"}
_BEFORE_TIMES = {"in", "since", "for", "last", "this", "during", "by", "from", "to", "until", "of"}
_NAMES_AND_WORDS = frozenset(
    """
    will mark art may grace june april august rob bill sue pat drew chase hope joy faith rose dawn
    summer jack frank max penny miles grant
    """.split()  # noqa: SIM905  # a list of thirty quoted words would be unreadable
)
_COUNTED = {"customers", "accounts", "clients", "users", "tickets", "tix", "segment", "region"}
_PRONOUNS = {"us", "it", "me", "we", "he", "all", "am", "so", "no"}
# "Address of" is no Address fix: these must be in the name itself.
_NEVER_MISSPELT = frozenset(
    "of in to for on at by is my or vs a an the and with did was it we us as do has had".split()  # noqa: SIM905  # shorter so
)
_TICKETS = {"tickets", "tix", "conversations", "convos", "cases", "queue"}
_BOOK = {"accounts", "book", "portfolio"}
_JOINTS = {"or", "vs", "versus", "and"}
LEFT_OUT = (
    r"excluding|exclude|excl|excludes|except|except for|without|w o|not|not from|other than|minus"
    r"|(?:but|and|with|have|had|has) no|outside|outside of|with the exception of|save for"
    r"|(?:all|any\w+|every\w+) but"
    r"|ignoring|ignore|apart from|aside from|besides|but not|not in|not on|not counting|leaving out"
    r"|non|leave out|skip|skipping|^(?:and |ok |now |please |pls )*(?:remove|drop|take out)"
    r"|rather than|instead of|neither|nor"
    r"|(?:who|that|which|they|those|tickets|tix|conversations|convos|cases|accounts|customers"
    r"|clients|users|companies)"
    r" (?:isn't|aren't|wasn't|weren't|don't|doesn't|didn't|do not|does not|did not|never)"
    r"|(?:not|nothing|isn't|aren't)"
    r" (?:about|on|related to|regarding|involving|tagged|via|by|with)"
)
# Between such words and the name that is left out: "apart from those that came by email".
LINKS = (
    r"(?:an?|the|any|all|our|those|these|ones|anything|everything|tickets|tix|conversations|that|which"
    r"|who|are|is|were|was|came|come|coming|use|uses|used|using|have|has|had"
    r"|mention|involve|handled|taken|solved|closed|answered|assigned|to|sent|opened|raised|in|by|via|from|on|with|about|of|for|tagged)"
)
_PART_LENGTH = 4
_TOPICAL = {*_TICKETS, "complaints", "questions"}
_BEFORE_ACCOUNTS = {"from", "at", "about", "with", "on", "is", "for"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    entity: Entity
    first: int  # index of the first word
    last: int
    start: int  # where it stands in the message
    end: int
    negated: bool
    possessive: bool


@dataclass(slots=True, kw_only=True)
class Entities:
    """What was named. `ambiguous` are the ids of one kind that the same words fit."""

    matches: list[Match] = field(default_factory=list)
    ambiguous: tuple[str, ...] = ()
    ambiguous_kind: str = ""
    also: list[tuple[Entity, Entity]] = field(default_factory=list)  # taken; same words, other kind

    def of(self, kind: str, *, negated: bool = False) -> tuple[str, ...]:
        found = [m.entity.id for m in self.matches if m.entity.kind == kind]
        if negated:
            found = [m.entity.id for m in self.matches if m.entity.kind == kind and m.negated]
        else:
            found = [m.entity.id for m in self.matches if m.entity.kind == kind and not m.negated]
        return tuple(dict.fromkeys(found))

    @property
    def unsure_account(self) -> bool:
        return self.ambiguous_kind == "account"

    def first(self, kind: str) -> Entity | None:
        return next((m.entity for m in self.matches if m.entity.kind == kind), None)


def find_entities(words: Words, catalogue: Catalogue) -> Entities:
    """Find names, use up their words, and leave what is not a name to the other readers."""
    found = Entities()
    names = catalogue.names
    _exact(words, names, found)
    _quoted_names(words, names, found)
    _typos(words, names, found, (3, 2))  # before "blue" of "Blue Harbour" is taken for a part
    _partial(words, names, found)
    _rest_of_names(words, found)
    _typos(words, names, found, (1,))
    _parts(words, names, found)
    found.matches.sort(key=lambda match: match.first)
    # Only now: in "except Acme and Orbit" the second is left out because the first is a name.
    found.matches = [replace(one, negated=_negated(words, one.first)) for one in found.matches]
    return found


def _runs(words: Words, length: int) -> Iterator[tuple[int, list[Word]]]:
    for first in range(len(words.words) - length + 1):
        run = words.words[first : first + length]
        if not any(word.used for word in run):
            yield first, run


def _exact(words: Words, names: Names, found: Entities) -> None:
    for length in range(min(names.longest, len(words.words)), 0, -1):
        for first, run in list(_runs(words, length)):
            entities = names.exactly(tuple(stem(_bare(word)) for word in run))
            if not entities or any(word.used for word in run):
                continue
            fitting = [e for e in entities if _fits(e, names, words, first, run)]
            alike = _alike(fitting, tuple(stem(_bare(word)) for word in run))
            if len(alike) > 1 and not _owned(words, first, run):
                _ask_which(words, alike, run, found)
            elif fitting:
                _take(words, fitting, first, run, found)


def _alike(entities: list[Entity], key: Key) -> list[Entity]:
    """Those that the same words name equally well: a name goes before an alias."""
    same = [one for one in entities if one.kind == entities[0].kind]
    if len(same) < 2 or same[0].kind not in _WORTH_ASKING:
        return []
    named = [one for one in same if name_key(one.name) == key]
    return named or same


def _owned(words: Words, first: int, run: list[Word]) -> bool:
    return run[-1].possessive and _owns_accounts(words, first + len(run))


def _ask_which(words: Words, entities: list[Entity], run: list[Word], found: Entities) -> None:
    found.ambiguous = tuple(sorted(one.id for one in entities))
    found.ambiguous_kind = entities[0].kind
    for word in run:
        word.used = entities[0].kind


def _bare(word: Word) -> str:
    return re.sub(r"'", "", word.text)


def _fits(entity: Entity, names: Names, words: Words, first: int, run: list[Word]) -> bool:
    """A first name counts only where a person fits; a single date word only as its own name."""
    text = " ".join(word.text for word in run)
    if entity.kind in _PEOPLE and len(run) == 1:
        after = words.words[first + 1].text if first + 1 < len(words.words) else ""
        before = words.words[first - 1].text if first else ""
        owned = run[0].possessive or text.endswith("s'")
        return (
            owned
            or (
                (before in {"for", "under", "does"} or after.startswith("compar"))
                and _no_other_word(run[0])
            )
            or _beside_person(names, words, first)
            or (before == "about" and first == len(("what", "about")) and _no_other_word(run[0]))
            or before in {"by", "agent", "owner", "handled", "did", "has"}
            or (_is_left_out(words, first) and (_no_other_word(run[0]) or _is_name(run[0])))
            or after in _DEEDS
            or (after in {*_TICKETS, *_BOOK} and _no_other_word(run[0]))
            or ((before in {"vs", "and"} or after == "vs") and _no_other_word(run[0]))
        )
    if _is_looked_for(words, first, run):
        return False
    if len(run) == 1 and _moves(text) and text not in {name.lower() for name in names_of(entity)}:
        return False  # "drops" may be a name; "did sentiment drop" says how it moved
    if text in _PRONOUNS and not run[0].original.isupper():
        after = words.words[first + len(run)].text if first + len(run) < len(words.words) else ""
        return (first > 0 and words.words[first - 1].text in {"the", "in"}) or after in _COUNTED
    if entity.kind == "driver" and text in {"driver", "drivers"}:
        return False
    return text not in {"mine", "tag", "account", "call"}  # "prep me for the call" names no channel


def _is_looked_for(words: Words, first: int, run: list[Word]) -> bool:
    """Whether a name is only the beginning of what is said: "mention refund policy"."""
    following = words.words[first + len(run) : first + len(run) + 1]
    said = first > 0 and re.match(r"mention|contain", words.words[first - 1].text)
    return bool(said) and any(not one.used and is_strange(one) for one in following)


def _moves(text: str) -> bool:
    return re.fullmatch(rf"{UP}|{DOWN}", text) is not None


def _no_other_word(word: Word) -> bool:
    return word.text not in _NAMES_AND_WORDS and word.text not in ORDINARY


def _is_name(word: Word) -> bool:
    """Whether a word that is also another is written as a name: "Art", but not "May"."""
    return word.original[:1].isupper() and word.text not in {*MONTHS, *WEEKDAYS}


def _beside_person(names: Names, words: Words, first: int) -> bool:
    """Whether "or", "vs" or "and" joins a first name to another one."""
    after, earlier = first + 2, first - 2
    if earlier > 0 and words.words[earlier].text.startswith("compar"):
        earlier -= 1  # "how does Ana compare to Ben"
    for joint, other in ((first + 1, after), (first - 1, earlier)):
        if not (0 <= other < len(words.words)) or words.words[joint].text not in WEIGHS:
            continue
        beside = names.exactly((stem(_bare(words.words[other])),))
        if any(one.kind in _PEOPLE for one in beside):
            return True
    return False


def _take(
    words: Words, entities: list[Entity], first: int, run: list[Word], found: Entities
) -> None:
    entity = entities[0]
    people = [one for one in entities if one.kind in _PEOPLE]
    if people and _owned(words, first, run):
        entity = next((one for one in people if one.kind == "owner"), entity)
    found.matches.append(
        Match(
            entity=entity,
            first=first,
            last=first + len(run) - 1,
            start=run[0].start,
            end=run[-1].end,
            negated=_negated(words, first),
            possessive=run[-1].possessive,
        )
    )
    found.also += [(entity, one) for one in entities if one.kind != entity.kind]
    for word in run:
        word.used = entity.kind


def _owns_accounts(words: Words, after: int) -> bool:
    following = " ".join(word.text for word in words.words[after : after + 2])
    return re.match(r"(accounts?|book|customers?|portfolio|clients?)\b", following) is not None


def _negated(words: Words, first: int) -> bool:
    """Whether a name is left out: after "except", or listed after one that is."""
    if _is_left_out(words, first):
        return True
    listed = first  # "excluding chat, email and phone": back over the names listed before
    while listed > 1 and (words.words[listed - 1].used or words.words[listed - 1].text in _JOINTS):
        listed -= 1
    chain = words.words[listed:first]
    kinds = {one.used for one in chain if one.used}
    joined = bool(chain) and (
        chain[-1].text in _JOINTS or kinds == {words.words[first].used or None}
    )
    left_out = rf"\b(?:{LEFT_OUT})(?: {LINKS})*$"
    return joined and re.search(left_out, _before(words, listed)) is not None


def _is_left_out(words: Words, first: int) -> bool:
    return re.search(rf"\b(?:{LEFT_OUT})(?: {LINKS})*$", _before(words, first)) is not None


def _before(words: Words, first: int) -> str:
    return " ".join(word.text for word in words.words[:first])


def _quoted_names(words: Words, names: Names, found: Entities) -> None:
    """A quoted name is a name when the catalogue holds it; otherwise it is text to look for."""
    kept = []
    for quoted in words.quoted:
        entities = names.exactly(name_key(quoted))
        if not entities:
            kept.append(quoted)
            continue
        at = next((i for i, word in enumerate(words.words) if word.used == "quoted"), 0)
        found.matches.append(
            Match(
                entity=entities[0],
                first=at,
                last=at,
                start=words.words[at].start,
                end=words.words[at].end,
                negated=False,
                possessive=False,
            )
        )
    words.quoted = kept


def _partial(words: Words, names: Names, found: Entities) -> None:
    """A part of a name that fits one account is that account; of several, a question."""
    for length in (3, 2, 1):
        for first, run in list(_runs(words, length)):
            key = tuple(stem(word.text) for word in run)
            if any(word.used for word in run):
                continue
            if length == 1 and _acts(words, first, run[0]) and names.people_holding(key):
                fits = names.people_holding(key)
            elif length == 1 and _beside_stranger(words, first):
                continue
            elif _telling(run) and not _plain(words, first, run):
                fits = names.accounts_holding(key)
            elif length > 1:  # ordinary words, but together they open a name
                fits = names.accounts_opening(key)
            else:
                continue
            if len(fits) == 1:
                _take(words, fits, first, run, found)
            elif fits:
                _ask_which(words, fits, run, found)
            for word in run:
                word.part = bool(fits)


def _rest_of_names(words: Words, found: Entities) -> None:
    """Use up what is left of a longer name beside the part that was found, misspelt or not."""
    for match in found.matches:
        named = _words_of(match.entity)
        for at in (match.last + 1, match.first - 1):
            word = words.words[at] if 0 <= at < len(words.words) else None
            if word is not None and is_strange(word) and _resembles(word, named):
                word.used = match.entity.kind


def _resembles(word: Word, named: set[str]) -> bool:
    near = [one for one in named if len(one) >= TYPO_LENGTH]
    return any(fuzz.ratio(stem(word.text), one) >= 100 * SIMILAR for one in near)


def _is_subject(words: Words, first: int, run: list[Word]) -> bool:
    """Whether a part of a name stands for a topic: "tracking tickets", not "as we are tracking"."""
    before = words.words[first - 1].text if first else ""
    after = words.words[first + len(run)].text if first + len(run) < len(words.words) else ""
    if re.match(r"mention|contain|say", before):
        return False  # text to look for
    return any(map(is_strange, run)) or (
        not {word.text for word in run} <= ORDINARY
        and (before in {"about", "on", "with"} or after in _TOPICAL)
    )


def _parts(words: Words, names: Names, found: Entities) -> None:
    """A part of a driver's joined name is that driver; of several drivers, a question."""
    for length in (3, 2, 1):
        for first, run in list(_runs(words, length)):
            fits = names.drivers_joining(tuple(stem(_bare(word)) for word in run))
            if not fits or any(word.used for word in run) or not _is_subject(words, first, run):
                continue
            if len(fits) == 1:
                _take(words, fits, first, run, found)
            else:
                _ask_which(words, fits, run, found)
            for word in run:
                word.part = True


def partly_named(words: Words, entities: Iterable[Entity]) -> list[str]:
    """The ids of those with a telling word of the message in their name; uses such words up."""
    left = [word for word in words.words if not word.used and _telling([word])]
    found = []
    for entity in entities:
        held = [word for word in left if stem(word.text) in name_key(entity.name)]
        for word in held:
            word.used = entity.kind
        found += [entity.id] if held else []
    return sorted(found)


def _acts(words: Words, first: int, word: Word) -> bool:
    """Whether a word stands where somebody does something."""
    after = words.words[first + 1].text if first + 1 < len(words.words) else ""
    before = words.words[first - 1].text if first else ""
    if after in _DONE and before not in _BEFORE_TIMES:
        return True  # "tickets June took"
    return after in _DEEDS and (_no_other_word(word) or before in {"did", "has", "does"})


def _telling(run: list[Word]) -> bool:
    return all(len(word.text) >= _PART_LENGTH for word in run) and not any(
        word.text in ORDINARY or stem(word.text) in ORDINARY or word.text.isdigit() for word in run
    )


def _beside_stranger(words: Words, first: int) -> bool:
    """Whether a part of a name stands in another name: "Globex Bank" is no Open Bank."""
    near = [words.words[at] for at in (first - 1, first + 1) if 0 <= at < len(words.words)]
    return words.words[first].original[:1].isupper() and any(
        word.original[:1].isupper() and is_strange(word) for word in near
    )


def _plain(words: Words, first: int, run: list[Word]) -> bool:
    """Whether one plain word stands where no name has to: "as a share of the total"."""
    if len(run) > 1 or run[0].text not in PLAIN:
        return False
    before = words.words[first - 1].text if first else ""
    return run[0].original.islower() and before not in _BEFORE_ACCOUNTS


def _words_of(entity: Entity) -> set[str]:
    return {word for name in names_of(entity) for word in name_key(name)}


def _typos(words: Words, names: Names, found: Entities, lengths: tuple[int, ...]) -> None:
    for length in lengths:
        for first, run in list(_runs(words, length)):
            text = " ".join(word.text for word in run)
            if len(text) < TYPO_LENGTH or any(w.used or w.text in ORDINARY for w in run):
                continue
            if not any(map(is_strange, run)):
                continue  # plain words are spelt as they are meant
            entities = names.similar(tuple(stem(word) for word in text.split()))
            joints = {word.text for word in run} & _NEVER_MISSPELT
            entities = [one for one in entities if joints <= _words_of(one)]
            fitting = [e for e in entities if _fits(e, names, words, first, run)]
            if fitting:
                _take(words, fitting, first, run, found)
