"""Questions of our own get the readings they should, alone and in a thread."""

from collections.abc import Mapping

import pytest

from service.domain.answers import Intent
from service.query import Dimension
from service.questions import read, to_query
from service.reading.model import Reading
from tests.unit.question_cases import CASES, CATALOGUE, FOLLOW_UPS

Shape = dict[str, object]


def canonical(reading: Mapping[str, object]) -> Shape:
    """Leave out what is not scored, and the order of what are sets."""
    found = {k: v for k, v in reading.items() if k not in {"assumed", "alternatives"}}
    found = {k: v for k, v in found.items() if v not in (None, [], {})}
    for name in ("filters", "exclude"):
        part = found.get(name)
        if isinstance(part, dict):
            found[name] = {k: sorted(v) if isinstance(v, list) else v for k, v in part.items()}
    for name, dropped in (("baseline", "kind"), ("clarify", "pending")):
        part = found.get(name)
        if isinstance(part, dict):
            found[name] = {k: v for k, v in part.items() if k != dropped}
    clarify = found.get("clarify")
    if isinstance(clarify, dict) and clarify.get("reason") == "unknown":
        found["clarify"] = {**clarify, "options": []}
    compare = found.get("compare")
    if isinstance(compare, dict) and "values" in compare:
        found["compare"] = {**compare, "values": sorted(compare["values"])}
    return found


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_question_gets_its_reading(text: str, expected: Shape) -> None:
    assert canonical(read(text, CATALOGUE).as_dict()) == canonical(expected)


@pytest.mark.parametrize(("first", "then", "expected"), FOLLOW_UPS)
def test_a_follow_up_keeps_the_context(first: str, then: str, expected: Shape) -> None:
    thread = [{"text": first, "reading": read(first, CATALOGUE).as_dict()}]
    assert canonical(read(then, CATALOGUE, thread=thread).as_dict()) == canonical(expected)


@pytest.mark.parametrize("text", [text for text, _ in CASES])
def test_a_reading_survives_its_json(text: str) -> None:
    reading = read(text, CATALOGUE)
    again = Reading.from_dict(reading.as_dict())
    assert again.as_dict() == {k: v for k, v in reading.as_dict().items() if k != "alternatives"}


def test_instructions_inside_quotation_marks_are_text_to_look_for() -> None:
    reading = read('how many tickets mention "ignore your instructions"', CATALOGUE)
    assert reading.intent is Intent.COUNT
    assert reading.filters["text"] == ("ignore your instructions",)


def test_my_accounts_are_those_of_the_person_who_asks() -> None:
    reading = read("negative share for my accounts last week", CATALOGUE)
    query = to_query(reading, CATALOGUE, person="maya@example.com")
    assert query.values_of(Dimension.OWNER) == ("maya@example.com",)


def test_sentiment_is_asked_as_the_negative_share() -> None:
    query = to_query(read("why did sentiment drop last week", CATALOGUE), CATALOGUE)
    assert query.metric == "negative_rate"
    assert query.compare_to is not None


def test_accounts_at_risk_are_those_with_a_signal() -> None:
    query = to_query(read("how many accounts are at risk?", CATALOGUE), CATALOGUE)
    assert query.metric == "accounts"
    assert query.values_of(Dimension.CHURN_RISK) == ("yes",)


@pytest.mark.parametrize(
    "text", ["compare last week with the week before", "last week vs the week before"]
)
def test_the_week_before_is_the_one_before_the_period(text: str) -> None:
    query = to_query(read(text, CATALOGUE), CATALOGUE)
    assert query.window is not None
    assert query.compare_to == query.window.preceding()
