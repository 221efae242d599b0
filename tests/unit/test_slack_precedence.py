"""Answers give way to acknowledgements, and not for ever. The clock is moved by whoever waits."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from bot.precedence import LONGEST, QUIET, Precedence


@dataclass(slots=True)
class Waits:
    """A clock that goes on only while somebody waits."""

    at: float = 100.0
    meanwhile: list[Callable[[], None]] = field(
        default_factory=list
    )  # what happens during each wait

    def now(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        assert seconds > 0
        self.at += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


def _made(waits: Waits) -> Precedence:
    return Precedence(now=waits.now, pause=waits.pause)


def test_nobody_waits_where_nothing_is_acknowledged() -> None:
    waits = Waits()
    _made(waits).give_way()
    assert waits.at == 100.0


def test_an_answer_waits_for_the_acknowledgement_and_for_others_right_after() -> None:
    waits = Waits()
    precedence = _made(waits)
    first, second = ExitStack(), ExitStack()
    for each in (first, second):
        each.enter_context(precedence.acknowledging())
    waits.meanwhile = [first.close, second.close]
    precedence.give_way()
    ended = 100.0 + 2 * QUIET
    assert waits.at == ended + QUIET


def test_one_that_just_ended_is_waited_for_only_as_long_as_others_may_follow() -> None:
    waits = Waits()
    precedence = _made(waits)
    with precedence.acknowledging():
        pass
    waits.at += 0.8 * QUIET
    precedence.give_way()
    assert round(waits.at, 6) == 100.0 + QUIET


def test_an_answer_is_made_at_last_however_many_events_come() -> None:
    waits = Waits()
    precedence = _made(waits)
    with precedence.acknowledging():
        precedence.give_way()
    assert round(waits.at, 6) == 100.0 + LONGEST


def test_a_failed_acknowledgement_is_over_too() -> None:
    waits = Waits()
    precedence = _made(waits)
    with pytest.raises(ValueError), precedence.acknowledging():
        raise ValueError
    waits.at += QUIET
    precedence.give_way()
    assert waits.at == 100.0 + QUIET
