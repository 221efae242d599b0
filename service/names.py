"""Names of things and how a few words of a message find them: whole, in part, or misspelt.

It knows words and names, and nothing of grammar, dates or what is stored.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from rapidfuzz import fuzz, process

# In the order in which kinds win when the same words name two things.
KINDS = (
    "account",
    "fix",
    "funnel",
    "tag",
    "driver",
    "segment",
    "custom",
    "channel",
    "source",
    "agent",
    "owner",
)
SIMILAR = 0.85
TYPO_LENGTH = 5  # shorter words are too easily another word
_LONGER = 3  # letters that a misspelt name may have too many or too few

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something with a name. `keys` are the values that a Query filters by."""

    kind: str
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    group: str | None = None  # of segments: those of one group are "or", of two groups "and"
    flavour: str | None = None  # of fixes: "fix" or "release"
    day: date | None = None  # of fixes: when it was released
    tags: tuple[str, ...] = ()  # of fixes: the tags that it was made for


def stem(word: str) -> str:
    """Return a word without a plural s, for comparing names."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def name_key(name: str) -> Key:
    """Return a name as words to compare: no punctuation, "&" is "and", no plural s."""
    words = re.findall(r"[^\W_]+(?:\.\d+)*", name.lower().replace("&", " and ").replace("'s", ""))
    return tuple(stem(word) for word in words)


def names_of(entity: Entity) -> Iterator[str]:
    yield entity.name
    yield from entity.aliases
    yield entity.id.replace("_", " ")


class Names:
    """An index of names, built once: a look-up costs what fits, not what there is."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._whole: dict[Key, list[Entity]] = {}
        self._accounts: dict[str, dict[Entity, Key]] = defaultdict(dict)
        self._people: dict[str, list[Entity]] = defaultdict(list)
        self._parts: dict[Key, list[Entity]] = defaultdict(list)
        self._sized: dict[tuple[int, int], dict[Key, str]] = defaultdict(dict)
        ranked = [one for one in entities if one.kind in KINDS]
        for entity in sorted(ranked, key=lambda one: KINDS.index(one.kind)):
            self._add(entity)
        self.longest = max((len(key) for key in self._whole), default=0)

    def _add(self, entity: Entity) -> None:
        for key in dict.fromkeys(name_key(name) for name in names_of(entity)):
            if not key:
                continue
            self._whole.setdefault(key, []).append(entity)
            joined = " ".join(key)
            if len(joined) >= TYPO_LENGTH:
                self._sized[len(key), len(joined)][key] = joined
        if entity.kind == "driver":
            for part in _parts(entity.name):
                self._parts[part].append(entity)
        if entity.kind == "account":
            key = name_key(entity.name)
            for word in key:
                self._accounts[word][entity] = key
        if entity.kind in {"agent", "owner"}:
            for word in dict.fromkeys(name_key(entity.name)):
                self._people[word].append(entity)

    def exactly(self, key: Key) -> list[Entity]:
        """What bears this name, in the order of KINDS."""
        return self._whole.get(key, [])

    def accounts_holding(self, part: Key) -> list[Entity]:
        """Accounts with these words beside each other in their name."""
        return [one for one, name in self._with(part) if _holds(name, part)]

    def drivers_joining(self, part: Key) -> list[Entity]:
        """Drivers that have this as one of several parts: "Transfers & Payments"."""
        return self._parts.get(part, [])

    def people_holding(self, part: Key) -> list[Entity]:
        """Agents with this word in their name; owners when no agent has it."""
        found = self._people.get(part[0], [])
        return [one for one in found if one.kind == found[0].kind]

    def accounts_opening(self, part: Key) -> list[Entity]:
        """Accounts whose name begins with these words."""
        return [one for one, name in self._with(part) if name[: len(part)] == part]

    def _with(self, part: Key) -> Iterable[tuple[Entity, Key]]:
        rarest = min((self._accounts.get(word, {}) for word in part), key=len, default={})
        return rarest.items()

    def similar(self, key: Key) -> list[Entity]:
        """What bears the name most like this one, of as many words; nothing below SIMILAR.

        rapidfuzz never scores lower than difflib, so it sifts and difflib decides.
        """
        wanted = " ".join(key)
        best, found = SIMILAR, list[Entity]()
        for length in range(len(wanted) - _LONGER, len(wanted) + _LONGER + 1):
            named = self._sized.get((len(key), length))
            if named is None:
                continue
            for _, _, near in process.extract_iter(
                wanted, named, scorer=fuzz.ratio, score_cutoff=100 * SIMILAR
            ):
                score = SequenceMatcher(None, wanted, " ".join(near)).ratio()
                if score > best or (score == best and not found):
                    best, found = score, self._whole[near]
        return found


def nearest(name: str, entities: Iterable[Entity], *, most: int = 3) -> tuple[str, ...]:
    """Return the ids of those that look most like a name."""
    among = tuple(entities)
    written = [one.name.lower() for one in among]
    found = process.extract(name.lower(), written, scorer=fuzz.ratio, limit=most)
    return tuple(among[at].id for _, _, at in found)


def closest(text: str, entities: Sequence[Entity], *, most: int) -> list[Entity]:
    """Return those that share most with any words of a text, best first."""
    written = [f"{one.name} {' '.join(one.aliases)}".lower() for one in entities]
    found = process.extract(text.lower(), written, scorer=fuzz.token_set_ratio, limit=most)
    return [entities[at] for _, _, at in found]


def _parts(name: str) -> list[Key]:
    """The parts of a name that joins several: none of one that does not."""
    parts = re.split(r"(?i)\s*(?:[&,/+]|\band\b)\s*", name)
    keys = dict.fromkeys(name_key(part) for part in parts)
    return [key for key in keys if key] if len(parts) > 1 else []


def _holds(name: Key, part: Key) -> bool:
    size = len(part)
    return any(name[i : i + size] == part for i in range(len(name) - size + 1))
