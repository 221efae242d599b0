"""Effort over many conversations: what counts as work, and that it is named in words."""

from datetime import timedelta

import pytest

from service.analysis import local
from service.domain.conversations import Conversation
from service.domain.measurements import Measurement
from service.ports import Analyser
from service.taxonomy_files import default_taxonomy
from tests.talk import agent, bot, customer, talk
from tests.unit.effort_cases import EMPTY, HIGH, LOW

WHO = {"c": customer, "a": agent, "b": bot}


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return local.build()


def conversation(told: str) -> Conversation:
    said = []
    for turn in told.split("|"):
        first, _, rest = turn.partition(" ")
        after = timedelta(minutes=5)
        if first.startswith("+"):
            after = timedelta(hours=int(first[1:-1]))
            first, _, rest = rest.partition(" ")
        said.append(WHO[first](rest, after=after))
    return talk(*said)


def effort(analyser: Analyser, told: str) -> Measurement:
    analysis = next(iter(analyser.analyse([conversation(told)], default_taxonomy())))
    found = analysis.measured("effort")
    assert found is not None
    return found


@pytest.mark.parametrize(("sign", "told"), HIGH)
def test_who_had_to_work_for_an_answer_is_seen_and_it_says_why(
    analyser: Analyser, sign: str, told: str
) -> None:
    found = effort(analyser, told)
    assert (found.value, sign in (found.detail or "")) == ("high", True), found.detail


@pytest.mark.parametrize("told", LOW)
def test_who_got_an_answer_without_work_had_none(analyser: Analyser, told: str) -> None:
    found = effort(analyser, told)
    assert found.value == "low", found.detail


@pytest.mark.parametrize("told", EMPTY)
def test_without_back_and_forth_nothing_is_claimed(analyser: Analyser, told: str) -> None:
    found = effort(analyser, told)
    assert (found.value, found.reason is not None) == (None, True)
