"""A question's words that nothing understood are named, and so are words that name two things."""

from datetime import date

import pytest

from service.catalogue import Catalogue
from service.names import Entity
from service.questions import assumptions, read
from tests.unit.question_cases import CASES, CATALOGUE

BILLING_TWICE = Catalogue(
    today=date(2026, 3, 12),
    entities=(
        Entity(kind="driver", id="billing", name="Billing"),
        Entity(kind="tag", id="billing_tag", name="Billing", keys=("billing",)),
    ),
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("how many tickets about pineapples last week", "pineapples"),
        ("open tickets on chat yesterday", "open"),
        ("how many new accounts wrote in", "new"),
        ("how many of the tickets are still pending", "pending"),
    ],
)
def test_a_word_that_nothing_understood_is_named(text: str, left: str) -> None:
    said = assumptions(read(text, CATALOGUE))
    assert f"not understood and left out: “{left}”" in said


def test_a_follow_up_names_what_it_left_out() -> None:
    text = "how many tickets last week"
    thread = [{"text": text, "reading": read(text, CATALOGUE).as_dict()}]
    assert assumptions(read("and about zorp?", CATALOGUE, thread)) == (
        "not understood and left out: “zorp”",
    )


@pytest.mark.parametrize("text", ["how many tickets from zorp", "sentiment at initech in march"])
def test_a_strange_word_in_an_accounts_place_is_asked_about(text: str) -> None:
    clarify = read(text, CATALOGUE).clarify
    assert clarify is not None
    assert (clarify.slot, clarify.reason) == ("account", "unknown")


@pytest.mark.parametrize("case", CASES, ids=[text for text, _ in CASES])
def test_questions_that_are_understood_leave_no_word_over(
    case: tuple[str, dict[str, object]],
) -> None:
    said = " ".join(assumptions(read(case[0], CATALOGUE)))
    assert "not understood" not in said


def test_many_strange_words_are_cut_short() -> None:
    said = assumptions(
        read("how many tickets " + "zorp" * 100 + " foo bar baz qux quux", CATALOGUE)
    )
    assert len(said[0]) < 300


def test_a_word_for_two_things_says_which_was_meant_and_keeps_the_other() -> None:
    reading = read("how many billing tickets last week", BILLING_TWICE)
    assert reading.filters == {"tag": ("billing_tag",)}
    assert [one["filters"] for one in reading.alternatives] == [{"driver": ["billing"]}]
    assert "“Billing” is the tag and not the driver" in assumptions(reading)
