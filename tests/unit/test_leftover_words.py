"""A question's words that nothing understood are named, and so are words that name two things."""

from dataclasses import replace
from datetime import date

import pytest

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.names import Entity
from service.questions import assumptions, read
from tests.unit.question_cases import CASES, CATALOGUE

_ASKED_BACK = {Intent.CLARIFY, Intent.REFUSE, Intent.DEFINITION, Intent.HELP}
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
        ("accounts with more than 10 tickets", "more than 10"),
        ("tickets that were never answered", "never answered"),
        ("conversations with no tag", "no tag"),
        ("average number of tickets per account", "average"),
        ("how many agents handled double charges", "agents"),
        ("top 3 tags per segment", "by tag"),
        ("did the invoice fix help in february", "1\u201328 Feb 2026"),
        ("compare february and january by week", "by week"),
        ("who are our top 5 accounts by tickets, and why", "and why"),
        ("how many tickets did Tess flurbing handle last week", "flurbing"),
        ("flurbing tickets on chat last week, no, last month", "flurbing"),
        ("how many customers churned last month", "churned"),
        ("how many tickets were resolved last week", "resolved"),
        ("how many tickets did we close yesterday", "close"),
        ("tickets in the morning last week", "morning"),
        ("volume and sentiment by channel", "volume"),
        ("top drivers and tags last week", "by tag"),
        ("how many accounts dropped in sentiment", "dropped"),
        ("conversations by legal threat", "by Legal threat"),
    ],
)
def test_a_word_that_nothing_understood_is_named(text: str, left: str) -> None:
    said = assumptions(read(text, CATALOGUE))
    assert f"not understood and left out: “{left}”" in said


@pytest.mark.parametrize("text", [text for text, _ in CASES])
def test_no_strange_word_leaves_a_question_as_it_was_in_silence(text: str) -> None:
    parts = text.split()
    for place in range(len(parts)):
        asked = " ".join((*parts[:place], "flurbing", *parts[place:]))
        found = read(asked, CATALOGUE)
        told = str((found.assumed, found.filters))
        assert found.intent in _ASKED_BACK or "flurbing" in told, asked


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("double charges last week, no, last month", "double charges last month"),
        ("quotes from chat - sorry, email", "quotes from email"),
        ("sentiment, I mean effort, for pro", "effort for pro"),
        ("tickets by week, sorry by month", "tickets by month"),
        ("how is Quill Press doing, no wait, Harbor Lane Hotels", "how is harbor doing"),
        (
            "how many tickets on chat last week? sorry for asking",
            "how many tickets on chat last week",
        ),
        ('tickets that mention "sorry, no, chat"', 'tickets mentioning "sorry, no, chat"'),
    ],
)
def test_what_is_taken_back_is_replaced_by_what_follows(text: str, meant: str) -> None:
    found, plain = read(text, CATALOGUE), read(meant, CATALOGUE)
    assert replace(found, assumed=()) == replace(plain, assumed=())


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("complants ystrday", "complaints yesterday"),
        ("how mnay ticktes last week", "how many tickets last week"),
    ],
)
def test_a_misspelt_word_is_read_and_said(text: str, meant: str) -> None:
    found = read(text, CATALOGUE)
    assert replace(found, assumed=()) == replace(read(meant, CATALOGUE), assumed=())
    assert "is read as" in " ".join(assumptions(found))


@pytest.mark.parametrize(("text", "named"), [("which is higher?", True), ("more", False)])
def test_a_follow_up_that_changes_nothing_is_named(text: str, *, named: bool) -> None:
    before = "negative rate by channel last week"
    thread = [{"text": before, "reading": read(before, CATALOGUE).as_dict()}]
    said = " ".join(assumptions(read(text, CATALOGUE, thread)))
    assert ("not understood and left out: “which is higher”" in said) == named


def test_a_follow_up_names_what_it_left_out() -> None:
    text = "how many tickets last week"
    thread = [{"text": text, "reading": read(text, CATALOGUE).as_dict()}]
    assert assumptions(read("and about zorp?", CATALOGUE, thread)) == (
        "not understood and left out: “zorp”",
    )


def test_a_subject_that_nothing_is_called_is_offered_as_words_to_look_for() -> None:
    found = read("tickets with refunds last month", CATALOGUE)
    quoted = read('tickets with "refunds" last month', CATALOGUE)
    assert "put it in quotation marks to look for it" in " ".join(assumptions(found))
    assert found.alternatives == (replace(quoted, assumed=()).as_dict(),)


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
