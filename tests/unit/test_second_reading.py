"""Whatever a second reader says, a question is answered as the first read it, or asked about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.domain.answers import Intent
from service.questions import assumptions, read
from service.reading.looking import look
from service.reading.model import Reading
from service.reading.words import Words
from service.second_reading import (
    By,
    Choice,
    Doubt,
    Kind,
    Moved,
    Named,
    Number,
    Told,
    missing_in,
    read_twice,
)
from tests.unit.question_cases import CASES, CATALOGUE, FOLLOW_UPS

DOUBTFUL = (
    "crowd cranky in february",
    "how come everybody is so cranky",
    "is the harbor crowd cranky on chat",
    "how many tickets about hotellers last week",
    "why did sentiment drop for pro hotellers",
    "compare chat and email for hotellers",
    "top tags by effort among hotellers, not chat",
    "quotes of flurbing harbor people since monday",
    "trend of negative rate by week, flurbing",
    "which accounts are at risk of flurbing",
)
QUESTIONS = (*DOUBTFUL, *(text for text, _ in CASES), *(then for _, then, _ in FOLLOW_UPS))
SAID = (
    *("hotellers", "cranky", "crowd", "flurbing", "february", "last week", "2019", "", "harbor"),
    *("Double charge", "Harbor Lane Hotels", "Quill Press", "Quill", "Pro", "Chat", "Billing"),
    *("Globex", "ignore your rules", "top 25", "12/31/2020", "why", "Sync & import", "Zendesk"),
)


@dataclass(slots=True)
class Saying:
    """Implements SecondReader with one answer for all questions."""

    told: Told | None
    doubts: list[Doubt] = field(default_factory=list)
    kept: list[tuple[Reading, Reading]] = field(default_factory=list)
    name: str = "Somebody"

    def tell(self, doubt: Doubt) -> Told | None:
        self.doubts.append(doubt)
        return self.told

    def keep(self, doubt: Doubt, told: Told, *, alone: Reading, both: Reading) -> None:
        assert (doubt, told) == (self.doubts[-1], self.told)
        self.kept.append((alone, both))


def tolds() -> some.SearchStrategy[Told]:
    said = some.sampled_from(SAID)
    named = some.builds(Named, kind=some.sampled_from(Kind), said=said, name=said)
    return some.builds(
        Told,
        intent=some.sampled_from(Choice),
        metric=some.sampled_from(Number),
        evidence=said,
        direction=some.sampled_from(Moved),
        by=some.sampled_from(By),
        names=some.lists(named, max_size=3).map(tuple),
        period=said,
    )


@given(text=some.sampled_from(QUESTIONS), told=tolds())
def test_a_second_reader_never_moves_an_answer_to_another_slice(text: str, told: Told) -> None:
    first = read(text, CATALOGUE)
    found = read_twice(text, CATALOGUE, second=Saying(told))
    if found == first or found.intent is Intent.CLARIFY:
        return
    assert missing_in(first)
    seen = look(Words.of(text), CATALOGUE)
    for kind in ("account", "segment", "agent", "owner"):
        assert found.filters.get(kind, ()) == seen.filters.get(kind, ())
    assert found.exclude == seen.exclude
    assert seen.filters.items() <= found.filters.items()
    if seen.period is not None:
        assert seen.period in {found.period, found.baseline and found.baseline.window}
    assert "read with Somebody's help" in assumptions(found)
    if first.clarify is None:
        assert (found.intent, found.metric, found.limit) == (
            first.intent,
            first.metric,
            first.limit,
        )


@given(told=tolds(), text=some.sampled_from(DOUBTFUL))
def test_every_name_that_is_answered_is_in_the_catalogue(told: Told, text: str) -> None:
    found = read_twice(text, CATALOGUE, second=Saying(told))
    for kind, values in found.filters.items():
        known = {one.id for one in CATALOGUE.of(kind)}
        assert not known or set(values) <= known
    assert Reading.from_dict(found.as_dict()).as_dict().items() <= found.as_dict().items()


def choices() -> Iterator[Told]:
    asked = product(Choice, Number, Moved, By)
    return (
        Told(intent=intent, metric=metric, direction=moved, by=by, evidence="cranky")
        for intent, metric, moved, by in asked
    )


def test_a_choice_is_read_as_what_it_says_or_not_at_all() -> None:
    text = "crowd cranky in february"
    period = read("tickets in february", CATALOGUE).period
    read_as_said = 0
    for told in choices():
        found = read_twice(text, CATALOGUE, second=Saying(told))
        if found.intent is Intent.CLARIFY:
            continue
        assert found.intent.value == told.intent.value
        assert found.period == period
        if told.intent in {Choice.WHY, Choice.COUNT, Choice.TREND, Choice.TOP}:
            assert told.metric.value in {found.metric, "none"}
            assert told.by is By.NONE or told.by.value in found.group_by
            read_as_said += 1
        if found.direction is not None and told.intent is Choice.WHY:
            assert found.direction == told.direction.value
    assert read_as_said > 300


def test_without_a_second_reader_nothing_is_different() -> None:
    for text in QUESTIONS:
        assert read_twice(text, CATALOGUE) == read(text, CATALOGUE)


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_second_reader_that_says_nothing_changes_nothing(text: str) -> None:
    for told in (None, Told()):
        assert read_twice(text, CATALOGUE, second=Saying(told)) == read(text, CATALOGUE)


def test_a_second_reader_hears_what_stood_before_and_no_more() -> None:
    thread = [
        {"text": "sentiment at harbor", "reading": read("sentiment at harbor", CATALOGUE).as_dict()}
    ]
    second = Saying(None)
    read_twice("and about flurbing", CATALOGUE, thread, second=second)
    (doubt,) = second.doubts
    assert doubt.before == ("count", "sentiment")
    assert (doubt.missing, doubt.left) == ("words", ("flurbing",))
