"""A second reader of questions: asked where the first would ask back or leaves words unused.

It returns words and choices, never a number: the first reader resolves them, so no name and no
date can be invented. Knows no vendor; what does not come, or does not fit, changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import Entity, closest, nearest
from service.query import Window
from service.questions import read
from service.reading.asking import TAKEN
from service.reading.entities import find_entities
from service.reading.leftover import IGNORED, ignored
from service.reading.looking import Seen, look
from service.reading.model import Reading
from service.reading.targets import ask
from service.reading.words import Words

KEPT = "second-reading:case:"  # what is remembered of both readings, then the day
MOST_NAMES = 20  # of the catalogue, that a second reader is told
_SHORTEST = 4  # letters of a word that can say which number is meant
_SAY_NOTHING = frozenset(
    """
    down that this these those they them with from have what when where which things stuff going
    gone went change changed better worse moving moved numbers number everything
    """.split()  # noqa: SIM905  # a list of thirty quoted words would be unreadable
)
# A slice over the wrong one of these is worse than a question.
_CONFIRMED = ("account", "segment")

Thread = Sequence[Mapping[str, object]]


class Choice(StrEnum):
    """What a question can be taken for; a second reader neither refuses nor explains."""

    WHY = "why_change"
    COUNT = "count"
    TREND = "trend"
    TOP = "top"
    QUOTES = "quotes"
    CHURN_LIST = "churn_list"
    BRIEF = "account_brief"
    NONE = "none"


class Number(StrEnum):
    CONVERSATIONS = "conversations"
    ACCOUNTS = "accounts"
    SENTIMENT = "sentiment"
    NEGATIVE = "negative_rate"
    POSITIVE = "positive_rate"
    CHURN = "churn_risk_rate"
    EFFORT = "high_effort_rate"
    NONE = "none"


class Moved(StrEnum):
    UP = "up"
    DOWN = "down"
    NONE = "none"


class By(StrEnum):
    ACCOUNT = "account"
    DRIVER = "driver"
    TAG = "tag"
    SEGMENT = "segment"
    CHANNEL = "channel"
    NONE = "none"


class Kind(StrEnum):
    """Of what names are offered: only the kinds whose names are no person's."""

    ACCOUNT = "account"
    TAG = "tag"
    DRIVER = "driver"
    SEGMENT = "segment"
    CHANNEL = "channel"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name: the words of the question, and what they mean as the catalogue writes it."""

    kind: Kind
    said: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a second reader makes of a question. `evidence` are words that say which number."""

    intent: Choice = Choice.NONE
    metric: Number = Number.NONE
    evidence: str = ""
    direction: Moved = Moved.NONE
    by: By = By.NONE
    names: tuple[Named, ...] = ()
    period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What is put to a second reader: the question, and why the first one is in doubt."""

    text: str
    missing: str  # subject, metric or words
    left: tuple[str, ...]  # words that the first reader left out
    names: tuple[tuple[str, str], ...]  # kind and name of the nearest in the catalogue
    before: tuple[str, str]  # intent and metric of the thread's last reading


class SecondReader(Protocol):
    name: str  # as people are told who helped

    def tell(self, doubt: Doubt) -> Told | None:
        """Read a question within seconds; None when nothing usable came, for whatever reason."""
        ...

    def keep(self, doubt: Doubt, told: Told, *, alone: Reading, both: Reading) -> None:
        """Keep both readings of a question as a case for people to look at."""
        ...


def read_twice(
    text: str, catalogue: Catalogue, thread: Thread = (), *, second: SecondReader | None = None
) -> Reading:
    """Return what a message asks; a second reader is asked only when the first is in doubt."""
    first = read(text, catalogue, thread=thread)
    missing = missing_in(first)
    if second is None or not missing:
        return first
    left = _left_out(first, text, catalogue)
    doubt = Doubt(
        text=text,
        missing=missing,
        left=left,
        names=tuple((one.kind, one.name) for one in _offered(text, left, catalogue)),
        before=_before(thread),
    )
    told = second.tell(doubt)
    if told is None:
        return first
    found = _Second(text=text, first=first, told=told, left=left, catalogue=catalogue)
    both = found.reading(missing, second.name) or first
    second.keep(doubt, told, alone=first, both=both)
    return both


def missing_in(first: Reading) -> str:
    """What the first reader is in doubt about; nothing where it refuses, explains or is sure."""
    if first.clarify is not None:
        slot, reason = first.clarify.slot, first.clarify.reason
        return slot if reason == "missing" and slot in {"subject", "metric"} else ""
    if first.intent is Intent.REFUSE and first.assumed:
        return "subject"  # refused for words that nobody knows
    if first.intent not in {*Choice, Intent.COMPARE}:
        return ""
    return "words" if any(one.startswith(IGNORED) for one in first.assumed) else ""


def _left_out(first: Reading, text: str, catalogue: Catalogue) -> tuple[str, ...]:
    if first.clarify is None:
        return tuple(o.removeprefix(IGNORED) for o in first.assumed if o.startswith(IGNORED))
    return ignored(look(Words.of(text), catalogue).words)


def _offered(text: str, left: Sequence[str], catalogue: Catalogue) -> list[Entity]:
    known = [one for kind in Kind for one in catalogue.of(kind)]
    return closest(" ".join(left) or text, known, most=MOST_NAMES)


def _before(thread: Thread) -> tuple[str, str]:
    for item in reversed(thread):
        found = item.get("reading")
        if isinstance(found, Mapping):
            return str(found.get("intent") or ""), str(found.get("metric") or "")
    return "", ""


_PHRASES: Mapping[Number, str] = {
    Number.CONVERSATIONS: "tickets",
    Number.SENTIMENT: "sentiment",
    Number.NEGATIVE: "negative rate",
    Number.POSITIVE: "positive rate",
    Number.CHURN: "churn risk rate",
    Number.EFFORT: "high effort rate",
}
_MOVES = {Moved.UP: "go up", Moved.DOWN: "go down", Moved.NONE: "change"}


def _why(told: Told) -> str:
    if told.metric is Number.NONE:
        return "what changed"
    return f"why did {_PHRASES.get(told.metric, 'tickets')} {_MOVES[told.direction]}"


def _count(told: Told) -> str:
    if told.metric in {Number.NONE, Number.CONVERSATIONS}:
        return "how many tickets"
    if told.metric is Number.ACCOUNTS:
        return "how many accounts"
    if told.metric is Number.SENTIMENT:
        return "how is sentiment"
    return f"what is the {_PHRASES[told.metric]}"


def _trend(told: Told) -> str:
    return f"trend of {_PHRASES.get(told.metric, 'tickets')}"


def _top(told: Told) -> str:
    by = By.DRIVER if told.by is By.NONE else told.by
    return f"top {by.value}s by {_PHRASES.get(told.metric, 'tickets')}"


_QUESTIONS: Mapping[Choice, Callable[[Told], str]] = {
    Choice.WHY: _why,
    Choice.COUNT: _count,
    Choice.TREND: _trend,
    Choice.TOP: _top,
    Choice.QUOTES: lambda _: "quotes",
    Choice.CHURN_LIST: lambda _: "which accounts are at risk",
    Choice.BRIEF: lambda _: "tell me",
}
_BROKEN_DOWN = {Choice.WHY, Choice.COUNT, Choice.TREND}
_MEASURED = {*_BROKEN_DOWN, Choice.TOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Second:
    """One question with both readers' words on it."""

    text: str
    first: Reading
    told: Told
    left: tuple[str, ...]
    catalogue: Catalogue

    def reading(self, missing: str, helper: str) -> Reading | None:
        """The reading that both led to, or a question back; None: the first one stands."""
        whole = self._whole_question() if missing != "words" else self.first
        if whole is None or (missing == "metric" and whole.metric is None):
            return None
        stranger = self._stranger()
        if stranger is not None:
            near = nearest(stranger.name, self.catalogue.of("account"))
            return ask("account", "unknown", _kept(whole), *near)
        differing = self._differing(whole)
        if differing is not None:
            return differing
        found = self._with_names(whole)
        if found is None or (missing == "words" and found == self.first):
            return None
        return replace(found, assumed=(*self._assumed(found, whole), _helped(helper)))

    def _whole_question(self) -> Reading | None:
        """The choices as a plain question, which the first reader reads; then what it had seen."""
        told = self.told
        if told.intent is Choice.NONE or not self._says_something(told.evidence):
            return None
        asked = self.first.clarify.pending if self.first.clarify else {}
        if asked.get("intent", told.intent.value) != told.intent.value:
            return None
        seen = look(Words.of(self.text), self.catalogue)
        window = seen.period or self._period()
        parts = [_QUESTIONS[told.intent](told)]
        for kind in Kind:
            named = seen.filters.get(kind, ())
            parts += [f"about {self.catalogue.name(kind, one)}" for one in named]
        if window is not None:
            parts.append(f"from {window.start} to {window.end - timedelta(days=1)}")
        if told.by is not By.NONE and told.intent in _BROKEN_DOWN:
            parts.append(f"by {told.by.value}")
        found = read(" ".join(parts), self.catalogue)
        if found.intent.value != told.intent.value or found.period != (window or found.period):
            return None
        if told.intent in _MEASURED and told.metric.value not in {found.metric, Number.NONE.value}:
            return None  # a number that cannot be asked for in this way
        return _as_seen(found, seen)

    def _says_something(self, said: str) -> bool:
        """Whether these are the question's own words, with one that can carry a meaning."""
        telling = [
            word.text
            for word in Words.of(said).words
            if len(word.text) >= _SHORTEST and word.text not in _SAY_NOTHING
        ]
        return bool(telling) and self._stands(said)

    def _stands(self, said: str) -> bool:
        wanted = _plain(said)
        return bool(wanted.strip()) and wanted in _plain(self.text)

    def _period(self) -> Window | None:
        """Read the named period: only words that stand in the question can be one."""
        if not self._stands(self.told.period):
            return None
        return look(Words.of(self.told.period), self.catalogue).period

    def _meant(self, named: Named) -> Entity | None:
        """What a name is the name of, if the first reader finds it and nothing else in it."""
        words = Words.of(named.name)
        found = find_entities(words, self.catalogue)
        fitting = [one.entity for one in found.matches if one.entity.kind == named.kind.value]
        whole = bool(words.words) and all(word.used for word in words.words)
        return fitting[0] if whole and len(fitting) == len(found.matches) == 1 else None

    def _stranger(self) -> Named | None:
        """An account that nobody wrote of, or that there is none of."""
        for named in self.told.names:
            if named.kind is Kind.ACCOUNT and (
                not self._stands(named.said) or self._meant(named) is None
            ):
                return named
        return None

    def _resolved(self) -> list[Entity]:
        found = [self._meant(named) for named in self.told.names if self._stands(named.said)]
        return [one for one in found if one is not None]

    def _differing(self, whole: Reading) -> Reading | None:
        """Ask where the two do not mean the same account, segment or period."""
        pending = self._with_names(whole) or whole
        for kind in _CONFIRMED:
            known = whole.filters.get(kind, ())
            new = [one.id for one in self._resolved() if one.kind == kind and one.id not in known]
            if new:
                return ask(kind, "ambiguous", _kept(pending), *sorted({*known, *new}))
        window = self._period()
        named = {whole.period, whole.baseline.window if whole.baseline else None}
        assumed = whole.period is None or "period" in whole.assumed
        if window is not None and not assumed and window not in named:
            return ask("period", "ambiguous", _kept(pending))
        return None

    def _with_names(self, whole: Reading) -> Reading | None:
        """Add what the names mean, as a follow-up would; what the first reader found stays."""
        new = [
            one
            for one in self._resolved()
            if one.kind not in _CONFIRMED
            and not whole.filters.get(one.kind)
            and not whole.exclude.get(one.kind)
        ]
        window = self._period() if "period" in whole.assumed else None
        if not new and window is None:
            return whole
        parts = [f"for {one.name}" for one in new]
        parts += [f"from {window.start} to {window.end - timedelta(days=1)}"] if window else []
        thread = [{"text": self.text, "reading": whole.as_dict()}]
        found = read(" ".join(("only", *parts)), self.catalogue, thread=thread)
        added: dict[str, tuple[str, ...]] = {}
        for one in new:
            added[one.kind] = tuple(dict.fromkeys((*added.get(one.kind, ()), one.id)))
        as_before = (whole.intent, whole.metric, whole.exclude, whole.compare)
        fits = (found.intent, found.metric, found.exclude, found.compare) == as_before
        fits = fits and dict(found.filters) == {**whole.filters, **added}
        return found if fits and found.period == (window or whole.period) else None

    def _assumed(self, found: Reading, whole: Reading) -> list[str]:
        """What stays assumed: words that the second reader understood are left out no more."""
        meant = [n.said for n in self.told.names if self._stands(n.said) and self._meant(n)]
        meant += [self.told.evidence] if self.first.clarify is not None else []
        read_now = " ".join(_plain(one) for one in meant)
        kept = [f"{IGNORED}{one}" for one in self.left if _plain(one) not in read_now]
        kept += [one for one in whole.assumed if not one.startswith(IGNORED)]
        if found.period != whole.period:
            kept = [one for one in kept if one != "period"]
        return list(dict.fromkeys((*kept, *found.assumed)))


def _as_seen(found: Reading, seen: Seen) -> Reading:
    filters = {**seen.filters, **found.filters}
    return replace(found, filters=filters, exclude={**seen.exclude, **found.exclude})


def _helped(helper: str) -> str:
    return f"{TAKEN}read with {helper}'s help"


def _plain(text: str) -> str:
    """A text as its words alone, with room at both ends so that only whole words are found."""
    return f" {' '.join(word.text for word in Words.of(text).words)} "


def _kept(reading: Reading) -> Mapping[str, object]:
    found = reading.as_dict()
    return {name: part for name, part in found.items() if name not in {"assumed", "alternatives"}}
