"""When an account is flagged, and when it no longer is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.domain.conversations import conversation_key
from service.domain.flags import (
    SIGNAL_LASTS,
    FlagChange,
    FlagEvent,
    FlagState,
    Outcome,
    OutcomeKind,
    Signal,
    Stay,
    acted_on,
    flag_of,
    judge,
    replayed,
)
from service.domain.measurements import ChurnTier
from service.flags import grade
from tests.builders import ACME, BOLT, NOON

EXPLICIT, EARLY = ChurnTier.EXPLICIT, ChurnTier.EARLY


def a_signal(
    conversation: int = 1, *, days_ago: float = 0, tier: ChurnTier = EXPLICIT, message: str = "m1"
) -> Signal:
    return Signal(
        account=ACME.key,
        conversation=conversation_key("zendesk", str(conversation)),
        message=message,
        start=0,
        end=10,
        at=NOON - timedelta(days=days_ago),
        tier=tier,
        driver="Billing",
    )


def judged(
    *signals: Signal,
    before: Sequence[FlagChange] = (),
    stays: Sequence[Stay] = (),
    at: datetime = NOON,
) -> list[FlagChange]:
    """The history after the rule has looked once more."""
    return [*before, *judge(flag_of(before), ACME.key, signals, stays, at=at)]


def state(history: Sequence[FlagChange]) -> FlagState | None:
    flag = flag_of(history)
    return None if flag is None else flag.state


def done(history: Sequence[FlagChange], event: FlagEvent, **given: str) -> list[FlagChange]:
    flag = flag_of(history)
    assert flag is not None
    change = acted_on(flag, event, by="maya@example.com", reason=given.get("reason", ""), at=NOON)
    assert change is not None
    return [*history, change]


def test_one_explicit_signal_raises_a_flag() -> None:
    flag = flag_of(judged(a_signal(days_ago=3)))
    assert flag is not None
    assert (flag.state, flag.tier, flag.since) == (FlagState.OPEN, EXPLICIT, NOON)
    assert flag.signals == ("zendesk:1#m1",)


def test_one_early_signal_raises_none() -> None:
    assert judged(a_signal(tier=EARLY)) == []


def test_two_early_signals_raise_one_only_from_different_conversations() -> None:
    first = a_signal(1, tier=EARLY, days_ago=5)
    assert judged(first, a_signal(1, tier=EARLY, message="m2")) == []
    flag = flag_of(judged(first, a_signal(2, tier=EARLY)))
    assert flag is not None
    assert flag.tier is EARLY


def test_early_signals_more_than_thirty_days_apart_raise_none() -> None:
    first = a_signal(1, tier=EARLY, days_ago=30)
    later = a_signal(2, tier=EARLY)
    assert judged(first, later) != []
    assert judged(replace(first, at=first.at - timedelta(seconds=1)), later) == []


def test_a_signal_counts_for_forty_five_days_and_then_the_flag_says_why_it_ends() -> None:
    signal = a_signal()
    history = judged(signal)
    almost = signal.at + SIGNAL_LASTS - timedelta(seconds=1)
    assert judged(signal, before=history, at=almost) == history
    after = judged(signal, before=history, at=signal.at + SIGNAL_LASTS)
    assert state(after) is FlagState.CLEARED
    assert after[-1].reason == "no signal for 45 days"


def test_a_later_signal_is_added_and_makes_the_flag_last() -> None:
    history = judged(a_signal(1, days_ago=40, tier=EXPLICIT))
    history = judged(a_signal(1, days_ago=40), a_signal(2, tier=EARLY), before=history)
    assert [change.event for change in history] == [FlagEvent.RAISED, FlagEvent.SIGNAL_ADDED]
    flag = flag_of(history)
    assert flag is not None
    assert flag.tier is EXPLICIT
    assert len(flag.signals) == 2


def test_contrary_words_clear_the_flag_and_are_named() -> None:
    signal = a_signal(days_ago=3)
    stay = Stay(account=ACME.key, conversation=conversation_key("zendesk", "9"), at=NOON)
    after = judged(signal, before=judged(signal), stays=[stay])
    assert state(after) is FlagState.CLEARED
    assert after[-1].reason == "the customer said otherwise in zendesk:9"
    again = replace(a_signal(10), at=NOON + timedelta(days=1))
    assert state(judged(signal, again, before=after, stays=[stay], at=again.at)) is FlagState.OPEN


def test_a_flag_whose_words_are_no_risk_any_more_is_cleared() -> None:
    after = judged(before=judged(a_signal()))
    assert state(after) is FlagState.CLEARED
    assert after[-1].reason == "what was said is measured as no risk any more"
    assert state(judged(a_signal(), before=after)) is FlagState.OPEN


def test_not_a_risk_silences_that_evidence_and_not_new_evidence() -> None:
    history = done(judged(a_signal(1)), FlagEvent.NOT_A_RISK, reason="a joke")
    assert judged(a_signal(1), before=history) == history
    risen = judged(a_signal(1), a_signal(2), before=history)
    flag = flag_of(risen)
    assert flag is not None
    assert (flag.state, flag.signals) == (FlagState.OPEN, ("zendesk:2#m1",))


def test_an_addressed_flag_rises_again_only_on_new_words() -> None:
    history = done(judged(a_signal(1)), FlagEvent.ADDRESSED)
    assert judged(a_signal(1), before=history) == history
    risen = judged(a_signal(1), a_signal(2, tier=EARLY), before=history)
    assert state(risen) is FlagState.OPEN
    assert risen[-1].reason == "a new signal after it was addressed"


def test_a_snoozed_flag_sleeps_seven_days_also_when_a_signal_comes() -> None:
    history = done(judged(a_signal(1)), FlagEvent.SNOOZED)
    with_more = judged(a_signal(1), a_signal(2), before=history)
    assert state(with_more) is FlagState.SNOOZED
    woken = judged(a_signal(1), a_signal(2), before=with_more, at=NOON + timedelta(days=7))
    assert [change.event for change in woken][-1] is FlagEvent.WOKEN
    assert state(woken) is FlagState.OPEN


def test_nobody_acts_on_a_flag_that_does_not_stand() -> None:
    flag = flag_of(judged(before=judged(a_signal())))
    assert flag is not None
    assert acted_on(flag, FlagEvent.ADDRESSED, by="maya@example.com", reason="", at=NOON) is None


_signals = st.lists(
    st.builds(
        a_signal,
        st.integers(1, 4),
        days_ago=st.integers(-60, 90),
        tier=st.sampled_from(ChurnTier),
        message=st.sampled_from(["m1", "m2"]),
    ),
    max_size=6,
    unique_by=lambda signal: signal.id,
)
_acts = st.sampled_from([None, FlagEvent.ADDRESSED, FlagEvent.NOT_A_RISK, FlagEvent.SNOOZED])


@given(signals=_signals, acts=st.lists(_acts, max_size=8))
def test_looking_twice_changes_nothing_and_a_flag_always_has_words(
    signals: list[Signal], acts: list[FlagEvent | None]
) -> None:
    history: list[FlagChange] = []
    for day, act in enumerate(acts):
        at = NOON + timedelta(days=11 * day)
        history = judged(*signals, before=history, at=at)
        assert judged(*signals, before=history, at=at) == history
        assert [change.nth for change in history] == list(range(len(history)))
        flag = flag_of(history)
        assert flag is None or not flag.stands or flag.signals
        if act is not None and flag is not None:
            change = acted_on(flag, act, by="maya@example.com", reason="seen", at=at)
            history += [change] if change else []


def _raised(*, days_ago: float) -> list[FlagChange]:
    return judged(a_signal(days_ago=days_ago), at=NOON - timedelta(days=days_ago))


def test_flags_are_graded_by_what_happened() -> None:
    day = NOON.date()
    outcomes = [Outcome(account=ACME.key, day=day, kind=OutcomeKind.CANCELLED)] * 15
    outcomes += [Outcome(account=BOLT.key, day=day, kind=OutcomeKind.CANCELLED)] * 2
    outcomes += [Outcome(account=ACME.key, day=day, kind=OutcomeKind.RENEWED)] * 5
    found = grade(outcomes, {ACME.key: _raised(days_ago=20)})
    assert found.enough
    assert (found.flagged_cancelled, found.cancelled, found.flagged_renewed) == (15, 17, 5)
    assert found.lead_days == 20
    assert set(found.missed) == {BOLT.key}
    assert found.lines()[0] == "Of 20 flagged accounts with a known outcome, 15 cancelled."


def test_too_few_outcomes_grade_nothing() -> None:
    one = Outcome(account=ACME.key, day=NOON.date(), kind=OutcomeKind.CANCELLED)
    assert grade([one], {}).lines() == ["Too few outcomes to grade flags: 1 of at least 20."]


def test_a_flag_raised_after_the_contract_ended_foresaw_nothing() -> None:
    day = (NOON - timedelta(days=30)).date()
    one = Outcome(account=ACME.key, day=day, kind=OutcomeKind.CANCELLED)
    assert grade([one], {ACME.key: _raised(days_ago=20)}).missed == (ACME.key,)


def test_what_was_said_before_anybody_looked_foresaw_the_end() -> None:
    said = [
        a_signal(1, days_ago=200, tier=ChurnTier.EARLY),
        a_signal(2, days_ago=120, tier=ChurnTier.EARLY),
        a_signal(3, days_ago=100, tier=ChurnTier.EARLY),
    ]
    history = replayed(ACME.key, said, ())
    assert [(change.event, change.at) for change in history] == [
        (FlagEvent.RAISED, NOON - timedelta(days=100)),
        (FlagEvent.CLEARED, NOON - timedelta(days=55)),
    ]
    one = Outcome(account=ACME.key, day=NOON.date(), kind=OutcomeKind.CANCELLED)
    assert grade([one], {ACME.key: history}).flagged_cancelled == 1
