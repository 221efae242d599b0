"""When a metric may reach leaders."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.conversations import conversation_key
from service.domain.validation import Agreement, Check, GateState, agreement_of, allocate
from tests.builders import NOON, VERSION


def some_checks(
    *answers: tuple[str, str | None], weights: dict[str, float] | None = None
) -> list[Check]:
    """Checks of (measured, answered) in this order; "waits" is not answered yet."""
    return [
        Check(
            metric="sentiment",
            conversation=conversation_key("zendesk", f"{place:04}"),
            analyser=VERSION,
            measured=measured,
            weight=(weights or {}).get(measured, 1.0),
            drawn_at=NOON,
            answered_by=None if answered == "waits" else "rita@example.com",
            answer=None if answered == "waits" else answered,
            answered_at=None if answered == "waits" else NOON + timedelta(seconds=place),
        )
        for place, (measured, answered) in enumerate(answers)
    ]


def agreement(checks: Sequence[Check]) -> Agreement:
    return agreement_of("sentiment", VERSION, checks)


RIGHT, WRONG = ("negative", "negative"), ("negative", "neutral")
CALM, CALM_WRONG = ("neutral", "neutral"), ("neutral", "negative")


def test_ninety_nine_checks_decide_nothing() -> None:
    found = agreement(some_checks(*[RIGHT, CALM] * 49, RIGHT))
    assert (found.state, found.n, found.share) == (GateState.DRAFT, 99, 1.0)


def test_a_metric_that_people_agree_with_in_every_class_is_validated() -> None:
    found = agreement(some_checks(*[RIGHT, CALM] * 47, *[WRONG, CALM_WRONG] * 3))
    assert found.state is GateState.VALIDATED
    assert found.words() == "94% (n=100, at least 89%)"


def test_a_rare_class_that_is_often_wrong_keeps_the_metric_from_leaders() -> None:
    found = agreement(some_checks(*[CALM] * 84, *[RIGHT] * 13, *[WRONG] * 3))
    assert found.share == pytest.approx(0.97)
    assert found.state is GateState.NOT_VALIDATED


def test_a_class_with_a_handful_of_checks_does_not_pass_on_luck() -> None:
    assert agreement(some_checks(*[CALM] * 95, *[RIGHT] * 5)).state is GateState.NOT_VALIDATED


def test_the_gate_does_not_look_between_its_looks() -> None:
    good, bad = [RIGHT, CALM] * 47 + [WRONG, CALM_WRONG] * 3, [WRONG] * 49
    assert agreement(some_checks(*good, *bad)).state is GateState.VALIDATED
    assert agreement(some_checks(*good, *bad, WRONG)).state is GateState.NOT_VALIDATED


def test_classes_weigh_as_they_are_measured() -> None:
    answers = [CALM] * 50 + [RIGHT] * 25 + [WRONG] * 25
    weighted = agreement(some_checks(*answers, weights={"neutral": 9.0, "negative": 1.0}))
    assert weighted.share == pytest.approx(0.95)
    assert weighted.state is GateState.NOT_VALIDATED


def test_what_nobody_could_tell_counts_neither_way() -> None:
    found = agreement(some_checks(RIGHT, ("negative", None), ("negative", "waits")))
    assert (found.n, found.skipped, found.waiting) == (1, 1, 1)


def test_another_versions_checks_say_nothing() -> None:
    assert agreement_of("sentiment", "local-2", some_checks(*[RIGHT] * 200)).n == 0


@given(
    counts=st.dictionaries(st.sampled_from("abc"), st.integers(0, 300), max_size=3),
    size=st.integers(1, 200),
)
def test_as_many_are_drawn_as_asked_and_as_even_as_there_are(
    counts: dict[str, int], size: int
) -> None:
    drawn = allocate(counts, size)
    assert sum(drawn.values()) == min(size, sum(counts.values()))
    assert all(drawn[value] <= counts[value] for value in counts)
    for value, n in drawn.items():
        # Who got less than another got everything there is of it, but for one left over.
        assert n == counts[value] or n >= max(drawn.values()) - 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["negative", "neutral"]), st.sampled_from(["negative", "neutral"])
        ),
        min_size=1,
        max_size=60,
    )
)
def test_the_lower_bound_lies_below_the_share(answers: list[tuple[str, str]]) -> None:
    found = agreement(some_checks(*answers))
    assert found.share is not None
    assert found.low is not None
    assert 0 <= found.low <= found.share <= 1
    assert sum(one.n for one in found.classes) == found.n == len(answers)
